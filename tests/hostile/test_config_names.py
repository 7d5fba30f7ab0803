"""What a config, an archive or a row names: registered components, or public names of packages that the user allows."""

import inspect
import sys
import textwrap

import pytest

from dlgn_cnn.catalogue import REGISTRIES
from dlgn_cnn.errors import ConfigError, MissingPackage
from dlgn_cnn.mei.synthesis.config import synthesis
from dlgn_cnn.mei.synthesis.methods import METHODS
from dlgn_cnn.registry import allow, allowed_packages, allowing
from dlgn_cnn.registry.permission import DEFAULT
from dlgn_cnn.training.checks import check_dataset, check_model, check_trainer
from dlgn_cnn.training.weights import save_weights

OURS = [
    "dlgn_cnn.mei.synthesis.methods.check_ascent",
    "dlgn_cnn.training.assemble.run_trainer",
    "dlgn_cnn.registry.allow",
    "dlgn_cnn.registry.permission.allowing",
    "dlgn_cnn.registry.import_paths.import_component",
    "dlgn_cnn.storage.object_store.ObjectStore",
    "dlgn_cnn.archive.pretrained.load",
    "dlgn_cnn.load",
    "schemas.open_database",
    "populate.demo.demo.run",
]
CORE = {"name": "conv_3d", "channels": [2], "kernels": [3], "kernels_time": [3]}


def leaves_a_mark(place, path="subprocess.Popen"):
    return {"path": path, "kwargs": {"args": ["sh", "-c", f"echo ran > {place}"]}}


def one_sentence(error):
    text = str(error.value)
    assert text
    assert len(text.splitlines()) == 1
    assert len(text) < 500


@pytest.fixture
def lab(tmp_path, monkeypatch):
    (tmp_path / "a_lab").mkdir()
    (tmp_path / "a_lab" / "__init__.py").write_text("")
    (tmp_path / "a_lab" / "parts.py").write_text(
        textwrap.dedent(
            """
            import os
            from os import system
            from subprocess import Popen
            from dlgn_cnn.registry import allow

            def known(size: int = 1):
                return lambda tensor, step: tensor * size

            def _hidden():
                return known()
            """
        )
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with allowing({"a_lab"}):
        yield
    for name in [name for name in sys.modules if name.split(".")[0] == "a_lab"]:
        del sys.modules[name]


@pytest.mark.parametrize("path", OURS)
@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda one: one.kind)
def test_nothing_of_ours_is_called_by_path_but_components(registry, path):
    packages = {"dlgn_cnn", "schemas", "populate", "subprocess", "os"}
    with allowing(packages), pytest.raises(ConfigError, match="is not registered") as error:
        registry.get(path)
    one_sentence(error)


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda one: one.kind)
def test_a_path_to_a_registered_component_is_that_component(registry):
    for name in registry.names():
        component = registry.get(name)
        assert registry._at(f"{component.__module__}.{component.__qualname__}") is component


def test_no_component_takes_the_packages_that_are_allowed():
    for registry in REGISTRIES:
        for name in registry.names():
            component = registry.get(name)
            for one in (component, *registry.options(component), registry.fit(component)):
                assert one is None or "allowed_packages" not in inspect.signature(one).parameters, name


@pytest.mark.parametrize("part", ["preconditioner", "constraint", "optimizer"])
def test_an_mei_config_runs_nothing(part, tmp_path):
    inner = {"config": {part: leaves_a_mark(tmp_path / "ran")}, "allowed_packages": ["subprocess"]}
    for path, kwargs in (
        ("dlgn_cnn.mei.synthesis.methods.check_ascent", inner),
        ("dlgn_cnn.registry.permission.allow", {"packages": ["subprocess"]}),
        ("subprocess.Popen", leaves_a_mark(tmp_path / "ran")["kwargs"]),
    ):
        config = {"fit": {part: {"path": path, "kwargs": kwargs}}}
        with pytest.raises((ConfigError, MissingPackage)) as error:
            METHODS.check("gradient_ascent", config, METHODS.given)
        one_sentence(error)
    assert allowed_packages() == DEFAULT
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["output", "readout", "shifter", "recurrent", "core"])
def test_a_model_config_runs_nothing(name, tmp_path):
    part = {"name": "subprocess.Popen", **leaves_a_mark(tmp_path / "ran")["kwargs"]}
    config = {"core": CORE, "readout": {"name": "gaussian"}} | {name: part}
    with pytest.raises(ConfigError) as error:
        check_model(("encoder", config), None)
    one_sentence(error)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("check", [check_dataset, check_trainer, lambda call: check_model(call, None)])
@pytest.mark.parametrize("path", ["subprocess.Popen", "os.system", "dlgn_cnn.registry.allow"])
def test_no_function_of_a_config_is_one_of_python_s_or_a_helper_of_ours(check, path, tmp_path):
    with pytest.raises(ConfigError) as error:
        check((path, {"args": ["touch", str(tmp_path / "ran")]}))
    one_sentence(error)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("a_lab.parts.system", "is defined in posix"),
        ("a_lab.parts.Popen", "is defined in subprocess"),
        ("a_lab.parts.allow", "is defined in dlgn_cnn.registry.permission"),
        ("a_lab.parts._hidden", "public names"),
        ("a_lab.parts.known.__call__", "public names"),
        ("a_lab.__loader__.load_module", "public names"),
        ("a_lab.parts.os.system", "cannot be imported"),
        ("a_lab..parts.known", "public names"),
        ("a_lab.parts.known\n", "public names"),
    ],
)
def test_an_allowed_package_lends_its_own_public_names_only(lab, path, said):
    with pytest.raises(ConfigError, match=said):
        synthesis({"preconditioner": {"path": path}}, (-1.0, 1.0))


@pytest.mark.parametrize(
    ("kwargs", "said"),
    [({"wrong": 1}, "takes no 'wrong'"), ({"size": "x"}, "expected int"), ([1], "arguments by name")],
)
def test_arguments_of_a_path_are_checked_against_its_signature(lab, kwargs, said):
    assert synthesis({"preconditioner": {"path": "a_lab.parts.known", "kwargs": {"size": 2}}}, (-1.0, 1.0))
    with pytest.raises(ConfigError, match=said) as error:
        synthesis({"preconditioner": {"path": "a_lab.parts.known", "kwargs": kwargs}}, (-1.0, 1.0))
    one_sentence(error)


def test_only_the_innermost_permission_counts_and_it_ends():
    allow({"one"})
    try:
        with allowing({"two"}), allowing(()):
            assert allowed_packages() == frozenset()
        assert allowed_packages() == {"one"}
    finally:
        allow(DEFAULT)


def test_an_archive_names_registered_components_only(tmp_path, monkeypatch):
    import dlgn_cnn
    from tests.unit.test_pretrained import entry, publish

    monkeypatch.setenv("DLGN_ALLOW_PACKAGES", "subprocess")
    for number, name in enumerate(["subprocess.Popen", "dlgn_cnn.mei.synthesis.methods.check_ascent"]):
        output = {"name": name, **leaves_a_mark(tmp_path / "ran")["kwargs"]}
        config = {"core": CORE, "readout": {"name": "gaussian"}, "output": output}
        place = publish(tmp_path / str(number), tmp_path, [entry(1, save_weights({}, tmp_path), config=config)])
        with pytest.raises(ConfigError) as error:
            dlgn_cnn.load(place)
        one_sentence(error)
    assert not (tmp_path / "ran").exists()

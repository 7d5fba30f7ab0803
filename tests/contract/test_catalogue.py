"""Every registered part says what it is, and explains every parameter that a config can set."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dlgn_cnn.catalogue import REGISTRIES, catalogue, find, first_sentence
from dlgn_cnn.errors import ConfigError
from populate.cli.command import app
from populate.define.components import as_text

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = catalogue()
# Never in a config: layouts are named by readers in a stored scene, and every measure is a column.
INTERNAL = {"layout of frames", "measure"}


def explains(text, name):
    """Whether a docstring names a parameter in double backticks or in a numpydoc list."""
    return f"``{name}``" in text or re.search(rf"^(?:\w+, )*{name}(?:, \w+)* :", text, re.MULTILINE) is not None


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.kind} {entry.name}")
def test_a_part_says_what_it_is_and_explains_each_parameter(entry):
    where = f"the docstring of {entry.kind} {entry.name!r} (its class or function)"
    sentence = len(entry.meaning.split()) > 2 and entry.meaning.endswith(".")
    assert sentence, f"{where} must begin with a sentence that ends with a full stop, not {entry.meaning!r}"
    silent = [one.name for one in entry.parameters if not (one.meaning or explains(entry.text, one.name))]
    assert silent == [], (
        f"{where} does not explain {silent}: list each under Parameters, or name it in double backticks, "
        "and say what it means, with its unit; "
        f"what only the caller supplies belongs in `given` of the registry of {entry.kind}s"
    )
    untyped = [one.name for one in entry.parameters if one.type == "anything"]
    assert untyped == [], f"{entry.kind} {entry.name!r} has no annotations for {untyped}: a config cannot be checked"


def test_no_registry_is_left_out():
    made = set()
    for path in sorted((ROOT / "dlgn_cnn").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Registry":
                assert isinstance(node.args[0], ast.Constant), f"{path}: a registry's kind is written out"
                made.add(node.args[0].value)
    listed = {registry.kind for registry in REGISTRIES}
    assert made - INTERNAL == listed, f"add {made - INTERNAL - listed} to REGISTRIES in dlgn_cnn/catalogue.py"


def test_parts_are_found_by_name_with_their_defaults_and_papers():
    (core,) = find("stacked_2d")
    assert core.papers == ("Klindt et al. 2017", "Franke et al. 2022")
    assert core.meaning == (
        "Convolution, batch normalization and ELU, layer upon layer (Klindt et al. 2017; Franke et al. 2022)."
    )
    assert [(one.name, one.type, one.required) for one in core.parameters[:2]] == [
        ("channels", "list of int", True),
        ("kernels", "list of int", True),
    ]
    (dataset,) = find("stored_sessions")
    assert {"sessions", "size_px", "window_frames"} <= {one.name for one in dataset.parameters}
    (crop,) = find("crop")
    assert [one.meaning for one in crop.parameters] == ["Pixels to cut away at each edge."] * 4
    assert "Parameters" not in crop.text
    assert not {"stores", "cache", "seed", "spec", "allowed_packages"} & {one.name for one in dataset.parameters}
    with pytest.raises(ConfigError, match="did you mean 'conv_gru'"):
        find("conv_gr")


def test_a_sentence_ends_at_its_own_full_stop():
    assert first_sentence("As Lurz et al. did in 0.5 s.\nMore.") == "As Lurz et al. did in 0.5 s."
    assert first_sentence("One line\nof two. And more.") == "One line of two."


def test_json_holds_all_that_a_table_shows():
    read = json.loads(as_text(ENTRIES))
    assert [(one["kind"], one["name"]) for one in read] == [(one.kind, one.name) for one in ENTRIES]
    gru = next(one for one in read if one["name"] == "conv_gru")
    (kernel,) = (one for one in gru["parameters"] if one["name"] == "kernel_state")
    assert (kernel["type"], kernel["required"], kernel["default"]) == ("int", False, 3)


def test_the_command_prints_one_part_in_full_and_opens_no_database(monkeypatch):
    def refused(*arguments):
        raise AssertionError("models asks no database")

    monkeypatch.setattr("schemas.open_database", refused)
    shown = CliRunner().invoke(app, ["models", "crop"])
    assert shown.exit_code == 0, shown.output
    assert "Cuts away pixels at the edges of every frame." in shown.stdout
    wrong = CliRunner().invoke(app, ["models", "crob"])
    assert (wrong.exit_code, "did you mean 'crop'" in wrong.stderr) == (1, True)


def test_help_imports_no_torch():
    heavy = ("torch", "datajoint", "numpy")
    code = f"import sys, populate.cli.command\nsys.exit(any(name in sys.modules for name in {heavy}))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0

"""Nothing collides and nothing drifts: equal hashes for equal values of equal type, in every process and Python."""

import json
import os
import random
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlgn_cnn.config import canonical_json, config_hash, leaves
from dlgn_cnn.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
FROZEN = Path(__file__).resolve().parents[1] / "data" / "config_hashes.json"
NUMBERS = st.sampled_from([0, 0.0, -0.0, 1, 1.0, 2**53, 2**53 + 1, float(2**53), 10**16, 1e16, 10**400, 1e308, 5e-324])
TEXTS = st.sampled_from(["", "0", "1", "1.0", "true", "null", "None", "é", "é", "[]", "a.b", "\\", '"', "\x00"])
LEAVES = st.none() | st.booleans() | st.integers() | NUMBERS | TEXTS | st.text()
LEAVES |= st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)


def typed(value):
    """A value that Python compares as JSON would: ``==`` holds 1, 1.0 and True, and 0.0 and -0.0, for equal."""
    if isinstance(value, dict):
        return ("dict", frozenset((key, typed(one)) for key, one in value.items()))
    if isinstance(value, list):
        return ("list", *map(typed, value))
    return (type(value).__name__, value.hex() if isinstance(value, float) else value)


@given(VALUES, VALUES)
@settings(max_examples=400)
def test_hashes_are_equal_if_and_only_if_values_and_types_are(one, other):
    same = typed(one) == typed(other)
    assert (config_hash("f", {"x": one}) == config_hash("f", {"x": other})) == same
    assert (canonical_json(one) == canonical_json(other)) == same


@given(VALUES)
@settings(max_examples=200)
def test_json_carries_every_value_there_and_back(value):
    assert typed(json.loads(canonical_json(value))) == typed(value)


def test_normal_forms_of_one_letter_are_two_values():
    composed, decomposed = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))
    assert composed != decomposed
    assert config_hash("f", {"x": composed}) != config_hash("f", {"x": decomposed})
    assert config_hash("f", {composed: 1}) != config_hash("f", {decomposed: 1})


@pytest.mark.parametrize("value", [{"a": {}}, {"a": []}, {"a": [[]]}, {"a": [{}]}, {"a": {"b": {}}}, {}, []])
def test_nested_empties_are_all_different(value):
    others = [{"a": {}}, {"a": []}, {"a": [[]]}, {"a": [{}]}, {"a": {"b": {}}}, {}, []]
    assert sum(canonical_json(one) == canonical_json(value) for one in others) == 1


@pytest.mark.parametrize(
    "value", ["\ud800", {"\ud800": 1}, 10**5000, float("nan")], ids=["text", "key", "integer", "nan"]
)
def test_what_no_text_can_hold_is_refused_by_its_path(value):
    with pytest.raises(ConfigError, match=r"core"):
        config_hash("f", {"core": value})


def test_an_integer_beyond_all_floats_has_no_number_for_queries():
    (leaf,) = leaves({"x": 10**400})
    assert (leaf.kind, leaf.number) == ("int", None)


def random_config(generator: random.Random, depth: int = 0):
    kind = generator.randrange(8 if depth < 3 else 6)
    if kind == 0:
        return generator.choice([None, True, False])
    if kind == 1:
        return generator.choice([generator.randrange(-4, 5), generator.getrandbits(70)])
    if kind == 2:
        return generator.choice(
            [float(generator.randrange(-4, 5)), generator.gauss(0, 1), 10.0 ** generator.randint(-300, 300)]
        )
    if kind in (3, 4, 5):
        return "".join(generator.choice('01.eE-truenullNone é"\\') for _ in range(generator.randrange(5)))
    if kind == 6:
        return [random_config(generator, depth + 1) for _ in range(generator.randrange(4))]
    return {f"k{generator.randrange(5)}": random_config(generator, depth + 1) for _ in range(generator.randrange(4))}


def random_configs(count: int = 10_000) -> list[dict]:
    generator = random.Random(0)
    names = ("core", "readout", "recurrent", "output")
    return [{name: random_config(generator) for name in names} for _ in range(count)]


def digest_of(configs: list) -> str:
    return config_hash("all", {"hashes": [config_hash("f", one) for one in configs]})


def test_ten_thousand_random_configs_do_not_collide():
    by_hash: dict[str, set] = {}
    for config in random_configs():
        by_hash.setdefault(config_hash("f", config), set()).add(typed(config))
    assert max(map(len, by_hash.values())) == 1
    assert len(by_hash) == len({typed(config) for config in random_configs()}) > 9_000


def pythons() -> list[str]:
    """This Python, and others from 3.11 on that are at hand: on the path, or where pyenv keeps them."""
    names = [f"python3.{minor}" for minor in (11, 12, 13, 14)]
    kept = [path for name in names for path in (Path.home() / ".pyenv" / "versions").glob(f"*/bin/{name}")]
    found = [*filter(None, map(shutil.which, names)), *map(str, kept)]
    by_version = {Path(path).name: path for path in found}
    by_version.pop(f"python3.{sys.version_info.minor}", None)
    return [sys.executable, *by_version.values()]


@pytest.mark.parametrize("seed", ["0", "12345"])
@pytest.mark.parametrize("python", pythons(), ids=lambda path: Path(path).name)
def test_they_hash_alike_in_another_process_whatever_its_hash_seed_and_python(python, seed):
    # The module alone, by its file: another Python has no torch.
    code = (
        "import importlib.util as u, json, sys\n"
        "for name in ('redaction', 'errors', 'config'):\n"
        "    spec = u.spec_from_file_location(f'dlgn_cnn.{name}', f'dlgn_cnn/{name}.py')\n"
        "    sys.modules[spec.name] = module = u.module_from_spec(spec); spec.loader.exec_module(module)\n"
        "hashes = [module.config_hash('f', one) for one in json.load(sys.stdin)]\n"
        "print(module.config_hash('all', {'hashes': hashes}))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    configs = random_configs(2_000)
    done = subprocess.run(
        [python, "-c", f"import types, sys; sys.modules['dlgn_cnn'] = types.ModuleType('dlgn_cnn')\n{code}"],
        input=json.dumps(configs), capture_output=True, text=True, cwd=ROOT, check=True,
        env=environment | {"PYTHONHASHSEED": seed},
    )  # fmt: skip
    assert done.stdout.strip() == digest_of(configs)


def test_hashes_are_those_that_were_frozen():
    """Computed by CPython 3.11 in November 2026; a row that was hashed then must be found for ever."""
    for entry in json.loads(FROZEN.read_text()):
        assert canonical_json(entry["value"]) == entry["text"]
        assert config_hash("f", {"x": entry["value"]}) == entry["hash"]

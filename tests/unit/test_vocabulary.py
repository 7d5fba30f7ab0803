"""One word for one thing: words that the glossary replaces do not come back."""

import ast
import functools
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SELF = Path(__file__).relative_to(ROOT)
# History, recorded data, and this list may hold them.
LEFT_OUT = ("CHANGELOG.md", "tests/data/", str(SELF))
# Anywhere, in code and prose: the word that is refused, and what we write.
REFUSED = {
    r"heirs": "nnfabrik import",
    r"tenants?": "store registry",
    r"soundness": "integrity",
    r"side[ _-]?channels?": "background writer",
    r"rehears\w*": "recomputation",
    r"footage": "movie, scene or clip",
    r"plugs|plug-?ins?": "component",
    r"relit": "opto",
    r"judge[sd]?|judging": "held-out model",
    r"wishes|tally": "options, summary",
    r"standing orders?|StandingOrder": "stop flag",
    r"showings?": "presentation",
    r"noise models?|NoiseModel": "observation model",
}
# Names in code alone; in prose they are words like others.
REFUSED_NAMES = {
    r"\w*_light|light_\w*|\w*Light(?!ning)\w*|LIGHTS?|lights?|lit|_lit\w*|\w*_lit|relit": "opto, or opto_condition",
    r"Heart|heart": "registration",
    r"_bear|_insist": "what it does",
    r"narrow\w*": "local encoder",
    r"replays?(?=_)|Replays?": "CUDA graphs",
    r"optimum": "lbfgs",
    r"packed|_packed|Packed\w*": "video table",
    r"foreign\w*": "deeplake rows",
    r"claims?": "statements",
    r"sweep|_sweep": "expired leases",
}


def listed() -> list[str]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.splitlines() if not name.startswith(LEFT_OUT)]


@functools.cache
def texts() -> dict[str, str]:
    found = {}
    for name in listed():
        path = ROOT / name
        if path.is_file() and path.suffix in (".py", ".md", ".ipynb", ".yaml", ".yml", ".toml", ".css", ""):
            found[name] = path.read_text()
    return found


@functools.cache
def code() -> dict[str, set[str]]:
    """Every name that each file of the three rooms binds or reads."""
    rooms = ("dlgn_cnn/", "schemas/", "populate/")
    return {name: names(text) for name, text in texts().items() if name.startswith(rooms) and name.endswith(".py")}


def names(text: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
    return found


@pytest.mark.parametrize("word", REFUSED)
def test_a_refused_word_does_not_come_back(word):
    pattern = re.compile(rf"(?<![a-z]){word}(?![a-z])" if word[0].islower() else rf"\b(?:{word})\b", re.IGNORECASE)
    found = [f"{name}: {match[0]}" for name, text in texts().items() for match in pattern.finditer(text)]
    assert found == [], f"write {REFUSED[word]}"


@pytest.mark.parametrize("word", REFUSED_NAMES)
def test_a_refused_name_does_not_come_back(word):
    pattern = re.compile(rf"(?:{word})\Z")
    found = sorted(f"{name}: {one}" for name, ones in code().items() for one in ones if pattern.match(one))
    assert found == [], f"write {REFUSED_NAMES[word]}"


def test_no_file_is_named_by_a_refused_word():
    pattern = re.compile("|".join(REFUSED), re.IGNORECASE)
    assert [name for name in listed() if pattern.search(Path(name).stem)] == []

"""The rooms of the house and their doors: which module may import which, read from the source."""

import ast
import graphlib
import re
import subprocess
import sys
import tomllib
from collections import Counter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("dlgn_cnn", "schemas", "populate")
FILES = [p for room in ROOMS for p in sorted((ROOT / room).rglob("*.py"))]
FLAT_FILES = 25
# Each package is imported below one folder only.
DOORS = {
    "deeplake": "dlgn_cnn/data/store/",
    "av": "dlgn_cnn/data/stimuli/",
    "optuna": "dlgn_cnn/search/",
    "matplotlib": "dlgn_cnn/plots/",
    "pynwb": "dlgn_cnn/data/readers/nwb/contents.py",
    "h5py": "dlgn_cnn/data/readers/shared/hdf5_files.py",
    "hdmf": "dlgn_cnn/data/readers/nwb/contents.py",
    "datajoint": "schemas/",
    "pymysql": "schemas/connection/",
    "psycopg2": "schemas/connection/",
    "dash": "populate/dashboard/",
    "flask": "populate/dashboard/",
    "plotly": "populate/dashboard/",
}
# From the ground up: a module imports what stands before it, never what stands after it. A folder stands for all that
# has no line of its own; "tables" for every module of tables, whose order is that of their imports, and for the folders
# between them.
ORDER = """
    dlgn_cnn: redaction errors bounds shapes config interface storage runtime provenance registry values data models
    dlgn_cnn: evaluation feedback training archive search mei simulation plots catalogue
    dlgn_cnn.data: recording binning stimuli sessions store readers inspection loading
    dlgn_cnn.mei: components synthesis controls feedback_contrast export
    schemas: connection base monitoring.progress tables declaration results reproduction
    populate: errors worker define search report query verify archive fleet nnfabrik export run inspect doctor demo
    populate: dashboard cli __main__
"""
# In addition to that order: modules that a package's folder must not import at all.
FORBIDDEN = {
    "dlgn_cnn/models/": ("dlgn_cnn.data",),
    "dlgn_cnn/mei/": ("dlgn_cnn.data", "dlgn_cnn.training"),
    "dlgn_cnn/search/": ("dlgn_cnn.data", "dlgn_cnn.models", "dlgn_cnn.training", "dlgn_cnn.mei"),
    "dlgn_cnn/plots/": ("dlgn_cnn.data", "dlgn_cnn.models", "dlgn_cnn.training"),
}


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module(path): path for path in FILES}


def imports(path: Path) -> set[str]:
    """Every import of a file, also those within functions: modules of the house, and packages from elsewhere."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in MODULES else str(node.module) for name in names}
    return found


GRAPH = {name: imports(path) for name, path in MODULES.items()}
TABLES = {name for name, path in MODULES.items() if path.parent == ROOT / "schemas" and name != "schemas"}
BETWEEN_TABLES = {"schemas.recordings", "schemas.monitoring"}


def normalized(requirement: str) -> str:
    """The name of a distribution that a requirement is of, as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def order() -> dict[str, dict[str, int]]:
    """The place in ``ORDER`` of every module and folder that it names, for each parent, from the lowest."""
    found: dict[str, dict[str, int]] = {}
    for line in ORDER.strip().splitlines():
        parent, _, names = line.strip().partition(": ")
        places = found.setdefault(parent, {})
        for name in names.split():
            entries = TABLES | BETWEEN_TABLES if name == "tables" else {f"{parent}.{name}"}
            places |= dict.fromkeys(entries, len(places))
    return found


LEVELS = order()


def level(name: str, parent: str) -> int | None:
    """The place of a module in the order below ``parent``, by the longest entry that it lies within."""
    entries = [entry for entry in LEVELS[parent] if within(name, entry)]
    return LEVELS[parent][max(entries, key=len)] if entries else None


def upward(parent: str) -> list[str]:
    """Imports between modules below ``parent`` that go up."""
    found = []
    for name, targets in GRAPH.items():
        for target in targets:
            places = level(name, parent), level(target, parent)
            if None not in places and places[0] < places[1]:
                found.append(f"{name} imports {target}")
    return sorted(found)


@pytest.mark.parametrize("parent", LEVELS)
def test_no_import_goes_up(parent):
    assert not upward(parent)


@pytest.mark.parametrize("room", ROOMS)
def test_every_part_of_a_room_has_its_place_in_the_order(room):
    parts = {".".join(name.split(".")[:2]) for name in MODULES if name.startswith(f"{room}.")}
    assert {part for part in parts if not any(within(entry, part) for entry in LEVELS[room])} == set()


def circles() -> list[str]:
    """One circle of imports in words, if there is any."""
    graph = {name: {t for t in found if t in MODULES and not within(name, t)} for name, found in GRAPH.items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return [" imports ".join(reversed(error.args[1]))]
    return []


def test_no_import_goes_in_a_circle():
    assert circles() == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_keep_to_the_doors(path):
    place, found = str(path.relative_to(ROOT)), GRAPH[module(path)]
    room = place.split("/")[0]
    for later in ROOMS[ROOMS.index(room) + 1 :]:
        assert not [name for name in found if within(name, later)], f"{place} imports {later}"
    for package, door in DOORS.items():
        if any(within(name, package) for name in found):
            assert place.startswith(door), f"{place} imports {package}"
    for start, others in FORBIDDEN.items():
        if place.startswith(start):
            assert not [name for name in found if any(within(name, other) for other in others)], place


def test_every_package_that_is_imported_is_declared():
    """Not only installed because another package needs it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = (needed for name, needed in project["optional-dependencies"].items() if name != "dev")
    needed = [*project["dependencies"], *(one for many in extras for one in many)]
    declared = {normalized(requirement) for requirement in needed}
    imported = {name.partition(".")[0] for names in GRAPH.values() for name in names}
    known = packages_distributions()
    others = imported - set(ROOMS) - set(sys.stdlib_module_names) - {"__future__"}
    assert {name for name in others if not declared & {normalized(one) for one in known.get(name, [name])}} == set()


def test_no_folder_holds_more_files_than_one_can_overlook():
    flat = Counter(path.parent for path in FILES if path.name != "__init__.py")
    assert {str(folder.relative_to(ROOT)): n for folder, n in flat.items() if n > FLAT_FILES} == {}


def test_there_is_something_to_check():
    assert len(FILES) > 300
    assert sum(map(len, GRAPH.values())) > 1000


def docstring_lines(tree: ast.AST) -> set[int]:
    """The numbers of the lines of all docstrings."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            found |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return found


def code_lines(source: str) -> int:
    """Lines that are neither blank, nor comment, nor docstring."""
    documented, rows = docstring_lines(ast.parse(source)), enumerate(source.splitlines(), 1)
    return sum(bool(row.strip()) and row.lstrip()[0] != "#" and number not in documented for number, row in rows)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_stay_short(path):
    source = path.read_text()
    assert code_lines(source) <= 300
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            if body:
                assert (body[-1].end_lineno or 0) - body[0].lineno < 40, f"{path.name}:{node.name}"


def test_importing_the_tables_connects_to_nothing_and_starts_nothing():
    code = (
        "import socket, subprocess, sys\n"
        "def refuse(*a, **k): raise RuntimeError('connected at import')\n"
        "socket.socket.connect = refuse; subprocess.Popen = refuse\n"
        "import schemas.mei, schemas.recordings.insert, populate.worker.worker, populate.define.define\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, cwd=ROOT)

"""The rooms and their doors: who may import whom, read from the source."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = [p for room in ("dlgn_cnn", "schemas", "populate") for p in sorted((ROOT / room).rglob("*.py"))]
DOORS = {
    "deeplake": {"dlgn_cnn/data/store.py"},
    "datajoint": {"schemas/", "populate/"},
    "matplotlib": {"dlgn_cnn/plots/"},
    "optuna": {"dlgn_cnn/search/"},
    "av": {"dlgn_cnn/data/video.py", "dlgn_cnn/data/containers.py", "dlgn_cnn/data/playback.py"},
}
ROOMS = ("dlgn_cnn", "schemas", "populate")
FORBIDDEN = {
    "dlgn_cnn/data/": ("dlgn_cnn.models", "dlgn_cnn.training", "dlgn_cnn.mei", "dlgn_cnn.evaluation", "dlgn_cnn.plots"),
    "dlgn_cnn/models/": ("dlgn_cnn.data", "dlgn_cnn.training", "dlgn_cnn.mei", "dlgn_cnn.evaluation", "dlgn_cnn.plots"),
    "dlgn_cnn/training/": ("dlgn_cnn.mei", "dlgn_cnn.plots", "dlgn_cnn.simulation"),
    "dlgn_cnn/evaluation/": ("dlgn_cnn.mei", "dlgn_cnn.plots", "dlgn_cnn.simulation"),
    "dlgn_cnn/mei/": ("dlgn_cnn.data", "dlgn_cnn.training", "dlgn_cnn.plots", "dlgn_cnn.simulation"),
    "dlgn_cnn/search/": ("dlgn_cnn.data", "dlgn_cnn.models", "dlgn_cnn.training", "dlgn_cnn.mei", "dlgn_cnn.plots"),
    "dlgn_cnn/plots/": ("dlgn_cnn.data", "dlgn_cnn.models", "dlgn_cnn.training"),
}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_keep_to_their_direction(path):
    place, found = str(path.relative_to(ROOT)), imports(path)
    room = place.split("/")[0]
    for later in ROOMS[ROOMS.index(room) + 1 :]:
        assert not [name for name in found if within(name, later)], f"{place} imports {later}"
    for package, doors in DOORS.items():
        if any(within(name, package) for name in found):
            assert any(place.startswith(door) for door in doors), f"{place} imports {package}"
    for start, others in FORBIDDEN.items():
        if place.startswith(start):
            assert not [name for name in found if any(within(name, other) for other in others)], place


def test_there_is_something_to_check():
    assert len(FILES) > 30


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_stay_short(path):
    source = path.read_text()
    assert len(source.splitlines()) <= 300
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            if body:
                assert (body[-1].end_lineno or 0) - body[0].lineno < 40, f"{path.name}:{node.name}"


def test_importing_the_tables_connects_to_nothing_and_starts_nothing():
    import subprocess
    import sys

    code = (
        "import socket, subprocess, sys\n"
        "def refuse(*a, **k): raise RuntimeError('connected at import')\n"
        "socket.socket.connect = refuse; subprocess.Popen = refuse\n"
        "import schemas.mei, schemas.ingest, populate.worker, populate.define\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, cwd=ROOT)

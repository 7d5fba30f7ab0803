"""Modules that lie in the current folder under the names of ours and of our imports: no command runs one."""

import importlib.metadata
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dlgn_cnn.runtime.import_path import isolated, trusted_path
from populate.worker import children

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
NAMES = {*sys.stdlib_module_names, *importlib.metadata.packages_distributions(), "sitecustomize", "usercustomize"}


@pytest.fixture
def hostile(tmp_path):
    """A folder full of modules that write a marker next to it when they run."""
    folder = tmp_path / "cloned"
    folder.mkdir()
    for name in filter(str.isidentifier, NAMES):
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r} + ' ')\n")
    with zipfile.ZipFile(DATA / "deeplake_3.9.52.zip") as archive:
        archive.extractall(folder)
    return folder


def run(folder: Path, command: list[str], **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DLGN_"))}
    environment |= {"DLGN_HOME": str(folder.parent / "home"), "OMP_NUM_THREADS": "1", **variables}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


def dlgn() -> list[str]:
    """The command as its installed script starts it, whose own folder comes first on the path."""
    return [str(Path(sys.executable).with_name("dlgn"))]


INGEST = ["ingest", "old", *(f"-o{one}" for one in ("mouse=M1", "series=1", "experiment=1", "rate_hz=60.0"))]


@pytest.mark.parametrize(
    "arguments", [["doctor"], INGEST, ["simulate", "recording", "--units", "2"], ["status"]], ids=lambda given: given[0]
)
def test_no_command_runs_a_module_of_the_current_folder(hostile, arguments):
    done = run(hostile, [*dlgn(), *arguments])
    assert done.returncode == 0, done.stderr
    assert not (hostile.parent / "ran").exists()


@pytest.mark.parametrize("named", [":", f"{ROOT}::/nowhere"])
def test_no_worker_does(hostile, monkeypatch, named):
    """Nor where PYTHONPATH has an empty entry, which stands for the current folder, as ``$PYTHONPATH:/lib`` leaves."""
    monkeypatch.setenv("PYTHONPATH", named)
    path = children.environment({})["PYTHONPATH"]
    done = run(hostile, children.command("populate"), PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    assert done.returncode == 0, done.stderr
    assert not (hostile.parent / "ran").exists()


@pytest.mark.parametrize("variable", ["PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME"])
def test_a_child_that_decodes_heeds_no_variable_and_finds_our_packages(hostile, variable):
    code = "import dlgn_cnn.data.store.session_store, numpy, sys; print(sys.argv[1])"
    value = str(hostile / "numpy.py") if variable == "PYTHONSTARTUP" else str(hostile)
    done = run(hostile, isolated(code, "given"), **{variable: value})
    assert (done.returncode, done.stdout) == (0, "given\n"), done.stderr
    assert not (hostile.parent / "ran").exists()


def test_every_process_that_the_command_starts_leaves_the_folder_out(hostile):
    code = "from dlgn_cnn.runtime.import_path import leave_current_folder_out as go\ngo()\n"
    code += "import subprocess, sys; sys.exit(subprocess.run([sys.executable, '-c', 'import numpy, av']).returncode)"
    done = run(hostile, [sys.executable, "-P", "-c", code], PYTHONPATH=f"{ROOT}")
    assert done.returncode == 0, done.stderr
    assert not (hostile.parent / "ran").exists()


def test_the_folder_stays_where_the_user_named_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole = ["", "/lib", str(tmp_path)]
    assert trusted_path(whole, {"PYTHONPATH": ":/x:"}) == ["/lib"]
    assert trusted_path(whole, {"PYTHONPATH": ".:/x"}) == ["/lib", str(tmp_path)]
    monkeypatch.chdir(ROOT)
    assert trusted_path(["", str(ROOT)], {}) == [str(ROOT)]

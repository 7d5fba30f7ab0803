"""Everything that can be got wrong at the command line: one sentence that says what to do, and an exit code."""

import errno
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.factories import small_simulation

ROOT = Path(__file__).resolve().parents[2]
SECRET = "very-secret-word"
MODEL = "{fn: ln, config: {opto: none}}"
EXPERIMENT = """experiment: x
datasets: [{{fn: stored_sessions, config: {{sessions: {sessions}, size_px: [9, 16]}}}}]
models: [{model}]
trainers: [{{fn: standard{trainer}}}]
"""


def run(*words: object, **environment: str):
    from populate.cli.command import app

    return CliRunner().invoke(app, [str(word) for word in words], env=environment)


def sentence(done, expect: int = 1) -> str:
    """The one line that a command ends with."""
    assert done.exit_code == expect, (done.exit_code, done.output, done.exception)
    (line,) = done.stderr.splitlines()
    assert line.startswith("dlgn: ")
    assert "Traceback" not in done.output
    assert SECRET not in done.output
    return line


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """A folder of files that are wrong, each in its own way."""
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "empty").mkdir()
    written = {
        "tabs.yaml": "experiment: x\nmodels:\n\t- fn: ln\n",
        "list.yaml": "- experiment\n",
        "key.yaml": "experiment: x\nmodel: []\n",
        "lacks.yaml": "experiment: x\n",
        "binary.yaml": "",
        "name.yaml": EXPERIMENT.format(sessions="[Nobody_s01_e01]", model="{fn: encodr}", trainer=""),
        "session.yaml": EXPERIMENT.format(sessions="[Nobody_s01_e01]", model=MODEL, trainer=""),
        "number.yaml": EXPERIMENT.format(
            sessions="[Nobody_s01_e01]", model=MODEL, trainer=", config: {fit: {learning_rate: 1e-3}}"
        ),
        "grid.yaml": EXPERIMENT.format(sessions="[Nobody_s01_e01]", model="{fn: ln, grid: {rank: [1]}}", trainer=""),
        "path.yaml": EXPERIMENT.format(sessions="[Nobody_s01_e01]", model="{fn: os.system}", trainer=""),
        "study.yaml": "study: x\ndataset: {fn: stored_sessions}\n",
        "breaks.py": "widths = [8, 16]\nexperiment = {'experiment': widht}\n",
        "syntax.py": "experiment = {\n",
        "nothing.py": "experiments = []\n",
        "leaves.py": "import sys\nsys.exit(3)\n",
        "lacks.py": "def experiment():\n    yield {'experiment': 'x'}\n",
        "responses.pkl": "no pickle",
    }
    for name, text in written.items():
        (folder / name).write_text(text)
    (folder / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    return folder


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("define {files}/none.yaml", "none.yaml.*correct the path"),
        ("define {files}", "correct the path or the file"),
        ("define {files}/tabs.yaml", r"tabs.yaml cannot be read: line 3: .*correct"),
        ("define {files}/list.yaml", "expected experiment"),
        ("define {files}/key.yaml", "did you mean 'models'"),
        ("define {files}/lacks.yaml", "lacks datasets, models, trainers: add them"),
        ("define {files}/binary.yaml", "cannot be read.*correct"),
        ("define {files}/name.yaml", r"models\[0\].*'encodr'.*choose from.*did you mean 'encoder'"),
        ("define {files}/session.yaml", "Nobody_s01_e01 was never ingested.*run dlgn ingest"),
        ("define {files}/number.yaml", r"trainers\[0\]\.config\.fit\.learning_rate: .*write 0.001"),
        ("define {files}/grid.yaml", r"models\[0\]: given .*, expected {fn: NAME, config: {...}}"),
        ("define {files}/path.yaml", "DLGN_ALLOW_PACKAGES"),
        ("define {files}/none.py", "correct the path"),
        ("define {files}/breaks.py", "breaks.py line 2: NameError: .*widht"),
        ("define {files}/syntax.py", "syntax.py line 1: SyntaxError"),
        ("define {files}/nothing.py", "assigns no 'experiment'"),
        ("define {files}/leaves.py", "leaves.py line 2: SystemExit"),
        ("define {files}/lacks.py", "lacks datasets, models, trainers"),
        ("define {files}/none.yaml", "none.yaml cannot be read: No such file or directory; correct the path"),
        ("search {files}/study.yaml", "lacks model, trainer, trials: add them"),
        ("ingest {files}/none", "none"),
        ("ingest {files}/empty", "empty holds no file: give the folder or file of a raw recording"),
        ("ingest {files}/responses.pkl", "responses.pkl"),
        ("ingest {files} --reader nwbb", "did you mean 'nwb'"),
        ("ingest {files} -o spikes", "expected NAME=VALUE"),
        ("simulate {files}", "exists"),
        ("simulate {files}/new --opto-effect gane", "did you mean 'gain'"),
        ("simulate {files}/new --movies {files}/none", "none"),
        ("models conv_gr", "did you mean 'conv_gru'"),
        ("populate --table Scor", "did you mean 'Score'"),
        ("populate --where seed=3", "add --table"),
        ("populate --table TrainedModel --where sead=3", "sead.*correct"),
        ("populate --gpus 7", "leave --gpus out|expected all"),
        ("populate --workers 0", "--workers 0: expected a whole number from 1"),
        ("populate --workers two", "--workers two: expected a whole number from 1"),
        ("populate --workers 2 --gpus all", "give one of them"),
        ("report {files}/page.html --experiment nobody", "experiment 'nobody': no experiment is defined yet"),
        ("report {files}/page.html", "no experiment is defined yet, run dlgn define"),
        ("export meis {files}/new --size 264", "HEIGHTxWIDTH"),
        ("export meis {files}/new --size 264x424 --experiment nobody", "nobody"),
        ("priority TrainedModel 900", "from -128"),
        ("priority TrainedModl 1", "did you mean 'TrainedModel'"),
        ("stop TrainedModel --where sead=3", "sead.*correct"),
        ("retry Scor", "did you mean 'Score'"),
        ("pause Scor", "did you mean 'Score'"),
        ("query Scor", "did you mean 'Score'"),
        ("query provenance.Code", "did you mean 'Code'"),
        ("query --sql SELEKT", "expected one of SELECT"),
        ("query Score --save {files}/rows.txt", "choose from .csv, .parquet"),
        ("query Score --save {files}/binary.yaml/rows.csv", "binary.yaml: it exists already: name another"),
    ],
)
def test_what_is_mistyped_is_one_sentence(database, files, words, wanted):
    before = sorted(files.iterdir())
    line = sentence(run(*words.format(files=files).split()))
    assert re.search(wanted, line), line
    assert sorted(files.iterdir()) == before


@pytest.fixture
def closed(served, monkeypatch):
    """As a process that has no database open yet."""
    from schemas.connection import in_force

    monkeypatch.setattr(in_force, "_settings", None)


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        (
            {"DLGN_DATABASE": f"mysql://ada:{SECRET}@127.0.0.1:9"},
            "no connection to the database.*as 'ada'.*see that the server runs",
        ),
        (
            {"DLGN_DATABASE": f"postgresql://ada:{SECRET}@127.0.0.1:9"},
            "no connection to the database.*as 'ada'.*see that the server runs",
        ),
        (
            {"DLGN_DATABASE": f"mysql://ada:{SECRET}@no-such-host.invalid"},
            "no connection to the database.*as 'ada'.*see that the server runs",
        ),
        (
            {"DLGN_DATABASE": f"http://ada:{SECRET}@host"},
            "not of the form mysql://user:password@host:port or postgresql",
        ),
        ({"DLGN_DATABASE": f"mysql://ada:{SECRET}@host:port"}, "not of the form"),
        ({"DLGN_DATABASE": "mysql://host"}, "not of the form"),
        ({"DLGN_STORE": "gs://bucket/x"}, "expected a folder, or s3://"),
        ({"DLGN_PREFIX": "Ü-"}, "DLGN_PREFIX.*expected lower-case"),
        ({"DLGN_LEASE_S": "soon"}, "DLGN_LEASE_S 'soon': expected seconds"),
        ({"DLGN_ANSWER_S": "never"}, "DLGN_ANSWER_S 'never': expected seconds, as 30"),
        ({"DLGN_STUCK_MIN": "0"}, "DLGN_STUCK_MIN '0': expected minutes, as 30"),
        ({"DLGN_CHECKPOINT_S": "never"}, "DLGN_CHECKPOINT_S 'never': expected seconds"),
    ],
)
def test_wrong_settings_are_one_sentence_without_the_password(closed, environment, wanted):
    line = sentence(run("status", **environment))
    assert re.search(wanted, line), line


def test_a_wrong_password_says_which_settings_to_correct(served, monkeypatch):
    url = os.environ.get("DLGN_TEST_MYSQL")
    if url is None:
        pytest.skip("no setting has the embedded server's password")
    from urllib.parse import urlsplit

    from schemas.connection import in_force

    monkeypatch.setattr(in_force, "_settings", None)
    place = urlsplit(url)
    wrong = f"mysql://{place.username}:{SECRET}@{place.hostname}:{place.port}"
    assert "correct user and password in DLGN_DATABASE" in sentence(run("status", DLGN_DATABASE=wrong))


def test_a_store_that_cannot_be_made_names_its_setting(closed, tmp_path):
    (tmp_path / "file").write_text("")
    assert "correct DLGN_STORE" in sentence(run("status", DLGN_STORE=str(tmp_path / "file" / "store")))


def test_a_wrong_settings_file_is_told_with_its_line(closed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dlgn.env").write_text("\nDLGN_STOR=x\n")
    assert "dlgn.env line 2 sets DLGN_STOR" in sentence(run("status"))


@pytest.mark.parametrize(
    ("error", "status", "wanted"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/data/x"), 1, "^dlgn: /data/x: the disk is full: make room"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), 1, "quota is used up"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), 1, "^dlgn: .* may not (write|use) /x"),
        (MemoryError(), 1, "memory ran out"),
        (KeyboardInterrupt(), 130, "stopped; what was finished is kept, run the same command"),
        (ModuleNotFoundError("No module named 'optuna'", name="optuna"), 1, "pip install optuna"),
        (RuntimeError("odd mysql://ada:p4ss@host"), 1, r"RuntimeError: odd mysql://ada:\*\*\*@host: unexpected error"),
        (RuntimeError(f"odd\nmysql://ada:{SECRET}@host"), 1, "RuntimeError: odd: unexpected error; the trace is in"),
    ],
)
def test_what_happens_to_a_command_is_one_sentence(served, monkeypatch, error, status, wanted):
    from populate.fleet import control as module

    def fail(*words):
        raise error

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setattr(module, "progress", fail)
    line = sentence(run("status"), status)
    assert re.search(wanted, line), line


def test_what_nobody_foresaw_is_kept_in_a_file_without_secrets_and_shown_with_debug(served, monkeypatch):
    from populate.fleet import control as module

    def fail(*words):
        raise RuntimeError(f"odd {SECRET}")

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setattr(module, "progress", fail)
    path = Path(re.search(r"the trace is in (\S+),", sentence(run("status")))[1])
    assert path.parent == served.home / "errors"
    text = path.read_text()
    assert "in fail" in text
    assert "RuntimeError: odd ***" in text
    assert SECRET not in text
    for done in (run("status", "--debug"), run("--debug", "status"), run("status", DLGN_DEBUG="1")):
        assert done.exit_code == 1
        assert "Traceback" in done.stderr
        assert "RuntimeError: odd ***" in done.stderr


def test_an_account_that_may_not_is_told_so(served, monkeypatch):
    from datajoint.errors import AccessError

    from populate.fleet import control

    def fail(*words):
        raise AccessError("Insufficient privileges.", "DELETE command denied to user 'reader'@'%'", "")

    monkeypatch.setattr(control, "pause", fail)
    line = sentence(run("pause"))
    assert "may not do this (Insufficient privileges: DELETE command denied" in line
    assert "ask its administrator" in line


def test_failed_keys_end_with_3(database, tmp_path):
    name = "Simulated_2026_0900_s01_e01"
    small_simulation(tmp_path / "session", mouse="Simulated_2026_0900")
    assert run("ingest", tmp_path / "session").exit_code == 0
    file = tmp_path / "x.yaml"
    text = EXPERIMENT.format(sessions=f"[{name}]", model=MODEL, trainer="")
    file.write_text(text.replace("size_px: [9, 16]", "size_px: [9, 16], window_frames: 4000"))
    assert run("define", file).exit_code == 0
    done = run("populate")
    assert done.exit_code == 3, done.output
    assert "longer than every trial" in done.stderr


def command(*words: str, **pipes):
    return subprocess.Popen(
        [sys.executable, "-c", "from populate.cli.command import main; main()", *words], cwd=ROOT, **pipes
    )


def test_a_reader_that_leaves_ends_it_quietly_with_141():
    with command("models", "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_a_disk_that_is_full_is_told():
    with open("/dev/full", "w") as full, command("models", "--json", stdout=full, stderr=subprocess.PIPE) as process:
        said = process.stderr.read().decode()
    assert "the disk is full: make room" in said
    assert len(said.splitlines()) == 1
    assert process.returncode == 1


def test_ctrl_c_in_mid_command_ends_with_130(served, tmp_path):
    """A named pipe in place of the file: the command waits for it to be written, and is stopped while it does."""
    pipe = tmp_path / "x.yaml"
    os.mkfifo(pipe)
    with (
        command("define", str(pipe), stderr=subprocess.PIPE) as process,
        pipe.open("w"),  # once the command reads it
    ):
        process.send_signal(signal.SIGINT)
        said = process.stderr.read().decode()
    assert process.returncode == 130, said
    assert said.splitlines()[-1].startswith("dlgn: stopped;")
    assert "Traceback" not in said

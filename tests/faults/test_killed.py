"""A process that is killed (SIGKILL) anywhere, or runs out of disk, leaves all of its work or nothing of it."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.sessions.dataset import DatasetSpec, build_sessions
from dlgn_cnn.data.sessions.session_data import SessionData
from dlgn_cnn.data.store import session_store
from dlgn_cnn.errors import StoreError
from tests.emptying import delete_all, tables_below
from tests.factories import small_simulation

MOUSE, SESSION = "Simulated_killed", "Simulated_killed_s01_e01"
MOMENTS = 20  # of each kind
SPEC = DatasetSpec((SESSION,), (8, 16), validation_share=0.3, near_duplicate=None)

# Imports once what a job needs, then forks a process for each, which kills itself at its event number ``at``.
SERVER = r"""
import json, os, resource, signal, sys
import av, deeplake, datajoint, pandas, scipy.sparse, torch
import populate.define.define, populate.cli.command, schemas.recordings.insert
from dlgn_cnn.data.store import session_store
from dlgn_cnn.errors import DlgnError
from tests.faults.test_killed import built
from pathlib import Path

def counted(job):
    state = {"events": 0, "on": True}
    def tick():
        state["events"] += state["on"]
        if state["on"] and state["events"] == job["at"]:
            os.kill(os.getpid(), signal.SIGKILL)
    return state, tick

def ingest(job):
    state, tick = counted(job)
    state["on"] = False
    real_query, real_ingest = datajoint.Connection.query, schemas.recordings.insert.ingest
    def query(*args, **kwargs):
        tick()
        found = real_query(*args, **kwargs)
        tick()
        return found
    def entered(*args, **kwargs):
        state["on"] = True
        return real_ingest(*args, **kwargs)
    datajoint.Connection.query, schemas.recordings.insert.ingest = query, entered
    sys.addaudithook(lambda event, args: tick() if event == "os.rename" else None)
    sys.argv = ["dlgn", "ingest", job["recording"]]
    sys.stdout = open(os.devnull, "w")  # what the command prints is not the answer
    try:
        populate.cli.command.main()
    except SystemExit as end:
        assert not end.code, end.code
    return state["events"]

def write(job):
    state, tick = counted(job)
    data = built(job["recording"])
    if job["limit"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["limit"], job["limit"]))
    def line(frame, event, argument):
        if event == "line":
            tick()
        return line
    sys.settrace(lambda frame, event, argument: line if frame.f_code.co_filename == session_store.__file__ else None)
    session_store.ensure_session(data, Path(job["folder"]))
    sys.settrace(None)
    return state["events"]

def answer(text):
    os.write(1, (json.dumps(text) + "\n").encode())

for request in sys.stdin:
    job, child = json.loads(request), os.fork()
    if child == 0:
        try:
            answer({"events": {"ingest": ingest, "write": write}[job["do"]](job)})
        except Exception as error:
            answer({"error": type(error).__name__, "known": isinstance(error, DlgnError), "words": str(error)})
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        answer({"killed": -status})
"""


def built(recording: str) -> SessionData:
    """The rows of the session's dataset."""
    return build_sessions(read_recordings(Path(recording)), SPEC)[SESSION]


class Server:
    def __init__(self, recording: Path) -> None:
        self.recording = str(recording)
        root = str(Path(__file__).resolve().parents[2])
        environment = os.environ | {"PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER], stdin=-1, stdout=-1, stderr=subprocess.DEVNULL, text=True, env=environment
        )

    def do(self, what: str, folder: Path | None = None, at: int = 0, limit: int = 0) -> dict:
        """What became of one job, run in a process of its own."""
        job = {"do": what, "recording": self.recording, "folder": str(folder), "at": at, "limit": limit}
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        said = self.process.stdout.readline()
        assert said, "the server of jobs has ended"
        return json.loads(said)


@pytest.fixture(scope="module")
def server(database, tmp_path_factory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("killed") / "recording"
    small_simulation(folder, mouse=MOUSE, width_px=32, height_px=16)
    running = Server(folder)
    yield running
    running.process.stdin.close()
    assert running.process.wait(timeout=60) == 0


@pytest.fixture(scope="module")
def session(server) -> SessionData:
    return built(server.recording)


def moments(events: int) -> list[int]:
    """The first event, the last, and others at random between."""
    assert events >= MOMENTS, events
    between = np.random.default_rng(events).choice(np.arange(2, events), MOMENTS - 2, replace=False)
    return [1, *sorted(between.tolist()), events]


def rows() -> dict[str, int]:
    """How many rows of every table are of the session or its movie."""
    from schemas import optogenetics, recording, session, stimulus

    mine, movie = {"mouse": MOUSE}, {"movie": SESSION}
    tables = (session.Mouse, session.Session, session.Unit, stimulus.Presentation, optogenetics.OptoEpoch)
    tables += (recording.RawFile, recording.Recording, recording.Recording.Spikes, recording.Recording.Signal)
    counts = {table.__name__: len(table & mine) for table in tables}
    return counts | {table.__name__: len(table & movie) for table in (stimulus.Movie, stimulus.Scene)}


def rows_digest() -> str:
    """Of everything that the rows of the session lead to."""
    from schemas.recordings.fetch import fetch_session

    found = fetch_session({"mouse": MOUSE, "series": 1, "experiment": 1})
    one, digest = found.load(), hashlib.sha256(json.dumps(found.origin).encode())
    digest.update(repr(one.presentations).encode())
    arrays = [one.opto_epochs_s, *(one.spike_times_s[unit] for unit in one.units)]
    arrays += [part for _, signal in sorted(one.signals.items()) for part in (signal.times_s, signal.values)]
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
    return digest.hexdigest()


def forget() -> None:
    """Delete the session and its movie, the only ones of this file's database."""
    from schemas import session, stimulus

    delete_all(session.schema.connection, tables_below(session.Mouse, stimulus.Movie))


def test_an_ingest_that_is_killed_leaves_all_rows_or_none_and_the_next_one_completes_it(server):
    server.do("ingest")
    forget()
    events = server.do("ingest")["events"]  # of one that finds the tables declared and the folders made
    whole, digest, seen = rows(), rows_digest(), []
    assert min(whole.values()) > 0
    for moment in moments(events):
        forget()
        assert set(rows().values()) == {0}
        assert server.do("ingest", at=moment) == {"killed": 9}
        left = rows()
        assert left == whole or set(left.values()) == {0}, (moment, left)
        seen.append(left == whole)
        assert "events" in server.do("ingest"), moment
        assert (rows(), rows_digest()) == (whole, digest)
    forget()
    assert (len(seen), seen[0], seen[-1]) == (MOMENTS, False, True)


def test_a_dataset_whose_writer_is_killed_is_whole_or_not_there_and_the_next_one_completes_it(
    server, session, tmp_path
):
    events = server.do("write", tmp_path / "undisturbed")["events"]
    digest, seen = session_store.rows_digest(tmp_path / "undisturbed"), []
    for moment in moments(events):
        folder = tmp_path / str(moment) / "session"
        folder.parent.mkdir()
        assert server.do("write", folder, at=moment) == {"killed": 9}
        if folder.exists():
            session_store.read_session(folder)
            assert session_store.rows_digest(folder) == digest
        else:
            with pytest.raises(StoreError, match="missing or incomplete"):
                session_store.read_session(folder)
        seen.append(folder.exists())
        assert "events" in server.do("write", folder), moment
        found = session_store.read_session(folder)
        assert [trial.sha256() for trial in found.trials] == [trial.sha256() for trial in session.trials]
        assert session_store.rows_digest(folder) == digest
    assert (len(seen), seen[0], seen[-1]) == (MOMENTS, False, True)


def test_a_writer_killed_over_a_damaged_dataset_never_makes_it_pass_for_sound(server, tmp_path):
    folder = tmp_path / "session"
    events = server.do("write", folder)["events"]
    digest = session_store.rows_digest(folder)
    for moment in (events // 4, events // 2, events - 1):
        (folder / session_store.MANIFEST).write_text("{")
        assert server.do("write", folder, at=moment) == {"killed": 9}
        if folder.exists() and (folder / session_store.MANIFEST).read_text() == "{":
            with pytest.raises(StoreError):
                session_store.read_session(folder)
        assert "events" in server.do("write", folder)
        assert session_store.rows_digest(folder) == digest


@pytest.mark.parametrize("limit", [10, 1000, 10_000])
def test_files_that_may_not_grow_leave_no_dataset(server, tmp_path, limit):
    """As on a disk that fills while it is written to: the check before was passed."""
    said = server.do("write", tmp_path / "session", limit=limit)
    assert "error" in said, said
    assert not list(tmp_path.iterdir())
    if said["known"]:
        assert said["error"] == "StoreError"
        assert str(tmp_path) in said["words"]
    assert "events" in server.do("write", tmp_path / "session")


@pytest.fixture
def full_disk(tmp_path) -> Iterator[Path]:
    """A file system of 64 kB."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", tmp_path], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_a_full_disk_is_refused_in_a_sentence_and_left_as_it_was(full_disk, session):
    with pytest.raises(StoreError, match="make room"):
        session_store.write_session(session, full_disk / "session")
    assert not list(full_disk.iterdir())

"""A session goes with all that depends on it, or stays whole: deleted, or replaced by another reading."""

import multiprocessing
import os
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from dlgn_cnn.errors import ConfigError, RecordingError
from populate.cli.command import app
from tests.factories import change, responses_frame, small_simulation, write_recording
from tests.filled import MOUSE, fill

FILLED = "Simulated_2026_0900_s01_e01"


@pytest.fixture(autouse=True)
def _open(database):
    """All tests here use the run's database."""


@pytest.fixture
def filled(served):
    """Scored fits of one session, and another session that shares a scene with a third."""
    from tests.conftest import _empty

    fill(3, 2)
    yield
    _empty()


def everything() -> dict[str, int]:
    from schemas.declaration.table_classes import table_classes

    return {name: len(table()) for name, table in table_classes().items() if name != "store.Signature"}


def run(*words: str, answer: str | None = None):
    return CliRunner().invoke(app, list(words), input=answer)


def agreed(session, rows) -> None:
    """Do not ask."""


def test_the_cascade_is_shown_and_a_session_goes_with_its_fits_alone(filled, tmp_path, caplog):
    from schemas import experiment, session
    from schemas.recordings.insert import ingest

    (other,) = ingest(small_simulation(tmp_path, mouse="Simulated_2026_0980"))
    before = everything()
    assert run("delete", FILLED).exit_code == 1
    assert "there is no terminal to ask on: add --yes" in caplog.text
    assert everything() == before
    assert run("delete", FILLED, "--yes").exit_code == 0
    after = everything()
    lines = (re.fullmatch(r" *(\d+)  ([\w.]+)", message) for message in caplog.messages)
    shown = {line[2]: int(line[1]) for line in lines if line}
    gone = {name.partition(".")[2]: before[name] - after[name] for name in before if before[name] != after[name]}
    assert shown == gone
    for name in ("training.TrainedModel", "evaluation.Score.Unit", "dataset.Dataset", "dataset.DatasetConfig.Leaf"):
        assert before[name] > after[name] == 0
    assert session.Session.to_arrays("session_name").tolist() == [other]
    assert (
        len(session.Mouse & {"mouse": MOUSE["mouse"]})
        == len(experiment.Experiment & {"experiment_name": "filled"})
        == 1
    )


def test_an_unknown_session_is_refused_with_the_nearest(filled, caplog):
    assert run("delete", "Simulated_2026_0900_s01_e02", "--yes").exit_code == 1
    assert f"did you mean '{FILLED}'" in caplog.text


def test_scenes_stay_for_a_session_that_shares_them(tmp_path):
    from schemas import stimulus
    from schemas.recordings.insert import ingest

    for number in (1, 2):
        write_recording(tmp_path / str(number), responses_frame(mouse=f"Shared_2020_000{number}"))
        ingest(tmp_path / str(number))
    scenes = len(stimulus.Scene())
    assert run("delete", "Shared_2020_0001_s03_e07", "--yes").exit_code == 0
    assert len(stimulus.Scene()) == scenes
    assert run("delete", "Shared_2020_0002_s03_e07", "--yes").exit_code == 0
    assert len(stimulus.Scene & {"movie": "hmovTrain_v3"}) == len(stimulus.Movie & {"movie": "hmovTrain_v3"}) == 0


def lease(table: str, key: dict) -> None:
    from schemas import fleet

    worker = {"worker_id": "w" * 32, "host": "gpu3", "pid": 7, "device": "cpu", "state": "working"}
    fleet.Worker.insert1(worker | {"expires": "2099-01-01 00:00:00"}, skip_duplicates=True)
    held = {"table_name": table, "key_hash": fleet.key_hash(key), "held_key": key, "job_table": "x"}
    fleet.Lease.insert1({"token": "t" * 32, "worker_id": "w" * 32, **held})


@pytest.mark.parametrize("table", ["Recording", "Dataset", "TrainedModel", "MEI"])
def test_nothing_goes_while_a_worker_holds_a_key_of_it(filled, caplog, table):
    from schemas import dataset, fleet
    from schemas.recordings.remove import rows_that_go

    (config, *_) = dataset.DatasetConfig.keys()
    keys = {
        "Recording": MOUSE,
        "Dataset": config,
        "TrainedModel": config | {"model_hash": "a", "trainer_hash": "b", "seed": 3},
        "MEI": config | {"model_hash": "a", "trainer_hash": "b", "seed": 3, "mei_hash": "c", **MOUSE},
    }
    lease(table, keys[table])
    before = everything()
    assert run("delete", FILLED, "--yes").exit_code == 1
    assert f"worker 7 on gpu3 computes {table} from this session" in caplog.text
    assert everything() == before
    fleet.Lease.delete(prompt=False)
    lease("Dataset", {"dataset_hash": "of another session"})
    rows_that_go(MOUSE)
    fleet.Lease.delete(prompt=False)


def test_the_same_file_in_another_way_is_refused_with_both_sets_of_options(tmp_path):
    from schemas.recordings.insert import ingest

    write_recording(tmp_path, responses_frame(mouse="Twice_2020_0001"))
    ingest(tmp_path, options={"spikes_outside": "drop"})
    before = everything()
    assert ingest(tmp_path, options={"spikes_outside": "drop"}) == []
    said = "from the same bytes by the reader lab with -o spikes_outside=drop, and is read now by the reader lab with "
    with pytest.raises(RecordingError, match=f"{said}no options: .*--replace"):
        ingest(tmp_path)
    with pytest.raises(RecordingError, match=f"{said}-o spikes_outside=drop --opto-design pulses:2: .*--replace"):
        ingest(tmp_path, options={"spikes_outside": "drop"}, opto_design="pulses:2")
    assert everything() == before


def test_a_replaced_session_is_read_again_and_all_that_depended_on_it_is_gone(tmp_path):
    from schemas import dataset, optogenetics, recording
    from schemas.recordings.insert import ingest

    path = small_simulation(tmp_path, mouse="Simulated_2026_0981")
    (name,) = ingest(path)
    options = {"size_px": [18, 32], "window_frames": 40, "validation_share": 0.34}
    key = dataset.DatasetConfig.add("stored_sessions", {"sessions": [name], **options})
    dataset.Dataset.populate(key)
    folder = (dataset.Dataset.Session & key).fetch1("store_path")
    shown = {}
    design = {"opto_design": "blocks:1.002"}
    assert ingest(path, **design, replacing=lambda session, rows: shown.update({session: rows})) == [name]
    assert shown[name][dataset.Dataset.Unit().full_table_name] == 6
    assert len(dataset.DatasetConfig & key) == len(dataset.Dataset & key) == 0
    assert (optogenetics.OptoDesign & {"mouse": "Simulated_2026_0981"}).fetch1("opto_stated") == "blocks:1.002"
    assert len(recording.Recording.Spikes & {"mouse": "Simulated_2026_0981"}) == 6
    assert ingest(path, **design) == []
    dataset.DatasetConfig.add("stored_sessions", {"sessions": [name], **options})
    dataset.Dataset.populate(key)
    # The design is as it was inferred, so this is the same dataset.
    assert (dataset.Dataset.Session & key).fetch1("store_path") == folder


def test_a_replacement_that_fails_leaves_the_old_rows(tmp_path, monkeypatch):
    from schemas import recording
    from schemas.recordings.insert import ingest

    frame = responses_frame(mouse="Twice_2020_0002")
    write_recording(tmp_path, frame)
    ingest(tmp_path)
    before, spikes = everything(), (recording.Recording & {"mouse": "Twice_2020_0002"}).fetch1("spikes")
    write_recording(tmp_path, change(frame, 0, "spike_times", np.array([0.5])))

    def fail(*args, **kwargs):
        raise OSError("no space left on device")

    def no(session, rows):
        raise ConfigError("no")

    with pytest.raises(ConfigError, match=r"^no$"):
        ingest(tmp_path, replacing=no)
    with monkeypatch.context() as patched:
        patched.setattr(recording.Recording, "make_insert", fail)
        with pytest.raises(OSError, match="no space"):
            ingest(tmp_path, replacing=agreed)
    assert everything() == before
    assert (recording.Recording & {"mouse": "Twice_2020_0002"}).fetch1("spikes") == spikes
    assert ingest(tmp_path, replacing=agreed) == ["Twice_2020_0002_s03_e07"]
    assert (recording.Recording & {"mouse": "Twice_2020_0002"}).fetch1("spikes") < spikes
    assert everything() == before


def _killed_after(tables: int) -> None:
    """A process that deletes the session and is killed after so many tables."""
    import datajoint as dj

    import schemas

    schemas.open_database(schemas.Settings.from_environment())
    from schemas.recordings.remove import remove

    real, seen = dj.Table.delete_quick, []

    def deleting(self, **options):
        seen.append(self)
        if len(seen) > tables:
            os._exit(9)
        return real(self, **options)

    dj.Table.delete_quick = deleting
    from schemas.session import Session

    with Session.connection.transaction:
        remove(MOUSE)
    os._exit(0)


@pytest.mark.parametrize("tables", [45])
def test_a_process_killed_while_it_deletes_leaves_everything(filled, tables):
    before = everything()
    process = multiprocessing.get_context("spawn").Process(target=_killed_after, args=(tables,))
    process.start()
    process.join()
    assert process.exitcode == 9
    assert everything() == before

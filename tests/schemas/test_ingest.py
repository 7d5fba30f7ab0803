"""A recording goes into the tables whole or not at all."""

import numpy as np
import pandas as pd
import pytest

from dlgn_cnn.errors import ConfigError, RecordingError
from tests.factories import change, responses_frame, small_simulation, write_recording, write_scene


@pytest.fixture(scope="module", autouse=True)
def _open(database):
    """All tests here use the run's database."""


def rows() -> dict[str, int]:
    from schemas import optogenetics, recording, session, stimulus

    tables = (
        session.Mouse, session.Session, session.Unit, stimulus.Movie, stimulus.Scene, stimulus.Presentation,
        optogenetics.OptoEpoch, recording.RawFile, recording.Recording, recording.Recording.Spikes,
        recording.Recording.Signal,
    )  # fmt: skip
    return {table.__name__: len(table()) for table in tables}


def spike_outside(frame):
    return change(frame, 0, "spike_times", np.array([1.5]))


FAULTS = {
    "a trange that ends before it starts": lambda frame: change(frame, 1, "trange", [3.0, 2.0]),
    "a spike outside every presentation": spike_outside,
    "two rows for one unit and scene": lambda frame: frame.iloc[[*range(len(frame)), 0]],
    "light that ends before it starts": lambda frame: change(frame, 0, "opto_tranges", [[0.5, 0.25]]),
    "a tier of another name": lambda frame: change(frame, 0, "train_vs_test", "trial"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_recording_leaves_no_row(tmp_path, fault):
    from schemas.recordings.insert import ingest

    write_recording(tmp_path, FAULTS[fault](responses_frame(mouse="Faulty_2020_0001")))
    before = rows()
    with pytest.raises(RecordingError):
        ingest(tmp_path)
    assert rows() == before


def test_a_missing_scene_leaves_no_row(tmp_path):
    from schemas.recordings.insert import ingest

    write_recording(tmp_path, responses_frame(mouse="Faulty_2020_0002"))
    next((tmp_path / "scenes").glob("*scene-002*")).unlink()
    before = rows()
    with pytest.raises(RecordingError, match="scene"):
        ingest(tmp_path)
    assert rows() == before


def test_a_failure_at_the_last_row_takes_all_others_back(tmp_path, monkeypatch):
    from schemas import recording
    from schemas.recordings.insert import ingest

    def fail(*args, **kwargs):
        raise OSError("no space left on device")

    write_recording(tmp_path, responses_frame(mouse="Faulty_2020_0003"))
    before = rows()
    with monkeypatch.context() as patched:
        patched.setattr(recording.Recording, "make_insert", fail)
        with pytest.raises(OSError, match="no space"):
            ingest(tmp_path)
    assert rows() == before
    assert ingest(tmp_path) == ["Faulty_2020_0003_s03_e07"]


def test_what_goes_in_comes_back(tmp_path):
    from dlgn_cnn.data.readers import read_recordings
    from schemas.base.keys import session_key
    from schemas.recordings.fetch import fetch_session
    from schemas.recordings.insert import ingest

    frame = responses_frame(mouse="Whole_2020_0001")
    frame = change(frame, 1, "spike_times", np.array([]))
    pupil = np.array(frame["pupil_x"].iloc[0], float)
    pupil[3] = np.nan
    for row in (0, 1):
        frame = change(frame, row, "pupil_x", pupil)
    write_recording(tmp_path, frame)
    ingest(tmp_path)
    (read,) = read_recordings(tmp_path)
    stored = fetch_session(session_key(read.session)).load()
    assert stored.session == read.session
    assert stored.presentations == read.presentations
    assert {scene: file.sha256 for scene, file in stored.scenes.items()} == {
        scene: file.sha256 for scene, file in read.scenes.items()
    }
    np.testing.assert_array_equal(stored.opto_epochs_s, read.opto_epochs_s)
    assert stored.spike_times_s.keys() == read.spike_times_s.keys()
    for unit, times in read.spike_times_s.items():
        np.testing.assert_array_equal(stored.spike_times_s[unit], times)
    for name, signal in read.signals.items():
        np.testing.assert_array_equal(stored.signals[name].times_s, signal.times_s)
        np.testing.assert_array_equal(stored.signals[name].values, signal.values)
    assert np.isnan(stored.signals["pupil_x"].values).sum() == 1


def test_the_same_file_again_is_nothing_new_and_another_is_refused(tmp_path):
    from schemas.recordings.insert import ingest

    frame = responses_frame(mouse="Again_2020_0001")
    write_recording(tmp_path, frame)
    assert ingest(tmp_path) == ["Again_2020_0001_s03_e07"]
    before = rows()
    assert ingest(tmp_path) == []
    write_recording(tmp_path, change(frame, 0, "spike_times", np.array([0.5])))
    with pytest.raises(RecordingError, match="other bytes"):
        ingest(tmp_path)
    assert rows() == before


def test_bytes_that_were_ingested_are_known_without_decoding_a_scene(tmp_path, monkeypatch):
    from schemas.recordings.insert import ingest

    write_recording(tmp_path, responses_frame(mouse="Again_2020_0002"))
    ingest(tmp_path)

    def fail(path):
        raise RecordingError(f"{path} was decoded")

    monkeypatch.setattr("dlgn_cnn.data.stimuli.video.probe", fail)
    assert ingest(tmp_path) == []
    with pytest.raises(RecordingError, match="was decoded"):  # another way of reading them may find another thing
        ingest(tmp_path, options={"spikes_outside": "drop"})


def test_a_session_that_was_deleted_comes_back_from_a_file_whose_other_session_is_known(tmp_path):
    from schemas import session
    from schemas.recordings.insert import ingest

    one = responses_frame(mouse="Again_2020_0003")
    write_recording(tmp_path, pd.concat([one, one.assign(e=8)], ignore_index=True))
    names = ["Again_2020_0003_s03_e07", "Again_2020_0003_s03_e08"]
    assert ingest(tmp_path) == names
    (session.Session & {"session_name": names[1]}).delete(prompt=False)
    assert ingest(tmp_path) == names[1:]
    assert ingest(tmp_path) == []


def test_a_scene_of_one_name_and_other_bytes_is_refused_whole(tmp_path):
    from schemas.recordings.insert import ingest

    write_recording(tmp_path, responses_frame(mouse="Scene_2020_0001"))
    scene = next((tmp_path / "scenes").glob("*scene-003*"))
    write_scene(scene, np.zeros((30, 16, 32), np.uint8), 30)
    before = rows()
    with pytest.raises(RecordingError, match="is not the file of that name"):
        ingest(tmp_path)
    assert rows() == before


def test_simulated_movies_stay_apart_from_one_another_and_from_the_labs(tmp_path):
    """All have files of the same names, and other bytes in them."""
    from schemas.recordings.insert import ingest
    from schemas.stimulus import Presentation

    for seed, mouse in enumerate(("Simulated_a", "Simulated_b")):
        small_simulation(tmp_path / mouse, mouse=mouse, seed=seed, width_px=32, height_px=16, train_scenes=3)
        assert ingest(tmp_path / mouse) == [f"{mouse}_s01_e01"]
    write_recording(tmp_path / "lab", responses_frame(mouse="Lab_2020_0001"))
    assert ingest(tmp_path / "lab") == ["Lab_2020_0001_s03_e07"]
    for mouse, movie in (("Simulated_a", "Simulated_a_s01_e01"), ("Lab_2020_0001", "hmovTrain_v3")):
        assert set((Presentation & {"mouse": mouse}).to_arrays("movie")) == {movie}


def test_spikes_outside_are_dropped_where_that_was_chosen_and_the_choice_is_kept(tmp_path):
    from schemas.recording import RawFile, Recording
    from schemas.recordings.insert import ingest

    write_recording(tmp_path, spike_outside(responses_frame(mouse="Drop_2020_0001")))
    ingest(tmp_path, options={"spikes_outside": "drop"})
    key = {"mouse": "Drop_2020_0001"}
    assert (RawFile & key).fetch1("reader_options") == {"spikes_outside": "drop"}
    assert (Recording & key).fetch1("spikes") == 25


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds no keys"),
        ("experiment: [", "cannot be read"),
        ("experiment: x\nmodel: []", "models"),
        ("experiment: x", "lacks datasets, models, trainers"),
        ("experiment: x\ndatasets: [{fn: a}]\nmodels: [encoder]\ntrainers: [{fn: standard}]", "expected {fn: NAME"),
        (
            "experiment: x\ndatasets: [{fn: stored_sessions, config: {sessions: [Nobody_s01_e01]}}]\n"
            "models: [{fn: encoder, config: {core: {name: stacked_2d, channels: [4], kernels: [3]}, "
            "recurrent: {name: conv_gr}, readout: {name: gaussian}}}]\ntrainers: [{fn: standard}]",
            r"^models\[0\]\.config\.recurrent: .*did you mean 'conv_gru'",
        ),
        (
            "experiment: x\ndatasets: [{fn: stored_sessions, config: {sessions: [Nobody_s01_e01]}}]\n"
            "models: [{fn: os.system, config: {command: ls}}]\ntrainers: [{fn: standard}]",
            r"^models\[0\]\.fn: .*'os\.system' is in package 'os', which is not allowed",
        ),
        (
            "experiment: x\ndatasets: [{fn: stored_sessions, config: {sessions: [Nobody_s01_e01]}}]\n"
            "models: [{fn: encoder, config: {core: {name: stacked_2d, channels: [4], kernels: [3]}, "
            "readout: {name: gaussian}}}]\ntrainers: [{fn: standard}, {fn: standard, config: {fit: {max_epoch: 3}}}]",
            r"^trainers\[1\]\.config\.fit\.max_epoch: .*did you mean 'max_epochs'",
        ),
        (
            "experiment: x\ndatasets: [{fn: stored_sessions, config: {sessions: [Nobody_s01_e01]}}]\n"
            "models: [{fn: encoder, config: {core: {name: stacked_2d, channels: [4], kernels: [3]}, "
            "readout: {name: gaussian}}}]\ntrainers: [{fn: standard}]\n"
            "meis: [{fn: gradient_ascent, config: {units: [0], fit: {constraint: {contrasts: 0.2}}}}]",
            r"^meis\[0\]\.config\.fit\.constraint\.contrasts: .*did you mean 'contrast'",
        ),
        (
            "experiment: x\ndatasets: [{fn: stored_sessions, config: {sessions: [Nobody_s01_e01]}}]\n"
            "models: [{fn: encoder, config: {core: {name: stacked_2d, channels: [4], kernels: [3]}, "
            "recurrent: {name: conv_gru, channels: 4}, readout: {name: gaussian}}}]\ntrainers: [{fn: standard}]",
            "never ingested",
        ),
    ],
)
def test_a_wrong_experiment_is_refused_whole(tmp_path, text, sentence):
    from populate.define.define import define
    from schemas import dataset, experiment, model, trainer

    tables = (experiment.Experiment, model.ModelConfig, trainer.TrainerConfig, dataset.DatasetConfig, trainer.Seed)
    before = [len(table()) for table in tables]
    file = tmp_path / "x.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=sentence):
        define(file)
    assert [len(table()) for table in tables] == before


def test_the_design_of_the_light_is_a_row_inferred_or_stated(tmp_path):
    from schemas.base.keys import session_key
    from schemas.optogenetics import OptoDesign
    from schemas.recordings.fetch import fetch_session
    from schemas.recordings.insert import ingest

    for number, stated in enumerate(("", "blocks:1.002")):
        mouse = f"Simulated_2026_097{number}"
        (name,) = ingest(small_simulation(tmp_path / mouse, mouse=mouse), opto_design=stated)
        row = (OptoDesign & session_key(name)).fetch1()
        assert (row["opto_kind"], row["opto_stated"]) == ("blocks", stated)
        assert row["opto_period_s"] == pytest.approx(1.002, rel=1e-5)
        assert 0.1 <= row["opto_share"] <= 0.9
        design = fetch_session(session_key(name)).load().opto_design
        assert (design.kind, design.period_s) == ("blocks", row["opto_period_s"])


def test_a_stated_design_that_the_light_contradicts_leaves_no_row(tmp_path):
    from schemas.recordings.insert import ingest

    before = rows()
    with pytest.raises(RecordingError, match="stated as per_trial, but presentation"):
        ingest(small_simulation(tmp_path / "one", mouse="Simulated_2026_0972"), opto_design="per_trial")
    assert rows() == before


def test_a_dry_run_prints_everything_and_inserts_nothing(tmp_path):
    from typer.testing import CliRunner

    from populate.cli.command import app

    def run(*words):
        done = CliRunner().invoke(app, ["ingest", str(tmp_path), *words])
        assert done.exit_code == 0, done.output
        return done

    write_recording(tmp_path, responses_frame(mouse="Dry_2020_0001"))
    before = rows()
    done = run("--dry-run")
    assert "would ingest session Dry_2020_0001_s03_e07" in done.stderr
    assert "units          count 2; numbers 1-2" in done.stdout
    assert rows() == before
    read = run().stdout.splitlines()
    assert [line for line in done.stdout.splitlines() if line in read] == read  # all but what takes decoding
    assert "alignment" in done.stdout
    assert rows() != before
    assert "nothing new" in run("--dry-run").stderr
    assert run("--dry-run").stdout == done.stdout
    assert run().stdout == ""


def test_a_dry_run_writes_nothing_and_refuses_what_would_be_refused(tmp_path, monkeypatch):
    import datajoint

    from schemas.recordings.insert import ingest

    def first_words(connection, query, *args, **kwargs):
        asked.append(query.split()[0].upper())
        return own(connection, query, *args, **kwargs)

    asked, own = [], datajoint.Connection.query
    write_recording(tmp_path, responses_frame(mouse="Dry_2020_0002"))
    monkeypatch.setattr(datajoint.Connection, "query", first_words)
    assert ingest(tmp_path, dry_run=True) == ["Dry_2020_0002_s03_e07"]
    assert asked
    assert set(asked) <= {"SELECT", "SHOW", "DESCRIBE"}
    ingest(tmp_path)
    write_recording(tmp_path, responses_frame(mouse="Dry_2020_0002", seed=1))
    with pytest.raises(RecordingError, match="other bytes"):
        ingest(tmp_path, dry_run=True)


def test_a_dry_run_refuses_a_scene_of_another_file(tmp_path):
    from schemas.recordings.insert import ingest

    ingest(write_recording(tmp_path / "one", responses_frame(mouse="Dry_2020_0003")))
    other = write_recording(tmp_path / "other", responses_frame(mouse="Dry_2020_0004"))
    write_scene(next((other / "scenes").iterdir()), np.zeros((30, 16, 32), np.uint8), 30)
    before = rows()
    with pytest.raises(RecordingError, match="not the file of that name"):
        ingest(other, dry_run=True)
    assert rows() == before

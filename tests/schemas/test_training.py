"""Curves and checkpoints of fits in the tables: there while a fit runs, gone on from when it was stopped."""

import dataclasses
import datetime
import logging
import time

import pytest

from dlgn_cnn.runtime import interrupts
from dlgn_cnn.training.fit import TrainingLoop
from tests.factories import small_simulation

ENCODER = {
    "core": {"name": "stacked_2d", "channels": [2], "kernels": [5], "strides": [3]},
    "readout": {"name": "gaussian"},
}
TRAINER = {"loss": "negative_binomial", "fit": {"max_epochs": 3, "schedule": "constant"}}


class Crash(Exception):
    """In the place of a process that dies."""


@pytest.fixture(scope="module")
def keys(database, tmp_path_factory):
    """A fit that an experiment asks for."""
    from schemas import dataset, experiment, model, trainer
    from schemas.recordings.insert import ingest

    (name,) = ingest(small_simulation(tmp_path_factory.mktemp("t") / "session", mouse="Simulated_2026_0500"))
    options = {"size_px": [18, 32], "window_frames": 40, "batch_size": 2, "validation_share": 0.34}
    found = dataset.DatasetConfig.add("stored_sessions", {"sessions": [name], **options})
    dataset.Dataset.populate(found)
    found = found | model.ModelConfig.add("encoder", ENCODER) | trainer.TrainerConfig.add("standard", TRAINER)
    trainer.Seed.insert1({"seed": 0}, skip_duplicates=True)
    experiment.Experiment.insert1({"experiment_name": "training"}, skip_duplicates=True)
    experiment.Experiment.Fit.insert1({"experiment_name": "training", **found, "seed": 0})
    return found | {"seed": 0}


@pytest.fixture
def settings(database, monkeypatch):
    """A function that changes settings for the fits of one test."""
    from schemas.monitoring import fit_listeners

    def change(**changed):
        monkeypatch.setattr(fit_listeners, "settings_in_force", lambda: dataclasses.replace(database, **changed))

    return change


def fit(keys) -> str:
    """Compute the fit again; return the digest of its weights."""
    from schemas.training import TrainedModel, weights_of

    (TrainedModel & keys).delete(prompt=False)
    TrainedModel.populate(keys)
    return weights_of(keys)


def crash_at(monkeypatch, step: int):
    real = TrainingLoop._step

    def stepping(self, batches):
        if self.step == step:
            raise Crash
        real(self, batches)

    monkeypatch.setattr(TrainingLoop, "_step", stepping)


def epochs(keys) -> list[int]:
    from schemas.fitting import Epoch

    return sorted((Epoch & keys).to_arrays("epoch").tolist())


def test_every_epoch_is_a_row_with_the_figures_of_the_output(keys):
    from schemas.fitting import Epoch
    from schemas.training import TrainedModel

    fit(keys)
    output = (TrainedModel & keys).fetch1("output")
    rows = (Epoch & keys).to_dicts(order_by="epoch")
    assert [row["epoch"] for row in rows] == [0, 1, 2]
    for row, record in zip(rows, output["epochs"], strict=True):
        assert {name: row[name] for name in record} == pytest.approx(record)
        assert row["samples_per_s"] > 0
        assert row["peak_memory_bytes"] > 1e7


def test_rows_are_read_while_the_fit_runs(keys, monkeypatch):
    from schemas import fitting
    from schemas.connection import server
    from schemas.monitoring import progress

    seen = []

    class Watching(progress.EpochBar):
        def on_epoch(self, epoch, info):
            super().on_epoch(epoch, info)
            deadline = time.monotonic() + 60
            while len(epochs(keys)) != epoch + 1 and time.monotonic() < deadline:
                pass
            seen.append(epochs(keys))

    monkeypatch.setattr(progress, "EpochBar", Watching)
    assert server.own_connection(fitting.schema.connection) is not fitting.schema.connection
    fit(keys)
    assert seen == [[0], [0, 1], [0, 1, 2]]


def test_a_fit_that_crashed_goes_on_from_its_checkpoint_to_the_same_weights(keys, settings, monkeypatch, caplog):
    from schemas import fitting
    from schemas.dataset import store_paths
    from schemas.monitoring import fit_listeners
    from schemas.training import TrainedModel

    undisturbed = fit(keys)
    settings(checkpoint_s=0.0)
    (TrainedModel & keys).delete(prompt=False)
    with monkeypatch.context() as patched:
        crash_at(patched, 5)
        with pytest.raises(Crash):
            TrainedModel.populate(keys)
    rows = (fitting.Checkpoint & keys).to_dicts(order_by="serial")
    assert [row["step"] for row in rows] == [4, 5]
    store = fit_listeners.settings_in_force().store
    for row in rows:
        assert row["sha256"] in row["path"]
        assert (store / row["path"]).stat().st_size == row["size_bytes"]
    steps = []
    real = TrainingLoop._step
    monkeypatch.setattr(TrainingLoop, "_step", lambda self, batches: (steps.append(self.step), real(self, batches)))
    with caplog.at_level(logging.INFO, "dlgn"):
        assert fit(keys) == undisturbed
    assert steps[0] == 5
    assert "goes on from" in caplog.text
    assert epochs(keys) == [0, 1, 2]
    assert len(fitting.Checkpoint & keys) == 0
    assert not (store / fit_listeners.checkpoint_folder(keys, store_paths(keys))).exists()


def test_a_fit_that_is_stopped_is_saved_and_a_retry_goes_on_from_there(keys, database, monkeypatch):
    from populate.fleet import control
    from populate.worker import registration
    from populate.worker.worker import WorkerOptions, work
    from schemas.fitting import Checkpoint
    from schemas.training import TrainedModel, weights_of

    undisturbed, options = fit(keys), WorkerOptions(pause=lambda seconds: None)
    (TrainedModel & keys).delete(prompt=False)
    # Its registration beats, and the news of the order comes, twice a second.
    monkeypatch.setattr(registration, "settings_in_force", lambda: dataclasses.replace(database, lease_s=6.0))
    steps, real = [], TrainingLoop._step

    def step(self, batches):
        steps.append(self.step)
        if len(steps) == 4:
            assert control.stop(TrainedModel, "seed = 0") == 1
            deadline = time.monotonic() + 60
            while interrupts.asked() is None and time.monotonic() < deadline:
                pass
        real(self, batches)

    monkeypatch.setattr(TrainingLoop, "_step", step)
    assert work([TrainedModel], options).computed == 0
    assert TrainedModel.jobs.fetch1("status") == "ignore"
    assert (Checkpoint & keys).to_arrays("step").tolist() == [4]
    assert work([TrainedModel], options).computed == 0
    assert control.retry(TrainedModel) == 1
    assert work([TrainedModel], options).computed == 1
    assert steps[:5] == [0, 1, 2, 3, 4]
    assert weights_of(keys) == undisturbed


def test_checkpoints_lie_in_the_bucket_until_the_fit_is_done(keys, s3, settings, monkeypatch):
    import fsspec

    from schemas import fitting
    from schemas.training import TrainedModel

    undisturbed = fit(keys)
    (TrainedModel & keys).delete(prompt=False)
    files = fsspec.filesystem("s3")

    def stored() -> set[str]:
        files.invalidate_cache()
        return {path.partition("/lab/")[2] for path in files.find(f"{s3}/lab")}

    settings(checkpoint_s=0.0, store_url=f"{s3}/lab")
    with monkeypatch.context() as patched:
        crash_at(patched, 5)
        with pytest.raises(Crash):
            TrainedModel.populate(keys)
    assert stored() == set((fitting.Checkpoint & keys).to_arrays("path"))
    steps, real = [], TrainingLoop._step
    monkeypatch.setattr(TrainingLoop, "_step", lambda self, batches: (steps.append(self.step), real(self, batches)))
    assert fit(keys) == undisturbed
    assert steps[0] == 5
    assert stored() == set()


def test_checkpoints_that_no_row_names_are_garbage_once_they_are_old(keys, settings, monkeypatch):
    from populate.fleet.gc import find_garbage
    from schemas import fitting
    from schemas.monitoring import fit_listeners
    from schemas.training import TrainedModel

    fit(keys)
    settings(checkpoint_s=0.0)
    (TrainedModel & keys).delete(prompt=False)
    with monkeypatch.context() as patched:
        crash_at(patched, 3)
        with pytest.raises(Crash):
            TrainedModel.populate(keys)

    def found(days: int) -> set[str]:
        now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
        (one,) = [one for one in find_garbage(now) if one.kind == "checkpoints"]
        return {f"checkpoints/{name}" for name in one.due}

    assert found(days=2) == set()
    assert len(fitting.Checkpoint & keys) == 2
    (forgotten,) = (fitting.Checkpoint & keys & "step = 2").to_arrays("path")
    (fitting.Checkpoint & keys & "step = 2").delete_quick()
    assert found(days=0) == set()
    assert found(days=2) == {forgotten}
    fit(keys)
    assert not (fit_listeners.settings_in_force().store / forgotten).exists()


def test_a_fit_ends_though_the_database_takes_no_rows(keys, monkeypatch, caplog):
    from schemas.monitoring import fit_listeners
    from schemas.training import TrainedModel

    def away(other):
        raise ConnectionError("nobody there")

    monkeypatch.setattr(fit_listeners, "own_connection", away)
    fit(keys)
    assert len(TrainedModel & keys) == 1
    assert caplog.text.count("the database is away") == 1
    assert "were never written" in caplog.text


def test_a_fit_anew_replaces_the_rows_of_epochs(keys, monkeypatch):
    from schemas.fitting import Epoch

    fit(keys)
    before = (Epoch & keys).to_dicts(order_by="epoch")
    (Epoch & keys).delete_quick()
    Epoch.insert(row | {"loss": -1.0} for row in before)
    Epoch.insert1(before[-1] | {"epoch": 7})
    fit(keys)
    after = (Epoch & keys).to_dicts(order_by="epoch")
    assert [row["loss"] for row in after] == [row["loss"] for row in before]


def test_loggers_are_a_setting_and_none_fails_a_fit(keys, settings, caplog):
    from schemas.monitoring import fit_listeners
    from schemas.training import TrainedModel

    undisturbed = fit(keys)
    settings(loggers=("csv", "nonsense"))
    assert fit(keys) == undisturbed
    assert len(TrainedModel & keys) == 1
    assert "nonsense" in caplog.text
    (file,) = (fit_listeners.settings_in_force().home / "logs" / "csv").glob("*.csv")
    assert len(file.read_text().splitlines()) == 4

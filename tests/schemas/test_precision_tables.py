"""A precision is fixed by an experiment, kept with its fits, never mixed, and computed by those who have it."""

import itertools
import logging

import numpy as np
import pytest
import torch
import yaml

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import allowing
from tests.factories import small_simulation

MODEL = {"core": {"name": "stacked_2d", "channels": [2], "kernels": [5], "strides": [3]}}
MODEL["readout"] = {"name": "gaussian"}
TRAINER = {"max_epochs": 1, "burn_in_frames": 5}
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def stored(database, tmp_path_factory):
    """The config of a stored dataset."""
    from schemas import dataset
    from schemas.recordings.insert import ingest

    (name,) = ingest(small_simulation(tmp_path_factory.mktemp("p") / "session", mouse="Simulated_2026_1600"))
    config = {"sessions": [name], "size_px": [18, 32], "window_frames": 40, "validation_share": 0.34}
    dataset.Dataset.populate(dataset.DatasetConfig.add("stored_sessions", config))
    return config


@pytest.fixture
def defined(stored, tmp_path, monkeypatch):
    """A function that defines an experiment on a machine that has bfloat16, or has not, and returns its fits.

    Those of one test have one trainer, except for its changes, and no other test has it.
    """
    from populate.define.define import define
    from schemas import experiment

    own = TRAINER | {"learning_rate": 0.001 * next(NUMBERS)}

    def make(name: str, native: bool, seeds=(0,), trainer=None, **more):
        monkeypatch.setattr(experiment, "native_precision", lambda: "bfloat16" if native else "float32")
        text = {"experiment": name, "seeds": list(seeds), **more}
        text["datasets"] = [{"fn": "stored_sessions", "config": stored}]
        text["models"] = [{"fn": "encoder", "config": MODEL}]
        text["trainers"] = [{"fn": "standard", "config": {"fit": own | (trainer or {})}}]
        file = tmp_path / f"{name}.yaml"
        file.write_text(yaml.safe_dump(text))
        define(file)
        return (experiment.Experiment.Fit & {"experiment_name": name}).proj().to_dicts(order_by="seed")

    yield make
    experiment.Experiment().delete(prompt=False)


def precision(name: str) -> str:
    from schemas import experiment

    return (experiment.Experiment & {"experiment_name": name}).fetch1("auto_precision")


def fitted(key) -> str:
    """The precision in which a fit is computed now."""
    from schemas import training

    training.TrainedModel.populate({name: key[name] for name in training.TrainedModel.primary_key})
    row = (training.TrainedModel & key).fetch1()
    assert row["fit_precision"] == row["output"]["precision"]
    return row["fit_precision"]


def test_the_defining_machine_fixes_what_auto_means_and_another_keeps_it(defined):
    (key,) = defined("fixed", native=True, seeds=[100])
    assert precision("fixed") == "bfloat16"
    assert len(defined("fixed", native=False, seeds=[100, 101])) == 2
    assert precision("fixed") == "bfloat16"
    assert fitted(key) == "bfloat16"
    defined("elsewhere", native=False, trainer={"burn_in_frames": 6})
    assert precision("elsewhere") == "float32"


def test_experiments_whose_fits_are_compared_agree(defined):
    """The same fits, or other seeds: an experiment is given their precision, or refused where it has another."""
    defined("first", native=True, seeds=[110, 111])
    for name, seeds in (("shares", [111, 112]), ("other seeds", [113])):
        defined(name, native=False, seeds=seeds)
        assert precision(name) == "bfloat16"
    # Fits that state a precision are other fits, and no experiment fixes their precision.
    defined("second", native=False, seeds=[110], trainer={"precision": "float32"})
    assert precision("second") == "float32"
    with pytest.raises(ConfigError, match=r"'second' .* bfloat16 by experiment '.*' and float32 by its own definition"):
        defined("second", native=False, seeds=[110])


def test_an_experiment_between_two_precisions_is_refused(defined):
    from schemas import experiment

    defined("first", native=True)
    defined("second", native=False, trainer={"burn_in_frames": 6})
    (one,), (other,) = (
        (experiment.Experiment.Fit & {"experiment_name": name}).to_dicts() for name in ("first", "second")
    )
    experiment.Experiment.Fit.insert1(one | {"experiment_name": "second"})
    with pytest.raises(
        ConfigError, match=r"'third' .* bfloat16 by experiment 'first' and float32 by experiment 'second'"
    ):
        defined("third", native=False)
    assert other["trainer_hash"] != one["trainer_hash"]
    assert not experiment.Experiment & {"experiment_name": "third"}


def test_a_fit_that_is_done_fixes_what_auto_means_for_it(defined):
    from schemas import experiment

    (key,) = defined("gone", native=False, seeds=[120])
    assert fitted(key) == "float32"
    (experiment.Experiment & {"experiment_name": "gone"}).delete(prompt=False)
    defined("heir", native=True, seeds=[120, 121])
    assert precision("heir") == "float32"


def test_a_fit_that_is_asked_for_in_two_precisions_is_not_computed(defined):
    from schemas import experiment, training

    (key,) = defined("one", native=True, seeds=[130])
    experiment.Experiment.insert1({"experiment_name": "by_hand", "auto_precision": "float32"})
    experiment.Experiment.Fit.insert1(key | {"experiment_name": "by_hand"})
    with pytest.raises(ConfigError, match="'one' in bfloat16 and 'by_hand' in float32"):
        training.fit_spec(key)


@pytest.mark.parametrize("stated", ["float32", "bfloat16"])
def test_a_stated_precision_stays(defined, stated):
    (key,) = defined("stated", native=stated == "float32", seeds=[140], trainer={"precision": stated})
    assert fitted(key) == stated


def test_what_is_computed_from_a_fit_runs_in_its_precision(defined, monkeypatch):
    """Whatever computed the fit, its scores, modulation, MEIs and a verification take the precision of its row."""
    from populate.verify.verify import verify
    from schemas import evaluation, mei, training

    (key,) = defined("scored", native=True, seeds=[150])
    assert fitted(key) == "bfloat16"
    entered = asked_of_autocast(monkeypatch)
    mei.MEIPlan.insert1({"experiment_name": "scored", **mei.MEIConfig.add("gradient_ascent", MEI)})
    for table in (evaluation.Score, evaluation.FeedbackModulation, evaluation.InputGain, mei.MEI):
        entered.clear()
        table.populate({name: key[name] for name in training.TrainedModel.primary_key})
        assert len(table & key) == 1
        assert True in entered, table
    entered.clear()
    assert verify(training.TrainedModel, (training.TrainedModel & key).fetch1("KEY")).verdict in ("equal", "close")
    assert set(entered) == {True}


FIT = {"frames": 12, "steps": 2, "local": False, "objective": {"window_frames": 3}}
MEI = {"units": [1], "fit": FIT}


def asked_of_autocast(monkeypatch) -> list[bool]:
    """Whether each block of autocast that is entered from now on is of bfloat16."""
    entered, real = [], torch.autocast

    def noted(device_type, dtype=None, enabled=True, **more):
        entered.append(enabled)
        return real(device_type, dtype=dtype, enabled=enabled, **more)

    monkeypatch.setattr(torch, "autocast", noted)
    return entered


def test_fits_in_two_precisions_are_not_averaged_or_compared(defined):
    """Two seeds of one trainer, one of which was computed in another precision, as where two databases were joined."""
    from schemas import ensemble, evaluation, mei, mei_contrast, mei_control, training

    keys = defined("mixed", native=False, seeds=[160, 161], ensembles=True)
    for key in keys:
        fitted(key)
    evaluation.Score.populate()
    mei.MEIPlan.insert1({"experiment_name": "mixed", **mei.MEIConfig.add("gradient_ascent", MEI)})
    mei.MEI.populate()
    fits = [(training.TrainedModel & key).fetch1("KEY") for key in keys]
    assert training.add_ensemble(fits)
    (planned,) = (ensemble.Ensemble.Member & fits[0]).to_arrays("ensemble_hash")
    mine = (mei.MEI & fits[0]).fetch1("KEY")
    training.member_fits(planned)
    mei_contrast.MEIContrast().make_fetch(mine)
    mei_control.members_and_held_out(mine)
    mei.members_of(mine, {"members": 2})
    training.TrainedModel.update1(fits[1] | {"fit_precision": "bfloat16"})
    for refused in (
        lambda: training.member_fits(planned),
        lambda: training.add_ensemble(fits),
        lambda: mei_contrast.MEIContrast().make_fetch(mine),
        lambda: mei_control.members_and_held_out(mine),
        lambda: mei.members_of(mine, {"members": 2}),
    ):
        with pytest.raises(ConfigError, match=r"two precisions, bfloat16 \(.*seed 161\), float32 \(.*seed 160\)"):
            refused()
    assert mei.members_of(mine, {})


@pytest.fixture
def fleet_rows(tables):
    """A worker that has bfloat16, to be registered, and its row's way out of the fleet."""
    from populate.worker.registration import Registration
    from schemas import fleet

    other = Registration(torch.device("cpu"))
    other.native_bfloat16, other.ensure_heartbeat = True, lambda: None
    other.register()

    def lose() -> None:
        table = fleet.Worker().full_table_name
        fleet.Worker.connection.query(f"UPDATE {table} SET expires = started WHERE worker_id = '{other.worker_id}'")

    return lose


def test_a_worker_leaves_keys_that_it_could_only_emulate_until_it_is_alone(defined, fleet_rows, monkeypatch, caplog):
    """It takes what is not in bfloat16, waits while another could take the rest, and takes that once it is lost."""
    from dlgn_cnn.runtime import device as runtime
    from populate.worker.worker import WorkerOptions, work
    from schemas import training

    monkeypatch.setattr(runtime, "native", lambda device: False)
    monkeypatch.setattr(runtime, "_warned", set())
    (exact,) = defined("exact", native=True, seeds=[170], trainer={"precision": "float32"})
    (rounded,) = defined("rounded", native=True, seeds=[170])
    waits: list[float] = []

    def pause(seconds: float) -> None:
        waits.append(seconds)
        done = [len(training.TrainedModel & key) for key in (exact, rounded)]
        assert done == [1, 0]
        if len(waits) == 3:
            fleet_rows()

    with caplog.at_level(logging.INFO, "dlgn"):
        summary = work([training.TrainedModel], WorkerOptions(pause=pause, generator=np.random.default_rng(0)))
    assert (summary.computed, summary.failed, len(waits)) == (2, 0, 3)
    assert min(waits) > 0
    assert (training.TrainedModel & rounded).fetch1("fit_precision") == "bfloat16"
    said = [record.getMessage() for record in caplog.records]
    assert sum("leaves the keys in it" in one for one in said) == 1
    assert sum("bfloat16 is emulated on cpu" in one for one in said) == 1


def test_a_worker_that_has_bfloat16_leaves_nothing(defined, fleet_rows, monkeypatch):
    from dlgn_cnn.runtime import device as runtime
    from populate.worker.worker import WorkerOptions, work
    from schemas import training

    monkeypatch.setattr(runtime, "native", lambda device: True)
    (key,) = defined("native", native=True, seeds=[171])

    def pause(seconds: float) -> None:
        raise AssertionError("there was nothing to wait for")

    assert work([training.TrainedModel], WorkerOptions(pause=pause)).computed == 1
    assert (training.TrainedModel & key).fetch1("fit_precision") == "bfloat16"


def test_keys_in_bfloat16_are_told_by_table(defined, tables):
    """Of fits, and of what is computed from them: keys of each table's queue, by what the tables say themselves."""
    from populate.worker.job_queue import in_bfloat16
    from schemas import ensemble, evaluation, mei, training

    exact = defined("exact", native=True, seeds=[180, 181], trainer={"precision": "float32"}, ensembles=True)
    rounded = defined("rounded", native=True, seeds=[180, 181], ensembles=True)
    for key in (*exact, *rounded):
        fitted(key)
    for name in ("exact", "rounded"):
        for stated in ({}, {"precision": "float32"}, {"precision": "bfloat16"}):
            config = MEI | {"fit": FIT | stated}
            mei.MEIPlan.insert1({"experiment_name": name, **mei.MEIConfig.add("gradient_ascent", config)})
    for table in (evaluation.Score, evaluation.FeedbackModulation, evaluation.InputGain):
        found = [key for query in in_bfloat16(table.__name__) for key in (query & "seed >= 180").to_dicts()]
        assert sorted(key["trainer_hash"] for key in found) == [rounded[0]["trainer_hash"]] * 2
    ensembles = {key["ensemble_hash"] for query in in_bfloat16("EnsembleScore") for key in query.to_dicts()}
    both = [(ensemble.Ensemble.Member & fits[0]).to_arrays("ensemble_hash")[0] for fits in (exact, rounded)]
    assert both[1] in ensembles
    assert both[0] not in ensembles
    evaluation.Score.populate("seed >= 180")
    source = mei.MEI().key_source & "seed >= 180"
    assert len(source) == 12
    emulated = (source & in_bfloat16("MEI")).keys()
    # All with a config that states it, and of fits in it those whose config says nothing.
    assert len(emulated) == 4 + 2
    assert len(source - in_bfloat16("MEI")) == 12 - 6
    assert in_bfloat16("ReceptiveField") == []
    assert training.TrainedModel & in_bfloat16("TrainedModel") & "seed >= 180" & rounded[0]
    assert not training.TrainedModel & in_bfloat16("TrainedModel") & exact


@pytest.mark.parametrize(
    ("computes", "left"), [("*", True), (",TrainedModel,MEI,", True), (",MEI,", False), ("", False)]
)
def test_keys_are_left_only_to_a_worker_that_takes_them(defined, tables, computes, left):
    """One that fills other tables, or takes some keys only, would keep all others waiting for ever."""
    from populate.worker.job_queue import Left
    from populate.worker.registration import Registration
    from schemas import training

    other = Registration(torch.device("cpu"))
    other.native_bfloat16, other.computes, other.ensure_heartbeat = True, computes, lambda: None
    other.register()
    defined(f"taken {computes}".strip(), native=True)
    training.TrainedModel.jobs.refresh(delay=-1)
    pending = training.TrainedModel.jobs.pending
    kept = Left(native=False).without(training.TrainedModel(), pending)
    assert len(pending) == 1
    assert len(kept) == (0 if left else 1)
    training.TrainedModel.jobs.delete_quick()


@pytest.mark.parametrize(
    ("fn", "config", "expected"),
    [
        ("standard", {}, True),
        ("standard", {"fit": {"precision": "float32"}}, False),
        ("opto_last", {"fit": {"precision": "bfloat16"}}, False),
        ("tests.unit.test_supplied.asking_trainer", {}, True),
        ("tests.unit.test_supplied.lab_trainer", {}, False),
        ("tests.unit.test_supplied.open_trainer", {}, False),
    ],
)
def test_a_trainer_that_knows_no_precision_fixes_none(stored, fn, config, expected):
    from types import SimpleNamespace

    import schemas
    from populate.define import define as define_module

    schemas.open_database()
    with allowing({"tests"}):
        assert define_module._means_auto(SimpleNamespace(fn=fn, config=config)) is expected

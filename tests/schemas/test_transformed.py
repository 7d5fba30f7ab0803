"""Transforms that change which units there are, or where the light is, from dataset to score."""

import numpy as np
import pytest

from dlgn_cnn.errors import ModelError
from tests.factories import small_simulation

ENCODER = {
    "core": {"name": "stacked_2d", "channels": [4], "kernels": [7], "strides": [3]},
    "recurrent": {"name": "conv_gru", "channels": 4, "kernel_input": 1, "kernel_state": 1},
    "readout": {"name": "gaussian"},
}
UNITS = [5, 2]


@pytest.fixture(scope="module")
def fit(database, tmp_path_factory):
    """A fit to two units of six, with the light as a channel of the video."""
    from schemas import dataset, experiment, model, trainer, training
    from schemas.recordings.insert import ingest

    (name,) = ingest(small_simulation(tmp_path_factory.mktemp("t") / "session", mouse="Simulated_2026_0400"))
    transforms = [{"name": "select_units", "units": UNITS}, {"name": "normalize"}, {"name": "channels", "opto": True}]
    options = {"size_px": [18, 32], "window_frames": 40, "validation_share": 0.34, "transforms": transforms}
    keys = dataset.DatasetConfig.add("stored_sessions", {"sessions": [name], **options})
    dataset.Dataset.populate(keys)
    keys = (
        keys
        | model.ModelConfig.add("encoder", ENCODER)
        | trainer.TrainerConfig.add("standard", {"fit": {"max_epochs": 1}})
    )
    keys["seed"] = 0
    trainer.Seed.insert1({"seed": 0}, skip_duplicates=True)
    experiment.Experiment.insert1({"experiment_name": "transformed"}, skip_duplicates=True)
    experiment.Experiment.Fit.insert1({"experiment_name": "transformed", **keys})
    training.TrainedModel.populate(keys)
    return (training.TrainedModel & keys).fetch1("KEY")


def test_units_that_were_selected_are_the_datasets_units(fit):
    from schemas import dataset, evaluation, tuning

    rows = (dataset.Dataset.Unit & fit).to_dicts(order_by="unit_index")
    assert {row["unit"] for row in rows} == set(UNITS)
    assert [row["unit_index"] for row in rows] == [0, 1]
    for table in (evaluation.Score, evaluation.FeedbackModulation):
        table.populate(fit)
        assert sorted((table.Unit & fit).to_arrays("unit")) == sorted(UNITS)
    tuning.ReceptiveField.populate({"dataset_hash": fit["dataset_hash"]})
    assert len(tuning.ReceptiveField.Unit & fit) == 2


def test_statistics_are_computed_once_a_session_and_in_no_transaction(fit, monkeypatch):
    """From the dataset to receptive fields, a fit and its score, with a process's loaders built again each time."""
    from dlgn_cnn.data.sessions import session_data
    from dlgn_cnn.data.store import session_store
    from schemas import dataset, evaluation, experiment, training, tuning

    calls = []

    def counted(name, function):
        def call(*arguments):
            calls.append((name, dataset.schema.connection.in_transaction))
            return function(*arguments)

        return call

    monkeypatch.setattr(session_data, "session_fields", counted("fields", session_data.session_fields))
    monkeypatch.setattr(session_store, "data_info", counted("info", session_store.data_info))
    config = (dataset.DatasetConfig & fit).fetch1("dataset_config")
    key = dataset.DatasetConfig.add("stored_sessions", config | {"split_seed": 1})
    dataset.Dataset.populate(key)
    tuning.ReceptiveField.populate(key)
    key = fit | key
    experiment.Experiment.Fit.insert1({"experiment_name": "transformed", **key})
    training.TrainedModel.populate(key)
    evaluation.Score.populate(key)
    assert len(evaluation.Score & key) == 1
    assert calls == [("fields", False), ("info", False)]


def test_a_units_data_are_its_own(fit):
    """The rate of each unit in the data is that of its spikes, whatever row it has."""
    from schemas import dataset, evaluation
    from schemas.recording import Recording

    evaluation.FeedbackModulation.populate(fit)
    rows = (evaluation.FeedbackModulation.Unit & fit).to_dicts()
    spikes = {row["unit"]: row["spike_count"] for row in (Recording.Spikes & (dataset.Dataset.Unit & fit)).to_dicts()}
    rates = {row["unit"]: np.nanmean([row["data_intact_hz"], row["data_suppressed_hz"]]) for row in rows}
    one, other = UNITS
    assert (rates[one] > rates[other]) == (spikes[one] > spikes[other])


def test_light_in_the_video_is_switched_too(fit):
    from schemas import training

    _, loaders = training.load_model(fit)
    (loader,) = loaders["test"].values()
    for opto in (0.0, 1.0):
        for batch in loader.under(opto):
            assert batch.videos.shape[1] == 2
            assert (batch.videos[:, 1] == opto).all()
            assert (batch.opto == opto).all()
    recorded = next(iter(loader))
    assert not (recorded.opto == recorded.opto[0, 0]).all()


def test_an_mei_of_it_is_refused(fit):
    from dlgn_cnn.mei.synthesis.methods import gradient_ascent
    from schemas import training

    model, loaders = training.load_model(fit)
    info = next(iter(loaders["train"].values())).data_info
    with pytest.raises(ModelError, match="2 channels"):
        gradient_ascent([model], [], info, next(model.parameters()).device)

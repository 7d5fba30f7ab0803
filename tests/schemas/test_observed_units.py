"""Two units that were lost for a stretch, from an NWB file to scores: what was sorted to them then changes nothing."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import pearsonr

from dlgn_cnn.data.binning import frame_edges
from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.recording import SessionKey
from dlgn_cnn.evaluation.predict import predict
from dlgn_cnn.evaluation.score import BURN_IN_FRAMES
from tests.factories import small_simulation
from tests.layouts import counts, write_nwb
from tests.schemas.test_transformed import ENCODER

LOST = (1, 3)  # of six units, by row
NAME = "Simulated_2026_0700_s01_e01"


def lost_units(truth, lost_s):
    """Spikes of all units, and when those at ``LOST`` were observed: not from ``lost_s``, where they are garbage."""
    start, stop = lost_s
    spikes, observed = dict(truth.spike_times_s), {}
    for unit in (truth.units[row] for row in LOST):
        times, garbage = spikes[unit], np.linspace(start, stop, round(300 * (stop - start)))
        spikes[unit] = np.sort(np.append(times[(times < start) | (times > stop)], garbage))
        observed[unit] = np.array([[0.0, start], [stop, 1e3]])
    return replace(truth, session=SessionKey.parse(NAME), spike_times_s=spikes, observed_s=observed)


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    """The session as it was, without garbage."""
    shown = {"test_repeats": 3, "scene_duration_s": 2.4966, "width_px": 32, "height_px": 18}
    (found,) = read_recordings(small_simulation(tmp_path_factory.mktemp("t") / "session", **shown))
    return found


@pytest.fixture(scope="module")
def lost_s(truth):
    """From within the second presentation of a training scene to within the third of a test scene."""
    test = [shown for shown in truth.presentations if shown.tier == "test"]
    train = [shown for shown in truth.presentations if shown.tier == "train"]
    return tuple(sorted((train[1].start_s + 1.1, test[2].start_s + 0.9)))


@pytest.fixture(scope="module")
def fit(database, truth, lost_s, tmp_path_factory):
    """A scored fit to that file."""
    from schemas import dataset, evaluation, experiment, model, trainer, training
    from schemas.recordings.insert import ingest

    assert ingest(write_nwb(lost_units(truth, lost_s), tmp_path_factory.mktemp("n"))) == [NAME]
    options = {"size_px": [18, 32], "window_frames": 60, "validation_share": 0.34, "min_rate_hz": 0.0}
    keys = dataset.DatasetConfig.add("stored_sessions", {"sessions": [NAME], **options})
    dataset.Dataset.populate(keys)
    keys |= model.ModelConfig.add("encoder", ENCODER) | trainer.TrainerConfig.add(
        "standard", {"fit": {"max_epochs": 1}}
    )
    keys["seed"] = 0
    trainer.Seed.insert1({"seed": 0}, skip_duplicates=True)
    experiment.Experiment.insert1({"experiment_name": "observed"}, skip_duplicates=True)
    experiment.Experiment.Fit.insert1({"experiment_name": "observed", **keys})
    training.TrainedModel.populate(keys)
    for table in (evaluation.Score, evaluation.FeedbackModulation, evaluation.InputGain):
        table.populate(keys)
    return (training.TrainedModel & keys).fetch1("KEY")


def edges_s(truth, shown):
    """The bins of a presentation at 60 Hz."""
    file = truth.scenes[shown.scene]
    return frame_edges(shown, round(file.frames / file.rate_hz * 60), 60.0)


def seen(truth, lost_s, shown):
    """Which bins of a presentation are outside of the lost stretch, from beginning to end."""
    edges = edges_s(truth, shown)
    return (edges[1:] <= lost_s[0]) | (edges[:-1] >= lost_s[1])


def test_intervals_come_out_of_the_tables_as_they_went_in(fit, truth, lost_s):
    from schemas.base.keys import session_key
    from schemas.recordings.fetch import fetch_session

    stored = fetch_session(session_key(NAME)).load()
    units = [truth.units[row] for row in LOST]
    assert sorted(stored.observed_s) == units
    for unit in units:
        np.testing.assert_array_equal(stored.observed_s[unit], [[0.0, lost_s[0]], [lost_s[1], 1e3]])


def test_mean_rates_are_those_of_the_truth_where_it_was_observed(fit, truth, lost_s):
    from schemas import dataset

    tiers = {row["scene"]: row["tier"] for row in (dataset.Dataset.Split & fit).to_dicts()}
    own = [shown for shown in truth.presentations if _tier(truth, tiers, shown) == "train"]
    found = (dataset.Dataset.Unit & fit).to_arrays("mean_rate_hz", order_by="unit_index")
    for row in range(len(truth.units)):
        frames = [seen(truth, lost_s, shown) if row in LOST else slice(None) for shown in own]
        values = [counts(truth, edges_s(truth, shown))[row][kept] for shown, kept in zip(own, frames, strict=True)]
        assert found[row] == pytest.approx(60 * np.concatenate(values).mean(dtype=float), rel=1e-6)


def _tier(truth, tiers, shown):
    """The tier of a presentation's scene, which the NWB reader numbers by its first row in the table of trials."""
    order = list(dict.fromkeys(one.scene for one in truth.presentations))
    return tiers[order.index(shown.scene)]


def test_scores_are_those_of_the_truth_on_the_observed_frames(fit, truth, lost_s):
    from schemas import dataset, evaluation, training

    model, loaders = training.restore(training.fit_spec(fit), dataset.store_paths(fit), training.weights_of(fit))
    predicted = predict(model, loaders["test"][NAME], NAME, BURN_IN_FRAMES).predicted
    test = [shown for shown in truth.presentations if shown.tier == "test"]
    observed = np.concatenate([counts(truth, edges_s(truth, one))[:, BURN_IN_FRAMES:] for one in test], axis=1)
    frames = np.concatenate([seen(truth, lost_s, one)[BURN_IN_FRAMES:] for one in test])
    assert 0.1 < frames.mean() < 0.95
    rows = (evaluation.Score.Condition & fit & {"tier": "test", "opto_condition": "all"}).to_dicts(order_by="unit")
    for row, found in enumerate(rows):
        kept = frames if row in LOST else np.ones(len(frames), bool)
        expected = pearsonr(predicted[row, kept], observed[row, kept]).statistic
        assert found["correlation"] == pytest.approx(expected, abs=1e-5)
        assert found["frames"] == kept.sum()


def test_modulation_and_gains_are_made_of_the_observed_frames(fit, truth, lost_s):
    from schemas import evaluation

    rows = (evaluation.FeedbackModulation.Unit & fit).to_dicts(order_by="unit")
    for row in LOST:  # garbage of 300 spikes/s would show
        assert max(rows[row]["data_intact_hz"], rows[row]["data_suppressed_hz"]) < 100
    assert len((evaluation.InputGain.Unit & fit).to_dicts()) == 6


def test_a_units_page_draws_what_was_observed(fit, truth):
    from dlgn_cnn.plots.responses import responses_figure
    from populate.report import unit_view
    from schemas import dataset, training

    fitted = training.restore(training.fit_spec(fit), dataset.store_paths(fit), training.weights_of(fit))
    tier = unit_view.predict_test(*fitted)
    drawn = [unit_view.repeats_of(tier, NAME, LOST[0], scene) for scene in unit_view.counted(tier.scenes[NAME])]
    repeats = next(one for one in drawn if np.isnan(one.counts).any())
    assert np.isnan(repeats.counts).any()
    responses_figure(repeats).canvas.draw()

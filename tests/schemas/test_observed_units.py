"""Two units that were lost for a stretch, from an NWB file to scores: what was sorted to them then changes nothing."""

from datetime import UTC, datetime

import numpy as np
import pytest
from pynwb import NWBHDF5IO, NWBFile
from pynwb.epoch import TimeIntervals
from pynwb.image import ImageSeries
from scipy.stats import pearsonr

from dlgn_cnn.data.binning import frame_edges
from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.evaluation.predict import predict
from dlgn_cnn.evaluation.score import BURN_IN_FRAMES
from tests.factories import small_simulation
from tests.layouts import counts, own_frames
from tests.schemas.test_transformed import ENCODER

LOST = (1, 3)  # of six units, by row
NAME = "Simulated_2026_0700_s01_e01"


def write_nwb(path, truth, lost_s):
    """The session in an NWB file. Units ``LOST`` are not observed from ``lost_s``, where 300 spikes/s are garbage."""
    file = NWBFile("movies", "one", datetime(2026, 1, 1, tzinfo=UTC), session_id=NAME)
    start, stop = lost_s
    for row, (unit, times) in enumerate(truth.spike_times_s.items()):
        if row in LOST:
            garbage = np.linspace(start, stop, round(300 * (stop - start)))
            kept = times[(times < start) | (times > stop)]
            file.add_unit(id=unit, spike_times=np.append(kept, garbage), obs_intervals=[[0.0, start], [stop, 1e3]])
        else:
            file.add_unit(id=unit, spike_times=times, obs_intervals=[[0.0, 1e3]])
    for key, frames in own_frames(truth).items():
        rate = truth.scenes[key].rate_hz
        file.add_stimulus_template(ImageSeries(name=str(key.scene), data=frames, unit="n.a.", rate=rate))
    file.add_trial_column("stimulus", "what was shown")
    file.add_trial_column("tier", "what for")
    for shown in truth.presentations:
        own = {"stimulus": str(shown.scene.scene), "tier": shown.tier}
        file.add_trial(start_time=shown.start_s, stop_time=shown.stop_s, **own)
    light = TimeIntervals(name="opto", description="light")
    for on, off in truth.opto_epochs_s:
        light.add_interval(start_time=on, stop_time=off)
    file.add_time_intervals(light)
    with NWBHDF5IO(str(path), "w") as io:
        io.write(file)
    return path


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

    assert ingest(write_nwb(tmp_path_factory.mktemp("n") / "session.nwb", truth, lost_s)) == [NAME]
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

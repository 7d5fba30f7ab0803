"""What a unit did where it was not observed counts nowhere: not in statistics, losses, scores, ceilings or plots."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr, poisson

from benchmarks.plain.in_memory import session_loaders
from dlgn_cnn.data.binning import EDGE_SLACK_S, observed_bins
from dlgn_cnn.data.loading.transforms import build_transforms, training_statistics
from dlgn_cnn.data.recording import (
    BinnedResponses,
    PresentationTimes,
    SceneFile,
    SceneKey,
    SessionKey,
    SessionRecording,
)
from dlgn_cnn.data.sessions.fields import spike_triggered_average
from dlgn_cnn.data.sessions.session_data import bin_session, data_info, training_fields
from dlgn_cnn.data.store.cache import cached_session
from dlgn_cnn.data.store.session_store import read_session, write_session
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.evaluation.conditions import ScoredTrial, condition_sums
from dlgn_cnn.evaluation.metrics import correlation, opto_modulation
from dlgn_cnn.evaluation.moments import frame_sums, repeat_sums
from dlgn_cnn.evaluation.predict import predict
from dlgn_cnn.feedback.opto_null import opto_p_values
from dlgn_cnn.interface import Batch, MaskedBatch
from dlgn_cnn.models.build import MODELS
from dlgn_cnn.plots.responses import Repeats, raster
from dlgn_cnn.plots.style import new_figure
from dlgn_cnn.training.fit import TrainingLoop
from dlgn_cnn.training.fit_config import FitConfig
from dlgn_cnn.training.lbfgs import refine
from dlgn_cnn.training.losses import LOSSES, ObservationModel, over_observed
from dlgn_cnn.training.losses import poisson as poisson_loss
from tests.scoring import measured

RATE_HZ, FRAMES, SHAPE = 60.0, 60, (4, 5)
SCENES = {SceneKey("m", n): SceneFile(None, "", FRAMES, RATE_HZ, SHAPE[1], SHAPE[0]) for n in range(6)}
MOVIES = {key: np.random.default_rng(key.scene).integers(0, 256, (FRAMES, *SHAPE), dtype=np.uint8) for key in SCENES}
TIERS = dict(zip(SCENES, ("train", "train", "train", "train", "validation", "test"), strict=True))


def recording(observed_s=None, garbage=(), onsets=range(6), binned=None) -> SessionRecording:
    """Three units, and a scene a second from 0 to 11 s, with a second between; ``garbage`` is spikes of unit 2."""
    draw = np.random.default_rng(0)
    spikes = {unit: np.sort(draw.uniform(0, 12, 20 * 12)) for unit in (1, 2, 5)}
    spikes[2] = np.sort(np.concatenate([spikes[2], garbage]))
    shown = tuple(
        PresentationTimes(trial, key, 2.0 * onset, 2.0 * onset + 1, "test" if TIERS[key] == "test" else "train")
        for trial, (onset, key) in enumerate(zip(onsets, SCENES, strict=True))
    )
    return SessionRecording(
        SessionKey("Mouse", 1, 1),
        {} if binned else spikes,
        shown,
        np.array([[0.25, 0.75], [4.25, 4.75], [8.1, 8.6], [10.25, 10.75]]),
        SCENES,
        binned=binned,
        observed_s=observed_s or {},
    )


def binned_session(observed_s=None, garbage=()):
    return bin_session(recording(observed_s, garbage), MOVIES, TIERS, RATE_HZ, 0.5, 0.05)


GAP = {2: np.array([[0.0, 2.5], [4.0, 8.25], [8.5, 10.5]])}  # half of trial 1, trial 4 but a quarter, half of trial 5
GARBAGE = np.concatenate([np.linspace(2.6, 3.0, 400), np.linspace(8.3, 8.45, 300), np.linspace(10.6, 11.0, 500)])


def test_a_bin_is_observed_if_it_was_from_beginning_to_end():
    edges = np.linspace(0, 1, 11)
    assert observed_bins(np.array([[0.15, 0.5], [0.55, 2.0]]), edges).tolist() == [0, 0, 1, 1, 1, 0, 1, 1, 1, 1]
    assert observed_bins(np.array([[0.0, 0.45], [0.45, 1.0]]), edges).all(), "touching intervals leave nothing out"
    assert not observed_bins(np.empty((0, 2)), edges).any()


@pytest.mark.parametrize(("miss_s", "first"), [(0.0, True), (0.9 * EDGE_SLACK_S, True), (2 * EDGE_SLACK_S, False)])
def test_an_interval_may_miss_the_presentations_edges_by_a_millisecond(miss_s, first):
    found = observed_bins(np.array([[miss_s, 1 - miss_s]]), np.linspace(0, 1, 61))
    assert found[[0, -1]].tolist() == [first, first]
    assert found[1:-1].all()
    inner = observed_bins(np.array([[0.0, 0.5 - 0.9 * EDGE_SLACK_S]]), np.linspace(0, 1, 61))
    assert inner.sum() == 29, "within a presentation nothing is given away"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 1000), max_size=12, unique=True).map(sorted), st.integers(1, 300), st.floats(0, 1e6))
def test_a_bin_is_observed_exactly_if_one_interval_holds_it(ticks, bins, start_s):
    """Intervals begin and end on a grid of 10 ms, and a bin is compared with each of them."""
    intervals = start_s + np.array(ticks[: len(ticks) // 2 * 2], float).reshape(-1, 2) / 100
    edges = start_s + np.linspace(0, 10, bins + 1)
    found = observed_bins(intervals, edges)
    lo, hi = edges[:-1].copy(), edges[1:].copy()
    lo[0] += EDGE_SLACK_S
    hi[-1] -= EDGE_SLACK_S
    held, nearly = (
        np.any((intervals[:, 0, None] <= lo + slack) & (intervals[:, 1, None] >= hi - slack), axis=0)
        for slack in (1e-9, 1e-3 * (hi - lo).max())
    )
    assert np.all(found >= held)
    assert np.all(found <= nearly)
    assert found.sum() + (~found).sum() == bins


FAULTS = {
    "of no unit": ({9: np.array([[0.0, 1.0]])}, "unit 9: observed intervals are those of no unit here"),
    "of one axis": ({2: np.array([0.0, 1.0])}, r"observed intervals has shape \(2,\), expected"),
    "backwards": ({2: np.array([[1.0, 0.5]])}, "unit 2: observed intervals must be finite .* ascending and disjoint"),
    "overlapping": ({2: np.array([[0.0, 2.0], [1.0, 3.0]])}, "ascending and disjoint"),
    "endless": ({2: np.array([[0.0, np.inf]])}, "must be finite"),
    "in ms": ({2: np.array([[0.0, 12000.0]])}, "observed intervals end at 12000 s .* in another unit"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_intervals_that_cannot_be_meant_are_refused(fault):
    given_s, said = FAULTS[fault]
    with pytest.raises(RecordingError, match=said):
        recording(given_s)


def test_counts_outside_the_intervals_are_nowhere_and_all_others_are_as_they_were():
    whole, masked = binned_session(), binned_session(GAP, GARBAGE)
    for trial, (one, other) in enumerate(zip(whole.trials, masked.trials, strict=True)):
        centers = 2.0 * trial + (np.arange(FRAMES) + 0.5) / RATE_HZ
        unseen = ~np.any((centers[:, None] > GAP[2][:, 0]) & (centers[:, None] < GAP[2][:, 1]), 1)
        np.testing.assert_array_equal(np.isnan(other.responses), [[False] * FRAMES, unseen, [False] * FRAMES])
        known = ~np.isnan(other.responses)
        np.testing.assert_array_equal(other.responses[known], one.responses[known])


def test_binned_responses_are_masked_alike():
    edges = np.linspace(0, 11, 661)
    values = BinnedResponses((1, 2, 5), np.column_stack([edges[:-1], edges[1:]]), np.ones((3, 660), np.float32))
    made = bin_session(recording(GAP, binned=values), MOVIES, TIERS, RATE_HZ, 0.5, 0.05)
    for one, other in zip(made.trials, binned_session(GAP).trials, strict=True):
        np.testing.assert_array_equal(np.isnan(one.responses), np.isnan(other.responses))


def test_a_session_that_was_observed_throughout_is_stored_as_ever(tmp_path):
    """The same rows under the same digest, whether intervals cover every presentation or there are none."""
    plain = binned_session()
    covering = {2: np.array([[2.0 * n - 0.1, 2.0 * n + 1.1] for n in range(6)])}
    assert binned_session(covering).digest() == plain.digest()
    assert data_info(binned_session(covering)) == data_info(plain)
    assert binned_session(GAP).digest() != plain.digest()
    assert write_session(plain, tmp_path / "s") == plain.digest()


def test_what_was_not_observed_is_stored_and_cached_as_such(tmp_path):
    written = binned_session(GAP)
    assert write_session(written, tmp_path / "s") == written.digest()
    for found in (read_session(tmp_path / "s"), cached_session(tmp_path / "s", tmp_path / "cache", bound_bytes=0)):
        for one, other in zip(found.trials, written.trials, strict=True):
            np.testing.assert_array_equal(one.responses, other.responses)


def test_statistics_are_those_of_the_observed_frames():
    data = binned_session(GAP, GARBAGE)
    info, train = data_info(data), np.concatenate([trial.responses[1] for trial in data.tier("train")])
    assert info.mean_counts[1] == pytest.approx(train[~np.isnan(train)].mean())
    stds = training_statistics(data.units, data.tier("train")).response_std
    assert stds[2] == pytest.approx(train[~np.isnan(train)].std())
    assert info.mean_counts[0] == data_info(binned_session()).mean_counts[0]


def test_a_field_is_that_of_the_observed_frames_alone():
    """A unit observed in whole trials only has the average of a session of these trials, about their own mean."""
    data = binned_session({2: np.array([[0.0, 1.5], [4.0, 8.0]])}, GARBAGE)
    train = data.tier("train")
    mean = np.float32(data_info(data).mean_counts[1])
    counts = [np.where(np.isnan(trial.responses), mean, trial.responses) for trial in train]
    filled = spike_triggered_average([(t.videos, c) for t, c in zip(train, counts, strict=True)], 1)[1, 0]
    seen = [(t.videos, t.responses[1:2]) for t in train if not np.isnan(t.responses[1]).any()]
    alone = spike_triggered_average(seen, 1)[0, 0]
    assert len(seen) == 3
    assert np.corrcoef(filled.ravel(), alone.ravel())[0, 1] == pytest.approx(1, abs=1e-5)
    assert np.isfinite(training_fields(data)).all()


def test_a_unit_that_fired_only_unobserved_is_left_out_of_the_data_set():
    found = binned_session({2: np.array([[1.2, 1.4]]), 5: np.empty((0, 2))}, GARBAGE)
    assert found.units == (1,)


def test_batches_have_the_field_only_where_a_session_needs_it():
    plain, data = binned_session(), binned_session(GAP, GARBAGE)
    for batch in (b for loader in session_loaders(plain, data_info(plain), 0, 2, 30).values() for b in loader):
        assert not hasattr(batch, "observed")
        assert type(batch) is Batch
    loaders = session_loaders(data, data_info(data), 0, 2, 30)
    (test,) = loaders["test"]
    trial = data.tier("test")[0]
    np.testing.assert_array_equal(test.observed[0], ~np.isnan(trial.responses))
    np.testing.assert_array_equal(test.responses[0], np.nan_to_num(trial.responses))
    for batch in loaders["train"]:
        assert batch.observed.shape == batch.responses.shape
        assert (batch.responses[~batch.observed] == 0).all()
        assert isinstance(batch.to(torch.device("cpu")), MaskedBatch)
    one, other = ([b.observed.sum() for b in session_loaders(data, data_info(data), 0, 2, 30)["train"]] for _ in "ab")
    assert one == other


def test_chosen_units_keep_what_was_observed_of_them():
    data = binned_session(GAP)
    (batch,) = session_loaders(data, data_info(data), 0, 2, 30)["test"]
    steps = [{"name": "select_units", "units": [5, 2]}, {"name": "standardize_responses"}]
    transforms, _ = build_transforms(steps, data_info(data), training_statistics(data.units, data.tier("train")))
    changed = transforms[1](transforms[0](batch))
    assert torch.equal(changed.observed, batch.observed[:, 1:])
    assert (changed.responses[~changed.observed] == 0).all()


def masked_batch(fill: float):
    """Rates, counts with ``fill`` where nothing was observed, and the mask; unit 2 was never observed."""
    draw = torch.Generator().manual_seed(0)
    rate = (0.1 + torch.rand(2, 3, 40, generator=draw)).requires_grad_()
    observed = torch.rand(2, 3, 40, generator=draw) < 0.7
    observed[:, 2] = False
    counts = torch.poisson(rate.detach(), generator=draw).masked_fill(~observed, fill)
    return rate, counts, observed


@pytest.mark.parametrize("name", LOSSES.names())
def test_a_loss_is_the_mean_over_observed_frames_and_garbage_changes_no_bit_of_it(name):
    found = {}
    for fill in (0.0, 1e6, torch.nan):
        rate, counts, observed = masked_batch(fill)
        model = ObservationModel(LOSSES.get(name), units={"s": 3})
        for number, free in enumerate(model.parameters()):
            free.data += torch.tensor([0.5, -1.0, 2.0]) + number
        loss = model(rate, counts, "s", observed)
        loss.backward()
        found[fill] = loss.item(), rate.grad, [free.grad for free in model.parameters()]
    same = list(found.values())
    for loss, gradient, others in same[1:]:
        assert loss == same[0][0]
        assert torch.equal(gradient, same[0][1])
        assert all(map(torch.equal, others, same[0][2]))
    assert (same[0][1][~observed] == 0).all()
    rate, counts, _ = masked_batch(0.0)
    values = {key: one["s"] for key, one in model.values().items()}
    terms = [
        [LOSSES.get(name)(rate[b, u, t].view(1, 1, 1), counts[b, u, t].view(1, 1, 1),
                          **{key: torch.tensor([v[u]]) for key, v in values.items()}).item()]
        for b, u, t in observed.nonzero().tolist()
    ]  # fmt: skip
    assert same[0][0] == pytest.approx(np.mean(terms), rel=1e-5)


def test_a_batch_in_which_nothing_was_observed_has_no_loss_and_no_gradient():
    rate = torch.ones(1, 2, 3, requires_grad=True)
    loss = over_observed(poisson_loss, rate, torch.full((1, 2, 3), 7.0), torch.zeros(1, 2, 3, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0
    assert (rate.grad == 0).all()


def fitted(garbage: float, by_lbfgs: bool) -> dict[str, torch.Tensor]:
    """A linear-nonlinear model's weights after a fit whose unobserved responses are ``garbage``."""
    data = binned_session(GAP)
    info = data_info(data)
    loaders = {tier: {"s": loader} for tier, loader in session_loaders(data, info, 0, 3, 30, "s").items()}
    for loader in (one["s"] for one in loaders.values()):
        loader._transforms = (*loader._transforms, _Filled(garbage))
    options = {"lags": 3, "field_radius_px": None, "history_lags": 4, "history_splines": 3, "l2_weight": 0.01}
    model = MODELS.get("ln")({"s": info}, 0, opto="additive", laplace_weight=0.0, **options)
    if by_lbfgs:
        refine(model, "s", list(loaders["train"]["s"]), model.parameters(), 5, 2)
    else:
        fit = TrainingLoop(model, loaders, poisson_loss, FitConfig(max_epochs=2, burn_in_frames=2, learning_rate=0.05))
        list(fit)
        assert fit.records[-1].validation_loss > 0
    return model.state_dict()


@dataclasses.dataclass
class _Filled:
    garbage: float

    def __call__(self, batch):
        return dataclasses.replace(batch, responses=batch.responses.masked_fill(~batch.observed, self.garbage))


@pytest.mark.parametrize("by_lbfgs", [False, True], ids=["standard", "lbfgs"])
def test_a_fit_is_the_same_to_the_bit_whatever_the_unobserved_counts_are(by_lbfgs):
    clean, dirty = (fitted(garbage, by_lbfgs) for garbage in (0.0, 250.0))
    for name, value in clean.items():
        assert torch.equal(value, dirty[name]), name


class Constant(torch.nn.Module):
    """A model of one rate that varies over time."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.units, self.weight = units, torch.nn.Parameter(torch.ones(1))

    def forward(self, videos, opto, data_key, **signals):
        wave = 0.3 + 0.2 * torch.sin(torch.arange(opto.shape[1]) / 3)
        return self.weight * wave.expand(len(opto), self.units, -1)


def test_a_prediction_says_where_a_unit_was_not_observed():
    data = binned_session(GAP, GARBAGE)
    loader = session_loaders(data, data_info(data), 0, 2, 30)["validation"]
    found = predict(Constant(3), loader, "s", 15)
    np.testing.assert_array_equal(found.observed, data.tier("validation")[0].responses[:, 15:])
    known = ~np.isnan(found.observed[1])
    assert 0 < known.sum() < FRAMES - 15
    score = correlation(found.predicted, found.observed)
    assert score[1] == pytest.approx(pearsonr(found.predicted[1, known], found.observed[1, known]).statistic, abs=1e-6)


def gappy(seed: int = 0, units: int = 4, frames: int = 200):
    """Predictions and counts (unit, frame); unit 1 misses a third, unit 2 all frames but one, unit 3 all."""
    draw = np.random.default_rng(seed)
    rate = draw.gamma(2, 0.5, (units, frames))
    counts = draw.poisson(rate).astype(float)
    missing = np.zeros(counts.shape, bool)
    missing[1] = draw.random(frames) < 1 / 3
    missing[2, 1:] = missing[3] = True
    return rate.astype(np.float32), np.where(missing, np.nan, counts), missing


def test_scores_of_single_trials_are_those_of_the_observed_frames():
    rate, counts, missing = gappy()
    mean = np.full(4, 0.9)
    found = measured(frame_sums(rate, counts, mean))
    for unit in (0, 1):
        p, y = (values[unit, ~missing[unit]].astype(float) for values in (rate, counts))
        assert found["correlation"][unit] == pytest.approx(pearsonr(p, y).statistic)
        bits = (poisson.logpmf(y, p).sum() - poisson.logpmf(y, 0.9).sum()) / y.sum() / np.log(2)
        assert found["bits_per_spike"][unit] == pytest.approx(bits)
    assert np.isnan(found["correlation"][2:]).all(), "one frame has no correlation, and none even less"
    assert frame_sums(rate, counts, mean)["frames"].tolist() == [200, (~missing[1]).sum(), 1, 0]


def test_repeats_are_averaged_over_those_in_which_the_unit_was_observed():
    """A unit that misses one whole repeat has the sums of a session that was shown so many times less."""
    draw = np.random.default_rng(1)
    counts = draw.poisson(draw.gamma(2, 0.5, (3, 120)), (5, 3, 120)).astype(float)
    light = (draw.random((5, 120)) < 0.5).astype(np.float32)
    settled = draw.random((5, 120)) < 0.8

    def sums(chosen, y):
        trials = [ScoredTrial(0, 0.5 + 0.1 * y[r] + 0 * counts[r], y[r], light[r], settled[r]) for r in chosen]
        return condition_sums(trials, np.ones(3))

    missing = counts.copy()
    missing[2, 1] = np.nan
    predicted = [ScoredTrial(0, 0.5 + 0.1 * counts[r], missing[r], light[r], settled[r]) for r in range(5)]
    found, whole, less = condition_sums(predicted, np.ones(3)), sums(range(5), counts), sums((0, 1, 3, 4), counts)
    for condition, values in found.items():
        for name, one in values.items():
            if name in ("half_cells", "a", "b", "aa", "bb", "ab"):
                continue  # odd and even repeats: another one is odd if one is missing
            assert one[0, 1] == pytest.approx(less[condition][name][0, 1]), name
            assert one[0, [0, 2]] == pytest.approx(whole[condition][name][0, [0, 2]]), name


def test_a_frame_that_fewer_than_two_repeats_observed_is_no_cell():
    counts = np.ones((3, 1, 4))
    counts[1:, 0, 0] = counts[0, 0, 1] = counts[:, 0, 2] = np.nan
    found = repeat_sums(counts, np.ones((3, 4), bool), np.zeros(1))
    assert (found["cells"][0], found["cell_frames"][0]) == (2, 5)
    assert np.isfinite(np.concatenate([values for values in found.values()])).all()


def test_the_lights_effect_is_that_of_the_observed_frames_and_other_units_keep_theirs():
    draw = np.random.default_rng(2)
    opto = np.repeat((draw.random(60) < 0.5).astype(np.float32), 10)
    counts = draw.poisson(np.where(opto > 0, 2.0, 1.0), (2, 600)).astype(np.float32)
    masked = counts.copy()
    masked[1, 100:400] = np.nan
    found, seen = opto_modulation(masked, opto), np.r_[0:100, 400:600]
    assert found.omi[1] == pytest.approx(opto_modulation(counts[1:, seen], opto[seen]).omi[0])
    whole, p = (opto_p_values(y, opto, (600,), 10, 199, np.random.default_rng(0)) for y in (counts, masked))
    assert p[0] == whole[0]
    assert 0 < p[1] < 0.05
    masked[1] = np.nan
    assert np.isnan(opto_p_values(masked, opto, (600,), 10, 19, np.random.default_rng(0))[1])


def test_the_lights_p_value_is_calibrated_where_a_third_was_not_observed():
    """Of units that the light does nothing to, whose rate wanders, a twentieth has p below .05."""
    draw = np.random.default_rng(3)
    opto = np.repeat((draw.random(80) < 0.5).astype(np.float32), 10)
    rate = np.exp(np.cumsum(draw.normal(0, 0.05, (1000, 800)), 1) / 2)
    counts = np.where(np.repeat(draw.random((1000, 80)) < 1 / 3, 10, 1), np.nan, draw.poisson(rate))
    found = opto_p_values(counts, opto, (800,), 10, 199, np.random.default_rng(0))
    assert 0.03 < np.mean(found <= 0.05) < 0.07


def test_a_raster_has_no_spike_where_nothing_was_observed():
    counts = np.ones((2, 30), np.float32)
    counts[1, 10:] = np.nan
    time_s = np.arange(30) / 60
    repeats = Repeats("m 0", counts, counts * 0 + 0.5, np.zeros((2, 30), np.float32), time_s)
    drawn = raster(new_figure(500, 300).subplots(), repeats).collections
    spikes = [line.get_segments() for line in drawn if hasattr(line, "get_lineoffset")]
    assert sorted(map(len, spikes)) == [0, 0, 10, 30]

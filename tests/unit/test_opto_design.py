"""The design of a session's light: inferred from any draw of it, stated, contradicted, and permuted as drawn."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlgn_cnn.data.binning import bin_opto, merge_epochs
from dlgn_cnn.data.recording import PresentationTimes, SceneFile, SceneKey, SessionKey, SessionRecording
from dlgn_cnn.data.sessions.opto_blocks import OPTO_ON, exchanged_stretches
from dlgn_cnn.data.sessions.opto_design import confirmed_design, find_design, parse_design
from dlgn_cnn.errors import ConfigError, RecordingError
from dlgn_cnn.feedback.opto_null import opto_p_values

SCENE = SceneKey("movie", 0)
CLOCK = 0.001


def session(epochs, shown) -> SessionRecording:
    return SessionRecording(
        session=SessionKey("Mouse", 1, 1),
        spike_times_s={1: np.array([1.0])},
        presentations=tuple(
            PresentationTimes(trial, SCENE, float(start), float(stop), "train")
            for trial, (start, stop) in enumerate(shown)
        ),
        opto_epochs_s=np.array(epochs, float).reshape(-1, 2),
        scenes={SCENE: SceneFile(Path("movie.avi"), "0" * 64, round(60 * float(np.ptp(shown[0]))), 60.0, 4, 4)},
    )


@st.composite
def schedules(draw):
    """Presentations of one length with a gap, from 20 to 60 of them; a generator for the light."""
    length, gap = draw(st.floats(4, 9)), draw(st.sampled_from([0.0, 0.5, 1.37]))
    start = draw(st.floats(0.5, 5)) + np.arange(draw(st.integers(20, 60))) * (length + gap)
    return np.stack([start, start + length], axis=1), np.random.default_rng(draw(st.integers(0, 2**32 - 1)))


def blocks(shown, generator, period_s, share):
    """Redrawn every period of a clock that is off by up to a thousandth, whatever is shown."""
    on = generator.random(int(shown[-1, 1] / period_s) + 1) < share
    found = merge_epochs([[n * period_s, (n + 1) * period_s] for n in np.flatnonzero(on)])
    return found * (1 + generator.uniform(-CLOCK, CLOCK)), on


def per_trial(shown, generator, share):
    on = generator.permutation(np.arange(len(shown)) < round(share * len(shown)))
    return shown[on] + generator.uniform(0, CLOCK, (on.sum(), 2)) * [1, -1], on


def pulses(shown, generator, period_s, width_s, share):
    """At each place of a train that begins with the presentation, one pulse or none."""
    found = []
    for start, stop in shown:
        on_s = start + 0.05 + np.arange(int((stop - start - 0.1) / period_s)) * period_s
        found += [(one, one + width_s) for one in on_s[generator.random(len(on_s)) < share]]
    return np.array(found)


@given(schedules(), st.floats(0.3, 1.2), st.floats(0.3, 0.7))
@settings(max_examples=80, deadline=None)
def test_blocks_of_any_period_are_inferred(schedule, period_s, share):
    shown, generator = schedule
    epochs, on = blocks(shown, generator, period_s, share)
    found, doubt = find_design(session(epochs, shown))
    assert (found.kind, doubt) == ("blocks", "")
    assert found.period_s == pytest.approx(period_s, rel=2 * CLOCK)
    assert found.share == pytest.approx(on.mean(), abs=4 / np.sqrt(len(on)))


@given(schedules(), st.floats(0.3, 0.7))
@settings(max_examples=60, deadline=None)
def test_light_drawn_for_each_trial_is_inferred(schedule, share):
    shown, generator = schedule
    epochs, on = per_trial(shown, generator, share)
    if not (np.diff(epochs.ravel()) >= 0).all():
        return
    found, _ = find_design(session(epochs, shown))
    assert (found.kind, found.period_s) == ("per_trial", None)
    assert found.share == pytest.approx(on.mean())


@given(schedules(), st.floats(0.2, 1.0), st.floats(0.01, 0.3), st.floats(0.4, 0.8))
@settings(max_examples=60, deadline=None)
def test_a_train_with_pulses_left_out_is_inferred(schedule, period_s, duty, share):
    shown, generator = schedule
    found, _ = find_design(session(pulses(shown, generator, period_s, duty * period_s, share), shown))
    assert found.kind == "pulses"
    assert found.period_s == pytest.approx(period_s, rel=0.01)


SHOWN = np.stack([np.arange(0.0, 240, 6), np.arange(5.0, 245, 6)], axis=1)


def test_no_light_where_anything_is_shown_is_none():
    assert find_design(session([], SHOWN))[0].kind == "none"
    assert find_design(session([[5.2, 5.4]], SHOWN))[0].kind == "none"


@pytest.mark.parametrize(
    ("epochs", "seen"),
    [
        ([[10.3, 11.0]], "1 epochs tell no design"),
        (SHOWN[::2][:, :1] + np.sort(np.random.default_rng(2).uniform(0, 5, (20, 2)), 1), "no one period"),
        (SHOWN[(np.arange(40) // 5) % 2 == 1], "runs of 5 trials"),
    ],
)
def test_what_cannot_be_told_says_what_was_seen_and_which_option_states_it(epochs, seen):
    found, doubt = find_design(session(epochs, SHOWN))
    assert found.kind == "unknown"
    assert seen in doubt
    assert "--opto-design" in doubt


BLOCKS = session(blocks(SHOWN, np.random.default_rng(0), 1.002, 0.5)[0], SHOWN)
TRIALS = session(per_trial(SHOWN, np.random.default_rng(0), 0.5)[0], SHOWN)
DARK = session([], SHOWN)


@pytest.mark.parametrize(
    ("recording", "text", "seen"),
    [
        (BLOCKS, "none", "presentations have light"),
        (DARK, "blocks:1", "0 of 40 presentations have light"),
        (BLOCKS, "per_trial", "is lit in another way"),
        (BLOCKS, "blocks:0.7", "not a multiple of 0.7 s"),
        (BLOCKS, "blocks:2.004", "not a multiple of 2.004 s"),
        (BLOCKS, "blocks:0.501", r"all runs are multiples of 1\.00"),
        (BLOCKS, "blocks:1.002:0.9", "a share of 0"),
        (TRIALS, "pulses", "not of one length"),
    ],
)
def test_a_design_that_the_light_contradicts_is_refused(recording, text, seen):
    with pytest.raises(RecordingError, match=f"stated as {text.split(':')[0]}.*{seen}.*--opto-design"):
        confirmed_design(recording, parse_design(text))


@pytest.mark.parametrize(
    ("recording", "text"),
    [(BLOCKS, "blocks"), (BLOCKS, "blocks:1.002"), (BLOCKS, "blocks:1.002:0.5"), (TRIALS, "per_trial"), (DARK, "none")],
)
def test_a_design_that_the_light_bears_out_is_kept_and_filled_in(recording, text):
    found, inferred = confirmed_design(recording, parse_design(text)), find_design(recording)[0]
    assert found.kind == inferred.kind
    if inferred.period_s is not None:
        assert found.period_s == pytest.approx(inferred.period_s, rel=2 * CLOCK)


@pytest.mark.parametrize(
    "text", ["", "block:1", "blocks:x", "blocks:0", "blocks:1:2", "per_trial:1", "unknown", "a:b:c:d"]
)
def test_an_option_of_another_form_is_refused(text):
    with pytest.raises(ConfigError, match="opto design"):
        parse_design(text)


@given(
    st.lists(st.floats(0, 245), max_size=60), st.sampled_from(["none", "blocks", "blocks:1", "pulses:1", "per_trial"])
)
@settings(max_examples=100, deadline=None)
def test_any_light_has_a_design_or_a_sentence(edges, text):
    epochs = np.unique(edges)[: len(np.unique(edges)) // 2 * 2]
    recording = session(epochs, SHOWN)
    found, doubt = find_design(recording)
    assert (found.kind == "unknown") == ("--opto-design" in doubt)
    with contextlib.suppress(RecordingError):
        assert confirmed_design(recording, parse_design(text)).kind == text.split(":")[0]


def traces(kind, generator):
    """The light of 12 trials in frames of 60 Hz, as drawn by a design; its period in frames."""
    shown = SHOWN[:12]
    epochs = {
        "blocks": lambda: blocks(shown, generator, 1.0, 0.5)[0],
        "per_trial": lambda: per_trial(shown, generator, 0.5)[0],
        "pulses": lambda: pulses(shown, generator, 0.5, 0.1, 0.5),
    }[kind]()
    return [bin_opto(epochs, np.linspace(start, stop, 301)) for start, stop in shown], {"blocks": 60, "pulses": 30}.get(
        kind, 0
    )


@pytest.mark.parametrize("kind", ["blocks", "per_trial", "pulses"])
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_stretches_hold_what_was_drawn_and_an_exchange_keeps_its_number(kind, seed):
    trials, period = traces(kind, np.random.default_rng(seed))
    parts = exchanged_stretches(trials, kind, period)
    last = {}
    for part in parts:
        assert last.get(part.trial, 0) <= part.start
        assert part.stop <= 300
        assert len(part.wave) == part.stop - part.start
        last[part.trial] = part.stop
        if part.on:
            np.testing.assert_array_equal(part.wave >= OPTO_ON, trials[part.trial][part.start : part.stop] >= OPTO_ON)
        else:
            assert not (trials[part.trial][part.start : part.stop] >= OPTO_ON).any()
    if kind == "per_trial":
        assert [part.on for part in parts] == [bool(trial.mean() > 0.5) for trial in trials]
    if kind == "pulses":
        assert all(0 < (part.wave >= OPTO_ON).sum() < period / 2 for part in parts)


@pytest.mark.parametrize("kind", ["blocks", "per_trial", "pulses"])
def test_p_is_even_where_light_does_nothing_and_small_where_it_does(kind):
    small, p_values = [], []
    for seed in range(30):
        generator = np.random.default_rng(seed)
        trials, period = traces(kind, generator)
        opto = np.concatenate(trials)
        slow = np.repeat(generator.gamma(4, 1 / 4, 12), 300)  # a gain of each trial, which knows nothing of the light
        counts = generator.poisson([0.3 * slow, 0.3 * slow * (1 + 1.5 * (opto >= OPTO_ON))]).astype(np.float32)
        found = opto_p_values(counts, opto, [300] * 12, period, 199, generator, kind)
        p_values.append(found[0])
        small.append(found[1])
    assert 0.3 < np.mean(p_values) < 0.7
    assert np.mean(np.array(p_values) <= 0.1) <= 0.27  # 3 of 30, and 3 sd more
    assert np.median(small) < 0.05

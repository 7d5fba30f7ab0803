"""The design of a session's light: when it was drawn, inferred from its epochs, or stated and held against them.

A permutation of labels is a null of the light's effect only if it exchanges what the experiment drew: blocks of a
period, whole trials, or the pulses of a train.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from dlgn_cnn.data.recording import OPTO_KINDS, PresentationTimes, SessionOptoDesign, SessionRecording
from dlgn_cnn.errors import ConfigError, RecordingError
from dlgn_cnn.shapes import Times
from dlgn_cnn.values import number

FORM = "--opto-design KIND[:PERIOD_S[:SHARE]], as blocks:1.002:0.5, per_trial or pulses:0.5"
CLOCK = 0.001  # by which the light's clock may be off
STEP_SHARE = 0.02  # of a period, by which an edge may miss it
EXACT_S, FRAME_S = 0.002, 0.018  # edges as a trigger has them, and as frames of 60 Hz have them
MOST_PARTS = 2  # periods in the shortest run
FINE = 0.25  # most of a period that counts as a multiple of it
RARE = 0.1  # share of blocks that seldom follow one another
CHANCE = 1e-3  # that times of any length would fit as well
FEWEST_TRIALS = 4
DOUBTS = 7  # draws that all fall alike by chance once in 128 times
SHARE_SDS = 4.0
Pattern = tuple[tuple[float, float], ...]


def parse_design(text: str) -> SessionOptoDesign:
    """The design that an option states. Raises ConfigError.

    >>> parse_design("blocks:1.002:0.5")
    SessionOptoDesign(kind='blocks', period_s=1.002, share=0.5)
    """
    kind, *numbers = text.split(":")
    if kind not in OPTO_KINDS or kind == "unknown" or len(numbers) > 2:
        raise ConfigError(f"opto design {text!r}: expected {FORM}, or none")
    if numbers and kind not in ("blocks", "pulses"):
        raise ConfigError(f"opto design {text!r}: {kind} has no period: leave it out")
    try:
        period_s, share = [*(float(one) for one in numbers), None, None][:2]
    except ValueError as error:
        raise ConfigError(f"opto design {text!r}: period and share must be numbers: {FORM}") from error
    if period_s is not None:
        number("the opto design's period in s", period_s, 0, above=True)
    if share is not None:
        number("the opto design's share", share, 0, 1, above=True)
    return SessionOptoDesign(kind, period_s, share)


def find_design(recording: SessionRecording) -> tuple[SessionOptoDesign, str]:
    """Infer the design of a session's light from its epochs and presentations.

    Parameters
    ----------
    recording : SessionRecording
        The session.

    Returns
    -------
    design : SessionOptoDesign
        ``none`` if no light meets a presentation, ``unknown`` if the epochs fit no design, or more than one.
    doubt : str
        What was seen, and the option that states a design; empty unless it is unknown.
    """
    epochs, shown = recording.opto_epochs_s, recording.presentations
    patterns = [_pattern(one, epochs) for one in shown]
    if not any(patterns):
        return SessionOptoDesign("none"), ""
    if len(shown) >= FEWEST_TRIALS and sum(map(bool, patterns)) > 1 and _odd_trial(patterns) is None:
        together = _trials_together(patterns)
        if together == 1:
            return SessionOptoDesign("per_trial", None, _share(recording, "per_trial")), ""
        seen = f"the light stays for runs of {together} trials, as if drawn once for all of them"
        return SessionOptoDesign("unknown"), _doubt(seen)
    pulse_s = _pulse_width(recording)
    for kind, sets in (("pulses", _onset_gaps(recording)), ("blocks", _run_lengths(recording))):
        step = _first_step(sets)
        # Pulses are shorter than their period; runs of blocks differ, or are single blocks.
        fits = step is not None and (pulse_s < step / 1.5 if kind == "pulses" else not pulse_s > 1.5 * step)
        share = _share(recording, kind, step)
        if step is not None and fits and (kind == "pulses" or share > RARE or math.isnan(pulse_s)):
            return SessionOptoDesign(kind, round(step, 6), share), ""
    lengths = np.diff(epochs, axis=1).ravel()
    seen = f"{len(lengths)} epochs of {lengths.min():.4g} to {lengths.max():.4g} s are multiples of no one period"
    return SessionOptoDesign("unknown"), _doubt(seen if len(lengths) > 2 else f"{len(lengths)} epochs tell no design")


def confirmed_design(recording: SessionRecording, stated: SessionOptoDesign) -> SessionOptoDesign:
    """Hold a stated design against the light of a session, and fill in what it leaves open.

    Parameters
    ----------
    recording : SessionRecording
        The session.
    stated : SessionOptoDesign
        The design, whose period and share may be None.

    Returns
    -------
    SessionOptoDesign
        The design.

    Raises
    ------
    RecordingError
        If the epochs contradict it, or a period is neither stated nor found.
    """
    patterns = [_pattern(one, recording.opto_epochs_s) for one in recording.presentations]
    period_s = stated.period_s
    if (stated.kind == "none") == any(patterns):
        seen = f"{sum(map(bool, patterns))} of {len(patterns)} presentations have light"
        raise _contradiction(recording, stated, seen)
    if stated.kind == "none":
        return stated
    if stated.kind == "per_trial":
        odd = _odd_trial(patterns)
        if odd is not None:
            raise _contradiction(recording, stated, f"presentation {odd} is lit in another way than those before it")
    else:
        period_s = _confirmed_period(recording, stated)
    share = _share(recording, stated.kind, period_s)
    if stated.share is not None:
        draws = max(1.0, _draws(recording, stated.kind, period_s))
        slack = SHARE_SDS * math.sqrt(stated.share * (1 - stated.share) / draws) + 1 / draws
        if abs(share - stated.share) > slack:
            raise _contradiction(recording, stated, f"a share of {share:.3g} is lit")
    return SessionOptoDesign(stated.kind, period_s, share if stated.share is None else stated.share)


def _confirmed_period(recording: SessionRecording, stated: SessionOptoDesign) -> float:
    """The stated period, or else that of the light's runs. Raises RecordingError where they contradict it."""
    sets = [one for one in (_run_lengths if stated.kind == "blocks" else _onset_gaps)(recording) if len(one)]
    found, period_s = _first_step(sets), stated.period_s
    if period_s is None and found is None:
        raise _contradiction(recording, stated, "its period is not seen in the runs: give it")
    period_s = round(float(found or 0), 6) if period_s is None else period_s
    if stated.kind == "pulses" and not _pulse_width(recording) < period_s / 1.5:
        raise _contradiction(recording, stated, f"its epochs are not of one length that is below {period_s:g} s")
    if sets and not any(all(_misses(lengths, period_s, FRAME_S) <= 1) for lengths in sets):
        odd = sets[-1][np.argmax(_misses(sets[-1], period_s, FRAME_S))]
        raise _contradiction(recording, stated, f"a run of {odd:.4g} s is not a multiple of {period_s:g} s")
    if found is not None and found > 1.5 * period_s and len(sets[-1]) > DOUBTS:
        raise _contradiction(recording, stated, f"all runs are multiples of {found:.4g} s")
    return period_s


def _contradiction(recording: SessionRecording, stated: SessionOptoDesign, seen: str) -> RecordingError:
    found, _ = find_design(recording)
    also = "" if found.kind == "unknown" else f"; the epochs say {found}"
    return RecordingError(f"session {recording.session}: the light is stated as {stated}, but {seen}{also}: {FORM}")


def _doubt(seen: str) -> str:
    return f"how the light was drawn is not known, since {seen}: no null of its effect is computed; state it by {FORM}"


def _pattern(shown: PresentationTimes, epochs: Times) -> Pattern:
    """On and off of each of a presentation's epochs, in s from its onset; inf for one that outlasts it."""
    length = shown.stop_s - shown.start_s
    met = epochs[(epochs[:, 1] > shown.start_s) & (epochs[:, 0] < shown.stop_s)] - shown.start_s
    met = met[
        (met > 0).all(1) & (met < length).all(1) | (np.minimum(met[:, 1], length) - np.maximum(met[:, 0], 0) > FRAME_S)
    ]
    return tuple(
        (0.0 if on <= FRAME_S else on, math.inf if off >= length - FRAME_S else off) for on, off in met.tolist()
    )


def _odd_trial(patterns: Sequence[Pattern]) -> int | None:
    """The first presentation that is neither dark nor lit as the first lit one; None if there is none."""
    like = np.array(next(one for one in patterns if one)).ravel()
    finite = like[np.isfinite(like)]
    slack = min(FRAME_S, 0.25 * float(np.diff(finite).min(initial=math.inf)))
    for trial, pattern in enumerate(patterns):
        edges = np.array(pattern).ravel()
        same = edges.shape == like.shape and np.array_equal(np.isfinite(edges), np.isfinite(like))
        if pattern and not (same and np.all(np.abs(edges[np.isfinite(edges)] - finite) <= slack)):
            return trial
    return None


def _trials_together(patterns: Sequence[Pattern]) -> int:
    """How many trials in a row share their light throughout; 1 where that may be chance."""
    changes = [n for n, (one, next_) in enumerate(pairwise(patterns), 1) if bool(one) != bool(next_)]
    together = math.gcd(*changes, len(patterns)) if changes else 1
    return together if len(patterns) * (1 - 1 / together) >= DOUBTS else 1


def _pulse_width(recording: SessionRecording) -> float:
    """The one length in s of all epochs within presentations; NaN if they differ."""
    epochs = recording.opto_epochs_s
    widths = np.diff(epochs[~_at_edges(recording, epochs).any(1)], axis=1).ravel()
    if len(widths) == 0 or np.ptp(widths) > max(EXACT_S, 0.05 * float(np.median(widths))):
        return math.nan
    return float(np.median(widths))


def _run_lengths(recording: SessionRecording) -> list[Times]:
    """Times between changes of the light: those within a presentation, whole on both ends, and all, as of one clock."""
    changes = recording.opto_epochs_s.ravel()
    inner = ~_at_edges(recording, changes)
    return [np.diff(changes)[inner[:-1] & inner[1:] & _unbroken(recording, changes)], np.diff(changes)]


def _onset_gaps(recording: SessionRecording) -> list[Times]:
    """Times between onsets of the light: those within a presentation, and all, as of one clock."""
    onsets = recording.opto_epochs_s[:, 0]
    return [np.diff(onsets)[_unbroken(recording, onsets)], np.diff(onsets)]


def _edges(recording: SessionRecording) -> Times:
    return np.array([[one.start_s, one.stop_s] for one in recording.presentations]).ravel()


def _at_edges(recording: SessionRecording, times: Times) -> np.ndarray:
    """Which times are at an edge of a presentation, as those of light that a file tells by trial."""
    edges = _edges(recording)
    right = np.clip(np.searchsorted(edges, times), 1, len(edges) - 1)
    return np.asarray(np.minimum(np.abs(edges[right - 1] - times), np.abs(edges[right] - times)) <= EXACT_S)


def _unbroken(recording: SessionRecording, times: Times) -> np.ndarray:
    """Between which times and the next no presentation begins or ends."""
    return np.diff(np.searchsorted(_edges(recording), times)) == 0


def _first_step(sets: Sequence[Times]) -> float | None:
    """The period that the first of these sets of lengths tells."""
    tried = (_step(lengths, slack_s) for slack_s in (EXACT_S, FRAME_S) for lengths in sets)
    return next((step for step in tried if step is not None), None)


def _step(lengths: Times, slack_s: float) -> float | None:
    """The longest time of which all lengths are multiples; None unless that is hardly chance."""
    ascending = np.sort(lengths)
    for parts in range(1, MOST_PARTS + 1) if ascending[:1].sum() > slack_s else ():
        step, steps, total = ascending[0] / parts, 0.0, 0.0
        for length in ascending:  # the longer they are, the better they tell the step
            total, steps = total + length, steps + max(1.0, np.rint(length / step))
            step = total / steps
        fits = np.minimum(1, 2 * _slack(ascending, step, slack_s) / step)
        if fits[0] <= FINE and all(_misses(ascending, step, slack_s) <= 1):
            return float(step) if MOST_PARTS * np.prod(fits[1:]) < CHANCE else None
    return None


def _slack(lengths: Times, step: float, slack_s: float) -> Times:
    return max(STEP_SHARE * step, slack_s) + CLOCK * lengths


def _misses(lengths: Times, step: float, slack_s: float) -> Times:
    """How far each length is from a multiple of the step, in slacks."""
    found: Times = np.abs(lengths - np.maximum(1, np.rint(lengths / step)) * step) / _slack(lengths, step, slack_s)
    return found


def _draws(recording: SessionRecording, kind: str, period_s: float | None) -> float:
    """How often the light was drawn during presentations."""
    shown = recording.presentations
    return len(shown) if period_s is None else sum(one.stop_s - one.start_s for one in shown) / period_s


def _share(recording: SessionRecording, kind: str, period_s: float | None = None) -> float:
    """Share of what was drawn that was lit: of trials, of the time of presentations, of the places of pulses."""
    shown, epochs = recording.presentations, recording.opto_epochs_s
    if kind == "per_trial":
        return sum(bool(_pattern(one, epochs)) for one in shown) / len(shown)
    if kind == "blocks":
        from dlgn_cnn.data.binning import bin_opto

        edges = _edges(recording).reshape(-1, 2)
        return float(np.average([bin_opto(epochs, pair)[0] for pair in edges], weights=np.diff(edges).ravel()))
    onsets = np.searchsorted(_edges(recording), epochs[:, 0], side="right") % 2
    return min(1.0, float(onsets.sum()) / max(1.0, _draws(recording, kind, period_s)))

"""Check whether spikes follow the pictures by a plausible lag, and whether this lag jumps or drifts over the session.

A constant lag is known only up to the cells' latency, so an offset that leaves it plausible cannot be seen. Changes of
the lag need no such knowledge: under the null, windows are exchangeable, so their order is permuted.
"""

import itertools
from dataclasses import dataclass, replace

import numpy as np

from dlgn_cnn.data.inspection.agreement import Agreement, agreement
from dlgn_cnn.data.inspection.lag_changes import (
    FINER,
    LEVEL,
    find_steps,
    fit_changes,
    fit_line,
    highest,
    interpolated,
)
from dlgn_cnn.data.recording import SessionRecording
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.shapes import Times

EARLIEST_MS, LATEST_MS = 10.0, 125.0  # of a plausible lag: published latencies of dLGN are 20 to 80 ms
SMALLEST_STEP_MS, SMALLEST_DRIFT_MS = 8.0, 12.0  # smaller ones may be the cells' own
MOST_UNITS, FEWEST_SPIKES, FEWEST_WINDOWS = 100, 100, 20
AGREES = 4.0  # s.d. above 0 of a unit that sees the pictures
DRAWS = 100  # of windows, for intervals
PARTS = 12  # of a session, in which time courses are compared
EDGE_TAPS = 2  # of a time course, which also take up what lies beyond


@dataclass(frozen=True)
class Alignment:
    """Lag of the spikes behind the pictures.

    ``units_used`` see the pictures. ``lag_ms`` is the time from a picture's appearance to the spikes that it changes
    most, with a 95 % interval; None if that cannot be told. ``change_points`` (time in s, jump in ms) are those found;
    ``drift_ms`` is the lag's linear change over the session, with a 95 % interval. Positive is later spikes.
    ``sentences`` say all this, ``warnings`` what is wrong with it.
    """

    units_used: tuple[int, ...] = ()
    lag_ms: float | None = None
    lag_interval_ms: tuple[float, float] | None = None
    change_points: tuple[tuple[float, float], ...] = ()
    drift_ms: float | None = None
    drift_interval_ms: tuple[float, float] | None = None
    sentences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def check_alignment(recording: SessionRecording, size_px: tuple[int, int] = (8, 12), seed: int = 0) -> Alignment:
    """Find the lag between pictures and spikes, and its changes.

    By design, each of the two tests for changes has at most 0.5 % false alarms.

    Parameters
    ----------
    recording : SessionRecording
        The recording.
    size_px : tuple of int, default (8, 12)
        Blocks (height, width) that pictures are scaled to.
    seed : int, default 0
        Seed of permutations and bootstraps.

    Returns
    -------
    Alignment
        Without a lag if there are too few spikes, windows or units that see the pictures, or binned responses only.
    """
    units = _busiest(recording)
    if not units:
        return _unknown(f"it needs spike times, {FEWEST_SPIKES} or more of a unit during presentations")
    try:
        found = agreement(recording, units, size_px)
    except RecordingError as error:
        return _unknown(str(error))
    if len(found.times_s) < FEWEST_WINDOWS:
        return _unknown(f"it needs {FEWEST_WINDOWS} presentations or pieces of 10 s, and has {len(found.times_s)}")
    middle = found.curves(np.ones(len(found.times_s)))[:, :, found.before]
    seen = middle.mean(0) * np.sqrt(len(middle)) > AGREES * middle.std(0)
    if not seen.any():
        return _unknown(f"no unit of the {len(units)} examined agrees with the pictures at lags from -200 to 450 ms")
    used = replace(
        found, correlations=found.correlations[:, :, seen], power=found.power[:, seen], counts=found.counts[seen]
    )
    generator = np.random.default_rng(seed)
    return _described(used, tuple(np.array(units)[seen].tolist()), _sharpest(used), generator)


def _sharpest(found: Agreement) -> Times:
    """Curves (window, shift), summed over units, with the time courses of the session, or of a third.

    After a jump in mid-session, the whole session's would have two equal peaks, and agree as well with either half.
    """
    third = 3 * np.arange(len(found.times_s)) // len(found.times_s)
    tried = [found.curves(weights.astype(np.float64)).sum(1) for weights in (third >= 0, third == 0, third == 2)]
    parts = np.arange(0, len(third), -(-len(third) // PARTS))
    return max(tried, key=lambda curves: np.add.reduceat(curves, parts).max(1).sum() / curves.std())


def _described(found: Agreement, units: tuple[int, ...], curves: Times, generator: np.random.Generator) -> Alignment:
    """The lag and its changes, from the used units and their curves (window, shift)."""
    fine, unit_ms, count = interpolated(curves), 1000 / found.rate_hz / FINER, len(curves)
    weights = generator.multinomial(count, np.full(count, 1 / count), DRAWS)
    lag_ms, low, high = _with_interval([_strongest_ms(found, one) for one in (np.ones(count), *weights)])
    step, line = fit_changes(fine, generator)
    drift = _with_interval([unit_ms * fit_line(fine * one[:, None])[1] for one in (np.ones(count), *weights)])
    drifts = line.p <= LEVEL and abs(drift[0]) >= SMALLEST_DRIFT_MS and line.gain >= step.gain
    jumps = () if drifts or step.p > LEVEL else _jumps(fine, found.times_s, unit_ms, generator)
    warnings = [*_lag_warnings(lag_ms, low, high), *map(_jump_warning, jumps)]
    minutes = float(np.ptp(found.times_s)) / 60
    if drifts:
        warnings.append(
            f"spikes drift against the pictures by {drift[0]:+.0f} ms over {minutes:.0f} min "
            f"({drift[0] / minutes / 0.06:+.0f} ppm): two clocks differ in rate, or pictures were dropped one by one; "
            "bring spikes and presentations to one clock"
        )
    sentences = (
        f"Spikes follow the pictures by {lag_ms:.0f} ms (95 % interval {low:.0f} to {high:.0f} ms), in {len(units)} "
        "units that see them.",
        f"Over {minutes:.0f} min this lag drifts by {drift[0]:+.0f} ms ({drift[1]:+.0f} to {drift[2]:+.0f} ms); jumps "
        f"found: {len(jumps)}.",
    )
    return Alignment(units, lag_ms, (low, high), jumps, drift[0], drift[1:], sentences, tuple(warnings))


def _with_interval(values: list[float]) -> tuple[float, float, float]:
    """The first value, and the 95 % interval of the others."""
    low, high = np.quantile(values[1:], (0.025, 0.975))
    return values[0], float(low), float(high)


def _strongest_ms(found: Agreement, weights: Times) -> float:
    """Lag in ms at which pictures change the spikes most, each window counted so often.

    The product of two independent time courses has no bias by noise. A spike is half a bin after its bin begins.
    """
    courses = found.courses(weights)
    together = (courses[0] * courses[1] / found.counts[:, None]).sum(0)[EDGE_TAPS:-EDGE_TAPS]
    return (highest(together) + EDGE_TAPS - found.before + 0.5) * 1000 / found.rate_hz


def _jumps(
    fine: Times, times_s: Times, unit_ms: float, generator: np.random.Generator
) -> tuple[tuple[float, float], ...]:
    """Time in s and size in ms of each jump that is large enough."""
    windows = find_steps(fine, generator)
    places = [unit_ms * highest(part.sum(0)) for part in np.split(fine, windows)]
    found = zip(windows, itertools.pairwise(places), strict=True)
    jumps = ((float(times_s[window]), late - early) for window, (early, late) in found)
    return tuple(jump for jump in jumps if abs(jump[1]) >= SMALLEST_STEP_MS)


def _lag_warnings(lag_ms: float, low: float, high: float) -> list[str]:
    if high >= EARLIEST_MS and low <= LATEST_MS:
        return []
    return [
        f"spikes follow the pictures by {lag_ms:.0f} ms, too {'late' if lag_ms > LATEST_MS else 'early'} for cells of "
        "the dLGN, which take 20 to 80 ms: look for an offset between the clocks of spikes and presentations"
    ]


def _jump_warning(jump: tuple[float, float]) -> str:
    time_s, by_ms = jump
    return (
        f"from about {time_s:.0f} s on, spikes come {abs(by_ms):.0f} ms {'later' if by_ms > 0 else 'earlier'} after "
        "their pictures than before: pictures were dropped or repeated, or a clock was set; correct their times"
    )


def _busiest(recording: SessionRecording) -> list[int]:
    """Units with enough spikes during presentations, at most ``MOST_UNITS`` with the most, in ascending order."""
    edges_s = np.array([(shown.start_s, shown.stop_s) for shown in recording.presentations]).ravel()
    spikes = {
        unit: int(np.diff(np.searchsorted(times_s, edges_s))[::2].sum())
        for unit, times_s in recording.spike_times_s.items()
    }
    ranked = sorted((unit for unit in spikes if spikes[unit] >= FEWEST_SPIKES), key=lambda unit: -spikes[unit])
    return sorted(ranked[:MOST_UNITS])


def _unknown(reason: str) -> Alignment:
    return Alignment(sentences=(f"Whether spikes and pictures are aligned cannot be told: {reason}.",))

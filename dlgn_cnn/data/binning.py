"""Every signal on the frames' clock: counts conserve spikes, light conserves on-time, behavior is never invented."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from dlgn_cnn.data.recording import BinnedResponses, PresentationTimes, SampledSignal
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.shapes import Floats, Times

CLOCK_TOLERANCE = 0.02
ROUNDING = 0.05  # of a frame, by which a time stamp may miss its clock
FINEST_HZ = 240.0  # of the clock of a movie whose rate varies
WHOLE = 1 - 1e-3  # of a bin that was observed; the rest is what rounding does to its edges
EDGE_SLACK_S = 1e-3  # by which an interval of observation may miss the edge of a presentation


def frame_edges(
    presentation: PresentationTimes, movie_frames: float, rate_hz: float, typical_s: float | None = None
) -> Times:
    """Return the edges of the frames that a presentation showed, on the session's clock.

    A screen's refresh is never quite its nominal rate: 300 frames of a 5 s clip were shown in 4.993 s. If the duration
    is within 2 % of the movie's, each bin is one shown frame, stretched to fit. If the presentation was cut short, bins
    have the nominal rate. If frame onsets were measured, bins are even and as near to ``rate_hz`` as fill it; repeats
    of a scene that last about as long have as many bins each.

    Parameters
    ----------
    presentation : PresentationTimes
        Onset and end in seconds.
    movie_frames : float
        Frames of the movie at ``rate_hz``, of which the last may be a part.
    rate_hz : float
        Nominal frames a second.
    typical_s : float, optional
        How long the scene's presentations last, as their median (default: as long as this one).

    Returns
    -------
    ndarray of float64, shape (time + 1,)
        Edges in seconds.

    Raises
    ------
    RecordingError
        If the presentation outlasts the movie, or lasts less than a frame.

    Examples
    --------
    >>> from dlgn_cnn.data.recording import PresentationTimes, SceneKey
    >>> frame_edges(PresentationTimes(0, SceneKey("movie", 0), 1.0, 1.1, "train"), 6, 60.0).round(3)
    array([1.   , 1.017, 1.033, 1.05 , 1.067, 1.083, 1.1  ])
    """
    duration_s, movie_s = presentation.stop_s - presentation.start_s, movie_frames / rate_hz
    if presentation.frame_onsets_s:
        typical = typical_s is not None and abs(duration_s / typical_s - 1) <= CLOCK_TOLERANCE
        bins = max(1, round((typical_s if typical_s and typical else duration_s) * rate_hz))
        return np.linspace(presentation.start_s, presentation.stop_s, bins + 1)
    if duration_s > movie_s * (1 + CLOCK_TOLERANCE):
        raise RecordingError(
            f"presentation {presentation.trial} lasted {duration_s:.3f} s but its movie lasts {movie_s:.3f} s: "
            "correct trange or the scene file"
        )
    if duration_s >= movie_s * (1 - CLOCK_TOLERANCE):
        return np.linspace(presentation.start_s, presentation.stop_s, max(1, round(movie_frames)) + 1)
    shown = int(duration_s * rate_hz + 1e-9)
    if shown < 1:
        raise RecordingError(
            f"presentation {presentation.trial} lasted {duration_s:.4f} s, less than one frame: remove it"
        )
    return presentation.start_s + np.arange(shown + 1) / rate_hz


def scene_edges(
    presentation: PresentationTimes, frames: int, source_rate_hz: float, rate_hz: float, typical_s: float | None = None
) -> Times:
    """Edges of the bins of a presentation, as ``frame_edges``, by the scene's own frames.

    A picture, which is a scene of one frame, stays as long as it is presented.

    Parameters
    ----------
    presentation : PresentationTimes
        Onset and end in seconds.
    frames : int
        Frames of the scene.
    source_rate_hz : float
        Frames a second of the scene.
    rate_hz : float
        Bins a second.
    typical_s : float, optional
        How long the scene's presentations last, as their median (default: as long as this one).

    Returns
    -------
    ndarray of float64, shape (time + 1,)
        Edges in seconds.

    Raises
    ------
    RecordingError
        As ``frame_edges`` does.
    """
    if frames == 1 and not presentation.frame_onsets_s:
        presentation = replace(presentation, frame_onsets_s=(presentation.start_s,))
    return frame_edges(presentation, frames / source_rate_hz * rate_hz, rate_hz, typical_s)


def on_screen(time: int, rate_hz: float, frames: int, source_rate_hz: float) -> np.ndarray:
    """Return the source frame on the screen at the center of each output frame.

    Parameters
    ----------
    time : int
        Number of output frames.
    rate_hz : float
        Output frames a second.
    frames : int
        Number of source frames.
    source_rate_hz : float
        Source frames a second.

    Returns
    -------
    ndarray of int, shape (time,)
        Indices of source frames; the last frame stays on.

    Examples
    --------
    >>> on_screen(6, 60.0, 3, 30.0)
    array([0, 0, 1, 1, 2, 2])
    """
    centers_s = (np.arange(time) + 0.5) / rate_hz
    return np.minimum((centers_s * source_rate_hz + 1e-9).astype(np.intp), frames - 1)


def on_clock(times_s: Times, rates_hz: Sequence[float], tick_s: float) -> tuple[float, np.ndarray]:
    """The clock of a movie's pictures: frames a second, and the frame of that clock at which each picture appears.

    Parameters
    ----------
    times_s : ndarray, shape (picture,)
        Time stamps, increasing from 0.
    rates_hz : sequence of float
        Rates that the file names; not none where there are fewer than two pictures.
    tick_s : float
        Resolution of the time stamps.

    Returns
    -------
    rate_hz : float
        The lowest rate of which all time stamps are multiples, those of dropped pictures missing. Of a movie whose rate
        varies, that of its shortest step, at most ``FINEST_HZ``.
    frames : ndarray of int, shape (picture,)
        Frame of that clock, from 0. A picture stays until the next one's.

    Examples
    --------
    >>> on_clock(np.array([0, 1 / 60, 4 / 60]), [59.0, 60.0], 0.001)
    (60.0, array([0, 1, 4]))
    """
    steps = np.diff(times_s)
    own = [1 / float(step) for step in (np.median(steps), steps.min())] if len(steps) and steps.min() > 0 else []
    found = []
    for rate_hz in (*rates_hz, *own):
        frames = np.rint(times_s * rate_hz)
        apart = np.abs(times_s - frames / rate_hz).max(initial=0.0)
        if apart <= max(1.01 * tick_s, ROUNDING / rate_hz) and np.all(np.diff(frames) > 0):
            found.append((frames[-1] if len(frames) else 0.0, apart, rate_hz))
    if found:
        rate_hz = min(found)[2]
    elif own:
        rate_hz = min(own[-1], FINEST_HZ)
    else:  # time stamps that are no times
        return rates_hz[0], np.arange(len(times_s))
    return rate_hz, np.rint(times_s * rate_hz).astype(np.int64)


def shown_frames(
    presentation: PresentationTimes, edges_s: Times, rate_hz: float, frames: int, source_rate_hz: float
) -> np.ndarray:
    """Return the scene's frame on the screen at the center of each bin.

    Parameters
    ----------
    presentation : PresentationTimes
        Its measured frame onsets decide, if there are any: a dropped frame is never shown, the one before it stays.
        Before the first onset, the first frame that was shown counts as on.
    edges_s : ndarray, shape (time + 1,)
        Edges of the bins in seconds.
    rate_hz : float
        Bins a second.
    frames : int
        Frames of the scene.
    source_rate_hz : float
        Frames a second of the scene.

    Returns
    -------
    ndarray of int, shape (time,)
        Indices of frames.
    """
    if not presentation.frame_onsets_s:
        return on_screen(len(edges_s) - 1, rate_hz, frames, source_rate_hz)
    onsets = np.array(presentation.frame_onsets_s)
    seen = np.flatnonzero(np.isfinite(onsets))
    centers = (edges_s[:-1] + edges_s[1:]) / 2
    return seen[np.clip(np.searchsorted(onsets[seen], centers, side="right") - 1, 0, None)]


def rebin(binned: BinnedResponses, edges_s: Times) -> Floats:
    """Binned responses in other bins (unit, time), each value spread evenly over its own bin.

    Sums over whole bins are conserved. Raises RecordingError if the recorded bins do not cover ``edges_s``,
    since silence must have been recorded.
    """
    recorded_s = covered_s(binned.bins_s, edges_s[[0, -1]])[0]
    wanted_s = edges_s[-1] - edges_s[0]
    if recorded_s < wanted_s * (1 - CLOCK_TOLERANCE):
        raise RecordingError(
            f"responses were binned for {recorded_s:.3f} s of the {wanted_s:.3f} s from {edges_s[0]:.3f} s on: "
            "leave out presentations without responses"
        )
    return np.diff(summed_until(binned.bins_s, binned.values, edges_s)).astype(np.float32)


def covered_s(bins_s: Times, edges_s: Times) -> Times:
    """Seconds (time,) between consecutive edges (time + 1,) that lie in one of the bins (bin, start and stop), in s.

    >>> covered_s(np.array([[0.0, 1.0], [3.0, 4.0]]), np.array([0.0, 2.0, 4.0]))
    array([1., 1.])
    """
    seconds: Times = np.diff(summed_until(bins_s, np.diff(bins_s, axis=1).T, edges_s))[0]
    return seconds


def summed_until(bins_s: Times, values: np.ndarray, times_s: Times) -> Times:
    """Sum (row, time) of ``values`` (row, bin) up to each time in s, linear within a bin and constant between bins.

    Parameters
    ----------
    bins_s : ndarray, shape (bin, start and stop)
        Bins in s, ascending and disjoint.
    values : ndarray, shape (row, bin)
        Values.
    times_s : ndarray, shape (time,)
        Times in s.

    Returns
    -------
    ndarray of float64, shape (row, time)
        Sums.
    """
    total = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1, dtype=np.float64)], axis=1)
    last = np.clip(np.searchsorted(bins_s[:, 0], times_s, side="right") - 1, 0, None)
    start, stop = bins_s[last].T
    share = np.clip((times_s - start) / (stop - start), 0.0, 1.0)
    before: Times = total[:, last]
    return before + share * (total[:, last + 1] - before)


def bin_spikes(spike_times_s: Times, edges_s: Times, next_s: float = math.inf) -> Floats:
    """Count spikes in each bin.

    A spike on an edge is in the bin that it opens, one on the last edge in the last bin, unless the next presentation
    has begun: over a session, every spike counts once.

    Parameters
    ----------
    spike_times_s : ndarray, shape (spike,)
        Ascending times in seconds; equal ones are several spikes.
    edges_s : ndarray, shape (time + 1,)
        Edges of the bins in seconds.
    next_s : float, optional
        Onset of the next presentation (default: there is none).

    Returns
    -------
    ndarray of float32, shape (time,)
        Counts.

    Examples
    --------
    >>> bin_spikes(np.array([0.1, 0.2, 1.0]), np.array([0.0, 0.5, 1.0]))
    array([2., 1.], dtype=float32)
    """
    index = np.searchsorted(spike_times_s, edges_s, side="left")
    last = np.searchsorted(spike_times_s, edges_s[-1], side="right")
    index[-1] = max(index[-2], min(last, np.searchsorted(spike_times_s, next_s, side="left")))
    return np.diff(index).astype(np.float32)


def bin_opto(epochs_s: Times, edges_s: Times) -> Floats:
    """Share of each bin (time,) in 0..1 during which the light was on; the sum times the bin conserves on-time.

    ``epochs_s`` is (epoch, 2), sorted and disjoint, in s.

    >>> bin_opto(np.array([[0.5, 2.0]]), np.array([0.0, 1.0, 2.0, 3.0]))
    array([0.5, 1. , 0. ], dtype=float32)
    """
    if len(epochs_s) == 0:
        return np.zeros(len(edges_s) - 1, np.float32)
    before = np.concatenate([[0.0], np.cumsum(np.diff(epochs_s, axis=1).ravel())])
    clock = epochs_s.ravel()
    on_s = np.interp(edges_s, clock, np.repeat(before, 2)[1:-1])
    return np.clip(np.diff(on_s) / np.diff(edges_s), 0.0, 1.0).astype(np.float32)


def observed_bins(intervals_s: Times, edges_s: Times) -> np.ndarray:
    """Tell in which bins (time,) of a presentation a unit was observed from beginning to end.

    ``intervals_s`` is (interval, 2), sorted and disjoint, in s. One may miss the presentation's edge by a millisecond.

    >>> observed_bins(np.array([[0.0005, 1.5], [2.0, 9.0]]), np.array([0.0, 1.0, 2.0, 3.0]))
    array([ True, False,  True])
    """
    inner = edges_s.copy()
    inner[[0, -1]] += EDGE_SLACK_S, -EDGE_SLACK_S
    return bin_opto(intervals_s, inner if np.all(np.diff(inner) > 0) else edges_s) >= WHOLE


def epochs_of_opto(share: Floats, edges_s: Times) -> Times:
    """Epochs (epoch, 2) in s that ``bin_opto`` would turn into ``share`` (time,) again, so that on-time is conserved.

    In a bin that was lit in part, the light was on at the end if it is on at the start of the next bin, and at the
    start otherwise. Raises RecordingError for a share outside 0..1.

    >>> epochs_of_opto(np.array([0.5, 1.0, 0.0], np.float32), np.array([0.0, 1.0, 2.0, 3.0]))
    array([[0.5, 2. ]])
    """
    if not np.isfinite(share).all() or np.any((share < 0) | (share > 1)):
        raise RecordingError("light: expected the share of each frame that was lit, from 0 to 1, none missing")
    begins_on = np.append(share[1:] > 0, False)
    starts, stops, length = edges_s[:-1], edges_s[1:], np.diff(edges_s) * share
    late = begins_on & (share < 1)
    epochs = np.column_stack(
        [np.where(late, stops - length, starts), np.where(late | (share == 1), stops, starts + length)]
    )
    return merge_epochs(epochs[share > 0].tolist())


def merge_epochs(epochs: Iterable[list[float]]) -> Times:
    """Epochs (epoch, 2) of [on, off] pairs that are sorted by their onset; overlapping and touching ones are one."""
    merged: list[list[float]] = []
    for on, off in epochs:
        if merged and on <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], off)
        else:
            merged.append([on, off])
    return np.array(merged, np.float64).reshape(-1, 2)


def resample(signal: SampledSignal, edges_s: Times, max_gap_s: float) -> Floats:
    """Interpolate a behavioral signal linearly at the center of each bin.

    Parameters
    ----------
    signal : SampledSignal
        Samples on their own clock, NaN where missing.
    edges_s : ndarray, shape (time + 1,)
        Edges of the bins in seconds.
    max_gap_s : float
        A gap between valid samples longer than this is missing, and so is what lies before the first or after the last
        by more than half of it. A bin that holds a sample is never missing.

    Returns
    -------
    ndarray of float32, shape (time,)
        The signal, NaN where it is missing.

    Examples
    --------
    >>> ramp = SampledSignal(np.array([0.0, 1.0]), np.array([0.0, 10.0], np.float32))
    >>> resample(ramp, np.array([0.0, 0.5, 1.0]), max_gap_s=2.0)
    array([2.5, 7.5], dtype=float32)
    """
    valid = np.isfinite(signal.values)
    times, values = signal.times_s[valid], signal.values[valid]
    centers = (edges_s[:-1] + edges_s[1:]) / 2
    if len(times) == 0:
        return np.full(len(centers), np.nan, np.float32)
    right = np.searchsorted(times, centers, side="left")
    before, after = times[np.clip(right - 1, 0, None)], times[np.clip(right, None, len(times) - 1)]
    nearest_s = np.minimum(np.abs(centers - before), np.abs(centers - after))
    inside = (right > 0) & (right < len(times))
    missing = np.where(inside, after - before > max_gap_s, nearest_s > max_gap_s / 2)
    missing &= nearest_s > np.diff(edges_s) / 2
    return np.where(missing, np.nan, np.interp(centers, times, values)).astype(np.float32)

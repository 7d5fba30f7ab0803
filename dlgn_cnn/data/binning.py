"""Every signal on the frames' clock: counts conserve spikes, light conserves on-time, behaviour is never invented."""

import numpy as np

from dlgn_cnn.data.recording import Presentation, Signal
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.shapes import Floats, Times

CLOCK_TOLERANCE = 0.02


def frame_edges(presentation: Presentation, movie_frames: int, rate_hz: float) -> Times:
    """Edges (time + 1,) in s of the frames that a presentation showed, on the session's clock.

    A screen's refresh is never quite its nominal rate: 300 frames of a 5 s clip were shown in 4.993 s. Where the
    presentation's duration is within 2 % of the movie's, each bin is one shown frame, stretched to fit; where it was
    cut short, the frames that were shown, at the nominal rate. Raises RecordingError where it outlasts the movie.
    """
    duration_s, movie_s = presentation.stop_s - presentation.start_s, movie_frames / rate_hz
    if duration_s > movie_s * (1 + CLOCK_TOLERANCE):
        raise RecordingError(
            f"presentation {presentation.trial} lasted {duration_s:.3f} s but its movie lasts {movie_s:.3f} s: "
            "correct trange or the scene file"
        )
    if duration_s >= movie_s * (1 - CLOCK_TOLERANCE):
        return np.linspace(presentation.start_s, presentation.stop_s, movie_frames + 1)
    shown = int(duration_s * rate_hz + 1e-9)
    if shown < 1:
        raise RecordingError(
            f"presentation {presentation.trial} lasted {duration_s:.4f} s, less than one frame: remove it"
        )
    return presentation.start_s + np.arange(shown + 1) / rate_hz


def bin_spikes(spike_times_s: Times, edges_s: Times) -> Floats:
    """Spikes in each bin (time,): one on an edge is in the bin that it opens, one on the last edge in the last."""
    index = np.searchsorted(spike_times_s, edges_s, side="left")
    index[-1] = np.searchsorted(spike_times_s, edges_s[-1], side="right")
    return np.diff(index).astype(np.float32)


def light_share(epochs_s: Times, edges_s: Times) -> Floats:
    """Share of each bin (time,) in 0..1 during which the light was on; the sum times the bin conserves on-time.

    ``epochs_s`` is (epoch, 2), sorted and disjoint, in s.
    """
    if len(epochs_s) == 0:
        return np.zeros(len(edges_s) - 1, np.float32)
    before = np.concatenate([[0.0], np.cumsum(np.diff(epochs_s, axis=1).ravel())])
    clock = epochs_s.ravel()
    lit = np.interp(edges_s, clock, np.repeat(before, 2)[1:-1])
    return np.clip(np.diff(lit) / np.diff(edges_s), 0.0, 1.0).astype(np.float32)


def resample(signal: Signal, edges_s: Times, max_gap_s: float) -> Floats:
    """A behavioural signal at the centre of each bin (time,), linear between samples, NaN where it is missing.

    A gap between valid samples longer than ``max_gap_s``, and what lies before the first or after the last by more
    than half of that, is missing; a bin that holds a sample never is.
    """
    valid = np.isfinite(signal.values)
    times, values = signal.times_s[valid], signal.values[valid]
    centres = (edges_s[:-1] + edges_s[1:]) / 2
    if len(times) == 0:
        return np.full(len(centres), np.nan, np.float32)
    right = np.searchsorted(times, centres, side="left")
    before, after = times[np.clip(right - 1, 0, None)], times[np.clip(right, None, len(times) - 1)]
    nearest_s = np.minimum(np.abs(centres - before), np.abs(centres - after))
    inside = (right > 0) & (right < len(times))
    missing = np.where(inside, after - before > max_gap_s, nearest_s > max_gap_s / 2)
    missing &= nearest_s > np.diff(edges_s) / 2
    return np.where(missing, np.nan, np.interp(centres, times, values)).astype(np.float32)

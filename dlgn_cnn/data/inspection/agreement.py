"""Agreement of each unit's spikes with the pictures, as a function of the lag, in windows over a session.

Each unit gets one spatial field on coarse blocks of the pictures: the largest component of the spikes' correlation with
temporal changes of the blocks, both whitened (Schwartz et al. 2006). The field turns the movie into one signal, whose
correlation with the spikes at all lags is all that later steps need. Even windows are evaluated with the fields and
time courses of odd windows, and the reverse, so that no unit agrees with its own noise.

References
----------
Knapp and Carter 1976, IEEE Transactions on Acoustics, Speech and Signal Processing 24: 320-327 (delay as the maximum of
the correlation with a template); Schwartz et al. 2006, Journal of Vision 6: 484-507 (spike-triggered covariance).
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dlgn_cnn.data.binning import bin_spikes, scene_edges, shown_frames
from dlgn_cnn.data.recording import SceneKey, SessionRecording
from dlgn_cnn.data.stimuli.scenes import scene_frames
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.shapes import Floats, Frames, Times

BINS_HZ = 60.0  # about: a whole number of bins a picture
FINEST_HZ = 120.0
BEFORE_S, AFTER_S = 0.2, 0.45  # of a time course, before and after a picture
WINDOW_S = 10.0  # the longest window
LAG_STEP = 2  # of the fields' lags, in bins: pictures stay for as long, or cells are slower
SMALLEST_VARIANCE, SPATIAL_RIDGE, TEMPORAL_RIDGE = 1e-3, 0.02, 0.05

Window = tuple[float, Frames, Frames]  # both uint8: a long session stays small


@dataclass(frozen=True)
class Agreement:
    """Correlations of spikes and pictures.

    ``rate_hz`` bins a second; ``before`` bins of a time course before lag 0, and the largest shift; ``times_s``
    (window,) centers of the windows; ``correlations`` (window, field, unit, lag) of each window with the fields of even
    and of odd windows, from lag ``-2 * before`` on; ``power`` (field, unit, lag) the fields' autocorrelation from lag 0
    on; ``counts`` (unit,) spikes a bin.
    """

    rate_hz: float
    before: int
    times_s: Times
    correlations: Floats
    power: Times
    counts: Times

    def courses(self, weights: Times) -> Times:
        """Time courses (field, unit, lag) of the pictures' effect, from lag ``-before`` on.

        Each is that of the windows of its own field. ``weights`` (window,) say how often a window counts.
        """
        taps = self.power.shape[-1]
        sums = np.stack([np.tensordot(weights[n::2], self.correlations[n::2, n], 1) for n in range(2)])
        gram = self.power[..., np.abs(np.arange(taps)[:, None] - np.arange(taps))]
        gram = gram + TEMPORAL_RIDGE * self.power[..., :1, None] * np.eye(taps)
        return np.asarray(np.linalg.solve(gram, sums[..., self.before : self.before + taps, None])[..., 0], np.float64)

    def curves(self, weights: Times) -> Times:
        """Agreement (window, unit, shift) of each window with the prediction from the others, delayed by each shift.

        Shifts are ``-before`` to ``before`` bins. ``weights`` (window,) say how often a window counts in predictions.
        """
        courses, lagged = self.courses(weights), sliding_window_view(self.correlations, self.power.shape[-1], axis=-1)
        found = np.empty((len(lagged), *lagged.shape[2:4]))
        for n in range(2):
            found[n::2] = np.einsum("wusl,ul->wus", lagged[n::2, 1 - n], courses[1 - n], optimize=True)
        return found / self.counts[:, None]


def agreement(recording: SessionRecording, units: Sequence[int], size_px: tuple[int, int]) -> Agreement:
    """Correlate spikes and pictures.

    Scenes are read one after the other and kept as blocks, one byte each.

    Parameters
    ----------
    recording : SessionRecording
        With spike times.
    units : sequence of int
        The units to look at.
    size_px : tuple of int
        Blocks (height, width) that pictures are scaled to.

    Returns
    -------
    Agreement
        Correlations in windows of up to 10 s.

    Raises
    ------
    RecordingError
        If scenes cannot be read, do not fit their presentations, or never change.
    """
    own_hz = recording.scenes[recording.presentations[0].scene].rate_hz
    rate_hz = min(own_hz * max(1, round(BINS_HZ / own_hz)), FINEST_HZ)
    before, taps = round(BEFORE_S * rate_hz), round((BEFORE_S + AFTER_S) * rate_hz) + 1
    scenes = {shown.scene: recording.scenes[shown.scene] for shown in recording.presentations}
    blocks = {key: scene_frames(file, size_px).reshape(file.frames, -1) for key, file in scenes.items()}
    windows = list(_windows(recording, units, blocks, rate_hz, (2 * before, taps - 1)))
    fields = _fields(windows, (len(units), before, taps), size_px[0] * size_px[1])
    times_s, correlations, rates, power = [], [], [], np.zeros((2, len(units), taps))
    for center_s, counts, pictures in windows:
        signals = _centered(fields @ pictures.T.astype(np.float32))
        lagged = sliding_window_view(signals, counts.shape[1], axis=-1)[:, :, ::-1]  # (field, unit, lag, bin)
        correlations.append(np.einsum("ut,fult->ful", _centered(counts), lagged, optimize=True))
        power += np.einsum("fut,fult->ful", lagged[:, :, 2 * before], lagged[:, :, 2 * before :], optimize=True)
        times_s.append(center_s)
        rates.append(counts.mean(1))
    return Agreement(rate_hz, before, np.array(times_s), np.array(correlations), power, np.mean(rates, 0))


def _windows(
    recording: SessionRecording,
    units: Sequence[int],
    blocks: Mapping[SceneKey, Frames],
    rate_hz: float,
    margins: tuple[int, int],
) -> Iterator[Window]:
    """Pieces of presentations: center in s, counts (unit, bin), and pictures (bin, block).

    Pictures include those up to ``margins`` bins after and before; the first and the last picture stay.
    """
    for shown in recording.presentations:
        file, pictures = recording.scenes[shown.scene], blocks[shown.scene]
        edges_s = scene_edges(shown, file.frames, file.rate_hz, rate_hz)
        frames = shown_frames(shown, edges_s, rate_hz, file.frames, file.rate_hz)
        parts = max(1, round(len(frames) / (WINDOW_S * rate_hz)))
        for start, stop in itertools.pairwise(np.linspace(0, len(frames), parts + 1).astype(int)):
            own_s = edges_s[start : stop + 1]
            counts = np.stack([bin_spikes(recording.spike_times_s[unit], own_s) for unit in units])
            around = frames[np.clip(np.arange(start - margins[1], stop + margins[0]), 0, len(frames) - 1)]
            yield float(own_s.mean()), np.minimum(counts, 255).astype(np.uint8), pictures[around]


def _fields(windows: list[Window], shape: tuple[int, int, int], blocks: int) -> Floats:
    """Fields (fold, unit, block) from even and from odd windows; a unit's two fields have the same sign.

    ``shape`` is the number of units, of bins before lag 0, and of lags.
    """
    units, before, taps = shape
    coarse = -(-taps // LAG_STEP)
    triggered, covariance = np.zeros((2, units, coarse * blocks)), np.zeros((blocks, blocks))
    for number, (_, counts, pictures) in enumerate(windows):
        time = counts.shape[1]
        changes = np.diff(pictures.astype(np.float32), axis=0, prepend=pictures[:1])[before : before + time + taps - 1]
        lagged = sliding_window_view(changes, time, axis=0)[::LAG_STEP].reshape(-1, time)  # (lag and block, bin)
        triggered[number % 2] += _centered(counts) @ lagged.T
        covariance += changes.T @ changes
    power, axes = np.linalg.eigh(covariance)
    if power[-1] <= 0:
        raise RecordingError("the pictures never change within a presentation")
    kept = power > SMALLEST_VARIANCE * power[-1]
    whitening = axes[:, kept] / np.sqrt(power[kept] + SPATIAL_RIDGE * power.mean())
    components = np.linalg.svd(triggered.reshape(2, units, coarse, blocks) @ whitening, full_matrices=False)[2]
    fields = components[:, :, 0] @ whitening.T
    fields[1] *= np.sign(np.einsum("ub,bc,uc->u", fields[0], covariance, fields[1]))[:, None]
    return fields.astype(np.float32)


def _centered(values: Floats | Frames) -> Floats:
    return values - values.mean(-1, keepdims=True, dtype=np.float32)

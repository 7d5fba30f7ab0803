"""One session on the frames' clock: the rows of a dataset, and the statistics of its training tier."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlgn_cnn.config import value_sha256
from dlgn_cnn.data.binning import bin_opto, bin_spikes, observed_bins, rebin, resample, scene_edges, shown_frames
from dlgn_cnn.data.recording import PresentationTimes, SceneKey, SessionRecording
from dlgn_cnn.data.sessions.fields import field_centers, session_fields
from dlgn_cnn.data.sessions.opto_design import find_design
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.shapes import Floats, Frames, Scores, Times

FIELD_LAGS = 15
ARRAYS = ("videos", "responses", "opto", "behavior", "pupil_center")


@dataclass(frozen=True)
class TrialData:
    """One presentation as arrays on one clock of frames.

    ``videos`` (time, height, width) uint8; ``responses`` (unit, time) counts, NaN where the unit was not observed;
    ``opto`` (time,) share lit; ``behavior`` (feature: running, pupil size; time), ``pupil_center`` (axis: x, y; time),
    NaN where missing.
    """

    trial: int
    scene: SceneKey
    tier: str
    videos: Frames
    responses: Floats
    opto: Floats
    behavior: Floats
    pupil_center: Floats

    def sha256(self) -> str:
        """Hex digest of every array, shape and label of this row."""
        digest = hashlib.sha256(f"{self.trial}|{self.scene.movie}|{self.scene.scene}|{self.tier}".encode())
        for array in (getattr(self, name) for name in ARRAYS):
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class SessionData:
    """A session's trials in order of onset, the units of their response rows, and kind and period of its light."""

    units: tuple[int, ...]
    rate_hz: float
    trials: tuple[TrialData, ...]
    opto_design: tuple[str, float] = ("unknown", 0.0)

    def size_bytes(self) -> int:
        """Bytes of all arrays."""
        return sum(getattr(trial, name).nbytes for trial in self.trials for name in ARRAYS)

    def digest(self) -> str:
        """Hex digest of rows, units and clock: equal digests, equal data."""
        rows = [trial.sha256() for trial in self.trials]
        return value_sha256({"rows": rows, "units": list(self.units), "rate_hz": self.rate_hz})

    def tier(self, name: str) -> list[TrialData]:
        """The trials of one tier, in order of onset. Raises ConfigError if there are none."""
        found = [trial for trial in self.trials if trial.tier == name]
        if not found:
            raise ConfigError(f"no trial in tier {name!r}: tiers here are {sorted({t.tier for t in self.trials})}")
        return found


def bin_session(
    recording: SessionRecording,
    movies: Mapping[SceneKey, Frames],
    tiers: Mapping[SceneKey, str],
    rate_hz: float,
    max_gap_s: float,
    min_rate_hz: float,
) -> SessionData:
    """Bring a recording to the clock of the frames.

    Parameters
    ----------
    recording : SessionRecording
        The recording.
    movies : mapping of SceneKey to ndarray, shape (time, height, width)
        Frames of each scene at its own rate.
    tiers : mapping of SceneKey to str
        Tier of each scene.
    rate_hz : float
        Frames a second.
    max_gap_s : float
        Longest behavioral gap that is interpolated, in seconds.
    min_rate_hz : float
        Units that fire below this rate in the training tier, where they were observed, are left out: a silent unit has
        nothing to fit and no correlation.

    Returns
    -------
    SessionData
        Trials in order of onset.

    Raises
    ------
    ConfigError
        If no unit is left.
    """
    typical_s = _durations(recording)
    trials = [
        _trial(recording, shown, movies[shown.scene], tiers[shown.scene], rate_hz, max_gap_s, typical_s[shown.scene])
        for shown in recording.presentations
    ]
    rates_hz = means([trial.responses for trial in trials if trial.tier == "train"]) * rate_hz
    kept = np.flatnonzero((rates_hz >= min_rate_hz) & (rates_hz > 0))
    if len(kept) == 0:
        raise ConfigError(f"session {recording.session}: no unit fires at {min_rate_hz} Hz or more in training")
    units = tuple(recording.units[index] for index in kept)
    design = recording.opto_design or find_design(recording)[0]
    kept_trials = tuple(replace(trial, responses=trial.responses[kept]) for trial in trials)
    return SessionData(units, rate_hz, kept_trials, (design.kind, design.period_s or 0.0))


def training_fields(session: SessionData) -> Floats:
    """Return each unit's linear receptive field in the training tier, of shape (unit, lag, height, width).

    Where a unit was not observed its mean count stands: the spike-triggered average is then that of the frames in which
    it was observed, less the mean of these. Raises ConfigError if nothing changes in the movies.
    """
    train = session.tier("train")
    if min(trial.videos.min() for trial in train) == max(trial.videos.max() for trial in train):
        raise ConfigError(
            "every training frame has one and the same gray level: there is nothing to see in these movies"
        )
    mean = means([trial.responses for trial in train]).astype(np.float32)[:, None]
    counts = [np.where(np.isnan(trial.responses), mean, trial.responses) for trial in train]
    return session_fields([(trial.videos, own) for trial, own in zip(train, counts, strict=True)], FIELD_LAGS)


def data_info(session: SessionData, fields: Floats | None = None) -> DataInfo:
    """Return what a model may know beforehand: statistics of the training tier only, each scene's frames as shown.

    ``fields`` are those of ``training_fields``, which takes most of the time (default: compute them here).
    """
    if fields is None:
        fields = training_fields(session)
    train = session.tier("train")
    pixels = sum(trial.videos.size for trial in train)
    mean = sum(trial.videos.sum(dtype=np.float64) for trial in train) / pixels
    variance = sum(((trial.videos.astype(np.float32) - mean) ** 2).sum(dtype=np.float64) for trial in train) / pixels
    counts = means([trial.responses for trial in train])
    _, height, width = train[0].videos.shape
    return DataInfo(
        session.units,
        (1, height, width),
        session.rate_hz,
        tuple(map(float, counts)),
        float(mean),
        float(np.sqrt(variance)),
        field_centers(fields),
        *known_moments([trial.behavior for trial in train]),
        *known_moments([trial.pupil_center for trial in train]),
        opto_design=session.opto_design,
    )


def known_moments(rows: Sequence[Floats]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each signal where it is known; 1 for the deviation of one that never varies."""
    mean, std = moments(rows)
    return tuple(mean.tolist()), tuple(np.where(std > 0, std, 1.0).tolist())


def moments(rows: Sequence[Floats]) -> tuple[Scores, Scores]:
    """Mean and standard deviation of each row over arrays (row, time), of the values that are finite."""

    mean = means(rows)
    return mean, np.sqrt(means([np.square(values - mean[:, None], dtype=np.float64) for values in rows]))


def means(rows: Sequence[Floats | Scores]) -> Scores:
    """Mean of each row over arrays (row, time), of the values that are finite; 0 where none is."""
    known = np.maximum(sum(np.isfinite(values).sum(1) for values in rows), 1)
    total = sum(np.nan_to_num(values, posinf=0.0, neginf=0.0).sum(1, dtype=np.float64) for values in rows)
    return np.asarray(total / known)


def _durations(recording: SessionRecording) -> dict[SceneKey, float]:
    """How long the presentations of each scene last, in s: their median."""
    found: dict[SceneKey, list[float]] = {}
    for shown in recording.presentations:
        found.setdefault(shown.scene, []).append(shown.stop_s - shown.start_s)
    return {scene: float(np.median(durations_s)) for scene, durations_s in found.items()}


def _trial(
    recording: SessionRecording,
    shown: PresentationTimes,
    movie: Frames,
    tier: str,
    rate_hz: float,
    max_gap_s: float,
    typical_s: float,
) -> TrialData:
    file = recording.scenes[shown.scene]
    edges = scene_edges(shown, len(movie), file.rate_hz, rate_hz, typical_s)
    time = len(edges) - 1

    def signal(name: str) -> Floats:
        found = recording.signals.get(name)
        return np.full(time, np.nan, np.float32) if found is None else resample(found, edges, max_gap_s)

    return TrialData(
        trial=shown.trial,
        scene=shown.scene,
        tier=tier,
        videos=movie[shown_frames(shown, edges, rate_hz, len(movie), file.rate_hz)],
        responses=_responses(recording, shown, edges),
        opto=bin_opto(recording.opto_epochs_s, edges),
        behavior=np.stack([signal("running"), signal("pupil_size")]),
        pupil_center=np.stack([signal("pupil_x"), signal("pupil_y")]),
    )


def _responses(recording: SessionRecording, shown: PresentationTimes, edges: Times) -> Floats:
    found = _counts(recording, shown, edges)
    for unit, intervals_s in recording.observed_s.items():
        found[recording.units.index(unit), ~observed_bins(intervals_s, edges)] = np.nan
    return found


def _counts(recording: SessionRecording, shown: PresentationTimes, edges: Times) -> Floats:
    if recording.binned is not None:
        return rebin(recording.binned, edges)
    later = recording.presentations[shown.trial + 1 : shown.trial + 2]
    next_s = later[0].start_s if later else math.inf
    return np.stack([bin_spikes(recording.spike_times_s[unit], edges, next_s) for unit in recording.units])

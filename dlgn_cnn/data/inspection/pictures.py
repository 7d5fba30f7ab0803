"""Arrays behind the pictures of a session: activity in bins, first frames, and spike-triggered averages.

Memory is bounded whatever the recording is: so many units, and frames of so many pixels.
"""

from dataclasses import replace

import numpy as np

from dlgn_cnn.data.recording import SceneFile, SessionRecording
from dlgn_cnn.data.sessions.dataset import DatasetSpec
from dlgn_cnn.data.sessions.fields import spike_triggered_average
from dlgn_cnn.data.sessions.session_data import bin_session
from dlgn_cnn.data.stimuli.scenes import scene_frames
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.shapes import Floats, Frames, Times

MOST_UNITS = 300
MOST_S = 600.0  # of presentations whose frames are averaged
MOST_FRAMES, MOST_PIXELS = 100_000, 600  # of their scenes
FIRST_PIXELS = 60_000
CLOCK = (DatasetSpec.rate_hz, DatasetSpec.max_gap_s)
LAGS = 18  # of them before a spike, 0.3 s at the rate of a dataset


def few_units(recording: SessionRecording) -> SessionRecording:
    """A recording of its first ``MOST_UNITS`` units."""
    units, binned = recording.units[:MOST_UNITS], recording.binned
    if binned is not None:
        return replace(recording, binned=replace(binned, units=units, values=binned.values[:MOST_UNITS]))
    return replace(recording, spike_times_s={unit: recording.spike_times_s[unit] for unit in units})


def activity(recording: SessionRecording, edges_s: Times) -> Floats:
    """Responses (unit, time) between edges in s; a binned one counts where its bin ends."""
    if recording.binned is None:
        rows = [np.diff(np.searchsorted(recording.spike_times_s[unit], edges_s)) for unit in recording.units]
    else:
        places = np.searchsorted(recording.binned.bins_s[:, 1], edges_s)
        rows = [np.diff(np.append(0, np.cumsum(own))[places]) for own in recording.binned.values]
    return np.array(rows, np.float32)


def first_frames(recording: SessionRecording, most: int) -> dict[str, Frames]:
    """The first frame (height, width) of the first scenes that were shown, by their names."""
    from dlgn_cnn.data.stimuli.video import stream_gray

    found = {}
    for key in [*dict.fromkeys(shown.scene for shown in recording.presentations)][:most]:
        file, size = recording.scenes[key], _size(recording.scenes[key], FIRST_PIXELS)
        frames = scene_frames(file, size) if file.part else stream_gray(file.path, size)
        found[f"{key.movie} {key.scene}"] = next(iter(frames))
    return found


def triggered_averages(recording: SessionRecording, most: int) -> dict[str, tuple[Floats, Floats]]:
    """Spike-triggered averages of the units with the largest peaks, over the first ``MOST_S`` of presentations.

    By a name that says the peak: spatial (height, width) at the strongest lag, temporal (lag,) at the strongest pixel,
    both in standard errors of the mean of as many frames. The movies' own correlations stay in: this is a look at a
    recording, not an estimate of receptive fields. Raises RecordingError for what no dataset can be made of.
    """
    passed_s = np.cumsum([one.stop_s - one.start_s for one in recording.presentations])
    shown = recording.presentations[: max(1, int(np.searchsorted(passed_s, MOST_S)))]
    files = {one.scene: recording.scenes[one.scene] for one in shown}
    if max(passed_s[len(shown) - 1] * CLOCK[0], sum(file.frames for file in files.values())) > MOST_FRAMES:
        return {}
    size, tiers = _size(files[shown[0].scene], MOST_PIXELS), dict.fromkeys(files, "train")
    movies = {scene: scene_frames(file, size) for scene, file in files.items()}
    try:
        session = bin_session(replace(recording, presentations=shown), movies, tiers, *CLOCK, 0.0)
    except ConfigError:  # no unit fires in it
        return {}
    trials = [(one.videos, one.responses) for one in session.trials if len(one.videos) >= LAGS]
    if not trials:
        return {}
    spikes = sum(responses[:, LAGS - 1 :].sum(1) for _, responses in trials)
    deviation = np.concatenate([videos for videos, _ in trials]).std(0, dtype=np.float32)
    fields = spike_triggered_average(trials, LAGS) * np.sqrt(spikes)[:, None, None, None] / np.maximum(deviation, 1e-3)
    peaks = np.abs(fields).max((1, 2, 3))
    best = [unit for unit in np.argsort(-peaks)[:most] if peaks[unit] > 0]
    return {f"unit {session.units[unit]}, |z| {peaks[unit]:.1f}": _at_peak(fields[unit]) for unit in best}


def _at_peak(field: Floats) -> tuple[Floats, Floats]:
    lag, row, column = np.unravel_index(np.abs(field).argmax(), field.shape)
    return field[lag], field[:, row, column]


def _size(file: SceneFile, pixels: int) -> tuple[int, int]:
    """Height and width with a scene's aspect, of at most so many pixels."""
    shrink = min(1.0, (pixels / (file.height_px * file.width_px)) ** 0.5)
    return max(1, int(file.height_px * shrink)), max(1, int(file.width_px * shrink))

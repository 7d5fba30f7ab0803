"""A recording as an Experanto folder."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.data.binning import CLOCK_TOLERANCE, covered_s, resample, scene_edges, summed_until
from dlgn_cnn.data.readers.experanto.devices import META
from dlgn_cnn.data.readers.experanto.screen import COMBINED, DROPPED_S
from dlgn_cnn.data.recording import CLOCK_SLACK_S, BinnedResponses, PresentationTimes, SceneFile, SessionRecording
from dlgn_cnn.data.sessions.session_data import known_moments
from dlgn_cnn.data.stimuli.scenes import scene_frames
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Floats, Times
from dlgn_cnn.storage.atomic import whole_folder
from dlgn_cnn.storage.rights import present

GRAY = 128  # of blank trials: a recording does not say what the screen showed between presentations
MOST_TRIALS = 10**5  # their files are numbered by five digits
FINEST_HZ = 1000.0
DEVICES = {"treadmill": ("running",), "eye_tracker": ("pupil_x", "pupil_y", "pupil_size")}
Meta = dict[str, Any]


def write_experanto(recording: SessionRecording, folder: Path, progress: Progress = silent) -> Path:
    """Write a recording as an Experanto folder, whole or not at all.

    ``screen`` has a file a scene, which its presentations share (``use_stimuli_names``), and a blank trial wherever
    nothing was shown, also at the end. Spike times are a device ``spikes``, binned responses the sequence
    ``responses``, light the time intervals ``opto``. Running is ``treadmill``, and the pupil ``eye_tracker``, whose
    ``signal_names`` say what its columns are. Signals and bins that are not evenly spaced are resampled; NaN is
    missing.

    Parameters
    ----------
    recording : SessionRecording
        The recording.
    folder : Path
        A new folder.
    progress : callable, optional
        Called with the scenes written and their number.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    RecordingError
        If the folder is there already, or the recording has too many presentations.
    """
    if present(folder):
        raise RecordingError(f"{folder} is there already: name a new folder")
    with whole_folder(folder) as new:
        (new / "meta.json").write_text(json.dumps({"data_key": str(recording.session)}))
        _write_screen(recording, new / "screen", progress)
        _write_responses(recording, new)
        if len(epochs := recording.opto_epochs_s):
            meta = {"labels": {"on": "on.npy"}, **_span(recording, epochs)}
            _write(new / "opto", "time_interval", meta, {"on": epochs})
        for device, names in DEVICES.items():
            if there := [name for name in names if name in recording.signals]:
                _write_signals(recording, new / device, there)
    return folder


def _write_screen(recording: SessionRecording, screen: Path, progress: Progress) -> None:
    stems = {scene: f"scene{number:05d}" for number, scene in enumerate(recording.scenes)}
    trials: list[Meta] = []
    onsets: list[float] = []

    def add(trial: Meta, own: list[float]) -> None:
        trials.append(trial | {"first_frame_idx": len(onsets), "valid_trial": True})
        onsets.extend(own)

    for shown in recording.presentations:
        file, after = recording.scenes[shown.scene], recording.presentations[shown.trial + 1 : shown.trial + 2]
        size = [file.height_px, file.width_px]
        own = _onsets(shown, file)
        told = {"modality": "video", "num_frames": len(own), "image_size": size, "tier": shown.tier}
        add(told | {"stimulus_name": stems[shown.scene]}, own)
        if not after or after[0].start_s > shown.stop_s + CLOCK_SLACK_S:
            blank = {"modality": "blank", "tier": "blank", "interleave_value": GRAY, "image_size": size}
            add(blank | {"stimulus_name": "blank"}, [shown.stop_s])
    if len(trials) > MOST_TRIALS:
        raise RecordingError(f"session {recording.session} has {len(trials)} trials: Experanto numbers {MOST_TRIALS}")
    _write(screen, "screen", {"use_stimuli_names": True}, {"timestamps": np.array(onsets)})
    (screen / "data").mkdir()
    numbered = {f"{number:05d}": trial for number, trial in enumerate(trials)}
    for number, trial in numbered.items():
        (screen / "meta" / f"{number}.yml").write_text(json.dumps(trial))  # which is YAML, too
    (screen / COMBINED).write_text(json.dumps(numbered))
    sums = np.zeros(3)  # pixels, their gray levels, and the squares of these
    for done, (scene, stem) in enumerate(stems.items(), 1):
        file = recording.scenes[scene]
        frames = scene_frames(file, (file.height_px, file.width_px))
        np.save(screen / "data" / f"{stem}.npy", frames)
        sums += [frames.size, frames.sum(dtype=np.float64), np.square(frames, dtype=np.float64).sum()]
        progress(done, len(stems))
    mean = sums[1] / sums[0]
    np.save(screen / "meta" / "means.npy", [[mean]])
    np.save(screen / "meta" / "stds.npy", [[max(np.sqrt(max(sums[2] / sums[0] - mean**2, 0)), 1.0)]])


def _onsets(shown: PresentationTimes, file: SceneFile) -> list[float]:
    """When each frame appeared, up to the last that did; a dropped one just before the next."""
    if not shown.frame_onsets_s:
        return [*map(float, scene_edges(shown, file.frames, file.rate_hz, file.rate_hz)[:-1][: file.frames])]
    onsets = np.array(shown.frame_onsets_s)
    seen = np.flatnonzero(np.isfinite(onsets))
    onsets = onsets[: seen[-1] + 1]
    onsets[seen[0]] = shown.start_s  # the first frame that was shown counts as on before
    for frame in reversed(range(len(onsets))):
        if not np.isfinite(onsets[frame]):
            onsets[frame] = onsets[frame + 1] - DROPPED_S / 10
    return [*map(float, onsets)]


def _write_responses(recording: SessionRecording, folder: Path) -> None:
    arrays = {"meta/unit_ids": np.array(recording.units)}
    meta: Meta = {"n_signals": len(recording.units), "neuron_properties": {"unit_ids": "meta/unit_ids.npy"}}
    if recording.binned is not None:
        values, start_s, rate_hz = _regular(recording.binned)
        _write_sequence(folder / "responses", values, start_s, rate_hz, meta, arrays)
        return
    times = [recording.spike_times_s[unit] for unit in recording.units]
    flat = np.concatenate(times)
    meta |= {"spike_indices": [0, *np.cumsum([*map(len, times)]).tolist()], **_span(recording, flat)}
    _write(folder / "spikes", "spikes", meta, arrays | {"spikes": flat})


def _regular(binned: BinnedResponses) -> tuple[Floats, float, float]:
    """Responses (bin, unit) in bins of one width from the first to the last, NaN where none were recorded."""
    bins = binned.bins_s
    width_s, start_s = float(np.median(np.diff(bins, axis=1))), float(bins[0, 0])
    edges = start_s + np.arange(max(1, round((bins[-1, 1] - start_s) / width_s)) + 1) * width_s
    values = np.diff(summed_until(bins, binned.values, edges)).astype(np.float32)
    values[:, covered_s(bins, edges) < (1 - CLOCK_TOLERANCE) * width_s] = np.nan
    return values.T, start_s, 1 / width_s


def _write_signals(recording: SessionRecording, folder: Path, names: list[str]) -> None:
    """Signals on one regular clock, the finest of theirs, without a value where they have none."""
    signals = [recording.signals[name] for name in names]
    steps_s = [float(np.median(np.diff(one.times_s))) for one in signals if len(one.times_s) > 1]
    if len(steps_s) < len(signals):
        raise RecordingError(f"session {recording.session}: a signal of {names} has less than two samples: remove it")
    step_s = max(min(steps_s), 1 / FINEST_HZ)
    start_s, stop_s = min(one.times_s[0] for one in signals), max(one.times_s[-1] for one in signals)
    times = start_s + np.arange(round((stop_s - start_s) / step_s) + 1) * step_s
    edges = np.append(times - step_s / 2, times[-1] + step_s / 2)
    values = np.column_stack([resample(one, edges, 1.5 * own) for one, own in zip(signals, steps_s, strict=True)])
    _write_sequence(folder, values, float(start_s), 1 / step_s, {"signal_names": names}, {})


def _write_sequence(
    folder: Path, values: Floats, start_s: float, rate_hz: float, meta: Meta, arrays: dict[str, np.ndarray]
) -> None:
    mean, std = known_moments([values.T])
    meta = meta | {"sampling_rate": rate_hz, "start_time": start_s, "end_time": start_s + (len(values) - 1) / rate_hz}
    meta |= {"n_signals": values.shape[1], "n_timestamps": len(values), "dtype": "float32", "is_mem_mapped": False}
    data = np.ascontiguousarray(values, np.float32)
    arrays = arrays | {"data": data, "meta/means": np.array([mean]), "meta/stds": np.array([std])}
    _write(folder, "sequence", meta | {"phase_shift_per_signal": False}, arrays)


def _span(recording: SessionRecording, times: Times) -> Meta:
    """From when to when a device recorded: all presentations, and its own times."""
    shown = recording.presentations
    every = np.concatenate([[shown[0].start_s, shown[-1].stop_s], times.ravel()])
    return {"start_time": float(every.min()), "end_time": float(every.max())}


def _write(folder: Path, modality: str, meta: Meta, arrays: dict[str, np.ndarray]) -> None:
    import yaml

    (folder / "meta").mkdir(parents=True)
    (folder / META).write_text(yaml.safe_dump({"modality": modality, **meta}, sort_keys=False))
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)

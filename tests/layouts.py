"""Writers of one recording in other layouts than the lab's, so that every reader can be asked for the same session.

A writer makes what it needs below a new folder and returns the path to read.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from pynwb import NWBHDF5IO, NWBFile, TimeSeries
from pynwb.epoch import TimeIntervals
from pynwb.image import ImageSeries

from dlgn_cnn.data.binning import bin_opto, bin_spikes, frame_edges, rebin, resample
from dlgn_cnn.data.readers.experanto.writer import write_experanto
from dlgn_cnn.data.recording import PresentationTimes, SceneKey, SessionRecording
from dlgn_cnn.data.stimuli.scenes import scene_frames
from dlgn_cnn.data.stimuli.video import write_lossless

MAX_GAP_S = 0.5


def own_frames(recording: SessionRecording) -> dict[SceneKey, np.ndarray]:
    """Each scene's gray frames (time, height, width) at its own size and rate."""
    return {key: scene_frames(file, (file.height_px, file.width_px)) for key, file in recording.scenes.items()}


def movie_edges(recording: SessionRecording, shown: PresentationTimes) -> np.ndarray:
    """Edges in s of the movie's own frames during a presentation."""
    file = recording.scenes[shown.scene]
    return frame_edges(shown, file.frames, file.rate_hz)


def counts(recording: SessionRecording, edges_s: np.ndarray) -> np.ndarray:
    """Responses (unit, time) in the given bins."""
    if recording.binned is not None:
        return rebin(recording.binned, edges_s)
    return np.stack([bin_spikes(recording.spike_times_s[unit], edges_s) for unit in recording.units])


def npz_arrays(recording: SessionRecording) -> dict[str, np.ndarray]:
    """The arrays of an ``.npz`` file; all scenes must have one size and rate."""
    frames, shown = own_frames(recording), recording.presentations
    scenes = sorted(frames)
    arrays = {
        "mouse": np.array(recording.session.mouse),
        "series": np.array(recording.session.series),
        "experiment": np.array(recording.session.experiment),
        "movie": np.array(scenes[0].movie),
        "frames": np.concatenate([frames[key] for key in scenes]),
        "scene_frames": np.array([len(frames[key]) for key in scenes]),
        "frame_rate_hz": np.array(recording.scenes[scenes[0]].rate_hz),
        "presentation_scene": np.array([scenes.index(one.scene) for one in shown]),
        "presentation_s": np.array([[one.start_s, one.stop_s] for one in shown]),
        "presentation_tier": np.array([one.tier for one in shown]),
        "opto_epochs_s": recording.opto_epochs_s,
        "units": np.array(recording.units),
    }
    for name, signal in recording.signals.items():
        arrays |= {name: signal.values, f"{name}_times_s": signal.times_s}
    if any(one.frame_onsets_s for one in shown):
        arrays["frame_onsets_s"] = np.concatenate([one.frame_onsets_s for one in shown])
    if recording.binned is not None:
        return arrays | {"counts": recording.binned.values, "bins_s": recording.binned.bins_s}
    spikes = recording.spike_times_s
    return arrays | {
        "spike_times_s": np.concatenate([spikes[unit] for unit in recording.units]),
        "spike_units": np.concatenate([np.full(len(spikes[unit]), unit) for unit in recording.units]),
    }


def write_npz(recording: SessionRecording, folder: Path) -> Path:
    """Plain arrays in one file."""
    folder.mkdir(parents=True)
    np.savez(folder / "recording.npz", **npz_arrays(recording))
    return folder / "recording.npz"


def write_sensorium(recording: SessionRecording, folder: Path) -> Path:
    """The folder of Sensorium 2023: a trial a presentation, on the clock of the movie's frames."""
    path = folder / f"dynamic20260-{recording.session.series}-{recording.session.experiment}-layout"
    frames = own_frames(recording)
    for shown in recording.presentations:
        edges = movie_edges(recording, shown)
        signals = {name: resample(signal, edges, MAX_GAP_S) for name, signal in recording.signals.items()}
        missing = np.full(len(edges) - 1, np.nan, np.float32)
        arrays = {
            "videos": np.moveaxis(frames[shown.scene][: len(edges) - 1], 0, -1),
            "responses": counts(recording, edges),
            "opto": bin_opto(recording.opto_epochs_s, edges),
            "behavior": np.stack([signals.get(name, missing) for name in ("pupil_size", "running")]),
            "pupil_center": np.stack([signals.get(name, missing) for name in ("pupil_x", "pupil_y")]),
        }
        for name, array in arrays.items():
            save(path / "data" / name / f"{shown.trial}.npy", array)
    save(path / "meta" / "trials" / "tiers.npy", np.array([one.tier for one in recording.presentations]))
    save(path / "meta" / "neurons" / "unit_ids.npy", np.array(recording.units))
    return path


def write_nwb(recording: SessionRecording, folder: Path) -> Path:
    """An NWB file with all frames in it; units that were not observed throughout have their intervals."""
    file = NWBFile("movies", "one", datetime(2026, 1, 1, tzinfo=UTC), session_id=str(recording.session))
    for unit, times in recording.spike_times_s.items():
        file.add_unit(id=unit, spike_times=times, obs_intervals=recording.observed_s.get(unit, [[0.0, 1e6]]))
    for key, frames in own_frames(recording).items():
        rate = recording.scenes[key].rate_hz
        file.add_stimulus_template(ImageSeries(name=str(key.scene), data=frames, unit="n.a.", rate=rate))
    file.add_trial_column("stimulus", "what was shown")
    file.add_trial_column("tier", "what for")
    for shown in recording.presentations:
        own = {"stimulus": str(shown.scene.scene), "tier": shown.tier}
        file.add_trial(start_time=shown.start_s, stop_time=shown.stop_s, **own)
    opto = TimeIntervals(name="opto", description="light")
    for on, off in recording.opto_epochs_s:
        opto.add_interval(start_time=on, stop_time=off)
    file.add_time_intervals(opto)
    module = file.create_processing_module("behavior", "running and pupil")
    for name, signal in recording.signals.items():
        module.add(TimeSeries(name=name, data=signal.values, timestamps=signal.times_s, unit="n.a."))
    folder.mkdir(exist_ok=True)
    with NWBHDF5IO(str(folder / "session.nwb"), "w") as io:
        io.write(file)
    return folder / "session.nwb"


def save(file: Path, array: np.ndarray) -> None:
    """An array file, whose folder is made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    np.save(file, array)


def write_presentations(recording: SessionRecording, folder: Path) -> None:
    """A table of presentations in text, its movies without a loss, and tables of light and running."""
    frames = own_frames(recording)
    (folder / "movies").mkdir(parents=True)
    for key, movie in frames.items():
        write_lossless(folder / "movies" / f"{key.movie}-{key.scene}.avi", movie, recording.scenes[key].rate_hz)
    shown = recording.presentations
    rows = [f"{one.scene.movie}-{one.scene.scene}.avi,{one.start_s!r},{one.stop_s!r},{one.tier}" for one in shown]
    (folder / "presentations.csv").write_text("\n".join(["scene,onset_s,offset_s,tier", *rows]) + "\n")
    (folder / "opto.csv").write_text(
        "\n".join(["on_s,off_s", *(f"{a!r},{b!r}" for a, b in recording.opto_epochs_s.tolist())])
    )
    for name, signal in recording.signals.items():
        np.save(folder / f"{name}.npy", np.column_stack([signal.times_s, signal.values]))


def write_phy(recording: SessionRecording, folder: Path, rate_hz: float = 30_000.0) -> Path:
    """The folder of a sorter, its spikes in samples, all clusters good; named as the session."""
    path = folder / str(recording.session)
    write_presentations(recording, path)
    times, owners = spikes_of(recording)
    save(path / "spike_times.npy", np.rint(times * rate_hz).astype(np.uint64)[:, None])
    save(path / "spike_clusters.npy", owners.astype(np.int32))
    (path / "params.py").write_text(f"dat_path = 'raw.dat'\nn_channels_dat = 4\nsample_rate = {rate_hz}  # Hz\n")
    groups = "".join(f"{unit}\tgood\n" for unit in recording.units)
    (path / "cluster_group.tsv").write_text(f"cluster_id\tgroup\n{groups}")
    return path


def write_alf(recording: SessionRecording, folder: Path) -> Path:
    """A folder in ALF, its clusters the units' numbers; named as the session."""
    path = folder / str(recording.session)
    write_presentations(recording, path)
    times, owners = spikes_of(recording)
    save(path / "alf" / "probe00" / "spikes.times.npy", times)
    save(path / "alf" / "probe00" / "spikes.clusters.npy", owners)
    return path


def spikes_of(recording: SessionRecording) -> tuple[np.ndarray, np.ndarray]:
    """Times in s of all spikes in their order, and the unit of each."""
    spikes = recording.spike_times_s
    times = np.concatenate([spikes[unit] for unit in recording.units])
    owners = np.concatenate([np.full(len(spikes[unit]), unit, np.int64) for unit in recording.units])
    order = np.argsort(times, kind="stable")
    return times[order], owners[order]


LAYOUTS: dict[str, Callable[[SessionRecording, Path], Path]] = {
    "experanto": write_experanto,
    "npz": write_npz,
    "sensorium": write_sensorium,
}
SORTED: dict[str, Callable[[SessionRecording, Path], Path]] = {"alf": write_alf, "phy": write_phy}

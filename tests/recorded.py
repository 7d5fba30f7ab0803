"""Recorded cells as plain arrays in the ``npz`` layout, written from the files next to the checkout."""

from pathlib import Path

import numpy as np
from scipy.io import loadmat

RUNNING, FROZEN, BLOCKS = 1800, 600, 41


def write_flicker(data: Path, file: Path) -> Path:
    """Eight ganglion cells under full-field flicker at 75 Hz: running stretches, each a scene, and a frozen one."""
    contrast = np.loadtxt(data / "rgc_flicker" / "stimulus_fullfieldnoise.txt")
    onsets = np.loadtxt(data / "rgc_flicker" / "frametimes_fullfieldnoise.txt")
    blocks = contrast[: BLOCKS * (RUNNING + FROZEN)].reshape(BLOCKS, -1)
    cuts = np.cumsum([0] + [RUNNING, FROZEN] * BLOCKS)
    cells = [np.loadtxt(data / "rgc_flicker" / f"fullfieldnoise_C{cell}.txt") for cell in range(1, 9)]
    np.savez(
        file,
        **_session("RGC_flicker", 75.0),
        frames=np.append(blocks[:, :RUNNING].ravel(), blocks[0, RUNNING:])[:, None, None],
        gray_range=np.array([-5.0, 5.0]),
        scene_frames=np.array([RUNNING] * BLOCKS + [FROZEN]),
        presentation_scene=np.array([[block, BLOCKS] for block in range(BLOCKS)]).ravel(),
        presentation_tier=np.array(["train", "test"] * BLOCKS),
        presentation_s=np.column_stack([onsets[cuts[:-1]], onsets[cuts[1:]]]),
        frame_onsets_s=onsets[: cuts[-1]],
        spike_times_s=np.concatenate(cells),
        spike_units=np.repeat(np.arange(1, 9), list(map(len, cells))),
    )
    return file


def write_noise(data: Path, file: Path, frames_a_scene: int = 100) -> Path:
    """One ganglion cell under binary dense noise, one frame each .2137 s, cut into scenes that follow without a gap."""
    found = loadmat(data / "rgc_noise" / "nds_cl_5_data.mat")
    onsets = found["DN_triggertimes"].ravel()
    frames = np.moveaxis(found["DN_stim"], -1, 0)[: len(onsets)]
    cuts = [*range(0, len(frames), frames_a_scene), len(frames)]
    ends = np.append(onsets, onsets[-1] + np.diff(onsets).mean())[cuts]
    scenes = len(cuts) - 1
    np.savez(
        file,
        **_session("RGC_noise", float(1 / np.diff(onsets).mean())),
        frames=frames.astype(np.float32),
        gray_range=np.array([0.0, 1.0]),
        scene_frames=np.diff(cuts),
        presentation_scene=np.arange(scenes),
        presentation_tier=np.array(["train"] * (scenes - 1) + ["test"]),
        presentation_s=np.column_stack([ends[:-1], ends[1:]]),
        frame_onsets_s=onsets,
        spike_times_s=found["DN_spiketimes"].ravel(),
        spike_units=np.ones(len(found["DN_spiketimes"]), int),
    )
    return file


def _session(mouse: str, rate_hz: float) -> dict[str, object]:
    return {"mouse": mouse, "series": 1, "experiment": 1, "movie": mouse, "frame_rate_hz": rate_hz}

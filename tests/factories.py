"""Small recordings for tests, valid until a test breaks them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dlgn_cnn.data.stimuli.video import scale_gray, write_gray
from dlgn_cnn.simulation.config import SimulationConfig
from dlgn_cnn.simulation.movies import photograph_clips
from dlgn_cnn.simulation.recording import simulate

SCENE_NAME = "hmovTrain_v3_32x16_scene-{:03d}.avi"


def small_simulation(folder: Path, **overrides: Any) -> Path:
    """Six units, six training and three test scenes of one second, unless a SimulationConfig's fields override it."""
    small: dict[str, Any] = {
        "units": 6,
        "train_scenes": 6,
        "test_scenes": 3,
        "scene_duration_s": 0.9986,
        "width_px": 106,
        "height_px": 66,
    }
    return simulate(folder, SimulationConfig(**(small | overrides)))


def natural_clips(count: int) -> list[np.ndarray]:
    """Clips (time, height, width) of 33 by 53 px as a wandering gaze sees photographs."""
    config = SimulationConfig(train_scenes=count - 2, test_scenes=2, width_px=128, height_px=80)
    return [
        np.concatenate([scale_gray(np.ascontiguousarray(image)[None], (33, 53)) for image in images])
        for _, images in photograph_clips(config, np.random.default_rng(0))
    ]


def write_scene(path: Path, frames: np.ndarray, rate: float) -> Path:
    """A scene file of gray frames (time, height, width), whose folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_gray(path, frames, rate, (frames.shape[1], frames.shape[2]))
    return path


def responses_frame(units: int = 2, scenes: int = 3, mouse: str = "Ntsr1Cre_2019_0007", seed: int = 0) -> pd.DataFrame:
    """A valid frame of one session: scene n is shown from 2n to 2n + 1 s, the last scene is for testing."""
    generator = np.random.default_rng(seed)
    behavior = generator.random((scenes, 4, 10))
    rows = [
        {
            "m": mouse,
            "s": 3,
            "e": 7,
            "u": unit,
            "unique_id": f"u{unit}",
            "train_vs_test": "test" if scene == scenes - 1 else "train",
            "scene_id": scene,
            "trange": [2.0 * scene, 2.0 * scene + 1.0],
            "spike_times": 2.0 * scene + np.sort(generator.random(5)),
            "opto_tranges": [[2.0 * scene + 0.25, 2.0 * scene + 0.5]],
            "run": behavior[scene, 0],
            "pupil_size": behavior[scene, 1],
            "pupil_x": behavior[scene, 2],
            "pupil_y": behavior[scene, 3],
        }
        for scene in range(scenes)
        for unit in range(1, units + 1)
    ]
    return pd.DataFrame(rows)


def write_recording(folder: Path, frame: pd.DataFrame | None = None, scenes: int = 3, parquet: bool = False) -> Path:
    """A folder in the lab's layout: the frame, and scene files of one second at 30 Hz."""
    rows = responses_frame(scenes=scenes) if frame is None else frame
    generator = np.random.default_rng(1)
    for scene in range(scenes):
        frames = generator.integers(0, 256, (30, 16, 32), dtype=np.uint8)
        write_scene(folder / "scenes" / SCENE_NAME.format(scene + 1), frames, 30)
    if parquet:
        rows.to_parquet(folder / "responses.parquet", engine="pyarrow")
    else:
        rows.to_pickle(folder / "responses.pkl")
    return folder


def change(frame: pd.DataFrame, row: int, column: str, value: Any) -> pd.DataFrame:
    """The frame with one cell replaced, whatever the cell's type."""
    cells = [*frame[column]]
    cells[row] = value
    changed = frame.copy()
    changed[column] = pd.Series(cells, dtype=object, index=frame.index)
    return changed

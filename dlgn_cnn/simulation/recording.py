"""A simulated session as raw files in the lab's layout, so that it passes through the same reader as a real one."""

from pathlib import Path

import numpy as np
import pandas as pd

from dlgn_cnn.data.stimuli.video import decode_gray
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Frames, Times
from dlgn_cnn.simulation.config import FRAME_RATE_HZ, GRID_PX, SimulationConfig
from dlgn_cnn.simulation.movies import write_scenes
from dlgn_cnn.simulation.session import SimulatedSession, simulate_session
from dlgn_cnn.storage.atomic import whole_folder
from dlgn_cnn.storage.rights import present, present_folder

NOTICE = """This recording is SIMULATED. No animal was recorded and no light was shone.

Session {config.session}, {config.units} units, {config.train_scenes} training and {config.test_scenes} test scenes, \
seed {config.seed}; movies: {movies}.
responses.pkl and scenes/ have the layout of a recording in mouse dLGN; truth.npz holds the kernels, gains and
noise-free rates that made the spikes. A fit must never read truth.npz. Do not report these data as measurements.
"""
COLUMNS = {"run": "running", "pupil_size": "pupil_size", "pupil_x": "pupil_x", "pupil_y": "pupil_y"}


def simulate(folder: Path, config: SimulationConfig, movies: Path | None = None, progress: Progress = silent) -> Path:
    """Write an in-silico dLGN session as raw files in the lab's layout.

    Units are linear-nonlinear Poisson: a center-surround space-time kernel, light, running and pupil size add up in Hz
    inside a softplus, with gains that give each unit the mean rate and modulation indices published for mouse dLGN.
    Rates are computed from the frames that the written files decode to, so that the truth and the reader see the same
    movie.

    Parameters
    ----------
    folder : Path
        Gets ``responses.pkl``, ``scenes/``, ``truth.npz`` and ``SIMULATED.txt``. It appears when it is complete, or not
        at all.
    config : SimulationConfig
        Size, name and seed of the session.
    movies : Path, optional
        Folder of the user's movies (default: a camera pans over scikit-image's photographs).
    progress : callable, optional
        Called with the scenes written, then read back, and twice their number.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    RecordingError
        If the folder exists and is not empty, or the movies cannot be used.
    ConfigError
        If the session is too short to hold both states of light and of running.

    References
    ----------
    Schmors et al. 2025, iScience.
    """
    target = folder.resolve()
    if present(target) and (not present_folder(target) or any(target.iterdir())):
        raise RecordingError(f"{folder} exists and is not an empty folder: give another, or remove it yourself")
    with whole_folder(target) as partial:
        _write(partial, config, movies, progress)
    return folder


def _write(folder: Path, config: SimulationConfig, movies: Path | None, progress: Progress) -> None:
    film, population, events = np.random.default_rng(config.seed).spawn(3)
    total = 2 * config.scenes
    (folder / "scenes").mkdir()
    files = write_scenes(folder / "scenes", config, movies, film, lambda done, _: progress(done, total))
    session = simulate_session(config, _read_back(files, progress), population, events)
    responses_table(config, session).to_pickle(folder / "responses.pkl")
    session.truth.save(folder)
    notice = NOTICE.format(config=config, movies=movies or "photographs")
    (folder / "SIMULATED.txt").write_text(notice, encoding="utf-8")


def _read_back(files: list[Path], progress: Progress) -> Frames:
    decoded = []
    for done, path in enumerate(files, 1):
        decoded.append(decode_gray(path, GRID_PX, FRAME_RATE_HZ))
        progress(len(files) + done, 2 * len(files))
    return np.stack(decoded)


def responses_table(config: SimulationConfig, session: SimulatedSession) -> pd.DataFrame:
    """The lab's frame: a row per unit and presentation. Light epochs are whole, also where they outlast the scene."""
    return pd.DataFrame(
        _row(config, session, trial, index) for trial in range(len(session.spikes_s)) for index in range(config.units)
    )


def _row(config: SimulationConfig, session: SimulatedSession, trial: int, index: int) -> dict[str, object]:
    unit, scene = int(session.truth.units[index]), int(session.truth.scene[trial])
    start, stop = map(float, session.shown_s[trial])
    behavior = {column: session.behavior[name][trial] for column, name in COLUMNS.items()}
    return {
        "m": config.mouse,
        "s": config.series,
        "e": config.experiment,
        "u": unit,
        "unique_id": f"{config.session}_u{unit:02d}",
        "train_vs_test": config.tier(scene),
        "scene_id": scene,
        "trange": [start, stop],
        "spike_times": session.spikes_s[trial][index],
        "opto_tranges": _overlapping(session.opto_epochs_s, start, stop),
        **behavior,
    }


def _overlapping(opto_epochs_s: Times, start: float, stop: float) -> list[list[float]]:
    shown = opto_epochs_s[(opto_epochs_s[:, 0] < stop) & (opto_epochs_s[:, 1] > start)]
    return [[float(on), float(off)] for on, off in shown]

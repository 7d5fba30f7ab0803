"""The Sensorium 2023 folder layout: an array file a trial and signal."""

from pathlib import Path

import numpy as np

from dlgn_cnn.data.readers import reader
from dlgn_cnn.data.readers.shared.arrays import load_array, numbers, whole_numbers, words
from dlgn_cnn.data.readers.shared.session_parts import scan_of
from dlgn_cnn.data.readers.shared.trial_arrays import (
    OF_UNUSED_TIER,
    OPTIONAL,
    UNRECORDED,
    UNUSED_TIER,
    ArrayTrial,
    recording_of,
    unpadded,
)
from dlgn_cnn.data.recording import SessionKey, SessionRecording
from dlgn_cnn.data.stimuli.scenes import FRAME_SOURCES, array_scene, as_gray
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Floats, Frames
from dlgn_cnn.storage.rights import present_file, present_folder

TIERS = Path("meta/trials/tiers.npy")


@reader("sensorium", lambda path: present_folder(path / "data" / "videos") and present_folder(path / "meta" / "trials"))
def read_sensorium(
    path: Path,
    *,
    mouse: str | None = None,
    series: int | None = None,
    experiment: int | None = None,
    rate_hz: float = 30.0,
    progress: Progress = silent,
) -> list[SessionRecording]:
    """Read the one session of a folder in the layout of Sensorium 2023 (Turishcheva et al. 2023).

    ``data/videos/{trial}.npy`` (height, width, time) gray levels 0..255, ``data/responses`` (unit, time),
    ``data/behavior`` (pupil size, running; time), ``data/pupil_center`` (x, y; time), and, as an extension,
    ``data/opto`` (time,) share lit; the last three may be absent. ``meta/trials/tiers.npy`` names each trial's tier:
    "train" is for training, every other for testing. Left out are trials without responses (files absent, or NaN
    throughout), of tier "none", and of a tier of tests whose responses are all 0, which is how a competition withholds
    them. ``meta/neurons/unit_ids.npy`` numbers the units, from 0 without it. ``meta/statistics`` is not read:
    statistics are computed from the training tier.

    A trial ends where its video or its responses turn NaN; behavior may be missing anywhere. The layout has no clock:
    trials follow one another, and responses become the area of each frame. A video shown in several trials is one
    scene, and a test scene if any of them tests.

    Parameters
    ----------
    path : Path
        The folder.
    mouse : str, optional
        Name of the mouse (default: from the folder's name, as ``dynamic29515-10-12-...``).
    series, experiment : int, optional
        Numbers of the session (default: from the folder's name).
    rate_hz : float, default 30
        Frames a second.
    progress : callable, optional
        Called with the trials read and their number.

    Returns
    -------
    list of SessionRecording
        The one session.

    Raises
    ------
    RecordingError
        If the folder contradicts this; the error names the file.
    """
    tiers = words(load_array(path / TIERS), str(path / TIERS)).ravel().tolist()
    session = _session(path, mouse=mouse, series=series, experiment=experiment)
    trials: list[ArrayTrial | str] = []
    for number, tier in enumerate(tiers):
        trials.append(_trial(path, number, tier, rate_hz))
        progress(number + 1, len(tiers))
    return [recording_of(session, _units(path), trials, path)]


@FRAME_SOURCES.register("sensorium")
def sensorium_frames(path: Path, address: str) -> Frames:
    """The frames (time, height, width) of a video file (height, width, time) up to where they turn NaN.

    ``address`` is empty, or the number of those that are taken.
    """
    video = load_array(path)
    numbers(video, f"{path} (height, width, time)", 3)
    time = min(unpadded(video, str(path)), int(address or video.shape[-1]))
    return np.ascontiguousarray(as_gray(np.moveaxis(video[..., :time], -1, 0), str(path)))


def _trial(path: Path, number: int, tier: str, rate_hz: float) -> ArrayTrial | str:
    """The trial, or why it is left out."""
    if tier == UNUSED_TIER:
        return OF_UNUSED_TIER
    responses_file = path / "data" / "responses" / f"{number}.npy"
    if not present_file(responses_file):
        return UNRECORDED
    video = path / "data" / "videos" / f"{number}.npy"
    frames = sensorium_frames(video, "")
    responses = _array(responses_file, len(frames), 2)
    if np.isnan(responses).all():
        return UNRECORDED
    time = unpadded(responses[:, : len(frames)], str(responses_file))
    there = {name: axes for name, axes in OPTIONAL.items() if present_folder(path / "data" / name)}
    optional = {
        name: _array(path / "data" / name / f"{number}.npy", time, axes)[..., :time] for name, axes in there.items()
    }
    scene = array_scene(video, f"sensorium:{time if time < len(frames) else ''}", frames[:time], rate_hz)
    return ArrayTrial(str(responses_file), tier, scene, responses[:, :time], optional, time < responses.shape[1])


def _array(file: Path, time: int, ndim: int) -> Floats:
    """An array as long as its trial. What is beyond must be padding, as long as the padded video allows."""
    array = numbers(load_array(file), str(file), ndim)
    if array.shape[-1] < time:
        raise RecordingError(f"{file} has shape {array.shape}: its last axis lacks frames of the {time} of its video")
    return array.astype(np.float32)


def _units(path: Path) -> list[int] | None:
    file = path / "meta" / "neurons" / "unit_ids.npy"
    return [*map(int, whole_numbers(load_array(file), str(file)).ravel())] if present_file(file) else None


def _session(path: Path, **given: str | int | None) -> SessionKey:
    key = scan_of(path.resolve().name)
    key |= {name: value for name, value in given.items() if value is not None}
    if len(key) < len(given):
        raise RecordingError(
            f"{path}: its name does not say which session it is, as dynamic29515-10-12-... does: give mouse, series "
            "and experiment"
        )
    return SessionKey(**key)

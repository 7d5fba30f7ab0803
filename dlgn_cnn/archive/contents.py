"""Arrays and sessions of an archive, in open formats: never Python objects, never more memory than a file has bytes.

A stored session is one safetensors file: its trials' arrays, each video once, and labels as JSON in its header.
"""

import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from dlgn_cnn.archive import json_text
from dlgn_cnn.bounds import check
from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.data.sessions.session_data import SessionData, TrialData
from dlgn_cnn.errors import ArchiveError
from dlgn_cnn.interface import DataInfo

TRACES = {"responses": 2, "opto": 1, "behavior": 2, "pupil_center": 2}


def read_array(path: Path) -> np.ndarray:
    """The array of a ``.npy`` file. Raises ArchiveError if its head says another size than it has."""
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)  # which refuses objects, and more than the file has
        if mapped.offset + mapped.nbytes != path.stat().st_size:
            raise ValueError(f"its head announces {mapped.nbytes} bytes of {mapped.dtype}")
        return np.array(mapped)
    except (ValueError, OSError, EOFError, TypeError, SyntaxError, RecursionError, AttributeError) as error:
        raise ArchiveError(f"{path.name} is not a plain .npy array ({error})") from error


def write_session_file(session: SessionData, info: DataInfo, path: Path) -> None:
    """Write a session to a safetensors file. Memory: the session.

    Parameters
    ----------
    session : SessionData
        The session.
    info : DataInfo
        The statistics that were stored with it.
    path : Path
        The file.
    """
    arrays: dict[str, np.ndarray] = {}
    labels = []
    for index, trial in enumerate(session.trials):
        video = f"video.{hashlib.sha256(trial.videos.tobytes()).hexdigest()}.{trial.videos.shape[0]}"
        arrays[video] = np.ascontiguousarray(trial.videos)
        arrays |= {f"{index}.{name}": np.ascontiguousarray(getattr(trial, name)) for name in TRACES}
        labels.append([trial.trial, trial.scene.movie, trial.scene.scene, trial.tier, video])
    text = {"units": list(session.units), "rate_hz": session.rate_hz, "trials": labels, "info": info.to_json()}
    save_file(arrays, path, metadata={"session": json.dumps(text)})


def read_session_file(path: Path) -> tuple[SessionData, DataInfo]:
    """The session in a file, and the statistics that were stored with it. Raises ArchiveError for anything else."""
    try:
        with safe_open(path, "numpy") as file:
            text = json_text.parse((file.metadata() or {})["session"].encode(), path.name)
            video = cache(file.get_tensor)  # one that was shown repeatedly is in the file, and in memory, once
            trials = tuple(_trial(file, video, index, *labels) for index, labels in enumerate(text["trials"]))
        session = SessionData(tuple(map(int, text["units"])), float(text["rate_hz"]), trials)
        check("archive.unpacked", session.size_bytes(), path.name, path.stat().st_size, ArchiveError)
        return session, DataInfo.from_json(text["info"])
    except ArchiveError:  # a ValueError too
        raise
    except (SafetensorError, ValueError, KeyError, TypeError, OSError) as error:
        raise ArchiveError(f"{path.name} is not a stored session ({type(error).__name__}: {error})") from error


def _trial(
    file: Any, videos: Callable[[str], Any], index: int, trial: int, movie: str, scene: int, tier: str, video: str
) -> TrialData:
    arrays = {name: file.get_tensor(f"{index}.{name}") for name in TRACES}
    frames = videos(video)
    wrong = [name for name, dimensions in TRACES.items() if arrays[name].ndim != dimensions]
    if wrong or frames.ndim != 3 or frames.dtype != np.uint8:
        raise ValueError(f"trial {trial} has {wrong or 'a video'} of another shape or type than a trial has")
    return TrialData(int(trial), SceneKey(str(movie), int(scene)), str(tier), videos=frames, **arrays)

"""Readers of MATLAB and HDF5 files whose variables have any name: options say what each is, and which axis is which."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.data.readers import reader
from dlgn_cnn.data.readers.matlab.meaning import AXES, arranged, arrays_of
from dlgn_cnn.data.readers.npz import KNOWN, gray_frames, lacking, recording_of
from dlgn_cnn.data.readers.shared.arrays import numbers
from dlgn_cnn.data.readers.shared.watched_files import answered
from dlgn_cnn.data.recording import SessionRecording
from dlgn_cnn.data.stimuli.scenes import FRAME_SOURCES
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.registry import nearest
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.runtime.watched import KeptProcess, Watched
from dlgn_cnn.shapes import Frames
from dlgn_cnn.storage.rights import present_file, require_readable

CODE = """
import h5py, scipy.io
from dlgn_cnn.data.readers.matlab.child import answer
from dlgn_cnn.runtime.answering import serve
serve(answer, copies=True)
"""
NAMES = (*KNOWN, "responses")
WORDS = ("mouse", "movie", "presentation_tier")  # a text that names no variable is the word itself
SAY = "say what is what by -o names="
_kept = {"mat": KeptProcess(), "hdf5": KeptProcess()}  # by the bounds that hold


@reader("hdf5", lambda path: present_file(path) and path.suffix in (".h5", ".hdf5"))
@reader("mat", lambda path: present_file(path) and path.suffix == ".mat")
def read_mat(
    path: Path,
    *,
    names: dict[str, Any] | None = None,
    axes: dict[str, list[str]] | None = None,
    progress: Progress = silent,
) -> list[SessionRecording]:
    """Read the one session of a MATLAB file (4, 5 or 7.3) or an HDF5 file, whose variables may have any name.

    It reads the arrays that the reader ``npz`` describes, each from a variable of its name unless ``names`` says
    another. Rows and columns are lists. Moreover, ``spike_times_s`` may be a cell with one array a unit, or one list
    without ``spike_units``, of one unit. ``responses`` are counts or areas of traces of whole presentations, with their
    axes: one value a presentation, or one in each of equal bins in ``time``.

    Of what a session needs, ``series`` and ``experiment`` are 1 and ``movie`` the file's name where they are missing;
    without ``presentation_scene``, scenes were shown once each in their order, or in that of the responses' axes, and
    equal frames are one scene. ``scene_frames`` and ``presentation_tier`` may be one value for all, and a tier may be
    given a scene. Without ``presentation_s``, presentations last as their ``frame_onsets_s`` say; or, of responses
    without any clock, follow one another with a pause. Without ``frame_rate_hz``, the onsets' median step counts.
    Onsets that are fewer than the frames say that the last frames were not shown. Scenes may count from 1.

    Parameters
    ----------
    path : Path
        The file.
    names : dict, optional
        For an array of ``npz``, or ``responses``: path of a variable (fields of structs follow after dots), or the
        value itself: a number, a list, or a word if no variable has that name. Null leaves out the variable that is
        called like the array. A struct itself is never taken.
    axes : dict of str to list of str, optional
        Which axis is which, in MATLAB's order, or in that of the HDF5 file: those of ``frames`` are height, width,
        time and scene; of ``responses`` unit, time, and presentation, or scene and repeat.
    progress : callable, optional
        Called with the scenes described and their number.

    Returns
    -------
    list of SessionRecording
        The one session; its notes say what was taken for what.

    Raises
    ------
    RecordingError
        If an array is missing, when the error lists what the file holds, or contradicts another.
    """
    return [_read(path, names or {}, axes or {}, progress)]


@FRAME_SOURCES.register("variable")
def variable_frames(path: Path, address: str) -> Frames:
    """Frames ``start:stop:axes:gray range:variable``."""
    start, stop, axes, gray, place = address.split(":", 4)
    frames = _frames(path, path.stat().st_mtime_ns, axes, gray, place)
    return frames.reshape(-1, *frames.shape[2:])[int(start) : int(stop)]


@lru_cache(maxsize=1)
def _frames(path: Path, changed_ns: int, axes: str, gray: str, place: str) -> Frames:
    """All frames (scene, time, height, width) of a variable."""
    values, _ = _variables(path, {"frames": place})
    if not isinstance(values.get("frames"), np.ndarray):
        raise RecordingError(f"{path} has no array of frames {place!r:.60}, {_held(path)}: {SAY}'{{frames: ...}}'")
    frames = arranged(values["frames"], axes.split(",") if axes else [], "frames", f"{path}: frames")
    levels = {"gray_range": np.array(gray.split(","), np.float64)} if gray else {}
    return np.ascontiguousarray(gray_frames(path, levels | {"frames": frames}))


def _read(
    path: Path, names: Mapping[str, Any], axes: Mapping[str, Sequence[str]], progress: Progress
) -> SessionRecording:
    for option, known, given in (("names", NAMES, names), ("axes", tuple(AXES), axes)):
        if unknown := [str(name) for name in given if name not in known]:
            raise RecordingError(f"option {option} names {unknown[0]!r:.60}: {nearest(unknown[0], known)}")
    places = {name: names.get(name, name) for name in NAMES}
    places = {name: place for name, place in places.items() if isinstance(place, str)}
    values, _ = _variables(path, {name: place for name, place in places.items() if name != "frames"})
    renamed = [f"{name} from {places[name]!r:.60}" for name in (*values, "frames") if places.get(name, name) != name]
    notes = [f"read {', '.join(renamed)}"] if renamed else []
    for name, given in names.items():
        if name not in values and name != "frames" and given is not None:
            values[name] = _constant(path, name, given)
    gray = ",".join(map(repr, numbers(values.get("gray_range", []), f"{path}: gray_range").ravel().tolist()))
    taken = ",".join(axes.get("frames", ())), gray, str(names.get("frames", "frames"))
    frames = _frames(path, path.stat().st_mtime_ns, *taken)
    if _form(path) == "7.3":
        notes.append("the axes of each array were put back into MATLAB's order, which version 7.3 reverses")
    if frames.max(initial=2) < 2:
        notes.append("frames hold gray levels 0 and 1 of 255: if 1 is white, give gray_range: [0, 1] in names")
    arrays = arrays_of(path, values, axes.get("responses", ()), frames, notes)
    if missing := lacking(arrays):
        raise RecordingError(f"{path} lacks {', '.join(missing)}, {_held(path)}: {SAY}'{{{missing[0]}: ...}}'")
    where = ":".join(taken)
    found = recording_of(
        path, arrays, arrays["frames"], lambda a, b: f"variable:{a}:{b}:{where}", progress, tuple(notes)
    )
    shown = {one.scene for one in found.presentations}
    return replace(found, scenes={key: file for key, file in found.scenes.items() if key in shown})


def _constant(path: Path, name: str, given: Any) -> np.ndarray:
    """A value that the option ``names`` gives itself. Raises RecordingError for what is none."""
    if isinstance(given, str) and name not in WORDS:
        raise RecordingError(f"{path} has no variable {given!r:.60} for {name}, {_held(path)}: correct names")
    with suppress(ValueError, OverflowError):
        value = np.asarray(given)
        if value.dtype.kind in "biufU":
            return value
    raise RecordingError(f"option names gives {given!r:.60} for {name}: expected a variable, number, word or list")


def _held(path: Path) -> str:
    return f"it holds {_variables(path, {})[1]}"


def _variables(path: Path, places: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """Those of the variables that there are, a cell as a list; if none is asked for, what the file holds in words."""
    require_readable(path)
    form = _form(path)
    kind = "hdf5" if form else "mat"
    with _kept[kind].lock:
        child = _kept[kind].running(CODE, kind)
        what, here = "HDF5" if form == "plain" else "a MATLAB file", str(Path.cwd())
        with answered(child, path, what, hdf5=form, names=dict(places), here=here):
            return _taken(child)


def _form(path: Path) -> str:
    """Which HDF5 a file is, empty for MATLAB 5 and before."""
    with path.open("rb") as file:
        head = file.read(19)
    return "7.3" if head == b"MATLAB 7.3 MAT-file" else "plain" if head.startswith(b"\x89HDF\r\n\x1a\n") else ""


def _taken(child: Watched) -> tuple[dict[str, Any], str]:
    values: dict[str, Any] = {}
    while "contents" not in (said := child.words()):
        value = child.array()
        if said["cell"]:
            values[str(said["name"])] = np.split(child.array(), np.cumsum(value))[:-1]
        else:
            values[str(said["name"])] = value if value.dtype.kind != "U" else np.array(json.loads(str(value)))
    return values, str(said["contents"])

"""Plain arrays in one ``.npz`` file, for a recording that another program holds in memory."""

from functools import lru_cache
from pathlib import Path

from dlgn_cnn.data.readers import reader
from dlgn_cnn.data.readers.shared.arrays import load_arrays
from dlgn_cnn.data.readers.shared.session_arrays import KNOWN, Arrays, checked, gray_frames, lacking, recording_of
from dlgn_cnn.data.recording import SessionRecording
from dlgn_cnn.data.stimuli.scenes import FRAME_SOURCES
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Frames
from dlgn_cnn.storage.rights import present_file


@reader("npz", lambda path: present_file(path) and path.suffix == ".npz")
def read_npz(path: Path, *, progress: Progress = silent) -> list[SessionRecording]:
    """Read the one session of an ``.npz`` file of plain arrays, all times in s on one session clock.

    ``mouse``, ``series``, ``experiment``, ``movie``: whose, and the name of what was shown. ``frames`` (frame, height,
    width): every scene's frames, one scene after the other; uint8, or numbers together with ``gray_range`` [black,
    white]; ``scene_frames`` (scene,): how many belong to each, all to one without; ``frame_rate_hz``.
    ``presentation_scene`` (presentation,) from 0, ``presentation_s`` (presentation, 2) onset and end,
    ``presentation_tier`` (presentation,) "train" or "test". ``frame_onsets_s``: measured onset of every frame of every
    presentation, one presentation after the other, NaN for a dropped frame. ``spike_times_s`` (spike,) with
    ``spike_units`` (spike,); or ``counts`` (unit, bin) with ``bins_s``, (bin, 2) or edges (bin + 1,). ``units`` (unit,)
    numbers the units, and names those without a spike. ``opto_epochs_s`` (epoch, 2) on and off. Each of running,
    pupil_size, pupil_x and pupil_y (time,), NaN where missing, with its own clock, ``running_times_s`` (time,) and so
    on.

    Presentations may come in any order. Raises RecordingError for a missing, unknown or contradictory array, by name.
    """
    frames = _gray_frames(path, path.stat().st_mtime_ns)
    return [recording_of(path, _load(path), frames, "npz:{}:{}".format, progress)]


@FRAME_SOURCES.register("npz")
def npz_frames(path: Path, address: str) -> Frames:
    """Frames ``start:stop`` of a file's ``frames``."""
    start, stop = map(int, address.split(":"))
    return _gray_frames(path, path.stat().st_mtime_ns)[start:stop]


@lru_cache(maxsize=1)
def _gray_frames(path: Path, changed_ns: int) -> Frames:
    """All frames of the file that was last asked for: its scenes are read one after the other."""
    return gray_frames(path, _load(path))


def _load(path: Path) -> Arrays:
    """Every array of the file by name, once all names are known and each holds what its name says."""
    arrays = load_arrays(path, KNOWN)
    if missing := lacking(arrays):
        raise RecordingError(f"{path} lacks {', '.join(missing)}: add them")
    return checked(path, arrays)

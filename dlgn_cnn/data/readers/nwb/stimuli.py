"""What an NWB file's trials showed: image series by name, or stretches of them, in the file or in movies next to it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dlgn_cnn.bounds import check
from dlgn_cnn.data.readers.shared.arrays import seconds
from dlgn_cnn.data.readers.shared.movie_stretches import LAYOUT, movie_size
from dlgn_cnn.data.readers.shared.near_files import inside
from dlgn_cnn.data.recording import PresentationTimes, SceneFile, SceneKey
from dlgn_cnn.data.stimuli.scenes import BLOCK, LUMA, as_gray, streamed_scene
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.registry import nearest
from dlgn_cnn.runtime.progress import Progress
from dlgn_cnn.shapes import Frames


class Shown(NamedTuple):
    """Scenes; presentations in any order, which are numbered by their rows; and what is said of them.

    A scene whose frames lie in movies has no digest yet, but a text of its own in its place: ``reader`` decodes it.
    """

    scenes: dict[SceneKey, SceneFile]
    presentations: list[PresentationTimes]
    notes: list[str]


def trials_shown(
    path: Path, file: Any, tables: Mapping[str, Any], trials: str, stimulus: str, tier: str, progress: Progress
) -> Shown:
    """What a table of trials shows.

    Parameters
    ----------
    path, file : Path, NWBFile
        The file, and what pynwb made of it.
    tables : mapping of str to TimeIntervals
        Its tables of intervals.
    trials, stimulus, tier : str
        Options of ``reader.read_nwb``.
    progress : callable
        Called with the presentations read and their number.

    Returns
    -------
    Shown
        A presentation a row.

    Raises
    ------
    RecordingError
        If a table, a column or a series is missing, or contradicts another.
    """
    table = named(path, "interval table", tables, trials, "trials")
    if stimulus not in table.colnames and "timeseries" in table.colnames:
        asked = [_stretch(f"{path}: {trials}, row {row}", cell) for row, cell in enumerate(table["timeseries"][:])]
    else:
        asked = [(str(name), 0, -1) for name in _column(path, table, stimulus, "stimulus")]
    check("recording.presentations", len(asked), path)
    found: dict[tuple[str, int, int], SceneFile] = {}
    pixels = 0
    for done, key in enumerate(asked, 1):
        if key not in found:
            scene = found[key] = _scene(path, file, *key)
            pixels += scene.frames * scene.width_px * scene.height_px if scene.path == path else 0
            check("hdf5.frames", pixels, path, path.stat().st_size)
        progress(done, len(asked))
    files: dict[str, SceneFile] = {}
    for scene in found.values():
        files.setdefault(scene.sha256, scene)
    keys = {digest: SceneKey(path.stem, number) for number, digest in enumerate(files)}
    starts, stops = (seconds(table[name][:], f"{path}: {name} of {trials}") for name in ("start_time", "stop_time"))
    rows = zip(asked, starts.tolist(), stops.tolist(), _column(path, table, tier, "tier"), strict=False)
    onsets = [_onsets(image_series(path, file, name), *edges) for name, *edges in asked]
    presentations = [
        PresentationTimes(row, keys[found[key].sha256], start_s, stop_s, str(word), onsets[row])
        for row, (key, start_s, stop_s, word) in enumerate(rows)
    ]
    return Shown({keys[digest]: scene for digest, scene in files.items()}, presentations, [])


def named(where: object, what: str, choices: Mapping[str, Any], name: str, option: str = "") -> Any:
    """The one of a name.

    Parameters
    ----------
    where : object
        How the error begins.
    what : str
        What it should be.
    choices : mapping of str to object
        Those that there are.
    name : str
        Its name.
    option : str, optional
        The option that names another.

    Returns
    -------
    object
        The one.

    Raises
    ------
    RecordingError
        If it is not there.
    """
    if name not in choices:
        other = f", or name another by the option {option}" if option else ""
        raise RecordingError(f"{where} has no {what} {name!r}: {nearest(name, choices)}; correct it{other}")
    return choices[name]


def _column(path: Path, table: Any, name: str, option: str) -> Any:
    columns = {one: table[one] for one in table.colnames}
    return named(f"{path}: table {table.name!r}", "column", columns, name, option)[:]


def image_series(path: Path, file: Any, name: str) -> Any:
    """A series among a file's stimuli and templates.

    Parameters
    ----------
    path, file : Path, NWBFile
        The file, and what pynwb made of it.
    name : str
        Name of the series.

    Returns
    -------
    ImageSeries
        The series.

    Raises
    ------
    RecordingError
        If the file lacks it.
    """
    return named(path, "stimulus", dict(file.stimulus_template) | dict(file.stimulus), name)


def stored_frames(path: Path, series: Any, start: int, stop: int) -> Iterator[Frames]:
    """Frames of a series that lies in the file, in blocks.

    Parameters
    ----------
    path : Path
        The file, for errors.
    series : ImageSeries
        The series.
    start, stop : int
        The first frame, and the one after the last.

    Yields
    ------
    ndarray of uint8, shape (time, height, width)
        A block.

    Raises
    ------
    RecordingError
        If the series lacks such frames, or they are beyond the bounds.
    """
    shape = series.data.shape
    if not 0 <= start < stop <= shape[0]:
        raise RecordingError(
            f"{path}: stimulus {series.name!r} has {shape[0]} frames, and {start} to {stop} are asked for: correct "
            "the trial"
        )
    pixels = int(np.prod(shape[1:], dtype=np.int64))
    check("movie.pixels", pixels, f"{path}: stimulus {series.name!r}")
    step = max(1, BLOCK // max(1, pixels))
    for first in range(start, stop, step):
        values = np.asarray(series.data[first : min(first + step, stop)])
        if values.ndim == 4 and values.shape[-1] == 3:
            values = np.rint(values @ LUMA)
        if values.ndim != 3 or values.size == 0:
            raise RecordingError(f"{path}: stimulus {series.name!r} has shape {shape}, expected (time, height, width)")
        yield as_gray(values, f"{path}, stimulus {series.name!r}, from frame {first} on")


def _stretch(where: str, cell: Any) -> tuple[str, int, int]:
    if len(cell) != 1:
        raise RecordingError(f"{where} refers to {len(cell)} time series, expected the one that was shown")
    first, count, series = cell[0].idx_start, cell[0].count, cell[0].timeseries
    if series is None or first < 0 or count < 1:
        raise RecordingError(f"{where} refers to no frame of a time series: correct it")
    return str(series.name), int(first), int(first) + int(count)


def _scene(path: Path, file: Any, name: str, start: int, stop: int) -> SceneFile:
    series = image_series(path, file, name)
    if series.external_file is not None and len(series.external_file):
        return _in_movies(path, series, start, stop)
    stop = len(series.data) if stop < 0 else stop
    part = f"nwb:{name}:{start}:{stop}"
    return streamed_scene(path, part, stored_frames(path, series, start, stop), stop - start, _rate_hz(path, series))


def _in_movies(path: Path, series: Any, start: int, stop: int) -> SceneFile:
    """A scene in one external movie or in several that follow one another; a whole one is known by its own bytes."""
    where, told = f"{path}: stimulus {series.name!r}", [0]
    if series.starting_frame is not None:
        told = [int(first) for first in series.starting_frame]
    if len(series.external_file) != len(told):
        raise RecordingError(f"{where} lies in {len(series.external_file)} files, and starting_frame is of {len(told)}")
    files = [inside(path.parent, str(name), where) for name in series.external_file]
    sizes = [movie_size(one) for one in files]
    firsts = np.cumsum([0, *(frames for frames, _, _ in sizes)]).tolist()
    if told != firsts[:-1] or len({one.parent for one in files}) > 1:
        raise RecordingError(
            f"{where} lies in {len(files)} files with starting_frame {told}, but they hold "
            f"{[frames for frames, _, _ in sizes]} frames: expected {firsts[:-1]}, and all files in one folder"
        )
    if len(files) == 1 and (start, stop) == (0, -1):
        return SceneFile(files[0], str(files[0]), 1, 1.0, 0, 0)
    stop, samples = firsts[-1] if stop < 0 else stop, series.num_samples
    if stop > firsts[-1] or samples not in (None, firsts[-1]):
        raise RecordingError(
            f"{where} has {samples} samples, and a trial shows {start} to {stop} of them, but its files hold "
            f"{firsts[-1]} frames, each dropped picture counted: correct num_samples or the timestamps, or restore the "
            "files"
        )
    pieces = [
        (one.name, max(start - first, 0), min(stop, after) - first)
        for one, first, after in zip(files, firsts, firsts[1:], strict=False)
        if first < stop and after > start
    ]
    part = LAYOUT + "|".join(":".join(map(str, piece)) for piece in pieces).removeprefix(f"{pieces[0][0]}:")
    first_file = files[0].with_name(pieces[0][0])
    _, height, width = sizes[0]
    return SceneFile(first_file, f"{first_file}|{part}", stop - start, _rate_hz(path, series), width, height, part)


def _rate_hz(path: Path, series: Any) -> float:
    if series.rate is not None:
        return float(series.rate)
    steps = np.diff(np.asarray(series.timestamps[:], np.float64)) if series.timestamps is not None else np.empty(0)
    if len(steps) == 0 or not np.median(steps) > 0:
        raise RecordingError(f"{path}: stimulus {series.name!r} has neither a rate nor timestamps: add one")
    return float(1 / np.median(steps))


def _onsets(series: Any, start: int, stop: int) -> tuple[float, ...]:
    """Onsets of a referred stretch whose series has timestamps: those are on the session's clock."""
    if stop < 0 or series.timestamps is None:
        return ()
    return tuple(map(float, series.timestamps[start:stop]))

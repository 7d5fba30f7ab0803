"""One session of sorted spikes, from the files of one folder: what all sorters' folders have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dlgn_cnn.data.binning import merge_epochs
from dlgn_cnn.data.readers.shared.arrays import numbers
from dlgn_cnn.data.readers.shared.near_files import inside
from dlgn_cnn.data.readers.shared.session_parts import signal_of
from dlgn_cnn.data.readers.sorted_spikes.presentations import SceneFiles, presentations_of
from dlgn_cnn.data.readers.sorted_spikes.tables import NamedColumns, require_rows, table_of
from dlgn_cnn.data.recording import SIGNALS, SampledSignal, SessionKey, SessionRecording
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.registry import nearest
from dlgn_cnn.runtime.progress import Progress
from dlgn_cnn.shapes import Times

ON = ("on_s", "on", "onset_s", "onset", "start_s", "start_time", "start", "intervals_0", "0")
OFF = ("off_s", "off", "offset_s", "offset", "stop_s", "stop_time", "stop", "end_s", "end", "intervals_1", "1")
TIMES = ("times_s", "time_s", "times", "time", "timestamps", "timestamp", "t", "0")
VALUES = ("values", "value", "1")
LASTING = ("durations", "duration", "duration_s")
DEPTHS = ("", "*/", "*/*/", "*/*/*/")  # below the folder of a recording, where spikes are looked for


@dataclass(frozen=True)
class SortedSessionOptions:
    """What is next to sorted spikes, and where. All files lie in the recording's folder, and are named relative to it.

    Parameters
    ----------
    mouse : str, optional
        Name of the mouse (default: from the folder's name, if that is a session's, MOUSE_s03_e07).
    series, experiment : int, default 1
        Numbers that complete the session's name.
    spikes : str, optional
        Folder of the spikes (default: the only one that has some).
    presentations : str, optional
        Table of presentations, CSV or Parquet (default: ``presentations.csv`` or ``presentations.parquet``).
    columns : dict of str to str, optional
        Its columns, where the names do not tell: of ``scene``, ``onset`` and ``offset`` in s, and, if there are,
        ``tier`` ("train" or "test"), ``trial``, and ``opto``, the share of the presentation with light.
    movies : str, optional
        Folder of the movie files (default: ``movies`` or ``scenes``, if there is one, or the recording's).
    movie : str, optional
        Movie whose scenes the table numbers: scene 7 is the file whose name begins with the movie's and ends with 7
        (default: the table names files).
    opto : str, optional
        Table of light epochs, on and off in s: CSV, Parquet, or npy (epoch, 2) (default: ``opto.csv`` and so on).
    signals : dict of str to str, optional
        Tables of time and value of ``running``, ``pupil_size``, ``pupil_x``, ``pupil_y`` (default: ``running.csv`` and
        so on).
    """

    mouse: str | None = None
    series: int = 1
    experiment: int = 1
    spikes: str | None = None
    presentations: str | None = None
    columns: dict[str, str] | None = None
    movies: str | None = None
    movie: str | None = None
    opto: str | None = None
    signals: dict[str, str] | None = None

    def session(self, path: Path) -> SessionKey:
        """Key of the session. Raises RecordingError if neither the options nor the folder's name tell the mouse."""
        if self.mouse is not None:
            return SessionKey(self.mouse, self.series, self.experiment)
        try:
            return SessionKey.parse(path.resolve().name)
        except RecordingError:
            raise RecordingError(f"{path} does not say whose session it is: give the option mouse=NAME") from None


@dataclass
class SortedSpikes:
    """Spikes of a session, and what their layout itself tells of the rest.

    ``spike_times_s`` (time,) by unit; ``tables`` by what they hold, "presentations" or "opto", ``signals`` by name:
    what is asked of a file of the user's own only if it is not here.
    """

    spike_times_s: dict[int, Times]
    tables: dict[str, NamedColumns] = field(default_factory=dict)
    signals: dict[str, SampledSignal] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def sorting_folders(path: Path, pattern: str) -> list[Path]:
    """Folders that hold sorted spikes, at ``path`` and below it, found by a file's name alone."""
    return sorted({file.parent for depth in DEPTHS for file in path.glob(depth + pattern)})


def sorting_folder(path: Path, pattern: str, given: str | None) -> Path:
    """The folder of a recording that holds the sorted spikes.

    Parameters
    ----------
    path : Path
        Folder of the recording.
    pattern : str
        Name of the file that shows it.
    given : str or None
        Its name relative to ``path``, as the option has it.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    RecordingError
        If there is none, or more than one.
    """
    found = sorting_folders(path, pattern) if given is None else [inside(path, given, "option spikes")]
    if len(found) != 1 or not any(found[0].glob(pattern)):
        names = ", ".join(str(one.relative_to(path)) for one in sorting_folders(path, pattern))
        raise RecordingError(f"{path}: spikes are in the folders [{names!s:.300}]: name one by the option spikes=")
    own = inside(path, str(found[0].absolute()), str(path))
    return path / own.resolve().relative_to(path.resolve())


def assemble(path: Path, found: SortedSpikes, options: SortedSessionOptions, progress: Progress) -> SessionRecording:
    """The session, once its table of presentations, its light and its signals are read.

    Parameters
    ----------
    path : Path
        Folder of the recording.
    found : SortedSpikes
        What the sorter left.
    options : SortedSessionOptions
        Options of the reader.
    progress : callable
        Called with the scene files read and their number.

    Returns
    -------
    SessionRecording
        The session.

    Raises
    ------
    RecordingError
        If a file is missing, ambiguous, or contradicts what is expected.
    """
    session, columns = options.session(path), options.columns or {}
    table = _table(path, "presentations", options.presentations, found)
    if table is None:
        raise RecordingError(f"{path} has no presentations.csv or .parquet: add it, or name it by presentations=FILE")
    shown = presentations_of(table, SceneFiles(path, options.movies, options.movie), columns, progress)
    asked = "opto" in columns, options.opto is not None
    opto = None if asked == (True, False) else _table(path, "opto", options.opto, found)
    if opto is not None and shown.opto_epochs_s is not None and asked != (False, True):
        both = f"{opto.where} and {table.where}"
        raise RecordingError(f"{both} have light: name one, by opto=FILE or by columns={{opto: NAME}}")
    epochs = shown.opto_epochs_s if opto is None else _epochs(opto)
    dark = "no light was found: if there was any, name its table by opto=FILE or its column by columns={opto: NAME}"
    return SessionRecording(
        session=session,
        spike_times_s=found.spike_times_s,
        presentations=shown.presentations,
        opto_epochs_s=np.empty((0, 2)) if epochs is None else epochs,
        scenes=shown.scenes,
        signals=_signals(path, options.signals or {}, found.signals),
        source=path,
        notes=(*found.notes, *shown.notes, *([dark] if epochs is None else [])),
    )


def _table(path: Path, what: str, given: str | None, found: SortedSpikes) -> NamedColumns | None:
    """A table that an option names, the layout has, or that has the default name."""
    table, own = table_of(path, what, given, f"{what}=FILE"), found.tables.get(what)
    if table is not None and own is not None and given is None:
        raise RecordingError(f"{table.where} and {own.where} are both there: leave one, or name one by {what}=FILE")
    return table or own


def _epochs(table: NamedColumns) -> Times:
    """Light epochs (epoch, 2) in s of a table of on and off, or of times and durations."""
    lasting = table.find(LASTING)
    names = table.pair(ON, OFF) if lasting is None else (table.need("of onsets", (*TIMES, *ON)), lasting)
    epochs = np.column_stack([table.seconds(name) for name in names])
    epochs[:, 1] += 0 if lasting is None else epochs[:, 0]
    fits = np.isfinite(epochs).all(axis=1) & (epochs[:, 0] < epochs[:, 1])
    require_rows(fits, epochs, table.where, "light on before off, in s")
    return merge_epochs(epochs[np.argsort(epochs[:, 0], kind="stable")].tolist())


def _signals(path: Path, given: Mapping[str, str], own: Mapping[str, SampledSignal]) -> dict[str, SampledSignal]:
    for name in given:
        if name not in SIGNALS:
            raise RecordingError(f"option signals names {name!r}: {nearest(name, SIGNALS)}")
    found = dict(own)
    for name in SIGNALS:
        table = table_of(path, name, given.get(name), f"signals={{{name}: FILE}}")
        if table is not None and name in own and name not in given:
            raise RecordingError(f"{table.where} and ALF files have {name}: name one by signals={{{name}: FILE}}")
        if table is not None:
            time, value = table.pair(TIMES, (name, *VALUES))
            where = f"{table.where}, {name}"
            found[name] = signal_of(table.seconds(time), numbers(table.numbers(value), where, 1), where)
    return found

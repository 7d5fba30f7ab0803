"""Folders in the ALF of the Open Neurophysiology Environment (ONE): an array file an attribute of an object."""

import re
from collections import Counter
from pathlib import Path
from typing import Any, Literal

import numpy as np

from dlgn_cnn.data.readers import reader
from dlgn_cnn.data.readers.shared.arrays import load_array, numbers, seconds, whole_numbers
from dlgn_cnn.data.readers.shared.near_files import inside
from dlgn_cnn.data.readers.shared.session_parts import by_unit, signal_of
from dlgn_cnn.data.readers.sorted_spikes.clock import LARGEST, checked_points, interpolated
from dlgn_cnn.data.readers.sorted_spikes.session import (
    SortedSessionOptions,
    SortedSpikes,
    assemble,
    sorting_folder,
    sorting_folders,
)
from dlgn_cnn.data.readers.sorted_spikes.tables import NamedColumns, read_table, require_rows
from dlgn_cnn.data.recording import SampledSignal, SessionRecording
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Times

SPIKES = "*spikes.times*.npy"
OBJECTS = ("spikes", "clusters", "channels", "presentations", "opto", "stim", "running", "wheel", "eye")
ENDINGS = (".npy", ".pqt", ".parquet", ".tsv", ".csv")  # the first that there is of an attribute is read
# What says which clusters are good: the attribute, and the least value of it, or of the column of its table.
QUALITY = {
    "label": ("clusters.metrics", 1.0),
    "_phy_annotation": ("clusters._phy_annotation", 2.0),
    "qcPass": ("clusters.qcPass", 1.0),
}
AREAS = ("clusters.brainLocation", "clusters.acronym", "channels.brainLocation", "channels.acronym")
LGD = {"170": "LGd", "496345664": "LGd-sh", "496345668": "LGd-co", "496345672": "LGd-ip"}  # of the Allen's ontology
TABLES = (
    ("presentations", "presentations", ("intervals", "scene")),
    ("opto", "opto", ("intervals",)),
    ("opto", "stim", ("times", "durations")),
)
SIGNALS = (
    ("running", "running.velocity", 0),
    ("running", "running.speed", 0),
    ("running", "wheel.velocity", 0),
    ("pupil_size", "eye.area", 0),
    ("pupil_x", "eye.xyPos", 0),
    ("pupil_y", "eye.xyPos", 1),
)


@reader("alf", lambda path: bool(sorting_folders(path, SPIKES)), options=(SortedSessionOptions,))
def read_alf(
    path: Path,
    *,
    quality: Literal["label", "_phy_annotation", "qcPass", "all"] | None = None,
    area: str | None = None,
    progress: Progress = silent,
    **session: Any,
) -> list[SessionRecording]:
    """Read the one session of a folder in ALF, and its table of presentations.

    ``spikes.times`` (spike,) in s on the session's clock, ``spikes.clusters`` (spike,) rows of ``clusters.*`` from 0,
    which number the units. The other objects lie next to the spikes or in a folder above them. Presentations may be
    ``presentations.intervals`` (presentation, 2) and ``presentations.scene``, and light ``opto.intervals``, or
    ``stim.times`` and ``stim.durations``. Signals are ``running.velocity``, ``running.speed`` or ``wheel.velocity``,
    ``eye.area`` and ``eye.xyPos``, whose ``timestamps`` are (time,), or (point, 2) of a sample and its time.

    Parameters
    ----------
    path : Path
        The folder, of the session or of one probe.
    quality : {"label", "_phy_annotation", "qcPass", "all"}, optional
        What says which clusters are good: ``clusters.metrics``, column ``label``, 1; ``clusters._phy_annotation``, 2 or
        more; ``clusters.qcPass``, 1 (default: the first of these that there is, or else all are kept).
    area : str, optional
        Area to keep, as LGd, which LGd-sh belongs to: of ``clusters.brainLocation*``, or of ``channels.brainLocation*``
        by ``clusters.channels`` from 0, or ``clusters.peakChannel`` from 1 (default: all).
    progress : callable, optional
        Called with the scene files read and their number.
    **session
        Options of ``SortedSessionOptions``.

    Returns
    -------
    list of SessionRecording
        The one session.

    Raises
    ------
    RecordingError
        If the folder contradicts this, or a file of another clock or revision may be meant; the error names the file.
    """
    options = SortedSessionOptions(**session)
    alf = AlfFiles(path, sorting_folder(path, SPIKES, options.spikes))
    times_s = seconds(alf.column("spikes.times"), f"{alf}/spikes.times")
    owners = whole_numbers(alf.column("spikes.clusters"), f"{alf}/spikes.clusters")
    units = np.unique(owners)
    good, said_good = _good(alf, quality, units)
    within, said_within = _within(alf, area, units)
    rows = alf.rows.get("clusters", LARGEST)
    there = (owners >= 0) & (owners < rows)
    require_rows(there, owners, f"{alf}/spikes.clusters", f"a row of clusters.*, 0 to {rows - 1}")
    kept, notes = units[good & within], [*said_good, *said_within]
    if len(kept) == 0:
        raise RecordingError(f"{alf}: none of {len(units)} clusters is left, choose others: {'; '.join(notes)}")
    tables, signals = _tables(alf), _signals(alf)
    notes += [f"light is taken from {tables['opto'].where}"] if "opto" in tables else []
    if "wheel.position" in alf.files and "running" not in signals:
        notes.append("wheel.position is not used: running is wheel.velocity, running.velocity or running.speed")
    found = SortedSpikes(by_unit(times_s, owners, kept, alf), tables, signals, notes)
    return [assemble(path, found, options, progress)]


class AlfFiles:
    """The files of a folder in ALF by ``object.attribute``.

    Files next to the spikes go before those of the folders above them.

    Parameters
    ----------
    path : Path
        Folder of the recording.
    folder : Path
        Folder of the spikes, in it.

    Raises
    ------
    RecordingError
        If a folder has two revisions, or parts, of one attribute.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self.folder, self.files, self.rows = folder, dict[str, Path](), dict[str, int]()
        for place in (folder, *folder.parents):
            found: dict[str, list[Path]] = {}
            for file in sorted([*place.glob("*.*.*"), *place.glob("#*#/*.*.*")]):
                stem, attribute, *_, ending = file.name.split(".")
                name = re.sub(r"^_[^_]+_", "", stem)
                if name in OBJECTS and f".{ending}" in ENDINGS:
                    found.setdefault(f"{name}.{attribute}", []).append(file)
            for name, files in ((one, files) for one, files in found.items() if one not in self.files):
                best = [file for file in files if file.suffix == min((one.suffix for one in files), key=ENDINGS.index)]
                if len(best) > 1:
                    names = " and ".join(str(file.relative_to(place)) for file in best)[:300]
                    raise RecordingError(f"{place} has {names}: leave one, or name a revision's folder by spikes=")
                self.files[name] = inside(path, str(best[0].absolute()), str(place))
            if place == path:
                break

    def __str__(self) -> str:
        return str(self.folder)

    def array(self, name: str, alone: bool = False) -> np.ndarray:
        """An attribute's array, of as many rows as those of its object before it, unless it may stand ``alone``."""
        if name not in self.files:
            other = [file.name for one, file in self.files.items() if one.startswith(f"{name}_")]
            clock = f"{other[0]} is on another clock: rename it if that is the session's" if other else "add it"
            raise RecordingError(f"{self} and the folders above it have no {name}: {clock}")
        file = self.files[name]
        array = load_array(file) if file.suffix == ".npy" else _area_column(read_table(file))
        if array.ndim == 0 or not (alone or self.counts(name, len(array))):
            raise RecordingError(f"{file} has shape {array.shape}, unlike other files of its object: export it again")
        return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array

    def column(self, name: str) -> np.ndarray:
        """An attribute's array, of one value a row."""
        array = self.array(name)
        if array.ndim != 1:
            raise RecordingError(f"{self.files[name]} has shape {array.shape}, expected one value a row")
        return array

    def counts(self, name: str, rows: int) -> bool:
        """Whether an attribute has as many rows as those of its object before it."""
        return self.rows.setdefault(name.split(".")[0], rows) == rows


def _good(alf: AlfFiles, quality: str | None, units: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Which units are good, and what says so."""
    there = [name for name, (attribute, _) in QUALITY.items() if attribute in alf.files]
    chosen = quality or next(iter(there), "all")
    if chosen == "all":
        return np.ones(len(units), bool), []
    attribute, least = QUALITY[chosen]
    if chosen not in there:
        raise RecordingError(f"{alf} has no {attribute}: quality may be {' or '.join([*there, 'all'])}")
    file = alf.files[attribute]
    of_array = file.suffix == ".npy"
    table = NamedColumns(str(file), {chosen: alf.column(attribute)}) if of_array else read_table(file)
    values = table.numbers(table.need("of quality", (chosen.lower(),), ", or keep all by quality=all"))
    ids = table.find(("cluster_id",))
    if ids is None and not alf.counts(attribute, len(values)):
        raise RecordingError(f"{file} has {len(values)} rows, unlike other clusters.*: add a column cluster_id")
    rows = np.arange(len(values)) if ids is None else whole_numbers(table.numbers(ids), f"{file}, column {ids!r}")
    good = np.isin(units, rows[values >= least])
    left = f"{int(np.sum(~good))} of {len(units)} clusters are left out: {chosen} of {file.name} is below {least:g}"
    return good, [] if good.all() else [f"{left} (quality=all keeps them)"]


def _within(alf: AlfFiles, area: str | None, units: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Which units lie in an area, and in which areas all of them do."""
    told = sorted((name for name in alf.files if name.startswith(AREAS)), reverse=True)  # clusters before channels
    first = next((name for name in ("clusters.channels", "clusters.peakChannel") if name in alf.files), None)
    if not told or (told[0].startswith("channels") and first is None):
        if area is not None:
            needed = "clusters.brainLocation*, or channels.brainLocation* and clusters.channels"
            raise RecordingError(f"{alf} tells no areas, and area is {area!r}: add {needed}, or leave the option out")
        return np.ones(len(units), bool), []
    rows = units
    if told[0].startswith("channels"):
        rows = whole_numbers(_taken(alf, str(first), units), f"{alf}/{first}") - (first == "clusters.peakChannel")
    labels = [LGD.get(str(one), str(one)) for one in _taken(alf, told[0], rows)]
    within = np.array([area in (None, one, one.split("-")[0]) for one in labels], bool)
    said = ", ".join(f"{count} in {one}" for one, count in Counter(labels).most_common(8))
    how = "option area=NAME keeps one" if area is None else f"area={area} leaves out {int(np.sum(~within))}"
    return within, [f"clusters are {said!s:.300}: {how}"]


def _taken(alf: AlfFiles, name: str, rows: np.ndarray) -> np.ndarray:
    """Some rows of an attribute."""
    values = alf.column(name)
    for row in rows[(rows < 0) | (rows >= len(values))]:
        raise RecordingError(f"{alf}/{name} has no row {row}, only 0 to {len(values) - 1}: correct what refers to it")
    return values[rows]


def _area_column(table: NamedColumns) -> np.ndarray:
    return table.columns[table.find(("brainlocation", "allen_ontology", "acronym")) or next(iter(table.columns))]


def _tables(alf: AlfFiles) -> dict[str, NamedColumns]:
    """Presentations and light, where they are ALF objects: attributes of two columns become NAME_0 and NAME_1."""
    found: dict[str, NamedColumns] = {}
    for what, name, needed in TABLES:
        if what not in found and {f"{name}.{one}" for one in needed} <= set(alf.files):
            columns: dict[str, np.ndarray] = {}
            for attribute in (one.split(".")[1] for one in alf.files if one.startswith(f"{name}.")):
                array = alf.array(f"{name}.{attribute}")
                pair = array.ndim == 2 and array.shape[1] == 2
                columns |= (
                    dict(zip((f"{attribute}_0", f"{attribute}_1"), array.T, strict=True))
                    if pair
                    else {attribute: array}
                )
            found[what] = NamedColumns(f"{alf}/{name}.*", columns)
    return found


def _signals(alf: AlfFiles) -> dict[str, SampledSignal]:
    found: dict[str, SampledSignal] = {}
    for name, attribute, column in SIGNALS:
        if attribute in alf.files and name not in found:
            values, where = alf.array(attribute), f"{alf}/{attribute}"
            values = values[:, None] if values.ndim == 1 else values
            if values.ndim != 2 or values.shape[1] <= column:
                raise RecordingError(f"{where} has shape {values.shape}, expected a column {column} of it, for {name}")
            times_s = _times_s(alf, f"{attribute.split('.')[0]}.timestamps", len(values))
            found[name] = signal_of(times_s, numbers(values[:, column], where, 1), where)
    return found


def _times_s(alf: AlfFiles, name: str, samples: int) -> Times:
    """Times of an object's samples in s, of which ``timestamps`` may state some points alone."""
    where = f"{alf}/{name}"
    stamps = seconds(alf.array(name, alone=True), where)
    if stamps.ndim == 2 and stamps.shape[1] == 2:
        points = checked_points(stamps, where)
        from_one = (points[0, 0], points[-1, 0]) == (1, samples)
        if from_one or 0 <= points[0, 0] < points[-1, 0] < samples:
            return interpolated(np.arange(samples, dtype=np.float64) + from_one, points)
    elif stamps.shape == (samples,):
        return stamps
    raise RecordingError(f"{where} does not fit {samples} samples: expected a time for each, or (point, 2) of some")

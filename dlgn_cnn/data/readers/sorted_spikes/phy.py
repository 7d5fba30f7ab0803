"""Folders of Phy and Kilosort: spikes in samples, the clusters that they belong to, and what was made of those."""

import ast
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.bounds import check
from dlgn_cnn.data.readers import reader
from dlgn_cnn.data.readers.shared.arrays import load_array, whole_numbers
from dlgn_cnn.data.readers.shared.near_files import inside
from dlgn_cnn.data.readers.shared.session_parts import by_unit
from dlgn_cnn.data.readers.sorted_spikes.clock import LARGEST, checked_points, drift_ppm, interpolated
from dlgn_cnn.data.readers.sorted_spikes.session import (
    SortedSessionOptions,
    SortedSpikes,
    assemble,
    sorting_folder,
    sorting_folders,
)
from dlgn_cnn.data.readers.sorted_spikes.tables import NamedColumns, read_table, require_rows, table_of
from dlgn_cnn.data.recording import SessionRecording
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Times
from dlgn_cnn.storage.rights import present_file

SPIKES = "spike_times.npy"
# A cluster's label is that of the first of these that has one: a person's, or else Kilosort's.
LABELS = (
    *(("cluster_group.tsv", "group"), ("cluster_groups.csv", "group"), ("cluster_info.tsv", "group")),
    *(("cluster_KSLabel.tsv", "kslabel"), ("cluster_info.tsv", "kslabel")),
)
GROUPS = ("good", "mua", "noise", "unsorted")
NEAR = 0.01  # a rate that is further from the nominal one is another rate, or another unit
SAME_CLOCK = "presentations are taken as on the spikes' clock (options clock, start_s and rate_hz relate another)"
WITHOUT_LABEL = ("", "nan", "none", "unsorted")
CLOCKS = (("sample", "samples", "spike_s", "clock", "0"), ("session_s", "session", "seconds", "time_s", "1"))


@reader("phy", lambda path: bool(sorting_folders(path, SPIKES)), options=(SortedSessionOptions,))
def read_phy(
    path: Path,
    *,
    groups: list[str] | None = None,
    clock: str | None = None,
    start_s: float | None = None,
    rate_hz: float | None = None,
    progress: Progress = silent,
    **session: Any,
) -> list[SessionRecording]:
    """Read the one session of a folder with the files of Phy or Kilosort, and a table of presentations.

    ``spike_times.npy`` (spike,) in samples; ``spike_clusters.npy`` (spike,), or else ``spike_templates.npy``: numbers
    of the units; ``params.py``, which is never run, states ``sample_rate``; labels are in ``cluster_group.tsv``,
    ``cluster_info.tsv`` and ``cluster_KSLabel.tsv``.

    Parameters
    ----------
    path : Path
        The folder.
    groups : list of str, optional
        Labels of the clusters to keep; one without a label is "unsorted" (default: "good", or all clusters if none has
        a label).
    clock : str, optional
        Table of two columns, a sample (or a time in s on the spikes' clock) and the time in s on the presentations'
        clock: CSV, Parquet, or npy (point, 2). Time runs straight from point to point.
    start_s : float, optional
        Time of sample 0 on the presentations' clock, in s (default: 0).
    rate_hz : float, optional
        Samples in a second of the presentations' clock (default: ``sample_rate``).
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
        If the folder contradicts this; the error names the file.
    """
    options = SortedSessionOptions(**session)
    folder = sorting_folder(path, SPIKES, options.spikes)
    samples = _samples(folder / SPIKES)
    owners, notes = _owners(folder, len(samples))
    units, left = _kept(folder, np.unique(owners), groups)
    table = None if clock is None else table_of(path, "", clock, "clock=FILE")
    times_s, said = _on_session_clock(samples, _sample_rate_hz(folder, rate_hz), table, start_s, rate_hz)
    found = SortedSpikes(by_unit(times_s, owners, units, folder), notes=[*notes, *left, said])
    return [assemble(path, found, options, progress)]


def _samples(file: Path) -> np.ndarray:
    """Spikes in samples, ascending. Raises RecordingError, which names the row, for anything else."""
    array = _own_array(file)
    if array.ndim not in (1, 2) or array.size != len(array) or array.dtype.kind not in "iuf":
        raise RecordingError(f"{file} has shape {array.shape} and type {array.dtype}, expected (spike,) in samples")
    found = array.ravel()
    whole = (found >= 0) & (found < LARGEST) & (np.rint(found) == found)
    require_rows(whole, found, str(file), "a whole number of samples from 0 to 2**53")
    samples = found.astype(np.int64)
    require_rows(np.diff(samples, prepend=0) >= 0, samples, str(file), "samples in order of time")
    return samples


def _owners(folder: Path, spikes: int) -> tuple[np.ndarray, list[str]]:
    """The cluster of each spike, as curated, or else its template."""
    curated = present_file(folder / "spike_clusters.npy")
    file = folder / ("spike_clusters.npy" if curated else "spike_templates.npy")
    owners = whole_numbers(_own_array(file), str(file)).ravel()
    if len(owners) != spikes:
        raise RecordingError(f"{file} has {len(owners)} spikes and {SPIKES} {spikes}: export both from one sorting")
    return owners, [] if curated else [f"no spike_clusters.npy in {folder}: Kilosort's templates are taken as units"]


def _own_array(file: Path) -> np.ndarray:
    return load_array(inside(file.parent, file.name, str(file.parent)))


def _kept(folder: Path, units: np.ndarray, groups: list[str] | None) -> tuple[np.ndarray, list[str]]:
    """The units of the chosen groups, and how many were left out."""
    labels = _labels(folder)
    if not labels and groups is None:
        return units, [f"no cluster of {folder} has a label: all {len(units)} are kept"]
    chosen = [one.lower() for one in groups or ["good"]]
    of_unit = [labels.get(int(unit), "unsorted") for unit in units]
    kept = units[np.isin(of_unit, chosen)]
    said = ", ".join(f"{count} {group}" for group, count in Counter(of_unit).most_common(8))[:300]
    if len(kept) == 0 or not set(chosen) <= {*of_unit, *GROUPS}:
        raise RecordingError(f"{folder}: clusters are {said}, asked for are {chosen}: choose by groups=[NAME, ...]")
    left = len(units) - len(kept)
    return kept, [f"{left} of {len(units)} clusters ({said}) are left out: groups={chosen}"] if left else []


def _labels(folder: Path) -> dict[int, str]:
    labels: dict[int, str] = {}
    for name, column in ((name, column) for name, column in LABELS if present_file(folder / name)):
        table = read_table(inside(folder, name, str(folder)))
        told, ids = table.find((column,)), table.find(("cluster_id", "id"))
        if told is not None and ids is not None:
            units = whole_numbers(table.numbers(ids), f"{table.where}, column {ids!r}").tolist()
            words = [str(cell).strip().lower() for cell in table.columns[told]]
            labels = {one: word for one, word in zip(units, words, strict=True) if word not in WITHOUT_LABEL} | labels
    return labels


def _sample_rate_hz(folder: Path, rate_hz: float | None) -> float:
    """Samples a second: params.py is read as text, which may be left out if there is a ``rate_hz``."""
    file, text = inside(folder, "params.py", str(folder)), ""
    if present_file(file):
        check("settings.bytes", file.stat().st_size, file)
        text = file.read_text(errors="replace")
    stated = re.findall(r"^sample_rate[ \t]*=([^#\n]{1,100})", text, re.MULTILINE)
    said = stated[-1].strip() if stated else str(rate_hz)
    try:
        found = ast.literal_eval(said)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        found = None
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 < found < LARGEST:
        raise RecordingError(f"{file}: sample_rate is {said!r}, expected a number (no code is run), or option rate_hz")
    return float(found)


def _on_session_clock(
    samples: np.ndarray, nominal_hz: float, table: NamedColumns | None, start_s: float | None, rate_hz: float | None
) -> tuple[Times, str]:
    """Spike times in s on the presentations' clock, and what is said of the two clocks."""
    if table is not None and (start_s, rate_hz) != (None, None):
        raise RecordingError(f"{table.where} relates the clocks, and so do start_s and rate_hz: give one or the other")
    if table is None:
        hz = nominal_hz if rate_hz is None else rate_hz
        if not abs(hz / nominal_hz - 1) < NEAR:
            raise RecordingError(f"rate_hz is {hz:g} and sample_rate {nominal_hz:g}: expected them within 1 %")
        known = f"sample 0 is at {start_s or 0:g} s, and {hz:.10g} samples are a second"
        ppm = f"the spikes' clock is {(nominal_hz / hz - 1) * 1e6:.1f} ppm slow"
        asked = (start_s, rate_hz) != (None, None)
        return (start_s or 0.0) + samples / hz, f"{ppm if asked else SAME_CLOCK}: {known}"
    points = checked_points(np.column_stack([table.seconds(name) for name in table.pair(*CLOCKS)]), table.where)
    units = {hz: drift_ppm(points, hz) for hz in (nominal_hz, 1.0)}
    near = next((hz for hz, (over, _, _) in units.items() if abs(over) < NEAR * 1e6), None)
    if near is None:
        one = drift_ppm(points, 1.0)[0] / 1e6 + 1
        raise RecordingError(
            f"{table.where}: 1 lasts {one:g} s, expected that of samples ({nominal_hz:g} Hz) or seconds"
        )
    clock = samples / (nominal_hz / near)
    outside = int(np.sum((clock < points[0, 0]) | (clock > points[-1, 0])))
    over, least, most = units[near]
    said = f"the spikes' clock is {over:.1f} ppm slow ({least:.1f} to {most:.1f} between {len(points)} points)"
    return interpolated(clock, points), f"{said}; {outside} of {len(samples)} spikes lie before or after the points"

"""Devices of an Experanto folder: what each ``meta.yml`` says, and the arrays that it describes."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dlgn_cnn.bounds import check
from dlgn_cnn.data.readers.shared.arrays import load_array, map_array, numbers, seconds, shown, whole_numbers
from dlgn_cnn.data.readers.shared.near_files import inside
from dlgn_cnn.data.recording import BinnedResponses, SampledSignal, check_shape
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.shapes import Times
from dlgn_cnn.storage.rights import present_file, raise_if_forbidden

Meta = dict[str, Any]
META = "meta.yml"
ROWS_APART = 2  # by which the end of a clock may miss the last row
WRONG_RATE = 0.01


class Samples(NamedTuple):
    """Samples of a device: row k of ``values`` (time, signal) is of the time from ``edges_s[k]`` to the next.

    ``shifts_s`` (signal,) is how much later each signal was sampled; ``notes`` say what is odd.
    """

    folder: Path
    edges_s: Times
    values: np.ndarray
    shifts_s: Times
    notes: list[str]

    def column(self, number: int) -> SampledSignal:
        """One signal on its own clock."""
        values = np.asarray(self.values[:, number], np.float32)
        return SampledSignal(self.edges_s[:-1] + self.shifts_s[number], values)


def described(file: Path) -> Meta:
    """The mapping in a YAML or JSON file. Raises RecordingError for anything else, or one beyond bounds."""
    from dlgn_cnn.storage import yaml_text

    try:
        as_json = inside(file.parent, file.name, str(file.parent)).suffix == ".json"
        check("experanto.json" if as_json else "yaml.bytes", file.stat().st_size, file)
        text = file.read_text()
        found = json.loads(text) if as_json else yaml_text.load(text)[0]
    except RecordingError:
        raise
    except Exception as error:  # what PyYAML and json let through from damaged bytes is many kinds of error
        raise_if_forbidden(error, file)
        raise RecordingError(f"{file} cannot be read ({error!s:.300}): correct it") from error
    if not isinstance(found, dict):
        raise RecordingError(f"{file} holds {shown(found)}, expected names with values")
    return found


def number(meta: Meta, name: str, where: object) -> float:
    """A finite number of what a file says.

    Parameters
    ----------
    meta : dict
        What the file says.
    name : str
        Name of the number.
    where : object
        How the error begins.

    Returns
    -------
    float
        The number.

    Raises
    ------
    RecordingError
        If it is missing, or something else.
    """
    value = float(numbers(meta.get(name), f"{where}: {name}", 0))
    if not np.isfinite(value):
        raise RecordingError(f"{where}: {name} is {value}, expected a finite number")
    return value


def whole(meta: Meta, name: str, where: object) -> int:
    """A whole number of what a file says.

    Parameters
    ----------
    meta : dict
        What the file says.
    name : str
        Name of the number.
    where : object
        How the error begins.

    Returns
    -------
    int
        The number.

    Raises
    ------
    RecordingError
        If it is missing, or something else.
    """
    return int(whole_numbers(number(meta, name, where), f"{where}: {name}"))


def read_sequence(folder: Path, meta: Meta) -> Samples:
    """The samples of a device, from ``data.npy`` or else ``data.mem``. Raises RecordingError for a contradiction."""
    where = folder / META
    rate_hz, start_s, end_s = (number(meta, name, where) for name in ("sampling_rate", "start_time", "end_time"))
    signals = whole(meta, "n_signals", where)
    values = _data(folder, "data", meta)
    rows = whole(meta, "n_timestamps", where) if "n_timestamps" in meta or values.ndim == 1 else len(values)
    flat = values.ndim == 1 and values.size == rows * signals
    if not values.size or not (flat or values.shape == (rows, signals)) or not rate_hz > 0:
        columns = f", which is {values.size / rows:.6g} columns" if rows > 0 else ""
        raise RecordingError(
            f"{folder} holds data of shape {values.shape} and type {values.dtype}{columns}, and {META} announces "
            f"({rows}, {signals}) at {rate_hz:g} Hz: correct it, or export the device again"
        )
    values = values.reshape(rows, signals)
    shifts_s = np.zeros(signals)
    if meta.get("phase_shift_per_signal"):
        shifts_s = _list(folder, "meta/phase_shifts.npy", signals)
    apart, own_hz = (end_s - start_s) * rate_hz - (len(values) - 1), (len(values) - 1) / max(end_s - start_s, 1e-9)
    said = f"{len(values)} rows from start_time to end_time are {own_hz:.6g} Hz, and sampling_rate is {rate_hz:.6g}"
    if abs(apart) > max(ROWS_APART, WRONG_RATE * len(values)):
        inverse = ", which is the seconds from row to row" if abs(own_hz * rate_hz - 1) < 2 * WRONG_RATE else ""
        raise RecordingError(f"{where}: {said}{inverse}: correct the one that is wrong")
    notes = [f"{folder.name}: {said}, which counts"] if abs(apart) > ROWS_APART else []
    return Samples(folder, start_s + np.arange(len(values) + 1) / rate_hz, values, shifts_s, notes)


def read_responses(folder: Path, meta: Meta) -> tuple[BinnedResponses, list[str]]:
    """Responses of a sequence, a bin a row, and what is said of them.

    Units without any value are left out, and so are rows that lack one of another unit. A unit that was sampled later
    is brought to the common bins, each value spread evenly over its own.
    """
    found = read_sequence(folder, meta)
    values, notes = np.array(found.values.T, np.float32, order="C"), found.notes
    for unit, row in np.argwhere((values < 0) | np.isinf(values))[:1]:
        raise RecordingError(
            f"{folder}: row {row} of signal {unit} is {values[unit, row]}, expected a finite response not below 0: "
            "export counts or deconvolved activity"
        )
    if found.shifts_s.any():
        rows, shifts = np.arange(values.shape[1]), found.shifts_s * number(meta, "sampling_rate", folder)
        for unit, shift in enumerate(shifts):
            values[unit] = np.interp(rows - shift, rows, values[unit], np.nan, np.nan)
        notes.append(f"values of {folder.name} are spread over common bins by their phase shifts: no whole numbers")
    units = unit_numbers(folder, meta, len(values))
    kept = [unit for unit in np.argsort(units, kind="stable") if not np.isnan(values[unit]).all()]
    known = np.asarray(~np.isnan(values[kept]).any(axis=0))
    if not kept or not known.any():
        raise RecordingError(f"{folder}: no row has a value of every unit that has any: export it again")
    left = {f"{len(units)} units": len(units) - len(kept), f"{len(known)} rows": int(np.sum(~known))}
    notes += [
        f"{count} of {all_} of {folder.name} lack values and are left out" for all_, count in left.items() if count
    ]
    bins = np.column_stack([found.edges_s[:-1], found.edges_s[1:]])[known]
    return BinnedResponses(tuple(units[index] for index in kept), bins, values[np.ix_(kept, known)]), notes


def _data(folder: Path, stem: str, meta: Meta) -> np.ndarray:
    """The array of a device, mapped: ``.npy`` if there is one, and else the flat ``.mem``."""
    file = inside(folder, f"{stem}.npy", str(folder))
    if present_file(file):
        found = map_array(file)
    else:
        file, name = inside(folder, f"{stem}.mem", str(folder)), meta.get("dtype", "float64")
        try:
            found = np.memmap(file, name if re.fullmatch(r"[<>=]?(float|u?int)\d\d?", name) else "", "r")
        except (OSError, TypeError, ValueError) as error:
            raise_if_forbidden(error, file)
            raise RecordingError(
                f"{folder} has no {stem}.npy, and {stem}.mem cannot be read as {shown(name)} ({error}): expected one "
                "of the two, the latter with the dtype that meta.yml names, as float64"
            ) from error
    if found.dtype.kind not in "iuf":
        raise RecordingError(f"{file} holds values of type {found.dtype}, expected numbers")
    return found


def _list(folder: Path, name: str, length: int) -> Times:
    """A list of finite numbers in a device's file. Raises RecordingError for another length."""
    file = inside(folder, name, str(folder / META))
    found = seconds(load_array(file), str(file), 1)
    check_shape(found, str(file), (length,), "one for each signal")
    if not np.isfinite(found).all():
        raise RecordingError(f"{file} holds a value that is not finite: correct it")
    return found


def read_spikes(folder: Path, meta: Meta) -> tuple[dict[int, Times], Times]:
    """Spike times in s by unit, and from when to when they were recorded, of shape (1, 2)."""
    where = folder / META
    cuts = whole_numbers(numbers(meta.get("spike_indices"), f"{where}: spike_indices", 1), f"{where}: spike_indices")
    times_s = seconds(_data(folder, "spikes", meta), f"{folder}: spikes", 1)
    ends = len(cuts) > 1 and cuts[0] == 0 and cuts[-1] == len(times_s) and not np.any(np.diff(cuts) < 0)
    if not ends or meta.get("n_signals", len(cuts) - 1) != len(cuts) - 1:
        raise RecordingError(
            f"{where}: spike_indices must ascend from 0 to the {len(times_s)} spikes, one more than n_signals"
        )
    found = np.split(np.array(times_s), cuts[1:-1])
    for unit, own in enumerate(found):
        if not np.isfinite(own).all() or np.any(np.diff(own) < 0):
            raise RecordingError(f"{folder}: spikes of unit {unit} (from 0) must be finite and ascend: sort them")
    span_s = np.array([[number(meta, "start_time", where), number(meta, "end_time", where)]])
    if not span_s[0, 0] < span_s[0, 1]:
        raise RecordingError(f"{where}: start_time {span_s[0, 0]} s is not before end_time {span_s[0, 1]} s")
    return dict(zip(unit_numbers(folder, meta, len(found)), found, strict=True)), span_s


def read_intervals(folder: Path, meta: Meta, label: str) -> Times:
    """The intervals of a label.

    Parameters
    ----------
    folder : Path
        Folder of the device.
    meta : dict
        What its ``meta.yml`` says, whose labels name files.
    label : str
        The label.

    Returns
    -------
    ndarray, shape (interval, start and end)
        Intervals in s, in order of onset.

    Raises
    ------
    RecordingError
        If the file holds something else; the error names the row.
    """
    file = inside(folder, str(meta["labels"][label]), f"{folder}: label {label}")
    found = seconds(load_array(file), str(file), 2)
    check_shape(found, str(file), (len(found), 2), "(interval, start and end)")
    for row in np.flatnonzero(~(np.isfinite(found).all(axis=1) & (found[:, 0] <= found[:, 1])))[:1]:
        raise RecordingError(f"{file}: row {row} is {found[row].tolist()}, expected its start before its end, in s")
    return found[np.argsort(found[:, 0], kind="stable")]


def unit_numbers(folder: Path, meta: Meta, units: int) -> list[int]:
    """The numbers of a device's units: those of its file of unit ids, and from 0 where it has none.

    Parameters
    ----------
    folder : Path
        Folder of the device.
    meta : dict
        What its ``meta.yml`` says, which may name the file.
    units : int
        How many units there are.

    Returns
    -------
    list of int
        Their numbers, in order of their rows.

    Raises
    ------
    RecordingError
        If the file numbers others than these, or two alike.
    """
    check("recording.units", units, folder)
    told = meta.get("neuron_properties")
    name = str(told.get("unit_ids", "meta/unit_ids.npy")) if isinstance(told, dict) else "meta/unit_ids.npy"
    if not present_file(inside(folder, name, str(folder / META))):
        return list(range(units))
    ids = whole_numbers(_list(folder, name, units), f"{folder}: {name}")
    if len(np.unique(ids)) < units:
        raise RecordingError(f"{folder}: {name} numbers two units alike: renumber them")
    return [*map(int, ids)]

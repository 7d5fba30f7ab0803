"""Which units of an NWB file count: by their quality, their area, and the times when their probe was valid."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.data.readers.shared.arrays import numbers
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.registry import nearest
from dlgn_cnn.shapes import Times

QUALITIES = ("good", "any", "allensdk")
LABELS = ("quality", "label")
BAD = ("noise", "bad", "artifact")  # where no unit is labeled good
ALLENSDK = {"amplitude_cutoff": (-np.inf, 0.1), "presence_ratio": (0.95, np.inf), "isi_violations": (-np.inf, 0.5)}


def unwanted(path: Path, file: Any, quality: str, area: str | None, shown_s: Times) -> tuple[set[int], list[str]]:
    """The units that are left out, and why.

    Parameters
    ----------
    path, file : Path, NWBFile
        The file, and what pynwb made of it.
    quality, area : str
        Options of ``reader.read_nwb``.
    shown_s : ndarray, shape (presentation, 2)
        Onset and end of each presentation.

    Returns
    -------
    left : set of int
        Ids of units.
    notes : list of str
        A sentence for each reason.

    Raises
    ------
    RecordingError
        If an option asks for what the file does not tell, or no unit is left.
    """
    units = file.units
    wrong = {**_bad_quality(path, units, quality), **_other_area(path, file, area), **_invalid_probe(file, shown_s)}
    ids, left = np.asarray(units.id[:]), np.zeros(len(units), bool)
    notes = []
    for why, rows in wrong.items():
        left |= rows
        notes += [f"{int(rows.sum())} of {len(ids)} units are left out: {why}"] if rows.any() else []
    if left.all():
        raise RecordingError(f"{path}: no unit is left: {'; '.join(notes)}")
    return {int(unit) for unit in ids[left]}, notes


def probes(file: Any) -> list[set[str]]:
    """The names and numbers of the probe that each unit is from; none where the file does not tell."""
    return [set(names) - {""} for names in zip(*_of_channel(file, "group_name", "probe_id"), strict=True)]


def _bad_quality(path: Path, units: Any, quality: str) -> dict[str, np.ndarray]:
    if quality not in QUALITIES:
        raise RecordingError(f"option quality is {quality!r}: {nearest(quality, QUALITIES)}")
    wrong: dict[str, np.ndarray] = {}
    label = next((name for name in LABELS if name in units.colnames), None)
    if label is not None and quality != "any":
        words = np.array([str(word).strip().lower() for word in units[label][:]])
        bad = words != "good" if "good" in words else np.isin(words, BAD)
        wrong[f"their {label} is {', '.join(np.unique(words[bad]))}; the option quality=any keeps them"] = bad
    for name, (low, high) in ALLENSDK.items() if quality == "allensdk" else ():
        if name not in units.colnames:
            raise RecordingError(f"{path}: units have no {name}, which quality=allensdk needs: use another quality")
        values = numbers(units[name][:], f"{path}: {name} of units")
        wrong[f"AllenSDK wants their {name} from {low:g} to {high:g}"] = ~((values >= low) & (values <= high))
    return wrong


def _other_area(path: Path, file: Any, area: str | None) -> dict[str, np.ndarray]:
    if area is None:
        return {}
    (found,) = _of_channel(file, "location")
    own = ["unknown" if name in ("", "None") else name.partition("-")[0] for name in found]
    counts = ", ".join(f"{name} {count}" for name, count in Counter(own).most_common())
    others = np.array([area not in both for both in zip(own, found, strict=True)], bool)
    if others.all():
        raise RecordingError(f"{path}: option area is {area!r}, but the units are of {counts}: name one of these")
    return {f"they are not of {area} (all are of {counts})": others}


def _invalid_probe(file: Any, shown_s: Times) -> dict[str, np.ndarray]:
    table, own, wrong = file.invalid_times, probes(file), {}
    for row in range(0 if table is None or "tags" not in table.colnames else len(table)):
        words = {str(word) for word in table["tags"][row]}
        start, stop = float(table["start_time"][row]), float(table["stop_time"][row])
        if np.any((shown_s[:, 0] < stop) & (shown_s[:, 1] > start)):
            rows = np.array([bool(words & names) for names in own], bool)
            wrong[f"their probe is invalid from {start:g} to {stop:g} s, during presentations"] = rows
    return wrong


def _of_channel(file: Any, *columns: str) -> list[list[str]]:
    """What columns of electrodes say of each unit's peak channel, or its first; empty where the file does not tell."""
    units, electrodes = file.units, file.electrodes
    known = () if electrodes is None else electrodes.colnames
    rows = [-1] * len(units)
    if known and "peak_channel_id" in units.colnames:
        by_id = {channel: row for row, channel in enumerate(electrodes.id[:])}
        rows = [by_id.get(channel, -1) for channel in units["peak_channel_id"][:]]
    elif known and "electrodes" in units.colnames:
        ends, every = np.asarray(units["electrodes"].data[:], np.int64), units["electrodes"].target.data[:]
        rows = [int(own[0]) if len(own) else -1 for own in np.split(every, ends)[: len(units)]]
    said = [[str(one) for one in electrodes[name][:]] if name in known else [] for name in columns]
    return [[one[row] if 0 <= row < len(one) else "" for row in rows] for one in said]

"""Parts of a session that several layouts have alike: spikes by unit, a signal, and what names tell."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from dlgn_cnn.bounds import check
from dlgn_cnn.data.recording import SampledSignal
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.shapes import Times

OPTO = re.compile(r"opto|laser|light|(^|_)led(_|$)", re.IGNORECASE)  # names that speak of light
_SCAN = re.compile(r"(?:dynamic|static)?(\d{1,18})-(\d{1,9})-(\d{1,9})(?:-.*)?")


def by_unit(
    times_s: Times, owners: np.ndarray, units: Sequence[int] | np.ndarray, where: object = "it"
) -> dict[int, Times]:
    """Spike times of some units.

    Parameters
    ----------
    times_s : ndarray, shape (spike,)
        Times in s, in any order.
    owners : ndarray, shape (spike,)
        Number of each spike's unit.
    units : sequence of int
        The units that count, ascending.
    where : object, optional
        The file, for the error.

    Returns
    -------
    dict of int to ndarray
        Ascending times by unit.

    Raises
    ------
    RecordingError
        If the units are beyond their bound.
    """
    check("recording.units", len(units), where)
    order = np.lexsort((times_s, owners))
    first, last = (np.searchsorted(owners[order], units, side=side) for side in ("left", "right"))
    ordered = times_s[order]
    return {int(unit): ordered[a:b] for unit, a, b in zip(units, first, last, strict=True)}


def signal_of(times_s: Times, values: np.ndarray, where: str) -> SampledSignal:
    """A signal of a file.

    Parameters
    ----------
    times_s : ndarray, shape (time,)
        Its clock in s.
    values : ndarray, shape (time,)
        Its values.
    where : str
        How errors begin.

    Returns
    -------
    SampledSignal
        The signal.

    Raises
    ------
    RecordingError
        If clock or values are not those of a signal.
    """
    try:
        return SampledSignal(times_s, values.astype(np.float32))
    except RecordingError as error:
        raise RecordingError(f"{where}: {error}") from error


def scan_of(name: str) -> dict[str, Any]:
    """Mouse, series and experiment of a scan by its name, as public mouse recordings have it; empty for another name.

    >>> scan_of("dynamic29515-10-12-Video-9b4f")
    {'mouse': 'M29515', 'series': 10, 'experiment': 12}
    """
    match = _SCAN.fullmatch(name)
    return {"mouse": f"M{match[1]}", "series": int(match[2]), "experiment": int(match[3])} if match else {}

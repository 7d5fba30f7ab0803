"""Tables next to sorted spikes, as columns by name: CSV and its like, Parquet, and plain arrays of two columns."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from dlgn_cnn.bounds import check, limit
from dlgn_cnn.data.readers.lab.parquet import read_frame
from dlgn_cnn.data.readers.shared.arrays import load_array, seconds, shown
from dlgn_cnn.data.readers.shared.near_files import inside
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.shapes import Times
from dlgn_cnn.storage.rights import present_file

SUFFIXES = (".csv", ".tsv", ".parquet", ".pqt", ".npy")
HEAD = 2**16  # letters in which the first line shows what separates its cells
WORDS = dict.fromkeys(("", None), np.nan) | dict.fromkeys(("true", "True", "TRUE"), 1.0)
WORDS |= dict.fromkeys(("false", "False", "FALSE"), 0.0)


@dataclass(frozen=True)
class NamedColumns:
    """Columns of a table by name, each of as many rows; ``where`` is how errors name the table."""

    where: str
    columns: Mapping[str, np.ndarray]

    def find(self, names: Sequence[str]) -> str | None:
        """The column that has the first of these names, in letters of any case; None if there is none."""
        there = {name.strip().lower(): name for name in self.columns}
        return next((there[name] for name in names if name in there), None)

    def need(self, what: str, names: Sequence[str], advice: str = "") -> str:
        """The same column. Raises RecordingError, which lists those that there are, if there is none."""
        found = self.find(names)
        if found is None:
            there = f"{', '.join(self.columns)!s:.300}"
            wanted = f"{what} ({', '.join(names)})"
            raise RecordingError(f"{self.where} has no column {wanted} but {there}: rename one{advice}")
        return found

    def pair(self, first: Sequence[str], second: Sequence[str]) -> tuple[str, str]:
        """Two columns by name; if they have other names and there are only two, these in their order."""
        if len(self.columns) == 2 and None in (self.find(first), self.find(second)):
            first, second = ([name.strip().lower()] for name in self.columns)
        return self.need("of times", first), self.need("next to it", second)

    def numbers(self, name: str) -> np.ndarray:
        """A column as numbers, NaN where it is blank. Raises RecordingError, which names the row, for anything else."""
        cells = self.columns[name]
        if cells.ndim == 1 and cells.dtype.kind in "iuf":
            return cells
        found, row = np.empty(len(cells)), 0
        try:
            for row, cell in enumerate(cells):
                found[row] = WORDS.get(cell, cell)
        except (TypeError, ValueError, OverflowError):
            where = f"{self.where}, column {name!r}, row {row}"
            raise RecordingError(f"{where} is {shown(cells[row])}, expected a number") from None
        return found

    def seconds(self, name: str) -> Times:
        """A column as times in s. Raises RecordingError as ``numbers`` does, and for a type that is too coarse."""
        return seconds(self.numbers(name), f"{self.where}, column {name!r}")


def require_rows(fits: np.ndarray, values: np.ndarray, where: str, expected: str) -> None:
    """Raise RecordingError for the first row of ``values`` that does not fit.

    Parameters
    ----------
    fits : ndarray of bool, shape (row,)
        Whether each does.
    values : ndarray, shape (row, ...)
        What is shown.
    where : str
        How the error begins.
    expected : str
        What every row has instead.
    """
    for row in np.flatnonzero(~fits):
        raise RecordingError(f"{where}, row {row} is {values[row].tolist()}, expected {expected}")


def table_of(folder: Path, stem: str, given: str | None, option: str) -> NamedColumns | None:
    """The table that an option names, or else the one of a default name.

    Parameters
    ----------
    folder : Path
        Folder of the recording.
    stem : str
        Its default name, without its ending.
    given : str or None
        Its name relative to the folder, as the option has it.
    option : str
        The option in words, as ``"presentations=FILE"``.

    Returns
    -------
    NamedColumns or None
        The table, or None if none is named and none has the default name.

    Raises
    ------
    RecordingError
        If the table that is named is not there, or lies elsewhere, or several have the default name.
    """
    names = [f"{stem}{suffix}" for suffix in SUFFIXES if present_file(folder / f"{stem}{suffix}")]
    if given is None and len(names) > 1:
        raise RecordingError(f"{folder} has {' and '.join(names)}: say which by the option {option}")
    names = names if given is None else [given]
    return read_table(inside(folder, names[0], f"option {option}")) if names else None


def read_table(path: Path) -> NamedColumns:
    """The columns of a table; those of an array (row, 2) are "0" and "1". Raises RecordingError for what is none."""
    if not present_file(path):
        raise RecordingError(f"{path} is not there: correct what names it")
    if path.suffix == ".npy":
        array = load_array(path)
        if array.ndim != 2 or array.shape[1] != 2:
            raise RecordingError(f"{path} has shape {array.shape}, expected (row, 2)")
        return NamedColumns(str(path), {"0": array[:, 0], "1": array[:, 1]})
    if path.suffix in (".parquet", ".pqt"):
        frame = read_frame(path)
        names, columns = [*map(str, frame.columns)], [frame.iloc[:, n].to_numpy() for n in range(frame.shape[1])]
    else:
        names, columns = _csv(path)
    found = dict(zip(names, columns, strict=True))
    if len(found) < len(names):
        raise RecordingError(f"{path} has two columns of one name among {names!s:.300}: remove one")
    return NamedColumns(str(path), found)


def _csv(path: Path) -> tuple[list[str], list[np.ndarray]]:
    """Names and cells of a text file whose first line has names, between commas, semicolons or tabs."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline(HEAD)
            file.seek(0)
            lines = csv.reader(file, delimiter=max("\t;,", key=head.count), skipinitialspace=True, strict=True)
            names = next(lines, [])
            rows = [row for row in islice(lines, limit("csv.cells") // max(1, len(names)) + 1) if row]
    except (csv.Error, UnicodeError) as error:
        raise RecordingError(f"{path} is not a table in text ({error}): export it again as CSV in UTF-8") from error
    check("csv.cells", len(rows) * len(names), path)
    if not any(name[:1].isalpha() for name in names):
        raise RecordingError(f"{path} does not begin with a line of column names: add it")
    for row, cells in enumerate(rows):
        if len(cells) != len(names):
            raise RecordingError(f"{path}, row {row} has {len(cells)} cells, expected {len(names)}: {shown(cells)}")
    return names, [*np.array(rows, object).reshape(len(rows), len(names)).T]

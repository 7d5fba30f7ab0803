"""A session's trials as a Deep Lake dataset: written whole or not at all, and checked row by row when opened.

The only module that imports deeplake. Deep Lake commits zeros without an error when the disk is full, and reads a
truncated chunk as zeros; so space is checked first, every row is read back and its hash compared before the folder
gets its name, and the hashes, kept next to the data, are compared again at every opening.
"""

import contextlib
import ctypes
import dataclasses
import itertools
import json
import shutil
import sys
from collections.abc import Collection
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from dlgn_cnn.config import canonical_json, value_sha256
from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.data.sessions.session_data import ARRAYS, SessionData, TrialData, data_info, training_fields
from dlgn_cnn.errors import RecordingError, StoreAway, StoreError, StoreRefuses
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.shapes import Floats
from dlgn_cnn.storage.atomic import whole_folder
from dlgn_cnn.storage.files import file_sha256
from dlgn_cnn.storage.rights import raise_if_forbidden, require_readable
from dlgn_cnn.storage.store_errors import raise_if_unread

MANIFEST = "manifest.json"
FIELDS = "fields.npy"
ROWS_INDEX = "index.json"
SPACE_FACTOR = 1.5
REBUILD = "delete its Dataset row and populate again to rebuild it"


def write_session(session: SessionData, folder: Path, info: DataInfo | None = None) -> str:
    """Write a session to a new folder, with its statistics and receptive fields, which are computed here once.

    Parameters
    ----------
    session : SessionData
        The session.
    folder : Path
        Folder that does not exist yet.
    info : DataInfo, optional
        Its statistics as another machine found them, to the last digit (default: those computed here).

    Returns
    -------
    str
        Digest that identifies its rows.

    Raises
    ------
    StoreError
        If the disk is too full, what was written does not read back as it was, or ``info`` is of another session.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _check_space(session, folder.parent)
    with whole_folder(folder) as temporary:
        _write_rows(session, temporary / "rows")
        fields = training_fields(session)
        np.save(temporary / FIELDS, fields)
        manifest = {
            "statistics": _statistics(data_info(session, fields), info).to_json(),
            "fields": file_sha256(temporary / FIELDS),
            "units": list(session.units),
            "rate_hz": session.rate_hz,
            "rows": [trial.sha256() for trial in session.trials],
        }
        (temporary / MANIFEST).write_text(canonical_json(manifest))
        read_session(temporary)
    return rows_digest(folder)


def read_session(folder: Path) -> SessionData:
    """Read a session into memory. Raises StoreError that names the folder and, for a damaged row, the row."""
    manifest = _manifest(folder)
    require_readable(folder)  # Deep Lake asks for half a minute, and then calls it missing
    deeplake = quiet_deeplake()

    try:
        rows = deeplake.open_read_only(str(folder / "rows"))
        _refuse_links(folder, rows)
        trials = tuple(_read_row(rows[index]) for index in range(len(rows)))
    except Exception as error:
        raise_if_unread(f"dataset {folder}", error)
        raise StoreError(f"dataset {folder} cannot be read ({error}); {REBUILD}") from error
    if len(trials) != len(manifest["rows"]):
        raise StoreError(f"dataset {folder} has {len(trials)} rows of {len(manifest['rows'])}; {REBUILD}")
    for index, (trial, expected) in enumerate(zip(trials, manifest["rows"], strict=True)):
        if trial.sha256() != expected:
            raise StoreError(f"dataset {folder}: row {index} (trial {trial.trial}) is damaged; {REBUILD}")
    return SessionData(tuple(manifest["units"]), float(manifest["rate_hz"]), trials)


def ensure_session(session: SessionData, folder: Path, info: DataInfo | None = None) -> None:
    """Write a session to a folder unless an intact copy is there; a damaged one is replaced.

    Parameters
    ----------
    session : SessionData
        The session.
    folder : Path
        Its folder.
    info : DataInfo, optional
        Its statistics, see ``write_session``.

    Raises
    ------
    StoreError
        If the folder holds another session's rows, or its place gives no answer for now (StoreAway).
    PermissionError
        If it may not be read, or is damaged and may not be replaced.
    """
    try:
        stored = read_session(folder)
        read_fields(folder)
    except StoreAway:  # which says nothing of the rows: they may be intact
        raise
    except StoreError:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(folder)
        write_session(session, folder, info)
        return
    if stored.digest() != session.digest():
        raise StoreError(f"dataset {folder} holds other rows than were built now: move it away and populate again")


def read_info(folder: Path) -> DataInfo:
    """The statistics of a stored session's training tier, as they were when it was written."""
    return DataInfo.from_json(_manifest(folder)["statistics"])


def read_fields(folder: Path) -> Floats:
    """Return the receptive fields that were stored with a session, of shape (unit, lag, height, width).

    Raises StoreError if they are missing or damaged.
    """
    expected, file = _manifest(folder).get("fields"), folder / FIELDS
    try:
        if file_sha256(file) != expected:
            raise StoreError(f"dataset {folder}: its receptive fields are damaged; {REBUILD}")
        found: Floats = np.load(file)
        return found
    except OSError as error:
        raise_if_unread(f"dataset {folder}", error)
        raise StoreError(f"dataset {folder}: its receptive fields cannot be read ({error}); {REBUILD}") from error


def copy_deeplake_rows(folder: Path, place: Path, columns: Collection[str]) -> None:
    """Copy cells of a Deep Lake folder that is not ours, of version 3 or 4, to files ``ROW.COLUMN.npy``.

    The reader of such folders runs this in a process of its own, since Deep Lake can crash on version 3.

    Parameters
    ----------
    folder : Path
        The Deep Lake folder.
    place : Path
        Folder of the copies, and of an index of the rows and of all columns.
    columns : collection of str
        Columns to copy, as far as they exist.

    Raises
    ------
    RecordingError
        If the folder or a cell cannot be read, or a column holds links, which lead to files elsewhere.
    """
    deeplake = quiet_deeplake()

    quoted = str(folder.resolve())
    if '"' in quoted:
        raise RecordingError(f"{folder}: a Deep Lake folder's path may not hold quotation marks: rename it")
    try:
        rows = deeplake.query(f'SELECT * FROM "{quoted}"')
        _refuse_links(folder, rows)
        there, count = [column.name for column in rows.schema.columns], len(rows)
    except RecordingError:
        raise
    except Exception as error:
        raise_if_forbidden(error, folder)
        raise RecordingError(f"{folder} cannot be read as a Deep Lake folder ({error}): copy it again") from error
    for row, column in itertools.product(range(count), set(there) & set(columns)):
        try:
            np.save(place / f"{row}.{column}.npy", np.array(rows[row][column]), allow_pickle=False)
        except Exception as error:
            raise RecordingError(f"{folder}: row {row}, {column} cannot be read ({error}): copy it again") from error
    (place / ROWS_INDEX).write_text(json.dumps({"columns": there, "rows": count}))


def quiet_deeplake() -> ModuleType:
    """Deep Lake, imported with its reports of errors to its makers switched off.

    It begins them when it is imported, and has no setting for that. This ends its reporter, which then holds no
    handler of crashes and sends nothing.
    """
    known = sys.modules.get("deeplake")
    if known is not None:
        return known
    import deeplake

    with contextlib.suppress(OSError, KeyError, AttributeError):  # a build without the reporter
        ctypes.CDLL(sys.modules["deeplake._deeplake"].__file__).sentry_close()
    return deeplake


def _refuse_links(folder: Path, rows: Any) -> None:
    """Raise RecordingError for a column whose cells Deep Lake would fetch from where they say."""
    linked = [column.name for column in rows.schema.columns if "kind=link" in str(column.dtype)]
    if linked:
        raise RecordingError(f"{folder}: columns {linked} hold links to files elsewhere: store the data themselves")


def rows_digest(folder: Path) -> str:
    """The digest of a stored session (``SessionData.digest``), from its manifest."""
    manifest = _manifest(folder)
    return value_sha256({name: manifest[name] for name in ("rows", "units", "rate_hz")})


def _statistics(found: DataInfo, info: DataInfo | None) -> DataInfo:
    """The session's statistics, or ``info`` if it is given and equal up to rounding.

    The center of a field is the pixel with its peak, which rounding can move: it is taken as given.
    """
    if info is None:
        return found
    for name, value in dataclasses.asdict(found).items():
        given = getattr(info, name)
        same = np.shape(given) == np.shape(value)
        if not same or (name != "field_centers" and not np.allclose(given, value, rtol=1e-6, atol=1e-6)):
            raise StoreError(f"the {name} of a session is given as {given!r:.80}, its trials say {value!r:.80}")
    return info


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise_if_unread(f"dataset {folder}", error)
        raise StoreError(f"dataset {folder} is missing or incomplete ({error}); {REBUILD}") from error
    return manifest


def _write_rows(session: SessionData, path: Path) -> None:
    deeplake = quiet_deeplake()

    types = deeplake.types
    dataset = deeplake.create(str(path))
    dataset.add_column("videos", types.SegmentMask(dtype="uint8", sample_compression="lz4"))
    for name in ARRAYS[1:]:
        dataset.add_column(name, types.Array("float32", 1 if name == "opto" else 2))
    for name, kind in (("trial", "int32"), ("movie", "text"), ("scene", "int32"), ("tier", "text")):
        dataset.add_column(name, kind)
    for trial in session.trials:
        row = {name: [getattr(trial, name)] for name in ARRAYS}
        labels = {"trial": trial.trial, "movie": trial.scene.movie, "scene": trial.scene.scene, "tier": trial.tier}
        dataset.append(row | {name: [value] for name, value in labels.items()})
    dataset.commit()


def _read_row(row: Any) -> TrialData:
    scene = SceneKey(str(row["movie"]), int(row["scene"]))
    arrays = {name: np.array(row[name]) for name in ARRAYS}
    return TrialData(int(row["trial"]), scene, str(row["tier"]), **arrays)


def _check_space(session: SessionData, folder: Path) -> None:
    needed = SPACE_FACTOR * session.size_bytes()
    free = shutil.disk_usage(folder).free
    if free < needed:
        said = f"{folder} has {free / 1e6:.0f} MB free, the dataset needs {needed / 1e6:.0f} MB: make room"
        raise StoreRefuses(said)

"""A session's trials as a Deep Lake dataset: written whole or not at all, and checked row by row when opened.

Deep Lake commits zeros without an error when the disk is full, and reads a
truncated chunk as zeros; so space is checked first, every row is read back and its hash compared before the folder
gets its name, and the hashes, kept next to the data, are compared again at every opening. Folders are written in this
process and opened in another one (``dlgn_cnn.data.store.decoder``), since anyone may have changed them meanwhile.
"""

import contextlib
import dataclasses
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.config import canonical_json, value_sha256
from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.data.sessions.session_data import ARRAYS, SessionData, TrialData, data_info, training_fields
from dlgn_cnn.data.store.decoder import Stopped, decode
from dlgn_cnn.data.store.deeplake_child import quiet_deeplake
from dlgn_cnn.errors import StoreAway, StoreError, StoreRefuses, StoreStopped
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.shapes import Floats
from dlgn_cnn.storage.atomic import whole_folder
from dlgn_cnn.storage.files import file_sha256
from dlgn_cnn.storage.rights import files_below, require_readable
from dlgn_cnn.storage.store_errors import raise_if_unread

MANIFEST = "manifest.json"
FIELDS = "fields.npy"
CONTENTS: dict[str, Any] = {"statistics": dict, "fields": str, "units": list, "rate_hz": (int, float), "rows": list}
LABELS = ("trial", "movie", "scene", "tier")
SPACE_FACTOR = 1.5
GIVEN = ("field_centers", "opto_design")
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
    cells: dict[tuple[int, str], np.ndarray] = {}

    def keep(row: int, column: str, cell: np.ndarray) -> None:
        cells[row, column] = cell

    try:
        _, count = decode(folder / "rows", (*ARRAYS, *LABELS), keep)
        trials = tuple(_trial(cells, row, len(manifest["units"])) for row in range(count))
    except Stopped as error:
        raise StoreStopped(f"{error}; if it is damaged, move dataset {folder} away, and {REBUILD}") from error
    except (ValueError, TypeError, KeyError) as error:
        _raise_if_away(folder)
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
        If the folder holds another session's rows, or its place gives no answer for now (StoreAway), or
        reading it was stopped at a bound (StoreStopped).
    PermissionError
        If it may not be read, or is damaged and may not be replaced.
    """
    try:
        stored = read_session(folder)
        read_fields(folder)
    except (StoreAway, StoreStopped):  # which say nothing of the rows: they may be intact
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


def rows_digest(folder: Path) -> str:
    """The digest of a stored session (``SessionData.digest``), from its manifest."""
    manifest = _manifest(folder)
    return value_sha256({name: manifest[name] for name in ("rows", "units", "rate_hz")})


def _statistics(found: DataInfo, info: DataInfo | None) -> DataInfo:
    """The session's statistics, or ``info`` if it is given and equal up to rounding.

    The center of a field is the pixel with its peak, which rounding can move: it is taken as given, and so is how the
    light was drawn, which trials do not tell.
    """
    if info is None:
        return found
    for name, value in dataclasses.asdict(found).items():
        given = getattr(info, name)
        same = name == "opto_design" or np.shape(given) == np.shape(value)
        if not same or (name not in GIVEN and not np.allclose(given, value, rtol=1e-6, atol=1e-6)):
            raise StoreError(f"the {name} of a session is given as {given!r:.80}, its trials say {value!r:.80}")
    return info


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        wrong = [name for name, kind in CONTENTS.items() if not isinstance(manifest[name], kind)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise_if_unread(f"dataset {folder}", error)
        raise StoreError(f"dataset {folder} is missing or incomplete ({error}); {REBUILD}") from error
    if wrong:
        raise StoreError(f"dataset {folder}: the {', '.join(wrong)} of its manifest are damaged; {REBUILD}")
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


def _trial(cells: Mapping[tuple[int, str], np.ndarray], row: int, units: int) -> TrialData:
    """One row, whose arrays have the shapes of a trial. Raises ValueError, TypeError or KeyError for any other."""
    arrays = {name: cells[row, name] for name in ARRAYS}
    time = len(arrays["videos"])
    expected = {"responses": (units, time), "opto": (time,), "behavior": (2, time), "pupil_center": (2, time)}
    for name, array in arrays.items():
        kind = np.uint8 if name == "videos" else np.float32
        if array.dtype != kind or array.shape != expected.get(name, array.shape) or arrays["videos"].ndim != 3:
            raise ValueError(f"row {row}: {name} of type {array.dtype} and shape {array.shape}")
    trial, movie, scene, tier = (cells[row, name].item() for name in LABELS)
    return TrialData(int(trial), SceneKey(str(movie), int(scene)), str(tier), **arrays)


def _raise_if_away(folder: Path) -> None:
    """Read every byte of a folder that Deep Lake cannot read, since it does not say that a drive gave no answer."""
    try:
        for file in files_below(folder):
            file_sha256(file)
    except OSError as error:
        raise_if_unread(f"dataset {folder}", error)


def _check_space(session: SessionData, folder: Path) -> None:
    needed = SPACE_FACTOR * session.size_bytes()
    free = shutil.disk_usage(folder).free
    if free < needed:
        said = f"{folder} has {free / 1e6:.0f} MB free, the dataset needs {needed / 1e6:.0f} MB: make room"
        raise StoreRefuses(said)

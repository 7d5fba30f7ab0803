"""A large stored session as plain files that windows are cut from without reading it into memory."""

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dlgn_cnn.config import canonical_json
from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.data.sessions.session_data import ARRAYS, SessionData, TrialData
from dlgn_cnn.data.store.session_store import read_session, rows_digest
from dlgn_cnn.errors import StoreError
from dlgn_cnn.storage.atomic import whole_file, write_text
from dlgn_cnn.storage.rights import raise_if_forbidden

MEMORY_BOUND_BYTES = 2**30


def cached_session(folder: Path, cache: Path, bound_bytes: int = MEMORY_BOUND_BYTES) -> SessionData:
    """Return a stored session, memory-mapped from a cache if it is large.

    The first call reads the store, whole, and writes the files, each under its final name only when complete, named
    by the digest of the store's rows: ``videos.npy`` (frame, height, width), ``responses.npy`` (frame, unit) and so on,
    time first, of all trials in turn, and labels as JSON. Later calls read only the cache and compare its rows with
    that digest; a copy that differs is written again.

    Parameters
    ----------
    folder : Path
        Folder of the stored session.
    cache : Path
        Folder of the copies.
    bound_bytes : int, default 1 GiB
        A session whose arrays are larger is memory-mapped.

    Returns
    -------
    SessionData
        The session.

    Raises
    ------
    StoreError
        If the store is damaged, or the cache cannot be written.
    """
    digest = rows_digest(folder)
    with contextlib.suppress(OSError, ValueError, KeyError):
        return _open(cache, digest)
    session = read_session(folder)
    if session.size_bytes() <= bound_bytes:
        return session
    try:
        _write(session, cache, digest)
        return _open(cache, digest)
    except (OSError, ValueError, KeyError) as error:
        raise_if_forbidden(error)
        raise StoreError(f"no intact copy of {folder} could be cached in {cache} ({error}): make room there") from error


def _write(session: SessionData, cache: Path, digest: str) -> None:
    for name in ARRAYS:
        _write_npy(cache / f"{digest}.{name}.npy", [_turned(getattr(trial, name)) for trial in session.trials])
    labels = [[t.trial, t.scene.movie, t.scene.scene, t.tier, len(t.videos)] for t in session.trials]
    text = canonical_json({"units": list(session.units), "rate_hz": session.rate_hz, "trials": labels})
    write_text(cache / f"{digest}.json", text)


def _write_npy(path: Path, parts: Sequence[np.ndarray]) -> None:
    # Not through a memory map: on a full disk that ends the process, where a write raises an error.
    with whole_file(path) as temporary, temporary.open("wb") as file:
        shape = (sum(map(len, parts)), *parts[0].shape[1:])
        descr = np.lib.format.dtype_to_descr(parts[0].dtype)
        np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})
        for part in parts:
            file.write(np.ascontiguousarray(part).tobytes())


def _open(cache: Path, digest: str) -> SessionData:
    labels = json.loads((cache / f"{digest}.json").read_text())
    # Copy on write: torch shares no read-only arrays, and nothing may change the file.
    arrays = {name: np.load(cache / f"{digest}.{name}.npy", mmap_mode="c").view(np.ndarray) for name in ARRAYS}
    trials, first = [], 0
    for number, movie, scene, tier, time in labels["trials"]:
        own = {name: _turned(array[first : first + time]) for name, array in arrays.items()}
        trials.append(TrialData(number, SceneKey(movie, scene), tier, **own))
        first += time
    session = SessionData(tuple(labels["units"]), float(labels["rate_hz"]), tuple(trials))
    if session.digest() != digest:
        raise ValueError("its rows are not those of the store")
    return session


def _turned(array: np.ndarray) -> np.ndarray:
    """(row, time) as (time, row), and back; a video has time first."""
    return array.T if array.ndim == 2 else array

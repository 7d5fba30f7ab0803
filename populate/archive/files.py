"""Files that rows refer to: into an archive, named by their digests, and out of it to this machine's store."""

import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from dlgn_cnn.archive.arrays import read_array
from dlgn_cnn.archive.reading import Archive
from dlgn_cnn.archive.sessions import read_session_file, write_session_file
from dlgn_cnn.archive.writing import ArchiveWriter
from dlgn_cnn.data.store.session_store import read_info, read_session, rows_digest
from dlgn_cnn.errors import ArchiveError, StoreError
from dlgn_cnn.storage.files import file_sha256
from dlgn_cnn.training.weights import ENDING
from populate.archive.selection import Selection, batches
from schemas import dataset
from schemas.base import array_codec
from schemas.base.array_codec import Kept
from schemas.connection.in_force import settings_in_force

Row = dict[str, Any]
WEIGHTS = "weights_sha256"
STIMULI = "stimuli"  # the folder of the scenes' files, in an archive and below the store
SCENES, RAW = "stimulus.Scene", "recording.RawFile"
_STORE_PATH = re.compile(r"datasets/[0-9a-f]{32}/(?!\.{1,2}\Z)[^/\\\0]+")
PLACES = {SCENES: "scene_path", RAW: "raw_path"}  # on the machine that ingested them


def add_weights(archive: ArchiveWriter, selection: Selection) -> None:
    """Add the weights that chosen rows name. Raises StoreError for missing or altered ones."""
    place = settings_in_force().weights
    for name, table in selection.catalog.tables.items():
        if WEIGHTS in table.heading.names and selection.restrictions(name):
            for row in selection.rows(name):
                archive.add(weights_file(row), place.get(row[WEIGHTS], ENDING))


def add_sessions(archive: ArchiveWriter, selection: Selection) -> None:
    """Add the trials of the chosen datasets' sessions, each once. Raises StoreError for damaged ones."""
    for row in selection.rows("dataset.Dataset.Session"):
        name = session_file(row)
        if name in archive.files:
            continue
        (folder,) = dataset.absolute({"session": row["store_path"]}).values()
        if rows_digest(folder) != row["rows_digest"]:
            raise StoreError(f"dataset {folder} holds other rows than its own: delete its Dataset row, populate again")
        with tempfile.TemporaryDirectory() as temporary:
            file = Path(temporary) / "session"
            write_session_file(read_session(folder), read_info(folder), file)
            archive.add(name, file)


def array_file(digest: str) -> str:
    """Name in an archive of the array with this digest."""
    return f"arrays/{digest}.npy"


def weights_file(row: Row) -> str:
    """Name in an archive of the weights of a row."""
    return f"weights/{row[WEIGHTS]}{ENDING}"


def session_file(row: Row) -> str:
    """Name in an archive of the trials of a row of ``Dataset.Session``."""
    return f"datasets/{row['rows_digest']}{ENDING}"


def add_stimuli(archive: ArchiveWriter, selection: Selection) -> dict[str, str]:
    """Names in the archive of the chosen scenes' files, by path. A missing file is left out."""
    found: dict[str, str] = {}
    for row in selection.rows(SCENES):
        path = Path(row["scene_path"])
        if row["scene_path"] not in found and path.is_file():
            digest = file_sha256(path)
            if not row["scene_part"] and digest != row["scene_sha256"]:
                raise StoreError(f"scene file {path} is not the one that was ingested: restore it, or --no-stimuli")
            found[row["scene_path"]] = f"{STIMULI}/{digest}{path.suffix.lower()}"
            archive.add(found[row["scene_path"]], path)
    return found


def local_name(stimuli: dict[str, str], name: str, row: Row) -> Row:
    """A row as the archive holds it: a path of this machine becomes a file of the archive, or its bare name.

    Parameters
    ----------
    stimuli : dict
        Names in the archive of the scenes' files, by path.
    name : str
        Table of the row, as ``stimulus.Scene``.
    row : dict
        The encoded row.

    Returns
    -------
    dict
        The row, changed if its table holds paths.
    """
    column = PLACES.get(name)
    if column is None:
        return row
    return row | {column: stimuli.get(row[column], Path(row[column]).name)}


def place_weights(archive: Archive) -> None:
    """Store an archive's weights in this machine's store. Raises ArchiveError for a file that is not safetensors."""
    for name in _below(archive, "weights"):
        _digest_of(archive, name)
        with tempfile.TemporaryDirectory() as folder:
            file = archive.copy(name, Path(folder) / "weights")
            try:
                with safe_open(file, "numpy") as opened:
                    opened.keys()
            except SafetensorError as error:
                raise ArchiveError(f"{archive.place}: {name} is not a safetensors file ({error})") from error
            settings_in_force().weights.put(file, ENDING)


def place_stimuli(archive: Archive) -> None:
    """Copy an archive's scene files below the store, unless they are there."""
    for name in _below(archive, STIMULI):
        target = _stimulus_path(name)
        if not target.exists() or file_sha256(target) != _digest_of(archive, name):
            archive.copy(name, target)


def placed_name(archive: Archive, name: str, row: Row) -> Row:
    """A row as this machine holds it: a file of the archive becomes its path here.

    Parameters
    ----------
    archive : Archive
        The archive.
    name : str
        Table of the row, as ``stimulus.Scene``.
    row : dict
        The decoded row.

    Returns
    -------
    dict
        The row, changed if its table holds paths.

    Raises
    ------
    ArchiveError
        For a path that leads out of the archive.
    """
    column = PLACES.get(name)
    if column is None:
        return row
    given = str(row[column])
    if given in archive.manifest.files:
        return row | {column: str(_stimulus_path(given))}
    if Path(given).name != given:
        raise ArchiveError(f"{archive.place}: {column} {given!r:.80} of a row leads out of the archive")
    return row


def restore_session(archive: Archive, row: Row) -> None:
    """Write the trials of a row of ``Dataset.Session`` where the row says, where the archive holds them.

    Raises ArchiveError where they are not those of the row's digest, and for a path that leads out of the store.
    """
    if not _STORE_PATH.fullmatch(row["store_path"]):
        raise ArchiveError(f"{archive.place}: store_path {row['store_path']!r:.80} leads out of the store")
    name = session_file(row)
    if name not in archive.manifest.files and not archive.manifest.selection.get("datasets", True):
        return
    archive.entry(name)
    with tempfile.TemporaryDirectory() as folder:
        data, info = read_session_file(archive.copy(name, Path(folder) / "session"))
    if dataset.store_session(row["store_path"], data, info) != row["rows_digest"]:
        raise ArchiveError(f"{archive.place}: {name} holds other trials than its row says")


def _below(archive: Archive, folder: str) -> list[str]:
    return sorted(name for name in archive.manifest.files if name.startswith(f"{folder}/"))


def _digest_of(archive: Archive, name: str) -> str:
    """The digest in a file's name, which must be that of its content."""
    digest = name.partition("/")[2].partition(".")[0]
    if archive.entry(name).sha256 != digest:
        raise ArchiveError(f"{archive.place}: {name} is not what its name says")
    return digest


def _stimulus_path(name: str) -> Path:
    return settings_in_force().store / name


class Placed:
    """The arrays and sessions of an archive, each stored once, when a row first needs it.

    Memory: ``AT_ONCE`` arrays, one session, and a line for each array.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._arrays: dict[tuple[str, str], Kept] = {}
        self._sessions: set[tuple[str, str]] = set()

    def arrays(self, schema: str, digests: Iterable[str]) -> dict[str, Kept]:
        """What a row of a schema holds for each of these arrays. Raises ArchiveError, StoreError, StoreAway."""
        wanted = set(digests)
        for some in batches(sorted(one for one in wanted if (schema, one) not in self._arrays), array_codec.AT_ONCE):
            kept = array_codec.keep(schema, [self._read(one) for one in some])
            self._arrays.update({(schema, one): found for one, found in zip(some, kept, strict=True)})
        return {one: self._arrays[schema, one] for one in wanted}

    def session(self, row: Row) -> None:
        """Store the trials of a row of ``Dataset.Session`` where it says. Raises as ``restore_session``."""
        place = str(row["store_path"]), str(row["rows_digest"])
        if place not in self._sessions:
            restore_session(self._archive, row)
            self._sessions.add(place)

    def _read(self, digest: str) -> Any:
        name = array_file(digest)
        _digest_of(self._archive, name)
        with tempfile.TemporaryDirectory() as folder:
            return read_array(self._archive.copy(name, Path(folder) / "array.npy"))

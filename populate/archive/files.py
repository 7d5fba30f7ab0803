"""Files that rows refer to: into an archive, named by their digests, and out of it to this machine's store."""

import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from dlgn_cnn.archive.contents import read_array, read_session_file, write_session_file
from dlgn_cnn.archive.reading import Archive
from dlgn_cnn.archive.writing import ArchiveWriter
from dlgn_cnn.data.store.session_store import read_info, read_session, rows_digest
from dlgn_cnn.errors import ArchiveError, StoreError
from dlgn_cnn.storage.files import file_sha256
from dlgn_cnn.storage.rights import present, present_file
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
                archive.add(weights_file(row[WEIGHTS]), place.get(row[WEIGHTS], ENDING))


def add_sessions(archive: ArchiveWriter, selection: Selection) -> None:
    """Add the trials of the chosen datasets' sessions, each once. Raises StoreError for damaged ones."""
    for row in selection.rows("dataset.Dataset.Session"):
        name = session_file(row["rows_digest"])
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


def weights_file(digest: str) -> str:
    """Name in an archive of the weights with this digest."""
    return f"weights/{digest}{ENDING}"


def session_file(digest: str) -> str:
    """Name in an archive of the trials of a session with this digest."""
    return f"datasets/{digest}{ENDING}"


def add_stimuli(archive: ArchiveWriter, selection: Selection) -> dict[str, str]:
    """Names in the archive of the chosen scenes' files, by path. A missing file is left out."""
    found: dict[str, str] = {}
    for row in selection.rows(SCENES):
        path = settings_in_force().here(row["scene_path"])
        if row["scene_path"] not in found and present_file(path):
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
        digest, target = _digest_of(archive, name), settings_in_force().store / name
        if not present(target) or file_sha256(target) != digest:
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
        return row | {column: str(settings_in_force().store / given)}
    if Path(given).name != given:
        raise ArchiveError(f"{archive.place}: {column} {given!r:.80} of a row leads out of the archive")
    return row


def place_arrays(archive: Archive, schema: str, digests: Iterable[str]) -> Iterator[Kept]:
    """Store arrays for rows of a schema, several at once; what a row holds for each.

    Parameters
    ----------
    archive : Archive
        The archive.
    schema : str
        The schema in the database.
    digests : iterable of str
        Digests of the arrays.

    Yields
    ------
    Kept
        The value to insert.

    Raises
    ------
    ArchiveError
        If the archive lacks an array, or holds another one under its name.
    StoreError
        If the store cannot be written.
    """
    for some in batches(digests, array_codec.AT_ONCE):
        yield from array_codec.keep(schema, [_array(archive, digest) for digest in some])


def place_session(archive: Archive, store_path: str, digest: str) -> None:
    """Write the trials of a session into the store, where the archive holds them.

    Parameters
    ----------
    archive : Archive
        The archive.
    store_path : str
        Folder below the store.
    digest : str
        Digest that the stored rows must have.

    Raises
    ------
    ArchiveError
        If they have another digest, or the path leads out of the store.
    """
    if not _STORE_PATH.fullmatch(store_path):
        raise ArchiveError(f"{archive.place}: store_path {store_path!r:.80} leads out of the store")
    name = session_file(digest)
    if name not in archive.manifest.files and not archive.manifest.selection.get("datasets", True):
        return
    with tempfile.TemporaryDirectory() as folder:
        data, info = read_session_file(archive.copy(name, Path(folder) / "session"))
    if dataset.store_session(store_path, data, info) != digest:
        raise ArchiveError(f"{archive.place}: {name} holds other trials than its row says")


def _array(archive: Archive, digest: str) -> Any:
    name = array_file(digest)
    _digest_of(archive, name)
    with tempfile.TemporaryDirectory() as folder:
        return read_array(archive.copy(name, Path(folder) / "array.npy"))


def _below(archive: Archive, folder: str) -> list[str]:
    return sorted(name for name in archive.manifest.files if name.startswith(f"{folder}/"))


def _digest_of(archive: Archive, name: str) -> str:
    """The digest in a file's name, which must be that of its content."""
    digest = name.partition("/")[2].partition(".")[0]
    if archive.entry(name).sha256 != digest:
        raise ArchiveError(f"{archive.place}: {name} is not what its name says")
    return digest

"""What an HDF5 file may read: no file outside its folder, and no more than its size allows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dlgn_cnn.bounds import check, limit
from dlgn_cnn.data.readers.shared.near_files import inside
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.storage.rights import present_file


def require_contained(path: Path) -> None:
    """Raise RecordingError if an HDF5 file, or one that it links to, is beyond bounds or reads one outside its folder.

    The folder is that of ``path``. Links and virtual data sets are named relative to the file that holds them, external
    storage relative to the current folder, as HDF5 looks for them. HDF5 would look for a missing file elsewhere, so it
    must be there.
    """
    checked: set[Path] = set()
    pending = [path]
    while pending:
        file = pending.pop()
        if file.resolve() in checked:
            continue
        checked.add(file.resolve())
        for base, name, what in _named_files(file):
            found = inside(path.parent, str(base / name), f"{path}: {what}")
            if not present_file(found):
                raise RecordingError(
                    f"{path}: {what} names {name!r:.200}, which is not there: copy the file next to it"
                )
            pending += [] if what.startswith("external storage") else [found]


@contextmanager
def contained(path: Path) -> Iterator[Any]:
    """An HDF5 file, open for reading. Raises RecordingError as ``require_contained`` does."""
    import h5py

    require_contained(path)
    with h5py.File(path, "r") as file:
        yield file


def _named_files(path: Path) -> Iterator[tuple[Path, str, str]]:
    """Other files that an HDF5 file names: the folder that each name is relative to, the name, and what names it."""
    import h5py

    named: list[tuple[Path, str, str]] = []

    objects = 0
    size = path.stat().st_size

    def see_link(name: str, link: Any) -> None:
        nonlocal objects
        objects += 1
        check("hdf5.objects", objects, path)
        check("hdf5.depth", name.count("/"), path)
        if isinstance(link, h5py.ExternalLink):
            named.append((path.parent, link.filename, f"external link {name!r:.200}"))

    def see_object(name: str, found: Any) -> None:
        if not isinstance(found, h5py.Dataset):
            return
        check("hdf5.unpacked", (found.size or 0) * found.dtype.itemsize, f"{path}: {name!r:.200}", size)
        _check_texts(found, f"{path}: {name!r:.200}", size)
        for file, _, _ in found.external or ():
            named.append((Path.cwd(), file, f"external storage of {name!r:.200}"))
        if found.is_virtual:
            sources = (source.file_name for source in found.virtual_sources())
            named.extend((path.parent, file, f"virtual data set {name!r:.200}") for file in sources if file != ".")

    with h5py.File(path, "r") as file:
        for stopped in (file.visititems_links(_returning(see_link)), file.visititems(_returning(see_object))):
            if stopped is not None:
                raise stopped
    yield from named


def _returning(see: Callable[[str, Any], None]) -> Callable[[str, Any], RecordingError | None]:
    """The function of h5py's visitors that gives its error back, which stops them; one raised would end in another."""

    def called(name: str, found: Any) -> RecordingError | None:
        try:
            see(name, found)
        except RecordingError as error:
            return error
        return None

    return called


def _check_texts(found: Any, where: str, size: int) -> None:
    """Count the bytes of a data set of texts, many of which can be one and the same in the file."""
    import h5py

    if h5py.check_string_dtype(found.dtype) is None or not found.shape:
        return
    at_once, total = max(64, limit("hdf5.unpacked") // max(1, size)), 0
    for first in range(0, len(found), at_once):
        total += sum(map(len, found[first : first + at_once].ravel()))
        check("hdf5.unpacked", total, where, size)

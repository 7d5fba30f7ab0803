"""What an HDF5 file reads from other files: external links, external storage and virtual data sets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dlgn_cnn.data.readers.shared.near_files import inside
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.storage.rights import present_file


def require_contained(path: Path) -> None:
    """Raise RecordingError if an HDF5 file, or one that it links to, reads a file outside the folder of ``path``.

    Links and virtual data sets are named relative to the file that holds them, external storage relative to the
    current folder, as HDF5 looks for them. HDF5 would look for a missing file elsewhere, so it must be there.
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


def _named_files(path: Path) -> Iterator[tuple[Path, str, str]]:
    """Other files that an HDF5 file names: the folder that each name is relative to, the name, and what names it."""
    import h5py

    named: list[tuple[Path, str, str]] = []

    def see_link(name: str, link: Any) -> None:
        if isinstance(link, h5py.ExternalLink):
            named.append((path.parent, link.filename, f"external link {name!r:.200}"))

    def see_object(name: str, found: Any) -> None:
        if not isinstance(found, h5py.Dataset):
            return
        for file, _, _ in found.external or ():
            named.append((Path.cwd(), file, f"external storage of {name!r:.200}"))
        if found.is_virtual:
            sources = (source.file_name for source in found.virtual_sources())
            named.extend((path.parent, file, f"virtual data set {name!r:.200}") for file in sources if file != ".")

    with h5py.File(path, "r") as file:
        file.visititems_links(see_link)
        file.visititems(see_object)
    yield from named

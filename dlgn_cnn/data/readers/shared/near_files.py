"""Files that a recording names: only those that lie in the recording's own folder are opened."""

from contextlib import suppress
from pathlib import Path

from dlgn_cnn.errors import RecordingError
from dlgn_cnn.storage.rights import raise_if_forbidden


def inside(folder: Path, name: str, where: str) -> Path:
    """Path of a file that a recording names.

    A link is followed, and where it leads must lie in the folder too, or in the git-annex that the folder belongs to.

    Parameters
    ----------
    folder : Path
        Folder of the recording.
    name : str
        Name as the recording has it, relative to that folder or absolute.
    where : str
        What names it, for the error.

    Returns
    -------
    Path
        The file's path.

    Raises
    ------
    RecordingError
        If it lies elsewhere.
    """
    try:
        path = (folder / name).resolve()
        own = folder.resolve()
        with suppress(FileNotFoundError, NotADirectoryError):
            path.lstat()
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, a name with a zero byte, or too long
        raise_if_forbidden(error)
        raise RecordingError(f"{where} names {name!r:.200}, which is not a path ({error}): correct it") from error
    annex = [above / ".git" / "annex" / "objects" for above in (own, *own.parents)]
    if "://" in name or not any(path.is_relative_to(place) for place in (own, *annex)):
        raise RecordingError(
            f"{where} names {name!r:.200}, which lies outside the recording's folder {folder}: copy the file into it, "
            "and name it relative to it"
        )
    return folder / name

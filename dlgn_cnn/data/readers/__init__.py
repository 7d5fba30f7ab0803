"""Readers: one file a raw format; each returns validated recordings.

A reader is a function ``(path, *, options) -> list[Recording]`` registered with ``@reader(name, recognizes)``, where
``recognizes(path)`` says cheaply, from names alone, whether the path looks like its format. A format whose sessions lie
in a file within the path, or several in one file, also gives ``source`` and ``sessions``.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlgn_cnn.data.recording import SessionKey, SessionRecording
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.registry import Registry
from dlgn_cnn.storage.rights import present, present_folder

READERS = Registry("reader", "dlgn_cnn.data.readers", given=("path", "progress"))
GIVE = "give the folder or file of a raw recording"
_FORMATS: dict[str, "reader"] = {}


@dataclass(frozen=True)
class reader:
    """Decorator that registers a reader.

    Parameters
    ----------
    name : str
        Name of the format.
    recognizes : callable
        Whether a path looks like the format, from names alone.
    source : callable, optional
        Finds the file within a path that its recordings name as their source (default: the path itself).
    sessions : callable, optional
        Lists the sessions in such a file without validating them (default: none, since it can hold one only).
    options : tuple of type, default ()
        Dataclasses of options that the function takes besides its own.
    """

    name: str
    recognizes: Callable[[Path], bool]
    source: Callable[[Path], Path] = lambda path: path
    sessions: Callable[[Path], Collection[SessionKey]] = lambda source: ()
    options: tuple[type, ...] = ()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Register the function and return it."""
        _FORMATS[self.name] = self
        return READERS.register(self.name, self.options)(function)


def source_of(path: Path, reader: str) -> Path:
    """The file or folder that the recordings in ``path`` have as their source. Raises RecordingError for none."""
    READERS.get(reader)
    return _FORMATS[reader].source(path)


def sessions_in(source: Path, reader: str) -> Collection[SessionKey]:
    """The sessions in a source, none where it can hold one only. Raises RecordingError where it cannot be read."""
    return _FORMATS[reader].sessions(source)


def read_recordings(path: Path, reader: str | None = None, **options: Any) -> list[SessionRecording]:
    """Every session in ``path``, validated, in order of its key.

    ``reader`` names the format; by default it is found by looking at the names in ``path``. ``options`` go to that
    reader, which refuses those that it does not take. Raises RecordingError where no reader, or more than one,
    recognizes the path, or where the raw data contradict themselves; ConfigError for an unknown reader or option.
    """
    name = reader or recognized(path)
    recordings: list[SessionRecording] = READERS.build({"name": name, **options}, path=path)
    if not recordings:
        raise RecordingError(f"{path} holds no session that the reader {name} finds: {GIVE}")
    return recordings


def recognized(path: Path) -> str:
    """The reader that recognizes ``path``. Raises RecordingError where none does, or more than one."""
    if not present(path):
        raise RecordingError(f"{path} does not exist: {GIVE}")
    if present_folder(path) and not any(path.iterdir()):
        raise RecordingError(f"{path} holds no file: {GIVE}")
    choices = READERS.names()
    found = [name for name in choices if _FORMATS[name].recognizes(path)]
    if len(found) == 1:
        return found[0]
    problem = f"is recognized by the readers {', '.join(found)}" if found else "is recognized by no reader"
    raise RecordingError(f"{path} {problem}: name the reader, one of {', '.join(choices)}")

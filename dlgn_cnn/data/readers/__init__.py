"""Readers: one file a raw format; each returns validated recordings.

A reader is a function ``(path, *, options) -> list[Recording]`` registered with ``@reader(name, recognises)``, where
``recognises(path)`` says cheaply, from names alone, whether the path looks like its format.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dlgn_cnn.data.recording import Recording
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.registry import Registry

READERS = Registry("reader", "dlgn_cnn.data.readers", given=("path", "progress"))
GIVE = "give the folder or file of a raw recording"
_RECOGNISERS: dict[str, Callable[[Path], bool]] = {}


def reader(name: str, recognises: Callable[[Path], bool]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator that registers a reader under ``name`` with the predicate by which it is found."""
    _RECOGNISERS[name] = recognises
    return READERS.register(name)


def read_recordings(path: Path, reader: str | None = None, **options: Any) -> list[Recording]:
    """Every session in ``path``, validated, in order of its key.

    ``reader`` names the format; by default it is found by looking at the names in ``path``. ``options`` go to that
    reader, which refuses those that it does not take. Raises RecordingError where no reader, or more than one,
    recognises the path, or where the raw data contradict themselves; ConfigError for an unknown reader or option.
    """
    name = reader or recognised(path)
    recordings: list[Recording] = READERS.build({"name": name, **options}, path=path)
    return recordings


def recognised(path: Path) -> str:
    """The reader that recognises ``path``. Raises RecordingError where none does, or more than one."""
    if not path.exists():
        raise RecordingError(f"{path} does not exist: {GIVE}")
    if path.is_dir() and not any(path.iterdir()):
        raise RecordingError(f"{path} holds no file: {GIVE}")
    choices = READERS.names()
    found = [name for name in choices if _RECOGNISERS[name](path)]
    if len(found) == 1:
        return found[0]
    problem = f"is recognised by the readers {', '.join(found)}" if found else "is recognised by no reader"
    raise RecordingError(f"{path} {problem}: name the reader, one of {', '.join(choices)}")

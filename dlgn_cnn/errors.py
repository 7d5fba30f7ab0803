"""The errors a user can mend. Each message says what was given, what is expected and what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from dlgn_cnn.redaction import redacted

LONGEST, ENDING = 900, 300  # letters of an error, and how many of its end are kept, where it says what to do


def one_sentence(text: str) -> str:
    """Words for an error on one line, whatever they quote: breaks as spaces, other control characters as escapes.

    A terminal would obey some of these, and no file could hold a half of a surrogate pair.

    >>> one_sentence("it says 'a\\x1b[2J'\\nand ends")
    "it says 'a\\\\x1b[2J' and ends"
    """
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - ENDING]} ... {text[-ENDING:]}"
    if text.isprintable():
        return text
    text = re.sub(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*", " ", text).strip()
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


class DlgnError(ValueError):
    """Base of every error that is the input's fault, not the program's: shown as a sentence, not a traceback.

    Its words are one line and hold no secret, whatever they quote.
    """

    def __init__(self, *said: object) -> None:
        super().__init__(*(one_sentence(redacted(one)) if isinstance(one, str) else one for one in said))


class RecordingError(DlgnError):
    """A raw recording contradicts itself or its format."""


class ConfigError(DlgnError):
    """A configuration cannot be carried, found or understood; ``place`` is where in it, as ``core.kernels[0]``."""

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(message)
        self.place = place

    def __str__(self) -> str:
        return one_sentence(f"{self.place}: {self.args[0]}") if self.place else str(self.args[0])


class NotHere(DlgnError):
    """This machine lacks what is needed, such as a file or a package; another machine may have it."""


class MissingFile(NotHere, RecordingError):
    """A recording's file is not at its place on this machine."""


class MissingPackage(NotHere, ConfigError):
    """A config names a package that this machine lacks, or that its user does not allow."""


class StoreError(DlgnError):
    """A stored dataset is missing, incomplete or damaged."""


class StoreAway(StoreError):
    """A store gives no answer for now, as one does whose server is busy or out of reach: asking again may help."""


class StoreStopped(StoreError):
    """A stored dataset was not decoded within the bounds of time and memory: a busy machine may be why."""


class StoreRefuses(StoreError):
    """A store takes nothing that is written to it, since it is full, read-only or forbids it: it needs a person."""


class ArchiveError(DlgnError):
    """A published archive is broken, is not ours, or contradicts what is there."""


class ModelError(DlgnError):
    """A model was asked for something that it does not have."""


def join_path(path: str, step: str | int) -> str:
    """Path of a value that lies ``step`` below another: a key, an index of a list, or a path itself.

    This is the one spelling of a config's path, in errors, queries, searches and columns.

    >>> join_path(join_path("model.core", "kernels"), 0)
    'model.core.kernels[0]'
    """
    if isinstance(step, int):
        return f"{path}[{step}]"
    return f"{path}.{step}" if path and not str(step).startswith("[") else f"{path}{step}"


def error_chain(error: BaseException) -> Iterator[BaseException]:
    """An error, the one behind it, that it was raised from or while it was handled, and so on."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


@contextmanager
def within(place: str) -> Iterator[None]:
    """Say of every ConfigError raised inside that it is at ``place``, a key of the config or the path to one.

    Each level of a nested config adds its own key, so that the error of a part leaves with the path from the top.
    """
    try:
        yield
    except ConfigError as error:
        error.place = join_path(place, error.place) if error.place else place
        raise

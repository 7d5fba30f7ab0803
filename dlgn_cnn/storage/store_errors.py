"""Errors of a store's client: those that may pass by themselves, those of a store that takes nothing, all others."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from dlgn_cnn.errors import StoreAway, StoreError, StoreRefuses, error_chain
from dlgn_cnn.storage.rights import raise_if_forbidden, refusal

# Of a network file system, or as s3fs translates an object store's "busy", "slow down" and "internal error".
PASSING = {"EAGAIN", "EBUSY", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH", "EREMOTEIO", "ESTALE"}
# Of a place that is full, read-only or broken. s3fs gives EIO for an answer that it does not know, as 507 is.
REFUSING = {"EDQUOT", "EIO", "ENOSPC", "EROFS"}
# A network drive that is gone says so while a file is read.
UNREAD = {errno.EIO, errno.ENOTCONN, errno.ETIMEDOUT}
# By the name of a client's base class, since none of these packages need be installed.
CLIENTS = {
    "botocore.exceptions.ConnectionError",
    "botocore.exceptions.HTTPClientError",
    "aiohttp.client_exceptions.ClientConnectionError",
    "aiohttp.client_exceptions.ClientPayloadError",
}


def store_error(what: str, error: BaseException, writing: bool = False) -> StoreError:
    """The error that says that something could not be done with a store.

    Parameters
    ----------
    what : str
        The beginning of the message, as ``"s3://lab/a cannot be read"``.
    error : BaseException
        The client's error.
    writing : bool, default False
        Whether the store was written to.

    Returns
    -------
    StoreError
        A StoreAway where the same again may succeed, a StoreRefuses where the store took nothing.
    """
    kind = StoreAway if passes(error) else StoreRefuses if writing and refuses(error) else StoreError
    advice = "asked again later" if kind is StoreAway else "check it and try again"
    if kind is StoreRefuses:
        advice = "make room there, or allow writing"
    return kind(f"{what} ({type(error).__name__}: {error}): {advice}")


@contextmanager
def client_errors(what: str, place: str, writing: bool = False) -> Iterator[None]:
    """Turn errors of a store's client into this project's, see ``store_error``.

    What this account may not read in ``place`` stays a PermissionError: nothing is missing then, or damaged.

    Parameters
    ----------
    what : str
        The beginning of the message.
    place : str
        Path or URL, for errors that name none.
    writing : bool, default False
        Whether the store is written to.
    """
    try:
        yield
    except StoreError:
        raise
    except PermissionError as error:
        denied = str(error.filename or place)
        if writing:
            raise StoreRefuses(f"{what} ({type(error).__name__}: {error}): {refusal(denied)}") from error
        raise PermissionError(errno.EACCES, str(error.strerror or error), denied) from error
    except Exception as error:  # each client has errors of its own, botocore's are not OSErrors
        raise store_error(what, error, writing) from error


def raise_if_unread(what: str, error: BaseException) -> None:
    """Raise where an error of reading says nothing of what was to be read: it is not damaged or missing for that.

    Parameters
    ----------
    what : str
        What was to be read, for the message.
    error : BaseException
        The error that was caught.

    Raises
    ------
    PermissionError
        If this account may not read it.
    StoreAway
        If a drive or network gave no answer.
    """
    raise_if_forbidden(error)
    for one in error_chain(error):
        if passes(one) or (isinstance(one, OSError) and one.errno in UNREAD):
            raise StoreAway(f"{what} cannot be read for now ({one}): asked again later") from error


def refuses(error: BaseException) -> bool:
    """Whether an error of writing is the place's fault, and not that of what is written or of its name."""
    return isinstance(error, OSError) and errno.errorcode.get(error.errno or 0) in REFUSING


def passes(error: BaseException) -> bool:
    """Whether an error says that the server is away or busy; not that something is missing, forbidden or full."""
    if isinstance(error, ConnectionError | TimeoutError):
        return True
    if isinstance(error, OSError) and errno.errorcode.get(error.errno or 0) in PASSING:
        return True
    return any(f"{base.__module__}.{base.__qualname__}" in CLIENTS for base in type(error).__mro__)

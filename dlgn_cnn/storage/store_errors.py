"""Errors of a store's client: those that may pass by themselves, and those that need a repair."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from dlgn_cnn.errors import StoreAway, StoreError

# Of a network file system, or as s3fs translates an object store's "busy", "slow down" and "internal error".
PASSING = {"EAGAIN", "EBUSY", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH", "EREMOTEIO", "ESTALE"}
# By the name of a client's base class, since none of these packages need be installed.
CLIENTS = {
    "botocore.exceptions.ConnectionError",
    "botocore.exceptions.HTTPClientError",
    "aiohttp.client_exceptions.ClientConnectionError",
    "aiohttp.client_exceptions.ClientPayloadError",
}


def store_error(what: str, error: BaseException) -> StoreError:
    """``what`` could not be done, as ``error`` says: a StoreAway where the same again may succeed."""
    kind = StoreAway if passes(error) else StoreError
    advice = "asked again later" if kind is StoreAway else "check it and try again"
    return kind(f"{what} ({type(error).__name__}: {error}): {advice}")


@contextmanager
def client_errors(what: str, place: str) -> Iterator[None]:
    """Turn errors of a store's client into this project's, which say that ``what`` could not be done.

    What this account may not do in ``place`` stays a PermissionError: nothing is missing then, or damaged.
    """
    try:
        yield
    except StoreError:
        raise
    except PermissionError as error:
        raise PermissionError(errno.EACCES, str(error.strerror or error), str(error.filename or place)) from error
    except Exception as error:  # each client has errors of its own, botocore's are not OSErrors
        raise store_error(what, error) from error


def passes(error: BaseException) -> bool:
    """Whether an error says that the server is away or busy; not that something is missing, forbidden or full."""
    if isinstance(error, ConnectionError | TimeoutError):
        return True
    if isinstance(error, OSError) and errno.errorcode.get(error.errno or 0) in PASSING:
        return True
    return any(f"{base.__module__}.{base.__qualname__}" in CLIENTS for base in type(error).__mro__)

"""The file systems that fsspec knows: folders, S3, HTTP and the like, by their URL."""

import re
from typing import Any
from urllib.parse import urlsplit

from dlgn_cnn.errors import DlgnError, StoreError

SILENCE_S = 60.0  # a web server that says nothing for so long is given up; a long download is not


def file_system(url: str, error: type[DlgnError] = StoreError) -> tuple[Any, str]:
    """Return fsspec's file system for a path or URL, and the path within it.

    Parameters
    ----------
    url : str
        A path, or a URL with a scheme that fsspec knows.
    error : type of DlgnError, default StoreError
        What is raised.

    Returns
    -------
    AbstractFileSystem
        The file system.
    str
        The path in it, without a slash at its end.

    Raises
    ------
    DlgnError
        If fsspec does not know the scheme, or the scheme needs a package that is not installed.
    """
    import fsspec  # a process that opens no store does without

    try:
        files, root = fsspec.core.url_to_fs(url, **_options(url))
    except (ImportError, ValueError) as found:
        raise error(
            f"{shown(url)} is not a place that fsspec knows here ({found}): correct it, or install its package"
        ) from found
    return files, str(root).rstrip("/")


def is_there(files: Any, path: str) -> bool:
    """Whether a file system has a file or a folder.

    fsspec's own ``exists`` says False of what may not be read, and where the server gives no answer.
    """
    try:
        files.info(path)
    except FileNotFoundError:
        return False
    return True


def shown(place: str) -> str:
    """Return a path or URL as messages and logs may show it: a URL without user, password and query.

    >>> shown("https://me:secret@lab.org/a.zip?token=1")
    'https://lab.org/a.zip'
    """
    if "://" not in place:
        return place
    parts = urlsplit(place)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def without_secrets(text: str) -> str:
    """Return a text in which every URL is as ``shown`` gives it."""
    return re.sub(r"\w+://[^\s'\")]+", lambda found: shown(found[0]), text)


def _options(url: str) -> dict[str, Any]:
    if not url.startswith(("http://", "https://")):
        return {}
    from aiohttp import ClientTimeout

    # Not aiohttp's own five minutes for a whole file; and by the proxy that the environment names.
    timeout = ClientTimeout(total=None, sock_connect=SILENCE_S, sock_read=SILENCE_S)
    return {"client_kwargs": {"timeout": timeout, "trust_env": True}}

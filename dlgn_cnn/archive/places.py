"""Archives by path or URL: one file is fetched once into a cache, of a folder only what is asked for."""

import hashlib
import os
import shutil
import tempfile
import urllib.request
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl, urldefrag, urlsplit

import fsspec
import platformdirs

from dlgn_cnn.archive.reading import Archive, open_archive
from dlgn_cnn.archive.sources import Remote
from dlgn_cnn.errors import ArchiveError

SINGLE_FILES = (".zip", ".tar")
TIMEOUT_S = 60.0


def split_place(place: str) -> tuple[str, str | None, str | None]:
    """Of ``PLACE#MODEL&sha256=DIGEST``: where the archive is, which model of it, and the digest that pins it.

    The model and the digest may each be missing. Raises ArchiveError for anything else behind the ``#``.
    """
    where, fragment = urldefrag(place)
    model: str | None = None
    digest: str | None = None
    for part in filter(None, fragment.split("&")):
        name, given, value = part.partition("=")
        if given and name == "sha256":
            digest = value.lower()
        elif not given and model is None:
            model = part
        else:
            raise ArchiveError(f"{shown(where)}: expected PLACE#MODEL or PLACE#MODEL&sha256=DIGEST, given {part!r}")
    if digest is not None and (len(digest) != 64 or set(digest) - set("0123456789abcdef")):
        raise ArchiveError(f"{shown(where)}: sha256 is 64 hexadecimal digits, given {digest!r}")
    return where, model, digest


def archive_at(where: str, digest: str | None = None, cache: Path | None = None, anew: bool = False) -> Archive:
    """The archive at a path or URL; ``cache`` holds copies of what was fetched (the user's cache folder, without).

    Without ``digest`` a cached copy is used as it is; with one, a copy that is another archive is fetched again, as any
    copy is with ``anew``. Raises ArchiveError.
    """
    if "://" not in where:
        return open_archive(Path(where).expanduser(), digest)
    if not is_copied(where):
        return Archive(Remote(where), shown(where), digest)
    kept = _cache_file(where, cache)
    if kept.exists() and not anew:
        try:
            return open_archive(kept, digest)
        except ArchiveError:
            kept.unlink()  # cut short, or an earlier state of that URL
    _fetch(where, kept)
    return open_archive(kept, digest)


def shown(place: str) -> str:
    """A place as messages and logs may show it: a URL without user, password and query."""
    if "://" not in place:
        return place
    parts = urlsplit(place)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def is_copied(where: str) -> bool:
    """Whether an archive is used by way of a copy in the cache."""
    return "://" in where and urlsplit(where).path.endswith(SINGLE_FILES)


def _cache_file(where: str, cache: Path | None) -> Path:
    folder = cache or platformdirs.user_cache_path("dlgn_cnn")
    name = hashlib.sha256(_without_query_secrets(where).encode()).hexdigest()[:32]
    return folder / "archives" / f"{name}{Path(urlsplit(where).path).suffix}"


def _without_query_secrets(where: str) -> str:
    """The URL by which a copy is known: a signature in its query changes with each link to the same file."""
    parts = urlsplit(where)
    kept = [pair for pair in parse_qsl(parts.query) if "sig" not in pair[0].lower() and "token" not in pair[0].lower()]
    return f"{parts.scheme}://{parts.hostname}{parts.path}?{sorted(kept)}"


def _fetch(where: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file, _opened(where) as remote:
            shutil.copyfileobj(remote, file)
        os.replace(temporary, path)
    except Exception as error:  # each file system has errors of its own
        said = str(error).replace(where, shown(where))
        raise ArchiveError(f"{shown(where)} cannot be fetched ({type(error).__name__}: {said})") from error
    finally:
        Path(temporary).unlink(missing_ok=True)


def _opened(where: str) -> IO[bytes]:
    if where.startswith(("http://", "https://")):
        opened: Any = urllib.request.urlopen(where, timeout=TIMEOUT_S)
    else:
        opened = fsspec.open(where, "rb").open()
    return opened

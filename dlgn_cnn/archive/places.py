"""Paths and URLs of archives, and the copies of single files from URLs in a cache."""

import hashlib
from pathlib import Path
from urllib.parse import parse_qsl, urldefrag, urlsplit

import platformdirs

from dlgn_cnn.errors import ArchiveError
from dlgn_cnn.storage.atomic import whole_file
from dlgn_cnn.storage.file_systems import file_system, shown, without_secrets


def split_place(place: str) -> tuple[str, str | None, str | None]:
    """Split ``PLACE#MODEL&sha256=DIGEST`` into the archive's place, a model of it, and the digest that pins it.

    The model and the digest may each be missing. Raises ArchiveError for anything else behind the ``#``.

    >>> split_place("models.zip#gru")
    ('models.zip', 'gru', None)
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


def is_copied(where: str) -> bool:
    """Whether an archive is used by way of a copy in the cache."""
    return "://" in where and urlsplit(where).path.endswith(".zip")


def copy_of(where: str, cache: Path | None) -> Path:
    """Return where the copy of a single file at a URL lies; ``cache`` is by default the user's cache folder."""
    folder = cache or platformdirs.user_cache_path("dlgn_cnn")
    name = hashlib.sha256(_without_signature(where).encode()).hexdigest()[:32]
    return folder / "archives" / f"{name}.zip"


def fetch(where: str, path: Path) -> None:
    """Copy the file at a URL to ``path``. Raises ArchiveError, without what is secret in the URL."""
    files, name = file_system(where, ArchiveError)
    try:
        with whole_file(path) as temporary:
            files.get_file(name, str(temporary))
    except Exception as error:  # each file system has errors of its own
        said = without_secrets(str(error))
        raise ArchiveError(f"{shown(where)} cannot be fetched ({type(error).__name__}: {said})") from error


def _without_signature(where: str) -> str:
    """The URL by which a copy is known: a signature in its query changes with each link to the same file."""
    parts = urlsplit(where)
    kept = [pair for pair in parse_qsl(parts.query) if "sig" not in pair[0].lower() and "token" not in pair[0].lower()]
    return f"{parts.scheme}://{parts.hostname}{parts.path}?{sorted(kept)}"

"""Stored sessions on any file system that fsspec knows: an object store, a server, another folder.

Rows are written and checked on this machine (``dlgn_cnn.data.store.session_store``), then copied there, the manifest
last: a session without a manifest is incomplete. Each machine that fits from them copies them back once and checks
every row again. So a broken connection, or a bucket that holds something else, is an error and never a wrong number.
"""

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

import fsspec

from dlgn_cnn.data.store.session_store import MANIFEST, read_session
from dlgn_cnn.errors import StoreError
from dlgn_cnn.storage.files import file_sha256
from dlgn_cnn.storage.store_errors import store_error


def publish(folder: Path, url: str) -> None:
    """Copy the stored session in ``folder`` to ``url``, unless it is there, and read every byte back.

    Raises StoreError where the place cannot be written, or gives back other bytes.
    """
    files, root = _file_system(url)
    manifest = (folder / MANIFEST).read_bytes()
    try:
        if files.exists(f"{root}/{MANIFEST}") and files.cat_file(f"{root}/{MANIFEST}") == manifest:
            return
        if files.exists(root):
            files.rm(root, recursive=True)
        for file in _contents(folder):
            remote = f"{root}/{file.relative_to(folder).as_posix()}"
            files.makedirs(remote.rsplit("/", 1)[0], exist_ok=True)
            files.put_file(str(file), remote)
            if hashlib.sha256(files.cat_file(remote)).hexdigest() != file_sha256(file):
                raise StoreError(f"{url}: {file.name} does not read back as it was written: check that place")
    except StoreError:
        raise
    except Exception as error:  # each client has errors of its own
        raise store_error(f"{url} cannot be written", error) from error


def fetch(url: str, folder: Path) -> Path:
    """A sound copy of the session stored at ``url`` in ``folder``, which is returned; copied only if it is not there.

    Raises StoreError where there is none, or where its rows are damaged.
    """
    if (folder / MANIFEST).is_file():
        return folder
    files, root = _file_system(url)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        if not files.exists(f"{root}/{MANIFEST}"):
            raise StoreError(f"{url} holds no stored session: delete its Dataset row and populate again to rebuild it")
        for remote in files.find(root):
            local = temporary / Path(remote).relative_to(root)
            local.parent.mkdir(parents=True, exist_ok=True)
            files.get_file(remote, str(local))
        read_session(temporary)
        temporary.replace(folder)
    except StoreError:
        raise
    except Exception as error:
        raise store_error(f"{url} cannot be read", error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _contents(folder: Path) -> list[Path]:
    """Every file of a stored session, the manifest last."""
    found = sorted(file for file in folder.rglob("*") if file.is_file())
    return sorted(found, key=lambda file: file == folder / MANIFEST)


def _file_system(url: str) -> tuple[Any, str]:
    try:
        files, root = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise StoreError(
            f"{url} is no place that fsspec knows here ({error}): correct it, or install its package"
        ) from error
    return files, str(root).rstrip("/")

"""Stored sessions on any file system that fsspec knows: an object store, a server, another folder.

Rows are written and checked on this machine (``dlgn_cnn.data.store.session_store``), then copied there, the manifest
last: a session without a manifest is incomplete. Each machine that fits from them copies them back once and checks
every row again. So a broken connection, or a bucket that holds something else, is an error and never a wrong number.
"""

import hashlib
from pathlib import Path

from dlgn_cnn.data.store.session_store import MANIFEST, read_session
from dlgn_cnn.errors import StoreError
from dlgn_cnn.storage.atomic import whole_folder
from dlgn_cnn.storage.file_systems import file_system, is_there
from dlgn_cnn.storage.files import file_sha256
from dlgn_cnn.storage.rights import files_below, present_file
from dlgn_cnn.storage.store_errors import client_errors


def publish(folder: Path, url: str) -> None:
    """Copy the stored session in ``folder`` to ``url``, unless it is there, and read every byte back.

    Raises StoreError if the place cannot be written, or gives back other bytes.
    """
    files, root = file_system(url)
    manifest = (folder / MANIFEST).read_bytes()
    with client_errors(f"{url} cannot be written", url, writing=True):
        if is_there(files, f"{root}/{MANIFEST}") and files.cat_file(f"{root}/{MANIFEST}") == manifest:
            return
        if is_there(files, root):
            files.rm(root, recursive=True)
        for file in sorted(files_below(folder), key=lambda file: (file == folder / MANIFEST, file)):
            remote = f"{root}/{file.relative_to(folder).as_posix()}"
            files.makedirs(remote.rsplit("/", 1)[0], exist_ok=True)
            files.put_file(str(file), remote)
            if hashlib.sha256(files.cat_file(remote)).hexdigest() != file_sha256(file):
                raise StoreError(f"{url}: {file.name} does not read back as it was written: check that place")


def fetch(url: str, folder: Path) -> Path:
    """An intact copy of the session stored at ``url`` in ``folder``, which is returned; copied only if it is not there.

    Raises StoreError if there is none, or its rows are damaged.
    """
    if present_file(folder / MANIFEST):
        return folder
    files, root = file_system(url)
    with client_errors(f"{url} cannot be read", url):
        if not is_there(files, f"{root}/{MANIFEST}"):
            raise StoreError(f"{url} holds no stored session: delete its Dataset row and populate again to rebuild it")
        with whole_folder(folder) as temporary:
            for remote in files.find(root):
                name = Path(remote).relative_to(root)
                if ".." in name.parts:  # an object store's keys are any text
                    raise StoreError(f"{url} holds {name}, which lies outside of it: have its keeper remove that")
                local = temporary / name
                local.parent.mkdir(parents=True, exist_ok=True)
                files.get_file(remote, str(local))
            read_session(temporary)
    return folder

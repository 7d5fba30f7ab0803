"""A job of ``tests.store_jobs`` under another account: ``python -m tests.other_account JOB FOLDER UID GID,GID``.

Everything is imported before the account changes, since it may not read the installation; the process that decodes
datasets is started for the same reason.
"""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ONE, OTHER, LAB = 61001, 61002, 61000  # two users, and the group of both
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can work as two accounts")


def job(name: str, folder: Path, uid: int) -> Any:
    """What a job returned, done by this user, who is in the lab's group and whose umask lets the group write."""
    command = [sys.executable, "-m", "tests.other_account", name, str(folder), str(uid)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    from dlgn_cnn.data.store import decoder
    from tests import store_jobs

    name, folder, uid = sys.argv[1:]
    for package in ("deeplake", *(("pandas", "pyarrow.parquet", "pynwb") if name == "read_forbidden" else ())):
        importlib.import_module(package)
    decoder._kept.child = None
    decoder._kept.running(decoder.CODE, "deeplake")
    os.setgroups([LAB])
    os.setgid(int(uid))
    os.setuid(int(uid))
    os.umask(0o002)
    sys.stdout.write("\n" + json.dumps(getattr(store_jobs, name)(Path(folder))) + "\n")


if __name__ == "__main__":
    main()

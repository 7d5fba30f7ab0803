"""The embedded database: a PostgreSQL server in one folder, started on first use, stopped with its last process.

Its programs run inside that folder and are told "here". Neither the length and the characters of its path matter to
them, nor who may enter the folders above it. Its socket lies there, too, for the account that owns the data, and root.
Whom these let pass must know the password.
"""

import atexit
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.storage.atomic import whole_folder
from schemas.connection import embedded_password
from schemas.connection.embedded_programs import Account, account_of, programs

HERE = "/proc/self/cwd" if sys.platform == "linux" else "."  # the first holds below folders that are closed to us
SOCKET = ".s.PGSQL.5432"
OPTIONS = "-h '' -k . -p 5432 -c unix_socket_permissions=0700"
# A socket's name may have 103 bytes on any system, and drivers split a host at a colon or a comma.
PLAIN = re.compile(r"[A-Za-z0-9/._ +-]{1,88}")
LINKS = Path("/tmp")
ANSWER_S = 5.0

# Of each process and folder, the open file whose shared lock says that the process uses the server. The system drops it
# with the process, however that ends.
_joined: dict[tuple[int, Path], int] = {}


def start(folder: Path) -> tuple[Path, str]:
    """Start the server of ``folder``, or join the one that runs there; it stops when the last process that joined ends.

    Parameters
    ----------
    folder : Path
        The database's folder; made if it is missing, with its parents. No folder above it is opened to other accounts.

    Returns
    -------
    address : Path
        The folder of the server's socket, in a form that is short and plain enough for a driver's address.
    password : str
        What the server asks of its only account, ``postgres``.

    Raises
    ------
    ConfigError
        If the folder cannot be written, or the server does not start.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder = folder.resolve()
        account = account_of(folder)
        with _alone(folder, account):
            address = _address(folder)
            if not (folder / "PG_VERSION").exists():
                _create(folder, account)
            if not _listens(address):
                _launch(folder, account)
            _join(folder, account)
            if not embedded_password.is_asked(folder):
                embedded_password.ask(folder, account, address)
            password = embedded_password.read(folder)
    except OSError as error:
        why = f"the embedded database in {folder} cannot be used ({error.strerror or error})"
        raise ConfigError(f"{why}: name another folder in DLGN_HOME, or set DLGN_DATABASE") from error
    return address, password


def _address(folder: Path) -> Path:
    """``folder`` if its path is short and plain, else a link to it that this account keeps in /tmp."""
    if PLAIN.fullmatch(str(folder)):
        return folder
    link = LINKS / f"dlgn-{os.geteuid()}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"
    with contextlib.suppress(FileExistsError):
        link.symlink_to(folder)
    if not link.is_symlink() or link.lstat().st_uid != os.geteuid() or os.readlink(link) != str(folder):
        raise ConfigError(f"{link} must be this account's link to {folder}, and another made it: have it deleted")
    return link


@contextlib.contextmanager
def _alone(folder: Path, account: Account) -> Iterator[None]:
    """Within the block, no other process makes, starts or stops the server of ``folder``."""
    lock = account.open(_beside(folder, ".lock"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)  # closing is not enough: a process forked meanwhile has the file open, too
        os.close(lock)


def _beside(folder: Path, suffix: str) -> Path:
    """The file next to ``folder`` whose locks processes hold."""
    return folder.with_name(folder.name + suffix)


def _create(folder: Path, account: Account) -> None:
    """Make an empty database next to ``folder`` and move it there: a killed process leaves all of it or nothing."""
    for left in folder.parent.glob(f".{folder.name}-*.tmp"):
        shutil.rmtree(left, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        folder.rmdir()  # refused where it has files, or is a file
    with whole_folder(folder) as made:
        account.own(made)
        arguments = ("--auth=reject", "--encoding=utf8", "--username=postgres", f"--pgdata={HERE}")
        done = account.run(programs(account) / "initdb", *arguments, folder=made)
        if done.returncode:
            why, mend = _reason(done.stderr), "mend that, or set DLGN_HOME"
            if "look up effective user" in why:
                mend = "give this account a line in /etc/passwd, or set DLGN_DATABASE"
            raise ConfigError(f"the embedded database in {folder} cannot be made ({why}): {mend}")


def _launch(folder: Path, account: Account) -> None:
    log = folder / "log"
    before = log.stat().st_size if log.exists() else 0
    arguments = ("start", "-w", "-D", HERE, "-l", log.name, "-o", OPTIONS)
    if not embedded_password.is_asked(folder):
        embedded_password.allow_to_set(folder, account)
    with _servers_lock(folder, account) as lock:
        _forget_dead(folder / "postmaster.pid")
        done = account.run(programs(account) / "pg_ctl", *arguments, folder=folder, keep=(lock,))
    if done.returncode:
        said = log.read_bytes()[before:].decode(errors="replace") if log.exists() else ""
        why = _reason(said + done.stderr)
        raise ConfigError(f"the embedded database in {folder} did not start ({why}); see {log}, or set DLGN_DATABASE")


@contextlib.contextmanager
def _servers_lock(folder: Path, account: Account) -> Iterator[int]:
    """A file that the server inherits with its lock, which holds until its last process has ended, in any container."""
    lock = account.open(_beside(folder, ".server"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield lock
    except BlockingIOError as error:
        why = f"the server of the embedded database in {folder} runs, and takes no connection from here"
        raise ConfigError(f"{why}: end it where it was started, another container perhaps, or try again") from error
    finally:
        os.close(lock)


def _forget_dead(record: Path) -> None:
    """Delete the record of a server that was killed, unless a living server has its process id.

    PostgreSQL takes any process with that id for its server. In a container, ids are soon used again, and a dead
    process keeps its id where the first process collects none. No server of the folder runs: its lock is ours.
    """
    with contextlib.suppress(FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        process = psutil.Process(int(record.read_text().split()[0]))
        if process.name() != "postgres" or process.status() == psutil.STATUS_ZOMBIE:
            record.unlink()


def _reason(said: str) -> str:
    """The first error among what a program said, else its first line."""
    error = re.search(r"\b(?:FATAL|PANIC|error): +(.+)", said)
    return error[1] if error else said.partition("\n")[0]


def _listens(address: Path) -> bool:
    """Whether a process takes connections there. One that takes none in time is overloaded, and there."""
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(TimeoutError, BlockingIOError):
        probe.settimeout(ANSWER_S)
        try:
            probe.connect(str(address / SOCKET))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True


def _join(folder: Path, account: Account) -> None:
    member = os.getpid(), folder
    if member not in _joined:
        _joined[member] = account.open(_beside(folder, ".users"))
        fcntl.flock(_joined[member], fcntl.LOCK_SH)
        atexit.register(_leave, folder, account)


def _leave(folder: Path, account: Account) -> None:
    """Stop the server unless another process uses it."""
    users = _joined.pop((os.getpid(), folder), None)
    if users is None:  # this process was forked from the one that joined
        return
    with contextlib.suppress(OSError, ConfigError), _alone(folder, account):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)  # an OSError where others have a share
            account.run(programs(account) / "pg_ctl", "stop", "-w", "-m", "fast", "-D", HERE, folder=folder)
            address = _address(folder)
            if address != folder:
                address.unlink()
        finally:
            fcntl.flock(users, fcntl.LOCK_UN)  # what else this process does at its end keeps none from joining

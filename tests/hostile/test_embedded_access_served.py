"""The embedded database lets in the account of its data, and root: by rights of files, and by a password as well."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg2
import pytest

from dlgn_cnn.errors import ConfigError
from schemas.connection import embedded, embedded_password, embedded_programs
from tests.embedded_client import answers, ask, client
from tests.other_account import as_root
from tests.waiting import wait_until

RULES = "pg_hba.conf"
STRANGER, NAMELESS = 65534, 54321  # nobody; a number without a line in /etc/passwd
OF_A_CONTAINER = pytest.mark.skipif(
    sys.platform != "linux", reason="accounts without a name are those of Linux containers"
)
# Everything that another account may try on the socket at this address.
INTRUDER = """
import os, sys
import psycopg2
os.setgroups([])
os.setgid(int(sys.argv[2]))
os.setuid(int(sys.argv[2]))
for user in ("postgres", "root", "nobody", "dlgn_reader"):
    for password in ("", "postgres"):
        try:
            psycopg2.connect(host=sys.argv[1], user=user, port=5432, password=password, dbname="postgres")
            print("let in as", user)
        except psycopg2.OperationalError as error:
            print(str(error).strip().splitlines()[0].rpartition(": ")[2])
try:
    print(open(os.path.join(sys.argv[1], "password")).read())
except PermissionError:
    print("the password is not readable")
"""


SHORT, LONG = "home", "h" * 200  # the second is reached by a link in /tmp


@pytest.fixture(scope="module")
def place():
    """A folder that everybody may enter, with the folder ``made``: a home that has a table of one row."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        made = Path(folder) / "made"
        made.mkdir(mode=0o755)
        answers(made, "CREATE TABLE kept AS SELECT 7 AS number; SELECT 1")
        yield Path(folder)


@pytest.fixture
def home(place, request):
    """That home, at a path that is short if the test names no other."""
    home = place / getattr(request, "param", SHORT)
    (place / "made").rename(home)
    yield home
    (home / "postgres").chmod(0o700)
    home.rename(place / "made")


def intrude(home: Path) -> set[str]:
    """What the server and the files of a home said to another account."""
    command = [sys.executable, "-W", "ignore", "-c", INTRUDER]
    address = str(embedded._address((home / "postgres").resolve()))
    done = subprocess.run([*command, address, str(STRANGER)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines())


def walls_down(folder: Path) -> None:
    """Let everybody reach the socket, as a file system without rights does."""
    folder.chmod(0o755)
    (folder / embedded.SOCKET).chmod(0o777)


def let_in(folder: Path, password: str) -> bool:
    """Whether the server takes this password. Other errors than its refusal are raised."""
    try:
        psycopg2.connect(host=str(embedded._address(folder)), user="postgres", port=5432, password=password).close()
    except psycopg2.OperationalError as error:
        if "password" not in str(error):
            raise
        return False
    return True


def once_by_trust(folder: Path) -> None:
    """Make a database as versions before the password left it."""
    folder.joinpath("password").unlink(missing_ok=True)
    account = embedded_programs.account_of(folder)
    account.write(folder / RULES, "local all all trust\nlocal replication all trust\n")


@as_root
@pytest.mark.parametrize("home", [SHORT, LONG], ids=["short", "long"], indirect=True)
def test_another_account_is_refused_by_rights_and_by_the_server(home):
    user = client(home)
    ask(user, "SELECT 1")
    assert intrude(home) == {"Permission denied", "the password is not readable"}
    walls_down(home / "postgres")
    said = intrude(home)
    assert "the password is not readable" in said
    assert all("password" in line for line in said), said
    user.communicate()


@as_root
def test_another_account_cannot_start_it(home):
    process = client(home, STRANGER)
    assert "cannot be used (Permission denied)" in process.communicate()[1]


def test_the_server_lets_in_by_the_password_alone(home):
    """Asked by the account of the data itself, which all walls let pass."""
    folder = (home / "postgres").resolve()
    user = client(home)
    ask(user, "SELECT 1")
    password = embedded_password.read(folder)
    assert len(password) >= 40
    assert [let_in(folder, one) for one in ("", "postgres", password[:-1], password)] == [False, False, False, True]
    assert [(folder / name).stat().st_mode & 0o777 for name in ("password", RULES, embedded.SOCKET)] == [
        0o600,
        0o600,
        0o700,
    ]
    assert password not in (folder / "log").read_text()
    user.communicate()


@pytest.mark.parametrize(
    ("file", "text"),
    [("password", None), ("password", ""), (RULES, None), (RULES, "local all"), (RULES, "local all all trust\n")],
)
def test_a_database_that_is_half_closed_is_closed_at_its_next_start(home, file, text):
    """As a killed process, a hand or an earlier version left it; its data stay."""
    folder = (home / "postgres").resolve()
    answers(home, "SELECT 1")
    before = embedded_password.read(folder)
    (folder / file).unlink()
    if text is not None:
        embedded_programs.account_of(folder).write(folder / file, text)
    user = client(home)
    assert ask(user, "SELECT number FROM kept") == "7"
    assert embedded_password.read(folder) not in ("", before)
    wait_until(lambda: not let_in(folder, ""), user)
    assert let_in(folder, embedded_password.read(folder))
    user.communicate()


def test_a_server_that_an_earlier_version_runs_is_joined_and_closed(home):
    folder = (home / "postgres").resolve()
    first = client(home)
    ask(first, "SELECT 1")
    once_by_trust(folder)
    assert ask(first, "SELECT pg_reload_conf()") == "True"
    wait_until(lambda: let_in(folder, ""), first)  # the server reads its rules a moment later
    second = client(home)
    assert ask(second, "SELECT number FROM kept") == "7"
    wait_until(lambda: not let_in(folder, ""), second)
    assert let_in(folder, embedded_password.read(folder))
    for user in (first, second):
        user.communicate()


def test_a_password_that_is_lost_while_the_server_runs_is_told_and_set_again(home):
    folder = (home / "postgres").resolve()
    user = client(home)
    ask(user, "SELECT 1")
    (folder / "password").unlink()
    said = client(home).communicate()[1]
    assert "password does not hold its password: end the processes that use it; its next start sets another" in said
    user.communicate()
    assert answers(home, "SELECT number FROM kept") == ["7"]


@as_root
@OF_A_CONTAINER
def test_an_account_without_a_name_uses_its_database_and_root_joins(home):
    folder = home / "postgres"
    for path in (home, *home.glob("postgres.*"), folder, *folder.rglob("*")):
        os.chown(path, NAMELESS, NAMELESS, follow_symlinks=False)
    once_by_trust(folder.resolve())
    user = client(home, NAMELESS)
    assert ask(user, "SELECT number FROM kept") == "7"
    assert folder.joinpath("password").stat().st_uid == NAMELESS
    root = client(home)
    assert ask(root, "SELECT number FROM kept") == "7"
    user.communicate()
    root.communicate()
    assert answers(home, "SELECT number FROM kept") == ["7"]  # started by root, as the account of the data
    assert answers(home, "SELECT number FROM kept", uid=NAMELESS) == ["7"]


@as_root
@OF_A_CONTAINER
def test_an_account_without_a_name_is_told_that_a_new_database_needs_one(place):
    """PostgreSQL's initdb looks it up."""
    home = place / "new"
    home.mkdir()
    os.chown(home, NAMELESS, NAMELESS)
    said = client(home, NAMELESS).communicate()[1]
    assert "give this account a line in /etc/passwd, or set DLGN_DATABASE" in said
    assert not (home / "postgres").exists()


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_password_file_that_is_linked_elsewhere_is_refused_before_the_server_starts(home, place, link):
    folder = (home / "postgres").resolve()
    mine = place / link.__name__
    mine.write_text("kept")
    once_by_trust(folder)
    link(mine, folder / "password")
    with pytest.raises(ConfigError, match=r"cannot be used|is linked elsewhere: delete it"):
        embedded.start(folder)
    assert not (folder / "postmaster.pid").exists()
    assert mine.read_text() == "kept"
    (folder / "password").unlink()

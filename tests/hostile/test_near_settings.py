"""Settings that came with a folder: they say how to compute, never what is connected to, written to or run."""

import json
import shutil
import socket
import struct

import pytest
from typer.testing import CliRunner

import schemas
from dlgn_cnn.errors import ConfigError
from schemas import Settings
from schemas.connection.client import open_connection
from schemas.connection.driver import open_plain
from schemas.connection.settings_file import MEANING, PERSONAL, personal_file, read_settings
from tests.listening import listening

PROJECT = ("PREFIX", "DEVICE", "THREADS", "CHECKPOINT_S", "LEASE_S", "STUCK_MIN", "ANSWER_S", "WARNING_SIGNAL")
PROJECT += ("DETERMINISTIC", "REQUIRE_CLEAN")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project's folder, in which commands run; without settings of this run's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in MEANING:
        monkeypatch.delenv(name, raising=False)
    place = tmp_path / "project"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.mark.parametrize("name", sorted(PERSONAL))
def test_what_connects_writes_or_runs_is_refused_in_the_file_of_a_folder(folder, name):
    (folder / "dlgn.env").write_text(f"# ours\n{name}=/x\n")
    with pytest.raises(ConfigError, match=f"line 2 sets {name}: a file that may come with a folder") as caught:
        Settings.from_environment()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_SECRET_ACCESS_KEY", "PYTHONPATH", "DLGN_ALLOW_PACKAGES"])
@pytest.mark.parametrize("own", [True, False])
def test_what_is_no_setting_of_ours_is_refused_in_both_files(folder, name, own):
    file = personal_file(folder) if own else folder / "dlgn.env"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{name}=x\n")
    with pytest.raises(ConfigError, match=f"line 1 sets {name}"):
        Settings.from_environment()


def test_each_setting_is_of_one_kind():
    assert {f"DLGN_{name}" for name in PROJECT} | PERSONAL == set(MEANING)


def test_what_init_was_told_works_there_and_is_not_in_a_copy(folder, monkeypatch):
    from populate.cli.command import app

    monkeypatch.setattr(schemas, "open_database", lambda settings: None)
    given = ["--database", "mysql://ada@dbhost", "--store", "s3://lab/share", "--prefix", "ada_"]
    assert CliRunner().invoke(app, ["init", ".", *given]).exit_code == 0
    found = Settings.from_environment()
    assert (found.database, found.store_url, found.prefix) == (
        "mysql://ada@dbhost",
        "s3://lab/share",
        "ada_",
    )
    assert "dbhost" not in "".join(path.read_text() for path in folder.iterdir())
    copied = shutil.copytree(folder, folder.parent / "copy")
    monkeypatch.chdir(copied)
    assert (Settings.from_environment().database, Settings.from_environment().prefix) == (None, "ada_")
    other = CliRunner().invoke(app, ["init", str(folder), "--database", "mysql://ada@other"])
    assert (other.exit_code, "says mysql://ada@dbhost for DLGN_DATABASE" in other.stderr) == (1, True)


@pytest.mark.parametrize("line", ["DLGN_DATASETS=sftp://ada:secret@host/x", "DLGN_DATABASE=mysql://ada:secret@host"])
def test_no_file_holds_a_password(folder, line):
    personal_file(folder).parent.mkdir(parents=True)
    personal_file(folder).write_text(line)
    with pytest.raises(ConfigError, match="holds a password") as caught:
        read_settings(folder)
    assert "secret" not in str(caught.value)


def greeting() -> bytes:
    """What a MySQL server says first, here without the offer to encrypt."""
    capabilities = 0xFFFFFFFF & ~0x800
    body = b"\x0a8.4.0\0" + struct.pack("<I", 1) + b"saltsalt\0" + struct.pack("<H", capabilities & 0xFFFF)
    body += b"\xff" + struct.pack("<H", 2) + struct.pack("<H", capabilities >> 16) + bytes([21]) + bytes(10)
    body += b"saltsaltsalt\0" + b"caching_sha2_password\0"
    return struct.pack("<I", len(body))[:3] + b"\0" + body


@pytest.fixture(params=["mysql", "postgresql"])
def plain_server(request):
    """A server that does not encrypt, and what it was sent."""

    def answered(one: socket.socket) -> bytes:
        if request.param == "mysql":
            one.sendall(greeting())
        elif len(one.recv(8)) == 8:  # the request to encrypt
            one.sendall(b"N")
        return one.recv(1000)

    with listening(answered, 5) as (port, sent):
        yield request.param, port, sent


@pytest.mark.parametrize("tls", ["require", "verify"])
@pytest.mark.parametrize("plainly", [True, False])
def test_where_encryption_is_demanded_nothing_is_said_without(plain_server, tls, plainly):
    backend, port, sent = plain_server
    plain, ours = ("127.0.0.1", port, "ada", "very-secret"), ("127.0.0.1", "ada", "very-secret", port, backend)
    with pytest.raises(Exception, match=r"(?i)ssl"):
        open_plain(backend, *plain, 5.0, tls) if plainly else open_connection(ours, 5.0, tls)
    assert not b"".join(sent)


@pytest.mark.parametrize(("given", "kept"), [("require", "require"), ("", "prefer")])
def test_the_setting_of_encryption_is_read(given, kept):
    assert Settings.from_environment({"DLGN_TLS": given}).tls == kept


def test_an_unknown_kind_of_encryption_is_refused():
    with pytest.raises(ConfigError, match="expected prefer, require, verify, or the file"):
        Settings.from_environment({"DLGN_TLS": "veryfy"})


def test_datajoints_own_file_is_not_read(folder, plain_server):
    (folder / "datajoint.json").write_text(json.dumps({"database.use_tls": False, "loglevel": "DEBUG"}))
    backend, port, sent = plain_server
    with pytest.raises(Exception, match=r"(?i)ssl"):
        open_connection(("127.0.0.1", "ada", "very-secret", port, backend), 5.0, "require")
    assert not b"".join(sent)


@pytest.mark.parametrize("name", sorted(MEANING))
def test_a_zero_byte_is_in_no_setting(folder, name):
    file = personal_file(folder)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{name}=/x\0y\n")
    with pytest.raises(ConfigError, match=f"line 1 sets {name} to a text with a zero byte"):
        Settings.from_environment()

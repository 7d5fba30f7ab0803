"""A server that takes a connection and then says nothing ends a command with a sentence; a slow statement is let be."""

import dataclasses
import re
import socket
import struct
import threading
from typing import Any

import datajoint
import pymysql
import pytest
from typer.testing import CliRunner

from populate.doctor import database as doctor
from populate.errors import explain
from populate.errors.transient import is_transient
from schemas.connection import in_force, server
from schemas.connection.client import DatabaseSilent, PromptConnection, open_connection
from schemas.declaration import database

SECRET = "very-secret-word"
GIVE_UP_S = 20.0  # when a test that would wait for ever is made to fail
SHORT = {"mysql": 0.2, "postgresql": 1.0}  # libpq counts whole seconds
KIND = {"mysql": "MySQL", "postgresql": "PostgreSQL"}


def run(*words: str, **environment: str):
    from populate.cli.command import app

    return CliRunner().invoke(app, words, env=environment)


@pytest.fixture
def nobody(tmp_path, monkeypatch):
    """As a process that has not opened a database yet."""
    monkeypatch.setattr(in_force, "_settings", None)
    monkeypatch.setenv("DLGN_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def mute():
    """The port of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        giving_up = threading.Timer(GIVE_UP_S, server.close)
        giving_up.start()
        yield server.getsockname()[1]
        assert not giving_up.finished.is_set(), "only the end of the test's patience ended it"
        giving_up.cancel()


@pytest.mark.parametrize("backend", KIND)
@pytest.mark.parametrize("words", ["status", "declare"])
def test_a_command_says_who_did_not_answer_how_long_and_what_to_check(nobody, mute, backend, words):
    limit_s = f"{SHORT[backend]:g}"
    place = f"127.0.0.1:{mute}"
    done = run(words, DLGN_DATABASE=f"{backend}://ada:{SECRET}@{place}", DLGN_ANSWER_S=limit_s)
    assert done.exit_code == 1
    assert done.stderr == (
        f"dlgn: the database at {place} did not let 'ada' in within {limit_s} s: see that a {KIND[backend]} server "
        "listens there and answers, not a tunnel or firewall in its place, or give it longer with DLGN_ANSWER_S\n"
    )


@pytest.mark.parametrize("backend", KIND)
def test_the_doctor_says_the_same_and_goes_on(nobody, mute, backend, monkeypatch):
    monkeypatch.setenv("DLGN_DATABASE", f"{backend}://ada:{SECRET}@127.0.0.1:{mute}")
    monkeypatch.setenv("DLGN_ANSWER_S", f"{SHORT[backend]:g}")
    (one,) = doctor.check()
    assert (one.level, one.subject) == ("fail", "database")
    assert one.seen.startswith(f"the database at 127.0.0.1:{mute} did not let 'ada' in within")
    assert one.advice.startswith(f"see that a {KIND[backend]} server listens there")


def test_a_worker_that_meets_one_tries_again_later(mute):
    with pytest.raises(DatabaseSilent) as caught:
        open_connection(("127.0.0.1", "ada", SECRET, mute, "mysql"), SHORT["mysql"])
    assert is_transient(caught.value)
    assert explain.explain(caught.value) == str(caught.value)


def test_one_that_lets_an_account_in_and_then_says_nothing(nobody):
    with socket.create_server(("127.0.0.1", 0)) as server:
        left: list[str] = []
        speaking = threading.Thread(target=let_in, args=(server, left), daemon=True)
        speaking.start()
        place = f"127.0.0.1:{server.getsockname()[1]}"
        done = run("status", DLGN_DATABASE=f"postgresql://ada:{SECRET}@{place}", DLGN_ANSWER_S="1")
        speaking.join(GIVE_UP_S)
    assert left == ["they", "they"]
    assert done.stderr == (
        f"dlgn: the database at {place} did not answer a first question within 1 s: see that it is not overloaded and "
        "that no session locks its tables, or give it longer with DLGN_ANSWER_S\n"
    )


def let_in(server: socket.socket, left: list[str]) -> None:
    """Speak PostgreSQL's protocol, as its manual has it, until the account is in, without encryption, and no longer.

    Who left each connection, encrypted and not, is noted.
    """
    facts = {b"client_encoding": b"UTF8", b"DateStyle": b"ISO", b"standard_conforming_strings": b"on"}
    said = b"".join(message(b"S", name + b"\0" + value + b"\0") for name, value in facts.items())
    for _ in range(2):
        one, _ = server.accept()
        with one:
            one.settimeout(GIVE_UP_S)
            try:
                if one.recv(4096)[4:8] == struct.pack(">i", 80877103):
                    one.sendall(b"N")
                else:
                    one.sendall(message(b"R", struct.pack(">i", 0)) + said + message(b"Z", b"I"))
                while one.recv(4096):
                    pass
                left.append("they")
            except TimeoutError:
                left.append("we")


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack(">i", len(body) + 4) + body


@pytest.fixture
def mine(served):
    """A connection of its own to the tests' server."""
    client = open_connection(server.server_address(served), served.answer_s)
    yield client
    client.close()


@pytest.fixture
def locked(served, mine):
    """While it lasts, no other connection can read the version of the tables."""
    from schemas.version import SchemaVersion

    name = SchemaVersion.full_table_name
    if mine.adapter.backend == "mysql":
        mine.query(f"LOCK TABLES {name} WRITE")
        yield
        mine.query("UNLOCK TABLES")
    else:
        with mine.transaction:
            mine.query(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE")
            yield


def test_one_that_does_not_say_which_version_its_tables_have(served, locked, monkeypatch):
    asked: PromptConnection = open_connection(server.server_address(served), served.answer_s)
    asked.answer_s = 0.2
    monkeypatch.setattr(in_force, "_settings", None)
    monkeypatch.setattr(database, "connect", lambda settings: asked)
    with pytest.raises(DatabaseSilent, match=r"did not say which version its tables have within 0\.2 s: see that"):
        database.open_database(served)
    assert asked._config.database.reconnect
    asked.answer_s = served.answer_s
    asked.connect()  # as after a lost connection
    assert asked.query("SELECT 2").fetchone()[0] == 2
    asked.close()


def test_a_statement_on_an_open_connection_may_take_any_time(mine):
    """No deadline is left on its socket, and no thread watches it."""
    for _ in range(2):
        assert mine.query("SELECT 1").fetchone()[0] == 1
        if mine.adapter.backend == "mysql":
            assert mine._conn._sock.gettimeout() is None
        assert not [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
        mine.connect()


def test_what_goes_wrong_within_the_time_stays_what_it_is(mine):
    with pytest.raises(datajoint.errors.QuerySyntaxError), mine.answering("did not answer"):
        mine.query("SELEKT", reconnect=False)
    assert mine.query("SELECT 1").fetchone()[0] == 1


@pytest.mark.parametrize("tls", [True, False, {"ca": "/none"}])
def test_mysql_is_opened_as_datajoint_opens_it(monkeypatch, tls):
    """Except for the time that an answer may take."""
    from schemas.connection import client

    given: list[dict[str, Any]] = []
    words = {"host": "h", "port": 1, "user": "u", "password": "p", "charset": "utf8mb4", "use_tls": tls}
    monkeypatch.setattr(pymysql, "connect", lambda **options: given.append(options))
    datajoint.adapters.get_adapter("mysql").connect(**words)
    monkeypatch.setattr(client, "MySQLConnection", lambda **options: given.append(options))
    client._open_mysql(words, 3.0)
    theirs, ours = ({"passwd": "password"}.get(name, name) for name in given[0]), given[1]
    expected = dict(zip(theirs, given[0].values(), strict=True))
    defaults = {"ssl_disabled": False}
    assert defaults | ours == defaults | expected | client.timeouts(3.0)


def test_a_silent_source_of_an_import_is_told_too(served, mute, monkeypatch):
    monkeypatch.setattr(in_force, "_settings", dataclasses.replace(served, answer_s=0.2))
    done = run("import-nnfabrik", f"mysql://ada:{SECRET}@127.0.0.1:{mute}", "--schema", "x")
    assert re.fullmatch(
        rf"dlgn: the server at 127.0.0.1:{mute} did not let 'ada' in within 0.2 s: see that a MySQL .*\n", done.stderr
    )
    assert SECRET not in done.output
    wrong = run("import-nnfabrik", "mysql://ada@host:port", "--schema", "x")
    assert "not of the form mysql://user:password@host:port" in wrong.stderr

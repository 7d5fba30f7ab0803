"""A server's password belongs to one host: no URL from elsewhere, and no slip in one, sends it to another."""

import getpass
import io
import os
import socket
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import schemas
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.redaction import redacted
from populate.worker import children
from schemas import Settings
from schemas.connection.server import connect, server_address
from schemas.connection.settings_file import MEANING, PASSWORD, PASSWORD_HOST, personal_file
from tests.listening import listening

SECRET = "very-secret"
PORTS = {"mysql": 3306, "postgresql": 5432}


class Terminal(io.StringIO):
    """Standard input at which somebody sits."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def bare(tmp_path, monkeypatch):
    """A project's folder, in which commands run; no settings, and nobody at a terminal who could be asked."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in (*MEANING, PASSWORD, PASSWORD_HOST):
        monkeypatch.setenv(name, "x")  # so that what the code puts there is taken back
        monkeypatch.delenv(name)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def terminal(monkeypatch):
    """Somebody at the terminal who answers with ``answers``, one after the other; the questions."""

    def sit(*answers):
        left, questions = list(answers), []

        def ask(question):
            questions.append(question)
            answer = left.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr("sys.stdin", Terminal())
        monkeypatch.setattr(getpass, "getpass", ask)
        return questions

    return sit


def password_for(url):
    return server_address(Settings.from_environment({"DLGN_DATABASE": url}))[2]


HOSTS = st.sampled_from(
    ["dbhost", "DBhost", "dbhost.lab.org", "dbhost.lab.org.evil.org", "[::1]", "127.0.0.1", "localhost"]
)
PLACES = st.tuples(HOSTS, st.sampled_from([None, 3306, 5432, 13306]))


def same(named, asked, backend):
    """Whether a named server is the asked one."""
    port = asked[1] or PORTS[backend]
    return named[0].lower() == asked[0].lower() and (named[1] or port) == port


def text(place):
    return place[0] if place[1] is None else f"{place[0]}:{place[1]}"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(named=PLACES, asked=PLACES, backend=st.sampled_from(sorted(PORTS)), beside=st.booleans())
def test_a_password_is_sent_to_the_named_server_alone(named, asked, backend, beside):
    """Wherever the URL comes from, the environment included."""
    url = f"{backend}://ada@{text(asked)}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PASSWORD, SECRET)
        patch.setenv(PASSWORD_HOST, text(named))
        if beside:
            patch.setenv("DLGN_DATABASE", url)
        if same(named, asked, backend):
            assert password_for(url) == SECRET
            return
        with pytest.raises(ConfigError) as caught:
            password_for(url)
        assert str(caught.value).startswith(f"{PASSWORD} belongs to {text(named)}, not to {text(asked)}: export ")
        assert SECRET not in str(caught.value)


def test_a_url_next_to_the_password_in_the_environment_is_of_the_same_author(monkeypatch):
    monkeypatch.setenv(PASSWORD, SECRET)
    monkeypatch.setenv("DLGN_DATABASE", "mysql://ada@dbhost")
    assert server_address(Settings.from_environment()) == ("dbhost", "ada", SECRET, 3306, "mysql")
    with pytest.raises(
        ConfigError, match=f"{PASSWORD} does not say which server it belongs to: export {PASSWORD_HOST}="
    ):
        password_for("mysql://ada@dbhosts")


def test_a_url_of_the_account_s_own_file_or_of_the_command_line_needs_the_host(bare, monkeypatch):
    """Since another project's password may stand in the environment."""
    from populate.cli.command import app

    tried = []
    monkeypatch.setattr(schemas, "open_database", lambda settings: tried.append(server_address(settings)))
    monkeypatch.setenv(PASSWORD, SECRET)
    call = ["init", ".", "--database", "mysql://ada@dbhost"]
    refused = CliRunner().invoke(app, call)
    assert (refused.exit_code, tried, SECRET in refused.output) == (1, [], False)
    assert f"{PASSWORD} does not say which server it belongs to" in refused.stderr
    monkeypatch.setenv(PASSWORD_HOST, "dbhost")
    assert CliRunner().invoke(app, call).exit_code == 0
    assert server_address(Settings.from_environment()) == tried[0] == ("dbhost", "ada", SECRET, 3306, "mysql")
    monkeypatch.setenv(PASSWORD_HOST, "other")
    with pytest.raises(ConfigError, match="belongs to other, not to dbhost"):
        server_address(Settings.from_environment())


@pytest.mark.parametrize("url", ["mysql://ada:own@dbhost", "mysql://ada:@dbhost"])
def test_a_password_of_the_url_prevails_an_empty_one_too(monkeypatch, terminal, url):
    questions = terminal()
    monkeypatch.setenv(PASSWORD, SECRET)
    monkeypatch.setenv(PASSWORD_HOST, "dbhost")
    assert password_for(url) == url.partition("ada:")[2].partition("@")[0]
    assert questions == []


def test_a_password_is_put_in_whatever_is_in_it(monkeypatch):
    monkeypatch.setenv(PASSWORD, "a/b@c:d%40")
    monkeypatch.setenv(PASSWORD_HOST, "[::1]:3306")
    assert server_address(Settings(Path(), Path(), "mysql://ada@[::1]")) == ("::1", "ada", "a/b@c:d%40", 3306, "mysql")


@pytest.mark.parametrize(
    "named", ["mysql://dbhost", "dbhost/x", "ada@dbhost", "dbhost:port", "::1", "dbhost:99999", "/"]
)
def test_a_host_of_another_form_is_refused(monkeypatch, named):
    monkeypatch.setenv(PASSWORD, SECRET)
    monkeypatch.setenv(PASSWORD_HOST, named)
    with pytest.raises(ConfigError, match=f"{PASSWORD_HOST} .*: expected HOST or HOST:PORT"):
        password_for("mysql://ada@dbhost")


@pytest.mark.parametrize("given", [{}, {PASSWORD: SECRET}, {PASSWORD: SECRET, PASSWORD_HOST: "other"}])
def test_who_sits_at_a_terminal_is_asked_once_and_workers_know(monkeypatch, terminal, given):
    questions = terminal("typed-in")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert [password_for("mysql://ada@dbhost:3307") for _ in range(2)] == ["typed-in", "typed-in"]
    assert questions == ["password of ada at dbhost:3307: "]
    passed_on = children.environment({})
    assert (passed_on[PASSWORD], passed_on[PASSWORD_HOST]) == ("typed-in", "dbhost:3307")
    assert redacted("typed-in at dbhost:3307") == "*** at dbhost:3307"
    monkeypatch.setattr("sys.stdin", None)  # as in a worker
    assert password_for("mysql://ada@dbhost:3307") == "typed-in"
    with pytest.raises(ConfigError, match="belongs to dbhost:3307, not to dbhost:3308"):
        password_for("mysql://ada@dbhost:3308")


@pytest.mark.parametrize("answer", ["", EOFError()])
def test_a_user_without_a_password_says_so_once(terminal, answer):
    questions = terminal(answer)
    assert [password_for("mysql://ada@dbhost") for _ in range(2)] == ["", ""]
    assert len(questions) == 1


def test_without_a_terminal_or_a_password_none_is_sent():
    assert password_for("mysql://ada@dbhost") == ""


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("name", [PASSWORD, PASSWORD_HOST])
def test_neither_stands_in_a_file(bare, own, name):
    file = personal_file(bare) if own else bare / "dlgn.env"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{name}=dbhost\n")
    with pytest.raises(ConfigError, match=f"line 1 sets {name}: .*; export it in your shell"):
        Settings.from_environment()


def asking_for_it(one: socket.socket) -> bytes:
    """A PostgreSQL server that wants the password as it is, and what it was sent after the handshake."""
    encrypted = [struct.pack("!ii", 8, code) for code in (80877103, 80877104)]  # asked for by TLS, by GSSAPI
    while one.recv(1000) in encrypted:
        one.sendall(b"N")
    one.sendall(b"R" + struct.pack("!ii", 8, 3))
    return one.recv(1000)


@pytest.mark.parametrize("whose", ["its own", "another's"])
def test_a_listener_in_place_of_a_server_is_sent_its_own_password_only(monkeypatch, whose):
    with listening(asking_for_it, 5) as (port, sent):
        monkeypatch.setenv(PASSWORD, SECRET)
        monkeypatch.setenv(PASSWORD_HOST, f"127.0.0.1:{port if whose == 'its own' else port - 1}")
        stray = Settings(Path(), Path(), f"postgresql://ada@127.0.0.1:{port}", answer_s=5)
        with pytest.raises(ConfigError) as caught:
            connect(stray)
    assert SECRET not in str(caught.value)
    assert any(SECRET.encode() in said for said in sent) == (whose == "its own")
    assert whose == "its own" or sent == []


def test_the_source_of_an_import_is_never_sent_the_database_s_password(monkeypatch, terminal):
    from populate.nnfabrik import source

    asked_with = []

    class Refused(source.MySQLError):
        pass

    def refuse(**given):
        asked_with.append(given["password"])
        raise Refused("no")

    monkeypatch.setattr(source, "MySQLConnection", refuse)
    monkeypatch.setattr(source, "settings_in_force", lambda: Settings(Path(), Path()))
    monkeypatch.setenv(PASSWORD, SECRET)
    monkeypatch.setenv("DLGN_SOURCE", "mysql://me@lab-db")
    for url in ("mysql://me@lab-db", "mysql://me:own@lab-db"):
        with pytest.raises(ConfigError, match="refused 'me'"):
            source._connected(url)
    questions = terminal("typed-in")
    with pytest.raises(ConfigError, match="refused 'me'"):
        source._connected("mysql://me@lab-db")
    assert asked_with == ["", "own", "typed-in"]
    assert questions == ["password of me at lab-db: "]
    assert os.environ[PASSWORD] == SECRET

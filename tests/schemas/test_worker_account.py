"""The workers' own MySQL account: enough to work, too little to break anything."""

import threading
from urllib.parse import urlsplit

import pymysql
import pytest

from dlgn_cnn.errors import ConfigError
from tests import toy
from tests.accounts import declared, server


@pytest.fixture(scope="module")
def account(database):
    """URL of the workers' account, declared by the command."""
    yield from declared("worker", database)


def test_a_worker_works_with_it(account, database, tables, monkeypatch):
    toy.Item.insert1((3, ""))
    name = toy.schema.database.replace("_", r"\_")
    with server(database.database) as connection, connection.cursor() as cursor:  # no schema of this prefix's own
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON `{name}`.* TO '{urlsplit(account).username}'@'%'")
    monkeypatch.setenv("DLGN_DATABASE", account)
    said, _ = toy.start().communicate(timeout=120)
    assert "computed=1" in said
    assert toy.Squared().fetch1("square") == 9


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DROP TABLE {prefix}session.mouse", 1142),
        ("DROP DATABASE {prefix}session", 1044),
        ("ALTER TABLE {prefix}session.mouse ADD COLUMN x INT", 1142),
        ("CREATE TABLE {prefix}session.another (x INT)", 1142),
        ("CREATE DATABASE {prefix}another", 1044),
        ("INSERT INTO {other}.rows_of_another_lab VALUES (1)", 1142),
        ("SELECT * FROM {other}.rows_of_another_lab", 1142),
        ("SELECT * FROM mysql.user", 1142),
    ],
)
def test_it_can_neither_drop_nor_alter_nor_reach_another_prefix(account, database, statement, code):
    # One character off: an unescaped '_' in the grant would be a wildcard and let it in.
    other = f"{database.prefix[:-1]}x_lab"
    with server(database.database) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE IF NOT EXISTS {other}")
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {other}.rows_of_another_lab (x INT)")
        try:
            with server(account, ssl={}) as limited, limited.cursor() as attempt:
                with pytest.raises(pymysql.err.MySQLError) as caught:
                    attempt.execute(statement.format(prefix=database.prefix, other=other))
                assert caught.value.args[0] == code
        finally:
            cursor.execute(f"DROP DATABASE {other}")


def test_a_prefix_that_begins_with_this_one_is_out_of_reach(account, database):
    other = f"{database.prefix}b_session"
    with server(database.database) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {other}")
        try:
            with server(account, ssl={}) as limited, limited.cursor() as attempt:
                with pytest.raises(pymysql.err.MySQLError) as caught:
                    attempt.execute(f"USE {other}")
                assert caught.value.args[0] == 1044
        finally:
            cursor.execute(f"DROP DATABASE {other}")


def test_another_declaration_changes_what_differs_and_takes_nothing_away_meanwhile(account, database, monkeypatch):
    from populate.fleet.accounts import grant

    place = urlsplit(account)
    monkeypatch.setenv("DLGN_WORKER_PASSWORD", place.password)
    failures, asked, done = [], [], threading.Event()

    def ask() -> None:
        with server(account, ssl={}) as limited, limited.cursor() as cursor:
            while not done.is_set():
                try:
                    cursor.execute(f"SELECT COUNT(*) FROM {database.prefix}session.mouse")
                    asked.append(cursor.fetchone())
                except pymysql.err.MySQLError as error:
                    failures.append(error)

    asker = threading.Thread(target=ask)
    with server(database.database) as connection, connection.cursor() as cursor:
        pattern = database.prefix.replace("_", r"\_")
        cursor.execute(f"GRANT SELECT, DROP ON `{pattern}%`.* TO '{place.username}'@'%'")
        cursor.execute(f"REVOKE INSERT ON `{pattern}session`.* FROM '{place.username}'@'%'")
        asker.start()
        said = [grant(place.username) for _ in range(30)]
        done.set()
        asker.join()
    assert not said[0].endswith("no grants were changed")
    assert {words.rpartition("; ")[2] for words in said[1:]} == {"no grants were changed"}
    assert asked
    assert not failures


def test_it_connects_over_tls_only_as_the_server_offers_it(account):
    with server(account, ssl={}) as encrypted, encrypted.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
        assert cursor.fetchone()[1]
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        server(account, ssl_disabled=True)


def test_an_account_needs_a_plain_name_and_a_password(database, monkeypatch):
    from populate.fleet.accounts import grant

    monkeypatch.delenv("DLGN_WORKER_PASSWORD", raising=False)
    for name in ("worker", "wor'ker"):
        with pytest.raises(ConfigError, match=r"MySQL|DLGN_WORKER_PASSWORD|letters"):
            grant(name)

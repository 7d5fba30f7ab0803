"""What the doctor says of a database: of sound tables, of none, and of those of another version than this code's."""

import re
import uuid

import pytest

from populate.doctor import database as doctor
from schemas.connection.server import own_connection


@pytest.fixture(scope="module")
def versioned(served):
    """A prefix of which there is nothing but the table of versions; a function that sets its row."""
    from schemas import session
    from schemas.declaration.table_classes import definitions_digest

    connection, prefix = own_connection(session.schema.connection), f"v{uuid.uuid4().hex[:8]}_"
    table = connection.adapter.make_full_table_name(f"{prefix}version", "schema_version")
    connection.query(f"CREATE SCHEMA {prefix}version")
    connection.query(f"CREATE TABLE {table} (version VARCHAR(16) PRIMARY KEY, state VARCHAR(16))")

    def set_to(version: str | None, state: str) -> str:
        connection.query(f"DELETE FROM {table}")
        connection.query(f"INSERT INTO {table} VALUES (%s, %s)", args=(version or definitions_digest(), state))
        return prefix

    yield set_to
    connection.query(f"DROP SCHEMA {prefix}version" + ("" if connection.adapter.backend == "mysql" else " CASCADE"))
    connection.close()


def findings(monkeypatch, prefix: str):
    monkeypatch.setenv("DLGN_PREFIX", prefix)
    return [one for one in doctor.check() if one.subject == "schemas"]


@pytest.mark.parametrize(
    ("version", "state", "level", "seen", "advice"),
    [
        (
            "9",
            "ready",
            "fail",
            "have version 9, this dlgn_cnn works with version [0-9a-f]{16}, ",
            "another DLGN_PREFIX",
        ),
        ("ab12", "declaring", "fail", "have version ab12, this", "install the dlgn_cnn that declared them"),
        (None, "declaring", "warn", "are not declared", "dlgn declare"),
    ],
)
def test_another_version_is_told_with_what_to_do(versioned, monkeypatch, version, state, level, seen, advice):
    (one,) = findings(monkeypatch, versioned(version, state))
    assert one.level == level
    assert re.search(seen, one.seen), one.seen
    assert re.search(advice, one.advice), one.advice


def test_the_tests_database_is_sound(served):
    found = {one.subject: one.level for one in doctor.check()}
    assert found == {"database": "ok", "schemas": "ok"}
    from schemas.trainer import Seed

    assert not Seed & {"seed": doctor.LOWEST_SEED}


def test_schemas_that_are_not_declared_are_told(served, monkeypatch):
    monkeypatch.setenv("DLGN_PREFIX", "nobodys_")
    last = list(doctor.check())[-1]
    assert (last.level, last.subject) == ("warn", "schemas")
    assert "with prefix nobodys_ are not declared" in last.seen
    assert "dlgn declare" in last.advice

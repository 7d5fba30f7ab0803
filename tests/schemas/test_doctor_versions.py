"""What the doctor says of a database: of sound tables, of none, and of those of another version than this code's."""

import re
import uuid

import pytest

from populate.doctor import database as doctor
from schemas.connection.server import own_connection
from tests.older import restored, schemas_of


@pytest.fixture(scope="module")
def connection(served):
    from schemas import session

    mine = own_connection(session.schema.connection)
    yield mine
    mine.close()


@pytest.fixture(scope="module")
def versioned(connection):
    """A prefix of which there is nothing but the table of versions."""
    from schemas.migrations.state import TABLE
    from schemas.migrations.tables import Tables
    from schemas.migrations.upgrade import VERSION_DEFINITION

    tables = Tables(connection, f"v{uuid.uuid4().hex[:8]}_")
    tables.create_table(TABLE, VERSION_DEFINITION)
    yield tables
    for schema in schemas_of(connection, tables.prefix):
        connection.query(f"DROP SCHEMA {schema}" + ("" if connection.adapter.backend == "mysql" else " CASCADE"))


def findings(monkeypatch, prefix: str):
    monkeypatch.setenv("DLGN_PREFIX", prefix)
    return [one for one in doctor.check() if one.subject == "schemas"]


def test_tables_from_before_versions_are_sent_to_dlgn_migrate_which_mends_them(served, connection, monkeypatch):
    from schemas.migrations.upgrade import migrate

    with restored(connection, f"v{uuid.uuid4().hex[:8]}_") as prefix:
        (one,) = findings(monkeypatch, prefix)
        assert one.level == "fail"
        assert f"the tables of {prefix}* are from before versions" in one.seen
        assert one.advice == "end all workers, then run dlgn migrate"
        last = migrate(connection, prefix)[-1]
        declared, writes = findings(monkeypatch, prefix)
        assert (declared.level, writes.level) == ("ok", "ok")
        assert declared.seen.endswith(f"version {last}")


@pytest.mark.parametrize(
    ("version", "state", "level", "seen", "advice"),
    [
        (3, "ready", "fail", "have version 3, this dlgn_cnn works with", "end all workers, then run dlgn migrate"),
        (4, "upgrading", "fail", "upgrade of the tables .* to version 4 has not ended", "wait.*run dlgn migrate again"),
        (999, "ready", "fail", "version 999, made by a newer dlgn_cnn", "install the newer one"),
        (0, "declaring", "warn", "are not declared", "dlgn declare"),
    ],
)  # fmt: skip
def test_another_version_is_told_with_what_to_do(versioned, monkeypatch, version, state, level, seen, advice):
    from schemas.migrations import steps

    versioned.free("version.schema_version").delete_quick()
    versioned.free("version.schema_version").insert1({"version": version or steps.latest(), "state": state})
    (one,) = findings(monkeypatch, versioned.prefix)
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

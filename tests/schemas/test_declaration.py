"""Declaring the tables: broken off and taken up again, and refused where they are of another version."""

import dataclasses
import os
import subprocess
import sys
import uuid

import pytest

from dlgn_cnn.errors import ConfigError
from schemas.declaration.table_classes import table_classes
from schemas.provenance import Traced
from tests import described

# Declares tables, and ends as a killed process does before the table of the given number.
DECLARE = """
import os, sys, datajoint, schemas
real, left = datajoint.Table.declare, int(sys.argv[1])
def declare(*args, **kwargs):
    global left
    left -= 1
    if left == 0:
        os._exit(9)
    return real(*args, **kwargs)
datajoint.Table.declare = declare
schemas.open_database()
"""


@pytest.fixture
def other(served, tmp_path):
    """Settings of a prefix without tables on the tests' server, and a connection of its own; dropped afterwards."""
    from schemas.connection.server import own_connection
    from schemas.declaration.modules import SCHEMAS
    from schemas.session import schema

    mine, prefix = own_connection(schema.connection), f"v{uuid.uuid4().hex[:8]}_"
    yield dataclasses.replace(served, prefix=prefix, store=tmp_path), mine
    cascade = "" if mine.adapter.backend == "mysql" else " CASCADE"
    for name in reversed(SCHEMAS):
        mine.query(f"DROP SCHEMA IF EXISTS {prefix}{name}{cascade}")
    mine.close()


def declare(settings, killed_before: int) -> int:
    environment = os.environ | {"DLGN_PREFIX": settings.prefix, "DLGN_STORE": str(settings.store)}
    words = [sys.executable, "-W", "ignore", "-c", DECLARE, str(killed_before)]
    return subprocess.run(words, env=environment).returncode


def test_a_declaration_that_was_killed_is_finished_by_the_next_process(other, served):
    from schemas.declaration import database

    settings, mine = other
    if mine.adapter.backend == "mysql":  # made by an administrator, by the server's default of those days
        mine.query(f"CREATE DATABASE {settings.prefix}session CHARACTER SET latin1")
    assert declare(settings, killed_before=1) == 9
    assert database.read_state(mine, settings.prefix) is None
    assert declare(settings, killed_before=30) == 9
    assert database.read_state(mine, settings.prefix)[1] == database.DECLARING
    assert database.check_version(mine, settings.prefix) is True
    assert declare(settings, killed_before=0) == 0
    assert database.check_version(mine, settings.prefix) is False
    assert described.definitions(mine, settings.prefix) == described.definitions(mine, served.prefix)
    assert declare(settings, killed_before=1) == 0


def test_tables_of_another_version_or_of_none_are_refused_with_a_sentence(other):
    from schemas.declaration import database

    settings, mine = other
    assert database.check_version(mine, settings.prefix) is True
    mine.query(f"CREATE SCHEMA {settings.prefix}session")
    assert database.check_version(mine, settings.prefix) is True
    mine.query(f"CREATE TABLE {settings.prefix}session.mouse (mouse INT)")
    with pytest.raises(ConfigError, match=r"have version unknown, this .* start again with another DLGN_PREFIX"):
        database.check_version(mine, settings.prefix)


def test_the_version_changes_with_a_definition_and_not_with_a_comment(monkeypatch):
    from schemas.declaration.table_classes import definitions_digest
    from schemas.session import Mouse

    before, text = definitions_digest(), Mouse.definition
    found = []
    for change in ("varchar(64)  # of the animal", "varchar(65)"):
        monkeypatch.setattr(Mouse, "definition", text.replace("varchar(64)", change))
        found.append(definitions_digest.__wrapped__())
    assert found[0] == before != found[1]


def test_every_traced_table_names_its_inputs():
    """A computation would fail otherwise, hours later."""
    traced = [table for table in table_classes().values() if issubclass(table, Traced)]
    assert len(traced) > 8
    assert [table.__name__ for table in traced if table.inputs is Traced.inputs] == []

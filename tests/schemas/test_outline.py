"""The tables as read from their definitions, against the tables as the server has them."""

import importlib

import pytest
from generators.outline import outline

TABLES = {table.full_name: table for table in outline()}


def heading(table):
    """Names of a table's columns in the key and outside it, foreign keys followed to their ends."""
    key, rest = [], []
    for link in table.links:
        renamed = dict(link.renamed)
        (key if link.in_key else rest).extend(renamed.get(name, name) for name in heading(TABLES[link.table])[0])
    for column in table.columns:
        (key if column.in_key else rest).append(column.name)
    return key, rest


@pytest.mark.parametrize("name", TABLES)
def test_a_definition_is_read_as_datajoint_declares_it(database, name):
    table = TABLES[name]
    found = getattr(importlib.import_module(f"schemas.{table.schema}"), table.name.split(".")[0])
    for part in table.name.split(".")[1:]:
        found = getattr(found, part)
    key, rest = map(set, heading(table))
    assert set(found.primary_key) == key
    shown = {name for name in found().heading.names if not name.startswith("_")}
    assert shown == key | rest
    assert found().table_name == table.sql_name
    for column in table.columns:
        attribute = found().heading.attributes[column.name]
        assert attribute.comment.split(":")[-1].strip() == column.comment.split(":")[-1].strip()
        assert bool(attribute.nullable) == (column.default == "null")


def test_every_declared_table_is_in_it(database):
    from schemas.session import schema

    declared = {
        table
        for module in {table.schema for table in TABLES.values()}
        for table in schema.connection.query(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s",
            args=(f"{database.prefix}{module}",),
        ).fetchall()
    }
    named = {row[0] for row in declared if not row[0].startswith("~")}
    assert named == {table.sql_name for table in TABLES.values()}

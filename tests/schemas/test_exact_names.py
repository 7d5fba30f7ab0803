"""Names that differ in case, accents or a space at their end are different names on both servers."""

import os

import pytest
from generators.outline import outline

NAMES = ("a", "A", "ä", "a ")
EXACT = "utf8mb4_0900_bin"


def test_sessions_and_experiments_that_differ_by_case_or_accent_are_rows_of_their_own(database):
    from schemas import experiment, session

    for name in NAMES:
        key = {"mouse": name, "series": 1, "experiment": 1}
        session.Mouse.insert1({"mouse": name, "simulated": True})
        session.Session.insert1(key | {"session_name": name})
        session.Unit.insert1(key | {"unit": 1})
        experiment.Experiment.insert1({"experiment_name": name})
    for name in NAMES:
        (row,) = (session.Unit * session.Session & {"session_name": name}).to_dicts()
        assert row["mouse"] == name
        assert (session.Mouse & f"mouse = '{name}'").to_arrays("mouse").tolist() == [name]
        (session.Session & {"session_name": name}).delete(prompt=False)
        (experiment.Experiment & {"experiment_name": name}).delete(prompt=False)
    assert not session.Unit()
    assert not experiment.Experiment()


def test_every_table_joins_with_every_other(database):
    """Columns of one name and lineage compare on the server; a mix of collations would be refused."""
    import importlib

    from schemas.declaration.table_classes import table_classes

    tables = [one() for one in table_classes().values()]
    connection = importlib.import_module("schemas.session").schema.connection
    joined = 0
    for index, one in enumerate(tables):
        for other in tables[:index]:
            text = [
                name
                for name in one.heading.names
                if name in other.heading.names
                and one.heading[name].lineage
                and one.heading[name].lineage == other.heading[name].lineage
                and one.heading[name].string
            ]
            if text:
                quote = connection.adapter.quote_identifier
                same = " AND ".join(f"a.{quote(name)} = b.{quote(name)}" for name in text)
                query = f"SELECT 1 FROM {one.full_table_name} a JOIN {other.full_table_name} b ON {same} LIMIT 1"
                connection.query(query).fetchall()  # raises where the columns cannot be compared
                joined += 1
    assert joined > len(outline())


@pytest.mark.skipif(not os.environ.get("DLGN_TEST_MYSQL"), reason="PostgreSQL compares text exactly by default")
def test_on_mysql_every_column_of_text_compares_its_characters_codes(database):
    from populate.fleet.declare import declare
    from schemas.declaration.modules import MODULES
    from schemas.session import schema

    declare()  # the queues, too
    query = """SELECT table_schema, table_name, column_name, collation_name FROM information_schema.columns
                WHERE table_schema LIKE %s AND collation_name IS NOT NULL"""
    found = schema.connection.query(query, args=(database.prefix.replace("_", r"\_") + "%",)).fetchall()
    found = [row for row in found if row[0].removeprefix(database.prefix) in MODULES]  # not those of other tests
    assert {table for _, table, _, _ in found} >= {"mouse", "__mei", "~~mei", "~lineage"}
    assert [row for row in found if row[3] != EXACT] == []

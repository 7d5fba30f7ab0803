"""No column has to be quoted in SQL: none is a reserved word of the server that the tests run on."""

from tests.unit.test_column_names import columns

QUERIES = {
    "mysql": "SELECT word FROM information_schema.keywords WHERE reserved = 1",
    "postgresql": "SELECT word FROM pg_get_keywords() WHERE catcode = 'R'",
}


def test_no_column_is_a_reserved_word_of_this_server(database):
    from schemas.session import schema

    rows = schema.connection.query(QUERIES[schema.connection.adapter.backend]).fetchall()
    reserved = {row[0].lower() for row in rows}
    assert "select" in reserved
    assert columns() & reserved == set()

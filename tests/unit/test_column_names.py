"""Names of columns that are plain SQL words on every server."""

from pathlib import Path

from generators.outline import outline

# Of MySQL 9.7 and PostgreSQL 18.
RESERVED = Path(__file__).resolve().parents[1] / "data" / "reserved_words.txt"


def columns() -> set[str]:
    """Every column that a definition names, also as another name of a foreign key's."""
    own = {column.name for table in outline() for column in table.columns}
    return own | {here for table in outline() for link in table.links for _, here in link.renamed}


def test_no_column_is_a_reserved_word():
    reserved = set(RESERVED.read_text().split())
    assert {"signal", "deterministic", "user"} <= reserved
    assert columns() & reserved == set()

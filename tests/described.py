"""What a database says of the tables of a prefix: columns, defaults, comments, keys, indexes, lineage, rows."""

from typing import Any

COLUMNS = {
    "mysql": """
        SELECT table_schema, table_name, column_name, column_type, is_nullable, column_default, column_comment, extra,
               collation_name
          FROM information_schema.columns WHERE table_schema LIKE %s""",
    "postgresql": """
        SELECT c.table_schema, c.table_name, c.column_name, c.data_type, c.udt_name, c.character_maximum_length,
               c.is_nullable, c.column_default, c.datetime_precision,
               col_description(format('%%I.%%I', c.table_schema, c.table_name)::regclass, c.ordinal_position)
          FROM information_schema.columns AS c WHERE c.table_schema LIKE %s""",
}
OTHERS = {
    "mysql": [
        """SELECT table_schema, table_name, index_name, non_unique, seq_in_index, column_name
             FROM information_schema.statistics WHERE table_schema LIKE %s""",
        """SELECT table_schema, table_name, column_name, referenced_table_schema, referenced_table_name,
                  referenced_column_name, ordinal_position
             FROM information_schema.key_column_usage WHERE table_schema LIKE %s""",
        """SELECT constraint_schema, table_name, update_rule, delete_rule, unique_constraint_schema,
                  referenced_table_name
             FROM information_schema.referential_constraints WHERE constraint_schema LIKE %s""",
        "SELECT table_schema, table_name, table_comment FROM information_schema.tables WHERE table_schema LIKE %s",
    ],
    "postgresql": [
        "SELECT schemaname, tablename, indexdef FROM pg_indexes WHERE schemaname LIKE %s",
        """SELECT nspname, conrelid::regclass, conname, pg_get_constraintdef(pg_constraint.oid)
             FROM pg_constraint JOIN pg_namespace ON pg_namespace.oid = connamespace WHERE nspname LIKE %s""",
        """SELECT nspname, relname, obj_description(pg_class.oid) FROM pg_class
             JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE relkind = 'r' AND nspname LIKE %s""",
    ],
}


def definitions(connection: Any, prefix: str) -> set[str]:
    """Every fact about the tables of a prefix as a line, without it; not of jobs, whose tables are made when needed."""
    backend, like = connection.adapter.backend, prefix.replace("_", r"\_") + "%"
    found = [connection.query(query, args=(like,)).fetchall() for query in (COLUMNS[backend], *OTHERS[backend])]
    lines = {" | ".join(map(str, row)).replace(prefix, "") for rows in found for row in rows}
    lines |= {" | ".join(row).replace(prefix, "") for row in _lineage(connection, like)}
    return {line for line in lines if "~~" not in line and not line.startswith("toy")}


def rows(connection: Any, prefix: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of a prefix, sorted, by the table's name."""
    quote = connection.adapter.quote_identifier
    found = {}
    for schema, table in _tables(connection, prefix.replace("_", r"\_") + "%"):
        every = connection.query(f"SELECT * FROM {quote(schema)}.{quote(table)}").fetchall()
        found[f"{schema.removeprefix(prefix)}.{table}"] = sorted(every, key=str)
    return found


def _tables(connection: Any, like: str) -> list[tuple[str, str]]:
    query = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema LIKE %s"
    return [(str(schema), str(table)) for schema, table in connection.query(query, args=(like,)).fetchall()]


def _lineage(connection: Any, like: str) -> list[tuple[str, ...]]:
    quote = connection.adapter.quote_identifier
    found = []
    for schema, table in _tables(connection, like):
        if table == "~lineage":
            query = f"SELECT table_name, attribute_name, lineage FROM {quote(schema)}.{quote(table)}"
            found += [(schema, *row) for row in connection.query(query).fetchall()]
    return found

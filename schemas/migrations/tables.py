"""What a migration step does to the tables of one prefix: each change looks first whether it is there already."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import datajoint as dj
from datajoint.declare import compile_attribute, declare
from datajoint.lineage import get_table_lineages, insert_lineages

Columns = dict[str, set[str]]
EXACT = "utf8mb4_0900_bin"


class Tables:
    """The tables of a prefix on one connection, none of whose classes need be declared.

    A table is named as the database names it, without the prefix: ``training.__trained_model``.
    """

    def __init__(self, connection: Any, prefix: str) -> None:
        self.connection, self.prefix = connection, prefix
        self._adapter = connection.adapter

    def full_name(self, name: str) -> str:
        """The quoted name of a table, for SQL."""
        schema, _, table = name.partition(".")
        return str(self._adapter.make_full_table_name(f"{self.prefix}{schema}", table))

    def free(self, name: str) -> Any:
        """A table to query, insert into and refer to, whose columns are as they are now."""
        return dj.FreeTable(self.connection, self.full_name(name))

    def run(self, statement: str, arguments: tuple[Any, ...] = ()) -> Any:
        """One SQL statement; a step sees to it that it may be run again."""
        return self.connection.query(statement, args=arguments)

    def has_table(self, name: str) -> bool:
        """Whether a table is there."""
        schema, _, table = name.partition(".")
        query = "SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND table_name = %s"
        return self.run(query, (f"{self.prefix}{schema}", table)).fetchone() is not None

    def columns(self, name: str) -> set[str]:
        """The names of a table's columns; none where there is no table."""
        schema, _, table = name.partition(".")
        return columns_of(self.connection, [f"{self.prefix}{schema}"]).get(f"{self.prefix}{schema}.{table}", set())

    def create_table(self, name: str, definition: str, refers_to: Mapping[str, str] | None = None) -> None:
        """Create a table from a DataJoint definition; ``refers_to`` names what its arrows point at.

        Example: ``create_table("mei.note", "-> MEI\\n---\\nnote : varchar(64)", {"MEI": "mei.__m_e_i"})``.
        """
        schema, _, _ = name.partition(".")
        if not self.run(self._adapter.schema_exists_sql(f"{self.prefix}{schema}")).fetchone():
            self.run(self._adapter.create_schema_sql(f"{self.prefix}{schema}"))
        context = {word: self.free(other) for word, other in (refers_to or {}).items()}
        table = self.free(name)
        sql, _, primary_key, origins, before, after = declare(
            table.full_table_name, definition, context, self._adapter, config=self.connection._config
        )
        if not self.has_table(name):
            for statement in (*self._absent_types(before), sql, *after):
                self.run(_placed(statement, table.database))
        self._note_lineage(table, primary_key, origins)

    def add_column(self, name: str, line: str) -> None:
        """Add a column, a line of a DataJoint definition that has a default: ``note="" : varchar(64)  # why``."""
        table = self.full_name(name)
        column, sql, _, comment = compile_attribute(line, False, [], {}, self._adapter)
        if column in self.columns(name):
            return
        schema = f"{self.prefix}{name.partition('.')[0]}"
        for statement in self._absent_types(self._adapter.get_pending_enum_ddl(schema)):
            self.run(statement)
        self.run(f"ALTER TABLE {table} ADD COLUMN {_placed(sql, schema)}")
        if comment and (told := self._adapter.column_comment_ddl(table, column, comment)):
            self.run(told)

    def describe(self, name: str, line: str) -> None:
        """Change what is noted of a column, its DataJoint type or its comment, to that of a line of a definition.

        The type of the values in the database stays; the line says the same one.
        """
        column, sql, _, comment = compile_attribute(line, False, [], {}, self._adapter)
        if self._fact(name, column, "comment") == comment:
            return
        if told := self._adapter.column_comment_ddl(self.full_name(name), column, comment):
            self.run(told)
        else:
            self.run(f"ALTER TABLE {self.full_name(name)} MODIFY COLUMN {sql}")

    def drop_default(self, name: str, column: str) -> None:
        """Let new rows say what is in a column; those that are there keep what it was added with."""
        if self._fact(name, column, "default") is not None:
            quoted = self._adapter.quote_identifier(column)
            self.run(f"ALTER TABLE {self.full_name(name)} ALTER COLUMN {quoted} DROP DEFAULT")

    def extend_key(self, name: str, column: str) -> None:
        """Make a column the last one of the primary key."""
        schema, _, table = name.partition(".")
        found = self.run(self._adapter.get_primary_key_sql(f"{self.prefix}{schema}", table)).fetchall()
        key = [str(row[0]) for row in found]
        if column not in key:
            quote = self._adapter.quote_identifier
            old = "PRIMARY KEY" if self._adapter.backend == "mysql" else f"CONSTRAINT {quote(f'{table}_pkey')}"
            new = ", ".join(map(quote, [*key, column]))
            self.run(f"ALTER TABLE {self.full_name(name)} DROP {old}, ADD PRIMARY KEY ({new})")
        database = f"{self.prefix}{schema}"
        if column not in get_table_lineages(self.connection, database, table):
            insert_lineages(self.connection, database, [(table, column, f"{database}.{table}.{column}")])

    def _fact(self, name: str, column: str, what: str) -> str | None:
        """The comment or the default of a column."""
        schema, _, table = name.partition(".")
        facts = {"default": "column_default", "comment": "column_comment"}
        if self._adapter.backend != "mysql":
            table_name = "quote_ident(table_schema) || '.' || quote_ident(table_name)"
            facts["comment"] = f"col_description(({table_name})::regclass, ordinal_position)"
        query = f"SELECT {facts[what]} FROM information_schema.columns "
        query += "WHERE table_schema = %s AND table_name = %s AND column_name = %s"
        found = self.run(query, (f"{self.prefix}{schema}", table, column)).fetchone()
        return None if found is None or found[0] is None else str(found[0])

    def compare_exactly(self, name: str, column: str) -> None:
        """On MySQL, compare and index a column of text by its characters' codes, as PostgreSQL does: by default ``a``,
        ``A`` and ``ä`` are the same there. A DataJoint definition cannot say so. For a column that has no default.
        """
        if self._adapter.backend != "mysql":
            return
        schema, _, table = name.partition(".")
        query = "SELECT column_type, is_nullable, column_comment, collation_name FROM information_schema.columns "
        query += "WHERE table_schema = %s AND table_name = %s AND column_name = %s"
        kind, nullable, comment, collation = self.run(query, (f"{self.prefix}{schema}", table, column)).fetchone()
        if collation != EXACT:
            null = "NULL" if nullable == "YES" else "NOT NULL"
            change = f"MODIFY `{column}` {kind} CHARACTER SET utf8mb4 COLLATE {EXACT} {null} COMMENT %s"
            self.run(f"ALTER TABLE {self.full_name(name)} {change}", (comment,))

    def _absent_types(self, statements: list[str]) -> Iterator[str]:
        """Those statements that make an enum type that is not there: PostgreSQL has no IF NOT EXISTS for it."""
        query = "SELECT quote_ident(nspname) || '.' || quote_ident(typname) FROM pg_type "
        query += "JOIN pg_namespace ON pg_namespace.oid = typnamespace WHERE typtype = 'e'"
        there = {row[0] for row in self.run(query).fetchall()} if statements else set()
        for statement in statements:
            named = statement.removeprefix("CREATE TYPE ").partition(" AS ")[0]
            if named not in there and named.replace('"', "") not in there:
                yield statement

    def _note_lineage(self, table: Any, primary_key: list[str], origins: Mapping[str, Any]) -> None:
        """What DataJoint notes of a table that it declares, without which it joins the table with no other."""
        noted = get_table_lineages(self.connection, table.database, table.table_name)
        if not {*primary_key, *origins} <= set(noted):
            table._populate_lineage(primary_key, origins)


def _placed(statement: str, schema: str) -> str:
    """A statement of DataJoint's, which leaves out where an enum type is."""
    return statement.replace('"{database}".', f'"{schema}".')


def columns_of(connection: Any, schemas: list[str]) -> Columns:
    """The columns of every table in these schemas by its name, but for those that DataJoint keeps for itself."""
    marks = ", ".join(["%s"] * len(schemas))
    query = (
        f"SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE table_schema IN ({marks})"
    )
    found: Columns = {}
    for schema, table, column in connection.query(query, args=tuple(schemas)).fetchall():
        if not table.startswith("~"):
            found.setdefault(f"{schema}.{table}", set()).add(column)
    return found


def tables_of(connection: Any, schemas: list[str]) -> dict[str, set[str]]:
    """The names of the tables in each of these schemas, found by one query."""
    marks = ", ".join(["%s"] * len(schemas))
    query = f"SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ({marks})"
    found: dict[str, set[str]] = {schema: set() for schema in schemas}
    for schema, table in connection.query(query, args=tuple(schemas)).fetchall():
        found[schema].add(table)
    return found


@contextmanager
def whole(connection: Any) -> Iterator[None]:
    """All or nothing, where the database can change tables in a transaction; MySQL cannot."""
    if connection.adapter.backend == "mysql":
        yield
        return
    with connection.transaction:
        yield


@contextmanager
def alone(connection: Any, prefix: str, refuse: Callable[[], Exception]) -> Iterator[None]:
    """Nobody else migrates this prefix meanwhile; raises what ``refuse`` makes where somebody does."""
    mysql = connection.adapter.backend == "mysql"
    name = f"{prefix}migrate"
    take = "SELECT GET_LOCK(%s, 0)" if mysql else "SELECT pg_try_advisory_lock(hashtext(%s))"
    leave = "SELECT RELEASE_LOCK(%s)" if mysql else "SELECT pg_advisory_unlock(hashtext(%s))"
    if not connection.query(take, args=(name,)).fetchone()[0]:
        raise refuse()
    try:
        yield
    finally:
        connection.query(leave, args=(name,))

"""The reference of the tables: what each row means, its columns and its foreign keys, from the definitions."""

from itertools import groupby

from generators.outline import ColumnOutline, Link, TableOutline, outline
from generators.rst import code, heading, label, list_table, plain

INTRODUCTION = """\
Every table, from its definition in ``schemas/``. A row's key is what stands under *key*; what a foreign key brings
along has the names that it has there. In SQL a schema's name begins with ``DLGN_PREFIX`` (``dlgn_``), and
what begins with ``__`` is computed: ``SELECT * FROM dlgn_evaluation.__score__unit``. Why they are as they are:
:doc:`../../explanation/tables`.
"""


def anchor(full_name: str) -> str:
    """The label of a table's section."""
    return "table-" + full_name.lower().replace(".", "-").replace("_", "-")


def page() -> str:
    """A section a schema, and in it one a table."""
    sections = [heading("Tables"), INTRODUCTION]
    for schema, tables in groupby(outline(), key=lambda one: one.schema):
        sections.append(heading(f"schemas.{schema}", 1))
        sections += map(_table, tables)
    return "\n".join(sections)


def _table(table: TableOutline) -> str:
    rows = [_link_row(link) for link in table.links if link.in_key]
    rows += [_column_row(column) for column in table.columns if column.in_key]
    rows += [_link_row(link) for link in table.links if not link.in_key]
    rows += [_column_row(column) for column in table.columns if not column.in_key]
    return "\n".join(
        [
            label(anchor(table.full_name)),
            heading(table.name, 2),
            f"{table.tier}, in SQL ``{'dlgn_' + table.schema}.{table.sql_name}``\n",
            table.text,
            "",
            list_table(("key", "column", "type", "default", "meaning"), rows),
            *(f"{code(index)}\n" for index in table.indexes),
        ]
    )


def _link_row(link: Link) -> tuple[str, ...]:
    other = f":ref:`{link.table} <{anchor(link.table)}>`"
    return ("key" if link.in_key else "", "→", "", "NULL" if link.nullable else "", f"refers to {other}")


def _column_row(column: ColumnOutline) -> tuple[str, ...]:
    default = "NULL" if column.default == "null" else code(column.default or "")
    return ("key" if column.in_key else "", code(column.name), code(column.sql_type), default, plain(column.comment))

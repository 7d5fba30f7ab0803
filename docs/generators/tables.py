"""Reference of the tables, from their definitions: the meaning of a row, its columns and its foreign keys."""

from itertools import groupby

from generators.outline import ColumnOutline, Link, TableOutline, outline
from generators.rst import code, heading, label, list_table, plain

INTRODUCTION = """\
Every table, from its definition in ``schemas/``. Columns marked *key* form a row's key; columns of a foreign key keep
the names that they have in the other table. In SQL, a schema's name begins with ``DLGN_PREFIX`` (``dlgn_``), and the
name of a computed table begins with ``__``: ``SELECT * FROM dlgn_evaluation.__score__unit``. For the reasons behind
the design, see :doc:`../../explanation/tables`.
"""


def anchor(full_name: str) -> str:
    """Return the label of a table's section."""
    return "table-" + full_name.lower().replace(".", "-").replace("_", "-")


def page() -> str:
    """Return the page: one section per schema, with one subsection per table."""
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

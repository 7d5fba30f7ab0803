"""Rows deleted table by table, those first that nothing refers to; DataJoint's own delete asks a lot of questions."""

from typing import Any

import datajoint as dj


def tables_below(*roots: Any) -> list[str]:
    """The quoted names of these tables and of all that refer to them, in the order in which rows can be deleted."""
    graph = roots[0].connection.dependencies
    graph.load()
    below = {name for root in roots for name in graph.descendants(root().full_table_name)}
    # A number stands for a foreign key that renames.
    return [name for name in reversed(graph.topo_sort()) if name in below and not name.isdigit()]


def delete_all(connection: Any, names: list[str]) -> None:
    for name in names:
        connection.query(f"DELETE FROM {name}")


def drop_all(prefix: str) -> None:
    """Drop the schemas of an open database: views before the tables that they read."""
    from schemas import session
    from schemas.declaration.modules import SCHEMAS

    for name in reversed(SCHEMAS):
        dj.Schema(f"{prefix}{name}", connection=session.schema.connection).drop(prompt=False)

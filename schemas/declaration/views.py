"""Declaration of the views of results, in a schema of their own."""

import re
from collections.abc import Iterator
from typing import Any

from datajoint.jobs import Job

from schemas.base.keys import FIT
from schemas.declaration.computed_tables import computed_tables
from schemas.declaration.modules import VIEW_NAMES, VIEW_SCHEMA
from schemas.declaration.table_classes import table_classes
from schemas.declaration.view_sql import VIEWS

# MySQL reads the joined tables only where a view is merged into the query, and asks whether the reader may.
CREATE = {
    "mysql": "CREATE OR REPLACE ALGORITHM = {algorithm} SQL SECURITY INVOKER VIEW {name} AS {sql}",
    "postgresql": "CREATE OR REPLACE VIEW {name} WITH (security_invoker = true) AS {sql}",
}
WORDS = {
    "mysql": {"now": "UTC_TIMESTAMP(3)", "by key": " FORCE INDEX (PRIMARY)"},
    "postgresql": {"now": "(CURRENT_TIMESTAMP AT TIME ZONE 'UTC')", "by key": ""},
}
JSON_OF = {"mysql": "JSON_OBJECT", "postgresql": "jsonb_build_object"}


def create_views(connection: Any, prefix: str) -> None:
    """Create every view, or replace it. All tables and queues must be declared."""
    adapter, schema = connection.adapter, f"{prefix}{VIEW_SCHEMA}"
    if adapter.backend == "postgresql":
        _index(connection, table_classes()["evaluation.Score.Unit"]().full_table_name)
    names = {path: table().full_table_name for path, table in table_classes().items()} | WORDS[adapter.backend]
    *joined, failures = VIEW_NAMES
    for view in joined:
        filled = re.sub(r"<([\w. ]+)>", lambda found: names[found[1]], VIEWS[view])
        _create(connection, adapter.make_full_table_name(schema, view), filled)
    union = "\nUNION ALL\n".join(_failures(adapter))
    _create(connection, adapter.make_full_table_name(schema, failures), union, "UNDEFINED")  # a union is not merged


def _index(connection: Any, table: str) -> None:
    """Make the index for the best units first: PostgreSQL reads none that has NULL at its other end."""
    connection.query(f"CREATE INDEX IF NOT EXISTS best_units ON {table} (correlation DESC NULLS LAST)")


def _create(connection: Any, name: str, sql: str, algorithm: str = "MERGE") -> None:
    statement = CREATE[connection.adapter.backend].format(name=name, sql=sql.strip(), algorithm=algorithm)
    connection.query(statement.replace("%", "%%"))


def _failures(adapter: Any) -> Iterator[str]:
    """The failed keys of each computed table, with the key of the fit where there is one."""
    for table in computed_tables():
        jobs = Job(table())
        key = ", ".join(f"'{name}', q.{adapter.quote_identifier(name)}" for name in jobs.primary_key)
        fit = (f"q.{name}" if name in jobs.primary_key else f"{_nothing(adapter, name)} AS {name}" for name in FIT)
        yield (
            f"SELECT '{table.__name__}' AS table_name, {JSON_OF[adapter.backend]}({key}) AS failed_key, "
            f"{', '.join(fit)}, q.error_message, q.host, q.pid, q.completed_time AS failed "
            f"FROM {jobs.full_table_name} q WHERE q.status = 'error'"
        )


def _nothing(adapter: Any, name: str) -> str:
    """NULL of a column's type."""
    kind = "char(32)" if name.endswith("_hash") else {"mysql": "signed", "postgresql": "integer"}[adapter.backend]
    return f"CAST(NULL AS {kind})"

"""Connections to the database server, of all its users, against the number that it takes."""

from typing import Any

from schemas import fleet

FULL = 0.8
USED = {
    "mysql": "SHOW GLOBAL STATUS LIKE 'Threads_connected'",
    "postgresql": "SELECT COUNT(*) FROM pg_stat_activity WHERE datid IS NOT NULL AND usesysid IS NOT NULL",
}
MOST = {
    "mysql": "SELECT @@max_connections",
    "postgresql": "SELECT current_setting('max_connections')::int"
    " - current_setting('superuser_reserved_connections')::int",
}
RAISE = {
    "mysql": "SET PERSIST max_connections = {}, as the server's administrator",
    "postgresql": "ALTER SYSTEM SET max_connections = {}, as the server's administrator, and a restart of it",
}


def connection_warning() -> str | None:
    """A sentence that says what to do where more than 80 % of the server's connections are in use."""
    connection = fleet.schema.connection
    backend = connection.adapter.backend
    used, most = (_number(connection, query[backend]) for query in (USED, MOST))
    if used <= FULL * most:
        return None
    return (
        f"{used} of the database's {most} connections are in use ({round(100 * used / most)} %), and a worker needs 3: "
        f"start no more workers, or raise the limit: {RAISE[backend].format(2 * most)}"
    )


def _number(connection: Any, query: str) -> int:
    return int(connection.query(query).fetchone()[-1])

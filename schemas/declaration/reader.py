"""Role of queries: what a user's SQL runs as, so that the server itself keeps it from files, programs and rights.

The embedded server's account is its superuser, from which a role is set that reads its tables and can
neither become another nor run SQL that is a text. On other servers the account's own rights hold.
"""

import functools
import re
from typing import Any

from dlgn_cnn.bounds import limit
from dlgn_cnn.errors import ConfigError
from schemas.connection.in_force import connection_in_force, settings_in_force

ROLE = "dlgn_reader"
LOCK = 0x646C676E  # of PostgreSQL: two processes may make the role at once
# Every role may call these: they change the role back, or run a text, which is checked only when it runs.
WITHHELD = (
    "set_config(text, text, boolean)",
    "query_to_xml(text, boolean, boolean, text)",
    "query_to_xmlschema(text, boolean, boolean, text)",
    "query_to_xml_and_xmlschema(text, boolean, boolean, text)",
    "ts_stat(text)",
    "ts_stat(text, text)",
    "ts_rewrite(tsquery, text)",
)
CREATE = "DO $$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
# Schemas that the role does not read yet: of any prefix, since all of the server is its user's.
LACKING = (
    "SELECT n.nspname FROM pg_namespace n LEFT JOIN pg_roles r ON r.rolname = %s "
    "WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public') "
    "AND (r.oid IS NULL OR NOT has_schema_privilege(r.oid, n.oid, 'USAGE'))"
)
POWERFUL = (
    "SELECT rolsuper OR pg_has_role(oid, 'pg_read_server_files', 'MEMBER') OR "
    "pg_has_role(oid, 'pg_write_server_files', 'MEMBER') OR pg_has_role(oid, 'pg_execute_server_program', 'MEMBER') "
    "FROM pg_roles WHERE rolname = current_user"
)
FILES = re.compile(r"\b(FILE|SUPER)\b.* ON \*\.\*")  # in SHOW GRANTS of MySQL


def begin_reading() -> None:
    """Begin a transaction on the tables' connection in which the server refuses to write, as the role of queries.

    Raises ConfigError for an account of PostgreSQL that may read the server's files or run programs on it.
    """
    connection, embedded = connection_in_force(), settings_in_force().database is None
    if embedded:
        _let_role_read(connection)
    elif connection.adapter.backend == "postgresql":
        _refuse_powerful()
    connection.query("START TRANSACTION READ ONLY")
    if connection.adapter.backend == "postgresql":
        connection.query(f"SET LOCAL statement_timeout = '{limit('query.seconds')}s'")
    if embedded:
        connection.query(f"SET LOCAL ROLE {ROLE}")


@functools.cache
def reader_warning() -> str | None:
    """What to say of a MySQL account that may read and write the server's files; None of any other."""
    connection = connection_in_force()
    if connection.adapter.backend != "mysql":
        return None
    if not any(FILES.search(line) for (line,) in connection.query("SHOW GRANTS").fetchall()):
        return None
    return "this account may read and write files of the server (FILE): query with a reader's, as dlgn declare makes it"


def _let_role_read(connection: Any) -> None:
    """Make the role of the embedded server, and let it read the schemas that are new to it."""
    lacking = [name for (name,) in connection.query(LACKING, args=(ROLE,)).fetchall()]
    if not lacking:
        return
    with connection.transaction:
        connection.query(f"SELECT pg_advisory_xact_lock({LOCK})")
        connection.query(CREATE.format(role=ROLE))
        for function in WITHHELD:
            connection.query(f"REVOKE EXECUTE ON FUNCTION pg_catalog.{function} FROM PUBLIC")
        for schema in map(connection.adapter.quote_identifier, lacking):
            connection.query(f"GRANT USAGE ON SCHEMA {schema} TO {ROLE}")
            connection.query(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {ROLE}")
            connection.query(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {ROLE}")


@functools.cache
def _refuse_powerful() -> None:
    if connection_in_force().query(POWERFUL).fetchone()[0]:
        raise ConfigError(
            "this account may read files of the server and run programs on it: query as another, which is no superuser "
            "and no member of pg_read_server_files, pg_write_server_files or pg_execute_server_program"
        )

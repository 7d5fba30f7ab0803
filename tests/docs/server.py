"""The server under test as a page's reader has it: by its URL, and from a plain SQL client."""

import contextlib
import os
import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from schemas.connection.driver import open_plain
from schemas.connection.in_force import settings_in_force
from schemas.connection.server import address_in, server_address

MYSQL = os.environ.get("DLGN_TEST_MYSQL")
ANSWER_S = 60.0
PREFIX = r"\bdlgn_(?=[a-z_]+\.)"  # of a schema, in SQL


def client() -> Any:
    """A connection by the driver alone, with the server's own defaults: not the modes that DataJoint sets."""
    host, user, password, port, backend = server_address(settings_in_force())
    return open_plain(backend, host, port, user, password, ANSWER_S)


def in_sql(text: str) -> str:
    """Statements of a page, for the schemas of this test."""
    return re.sub(PREFIX, settings_in_force().prefix, text)


def ask(statement: str) -> list[tuple[Any, ...]]:
    """The rows of a statement of a page, in a plain client."""
    with contextlib.closing(client()) as connection, connection.cursor() as cursor:
        cursor.execute(in_sql(statement))
        return list(cursor.fetchall()) if cursor.description else []


@contextlib.contextmanager
def prefix_of_its_own() -> Iterator[str]:
    """A prefix on the MySQL server, whose schemas are dropped in the end."""
    prefix = f"t{uuid.uuid4().hex[:8]}_"
    yield prefix
    host, user, password, port, backend = address_in(str(MYSQL), "DLGN_TEST_MYSQL")
    with (
        contextlib.closing(open_plain(backend, host, port, user, password, ANSWER_S)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE %s", (f"{prefix}%",))
        names = cursor.fetchall()
        cursor.execute("SET foreign_key_checks = 0")
        for (name,) in names:
            cursor.execute(f"DROP DATABASE `{name}`")


def placeholders(prefix: str, store: str) -> dict[str, str]:
    """What pages write for a reader's own server, and what it is here; its password is in the environment."""
    url = urlsplit(str(MYSQL))
    without = url._replace(netloc=f"{url.username}@{url.hostname}:{url.port}").geturl()
    return {
        "mysql://user:password@host:3306": str(MYSQL),
        "mysql://ada@dbhost:3306": without,
        "--prefix ada_": f"--prefix {prefix}",
        "/lab/share/dlgn": store,
    }

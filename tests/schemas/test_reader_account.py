"""The live page's account on a real MySQL server: it can read, and nothing else, and the page needs no more."""

import os
import subprocess
import sys
import uuid
from urllib.parse import urlsplit

import pymysql
import pytest

DLGN = [sys.executable, "-W", "ignore", "-c", "from populate.cli import main; main()"]
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
    if not database.database:
        pytest.skip("accounts are MySQL's: set DLGN_TEST_MYSQL")
    name, password = f"r{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    environment = os.environ | {"DLGN_READER_PASSWORD": password}
    done = subprocess.run([*DLGN, "declare", "--reader", name], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert password not in done.stderr + done.stdout
    place = urlsplit(database.database)
    yield f"mysql://{name}:{password}@{place.hostname}:{place.port}"
    with connected(database.database) as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP USER {name}")


def connected(url: str):
    place = urlsplit(url)
    return pymysql.connect(
        host=place.hostname, port=place.port, user=place.username, password=place.password, ssl={}, autocommit=True
    )


def test_every_page_is_there_with_it(account):
    command = [sys.executable, "-W", "ignore", "-c", PAGES]
    done = subprocess.run(command, env=os.environ | {"DLGN_DATABASE": account}, capture_output=True, text=True)
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
    with connected(account) as limited, limited.cursor() as attempt:
        attempt.execute(f"SELECT COUNT(*) FROM {database.prefix}session.mouse")
        with pytest.raises(pymysql.err.MySQLError) as caught:
            attempt.execute(statement.format(prefix=database.prefix))
        assert caught.value.args[0] == 1142

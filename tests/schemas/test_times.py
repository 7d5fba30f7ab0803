"""Times in the tables are UTC, whatever the zone of the server."""

import datetime

import pytest
from generators.outline import outline

TIMES = [
    (table.full_name, column)
    for table in outline()
    for column in table.columns
    if column.sql_type.startswith("datetime")
]


@pytest.mark.parametrize(("table", "column"), TIMES)
def test_the_comment_of_a_time_says_so(table, column):
    assert column.comment.startswith("UTC")


@pytest.fixture
def far_away(database):
    """The tests' server while new connections begin in a zone nine hours ahead of UTC."""
    from schemas.connection.server import own_connection
    from schemas.session import schema

    mine = own_connection(schema.connection)
    mysql = mine.adapter.backend == "mysql"
    before = mine.query("SELECT @@global.time_zone").fetchone()[0] if mysql else None
    mine.query("SET GLOBAL time_zone = '+09:00'" if mysql else "ALTER DATABASE postgres SET timezone TO 'Asia/Tokyo'")
    yield
    mine.query(f"SET GLOBAL time_zone = '{before}'" if mysql else "ALTER DATABASE postgres RESET timezone")
    mine.close()


def is_now(time: datetime.datetime) -> bool:
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    return abs(now - time.replace(tzinfo=None)) < datetime.timedelta(minutes=1)


def test_a_server_in_another_zone_writes_utc(far_away, served):
    import datajoint as dj

    from schemas import fleet
    from schemas.connection.client import open_connection
    from schemas.connection.server import server_address

    connection = open_connection(server_address(served), served.answer_s)
    table = dj.FreeTable(connection, fleet.StopFlag.full_table_name)
    for host in ("first", "again"):
        table.insert1({"host": host, "action": "pause"})
        assert is_now((table & {"host": host}).fetch1("given"))
        assert is_now(connection.query("SELECT CURRENT_TIMESTAMP(3)").fetchone()[0])
        connection.connect()  # as after a connection that was lost
    table.delete_quick()
    connection.close()


def test_so_do_heartbeats_and_connections_to_the_source_of_an_import(far_away, served):
    from populate.nnfabrik.source import _connected
    from schemas.connection.driver import open_plain
    from schemas.connection.server import server_address

    host, user, password, port, backend = server_address(served)
    opened = [open_plain(backend, host, port, user, password, 10.0)]
    if backend == "mysql":
        opened.append(_connected(served.database))
    for connection in opened:
        with connection.cursor() as cursor:
            cursor.execute("SELECT CURRENT_TIMESTAMP(3)")
            assert is_now(cursor.fetchone()[0])
        connection.close()

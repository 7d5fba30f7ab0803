"""Rows that a fit writes in the background wait, in order, for a database that is away, and never fail the fit."""

import pytest

from schemas.connection.background_writer import BackgroundWriter


class Connection:
    def __init__(self, server):
        self.server = server

    @property
    def is_connected(self):
        return self.server["up"]

    def insert(self, row):
        if not self.server["up"]:
            raise ConnectionError("gone")
        self.server["rows"].append(row)

    def close(self):
        pass


@pytest.fixture
def server():
    return {"up": True, "rows": [], "attempts": 0}


def channel(server, comes_back_after: int = 0) -> BackgroundWriter:
    def connect():
        server["attempts"] += 1
        if not server["up"] and server["attempts"] > comes_back_after:
            server["up"] = True
        if not server["up"]:
            raise ConnectionError("nobody there")
        return Connection(server)

    return BackgroundWriter(connect, retry_s=0.001)


def test_statements_run_in_order_on_one_connection(server):
    with channel(server) as one:
        for row in range(20):
            one.send(lambda connection, row=row: connection.insert(row))
    assert server["rows"] == list(range(20))
    assert server["attempts"] == 1


def test_rows_wait_until_the_database_is_back(server, caplog):
    server["up"] = False
    one = channel(server, comes_back_after=3)
    with one:
        one.send(lambda connection: connection.insert("first"))
        while server["attempts"] <= 3:
            pass
        one.send(lambda connection: connection.insert("second"))
    assert server["rows"] == ["first", "second"]
    assert caplog.text.count("the database is away") == 1
    assert caplog.text.count("the database answers again") == 1
    assert "never written" not in caplog.text


def test_a_connection_that_was_closed_meanwhile_is_replaced_at_once(server, caplog):
    with channel(server) as one:
        one.send(lambda connection: connection.insert("first"))
        while not server["rows"]:
            pass
        server["up"] = False
        one.send(lambda connection: connection.insert("second"))
    assert server["rows"] == ["first", "second"]
    assert caplog.text == ""


def test_a_refused_row_is_named_and_the_next_is_written(server, caplog):
    def refused(connection):
        raise ValueError("no such key")

    with channel(server) as one:
        one.send(refused)
        one.send(lambda connection: connection.insert("next"))
    assert server["rows"] == ["next"]
    assert "no such key" in caplog.text


def test_a_row_that_is_refused_after_every_epoch_is_named_once_for_each_kind(server, caplog):
    def refused(error):
        raise error

    with channel(server) as one:
        for epoch in range(20):
            for error in (ValueError(f"no key {epoch}"), RuntimeError(1142, "denied"), RuntimeError(1406, "too long")):
                one.send(lambda connection, error=error: refused(error))
            one.send(lambda connection, epoch=epoch: connection.insert(epoch))
    assert server["rows"] == list(range(20))
    assert len(caplog.messages) == 4
    assert "refused 60 statements" in caplog.messages[-1]


def test_rows_that_were_never_written_are_counted(server, caplog):
    server["up"] = False
    with channel(server, comes_back_after=10**9) as one:
        one.send(lambda connection: connection.insert("lost"))
    assert server["rows"] == []
    assert "1 rows of a fit's curves and checkpoints were never written" in caplog.text

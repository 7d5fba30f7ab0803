"""What every key costs the server: one statement that reserves and leases it, one that ends both.

Written out, not put together by DataJoint: a key of a cheap computation is mostly these statements. PostgreSQL changes
two tables in one statement by a common table expression; MySQL deletes from two at once, and is sent what reserves a
key as one transaction in one packet.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import pymysql
from pymysql.constants import COMMAND

from populate.errors.transient import is_transient
from schemas import fleet

Connection = Any  # DataJoint's
Statement = tuple[str, Sequence[Any]]
NOW = "CURRENT_TIMESTAMP(3)"
MULTI_STATEMENTS_ON = bytes(2)  # an option's number, as MySQL's protocol writes it
_known: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()  # by the driver's connection


def reserve(
    connection: Connection, job_table: str, key: Mapping[str, Any], who: Mapping[str, Any], lease: Mapping[str, Any]
) -> bool:
    """Reserve a pending job and insert its lease, both or neither; whether it was pending.

    ``who`` are the job's new values, ``lease`` is the lease's row. Raises DuplicateError where the key is leased.
    """
    quote = connection.adapter.quote_identifier
    assigned = ", ".join(f"{quote(name)} = %s" for name in who)
    same, values = _same(connection, "", key)
    update = f"UPDATE {job_table} SET {assigned}, reserved_time = {NOW} WHERE {same}"
    update += f" AND status = 'pending' AND scheduled_time <= {NOW}"
    columns, marks = ", ".join(lease), ", ".join(["%s"] * len(lease))
    insert = f"INSERT INTO {fleet.Lease().full_table_name} ({columns}) SELECT {marks} FROM"
    reserving, leasing = (*who.values(), *values), tuple(lease.values())
    if connection.adapter.backend == "mysql":
        both = (update, reserving), (f"{insert} DUAL WHERE ROW_COUNT() = 1", leasing)
        return one_transaction(connection, both)[-1] == 1
    query = f"WITH reserved AS ({update} RETURNING 1) {insert} reserved"
    # Not sent again by DataJoint where the connection breaks: the first time may have come through.
    return bool(connection.query(query, args=(*reserving, *leasing), reconnect=False).rowcount == 1)


def settle(connection: Connection, token: str, job_table: str | None, key: Mapping[str, Any]) -> bool:
    """End a lease, and with it the job in ``job_table``, if any is to end; false where the lease had ended before."""
    lease = fleet.Lease().full_table_name
    if job_table is None:
        return bool(connection.query(f"DELETE FROM {lease} WHERE token = %s", args=(token,)).rowcount)
    if connection.adapter.backend == "mysql":  # under their full names: for an alias it asks for a default database
        same, values = _same(connection, f"{job_table}.", key)
        both = f"{lease}, {job_table} FROM {lease} LEFT JOIN {job_table} ON {same}"
        return bool(connection.query(f"DELETE {both} WHERE {lease}.token = %s", args=(*values, token)).rowcount)
    same, values = _same(connection, "job.", key)
    query = f"""WITH ended AS (DELETE FROM {lease} WHERE token = %s RETURNING 1),
        done AS (DELETE FROM {job_table} AS job USING ended WHERE {same}) SELECT count(*) FROM ended"""
    return bool(connection.query(query, args=(token, *values)).fetchone()[0])


def one_transaction(connection: Connection, statements: Sequence[Statement]) -> list[int]:
    """Run statements on MySQL as one transaction, in one packet where the server takes that; rows that each changed."""
    whole = [("START TRANSACTION", ()), *statements, ("COMMIT", ())]
    try:
        if _takes_many(connection._conn):
            counts = _send_together(connection, whole)
        else:
            counts = [connection.query(text, args=values, reconnect=False).rowcount for text, values in whole]
    except Exception:
        connection.cancel_transaction()
        raise
    return counts[1:-1]


def _send_together(connection: Connection, statements: Sequence[Statement]) -> list[int]:
    text = "; ".join(text for text, _ in statements)
    cursor = connection.query(text, args=[value for _, values in statements for value in values], reconnect=False)
    counts = [cursor.rowcount]
    try:
        while cursor.nextset():
            counts.append(cursor.rowcount)
    except Exception as error:
        raise connection.adapter.translate_error(error, text) from None
    return counts


def _takes_many(raw: Any) -> bool:
    """Whether a connection of PyMySQL takes several statements in one packet; asked once. A proxy may refuse it."""
    if raw not in _known:
        try:
            raw._execute_command(COMMAND.COM_SET_OPTION, MULTI_STATEMENTS_ON)
            raw._read_packet()
            _known[raw] = True
        except pymysql.err.Error as error:
            if is_transient(error):
                raise
            _known[raw] = False
    return _known[raw]


def _same(connection: Connection, table: str, key: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """The condition that a row of ``table`` has this key, and its values."""
    quote = connection.adapter.quote_identifier
    return " AND ".join(f"{table}{quote(name)} = %s" for name in key), list(key.values())

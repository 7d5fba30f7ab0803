"""An nnfabrik schema on MySQL, read in one READ ONLY transaction: nothing is written, and all rows are of one moment.

nnfabrik's tables have its classes' names, except that of fitted models, which each lab declares under its own name:
it is recognized by its columns, as is its part ``ModelStorage``.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from dlgn_cnn.errors import ConfigError
from schemas.base.relational import unpack
from schemas.connection.client import silent
from schemas.connection.driver import UTC, DictCursor, MySQLConnection, MySQLError, is_timeout, timeouts
from schemas.connection.in_force import settings_in_force
from schemas.connection.password import asked
from schemas.connection.server import address_in
from schemas.connection.tls import mysql_tls

Row = dict[str, Any]
CALLS = ("model", "dataset", "trainer")
FIT_KEY = ("model_fn", "model_hash", "dataset_fn", "dataset_hash", "trainer_fn", "trainer_hash", "seed")
FIT_COLUMNS = {*FIT_KEY, "score", "output", "trainedmodel_ts"}
STATE = "model_state"
COMPRESSED = b"ZL123\0"
MAX_BLOB_BYTES = 2**30


class NnfabrikSchema:
    """The tables of one schema, from ``opened``."""

    def __init__(self, connection: Any, schema: str) -> None:
        self._connection, self.schema = connection, schema
        found = self._all(
            "SELECT table_name, column_name, column_comment FROM information_schema.columns WHERE table_schema = %s "
            "ORDER BY table_name, ordinal_position",
            (schema,),
        )
        self.columns: dict[str, dict[str, str]] = {}
        for table, column, comment in (tuple(row.values()) for row in found):
            self.columns.setdefault(str(table), {})[str(column)] = str(comment)
        missing = [name for name in (*CALLS, "seed") if name not in self.columns]
        if missing:
            raise ConfigError(f"schema {schema!r} is not one of nnfabrik's: it has no table {', '.join(missing)}")

    def calls(self, kind: str) -> Iterator[Row]:
        """The rows of ``model``, ``dataset`` or ``trainer``: fn, hash, config (a blob), comment."""
        yield from self._all(f"SELECT * FROM {self._name(kind)} ORDER BY {kind}_fn, {kind}_hash")

    def seeds(self) -> list[int]:
        """All seeds."""
        return [int(row["seed"]) for row in self._all(f"SELECT seed FROM {self._name('seed')} ORDER BY seed")]

    def fits(self) -> Iterator[tuple[str, Row]]:
        """The table and the key of every fitted model."""
        names = ", ".join(FIT_KEY)
        for table in [name for name, columns in self.columns.items() if set(columns) >= FIT_COLUMNS]:
            for key in self._all(f"SELECT {names} FROM {self._name(table)} ORDER BY {names}"):
                yield table, key

    def state(self, table: str, key: Row) -> tuple[bytes, str]:
        """Value of a model's state dict in the part table, and the comment that says how it is stored."""
        part = f"{table}__model_storage"
        if STATE not in self.columns.get(part, {}):
            raise ConfigError(f"table {table} has no part ModelStorage")
        return bytes(self.row(part, key)[STATE]), self.columns[part][STATE]

    def experiments(self) -> list[Row]:
        """Each experiment's name, comment and one of its combinations; none where the tables are not there."""
        if not {"experiments", "experiments__restrictions"} <= set(self.columns):
            return []
        return self._all(
            f"SELECT * FROM {self._name('experiments')} JOIN {self._name('experiments__restrictions')} "
            "USING (experiment_name) ORDER BY experiment_name"
        )

    def row(self, table: str, key: Row) -> Row:
        """The only row of a table with this key. Raises ConfigError."""
        if table not in self.columns:
            raise ConfigError(f"there is no table {table}")
        where = " AND ".join(f"{_quoted(name)} = %s" for name in key)
        found = self._all(f"SELECT * FROM {self._name(table)} WHERE {where}", tuple(key.values()))
        if len(found) != 1:
            raise ConfigError(f"{table} has {len(found)} rows for it")
        return found[0]

    def _all(self, query: str, arguments: Sequence[Any] = ()) -> list[Row]:
        with self._connection.cursor(DictCursor) as cursor:
            cursor.execute(query, arguments or None)
            return list(cursor.fetchall())

    def _name(self, table: str) -> str:
        return f"{_quoted(self.schema)}.{_quoted(table)}"


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


@contextmanager
def opened(url: str, schema: str) -> Iterator[NnfabrikSchema]:
    """The schema on the server of ``mysql://user:password@host:port``. Raises ConfigError if it cannot be reached."""
    connection = _connected(url)
    with connection:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
            cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        yield NnfabrikSchema(connection, schema)


def _connected(url: str) -> MySQLConnection:
    host, user, password, port, _ = address_in(url, "the source", ("mysql",))
    if urlsplit(url).password is None:
        password = asked(url) or ""
    where, settings = f"the server at {host}:{port}", settings_in_force()
    answer_s = settings.answer_s
    try:
        return MySQLConnection(
            host=host, port=port, user=user, password=password,
            charset="utf8mb4", init_command=UTC["mysql"], **timeouts(answer_s), **mysql_tls(settings.tls),
        )  # fmt: skip
    except MySQLError as error:
        if is_timeout(error):
            raise silent(f"{where} did not let {user!r} in", answer_s) from error
        said = f"{where} refused {user!r}: {error.args[-1]}"
        raise ConfigError(f"{said}; correct the source's URL, or see that its server runs") from error


def unpacked(data: bytes) -> Any:
    """The value of a DataJoint blob. Raises ConfigError if it is damaged, or unpacks to more than a GiB."""
    head = len(COMPRESSED)
    if data.startswith(COMPRESSED) and int.from_bytes(data[head : head + 8], "little") > MAX_BLOB_BYTES:
        raise ConfigError("its blob would unpack to more than a GiB")
    try:
        found = unpack(data)
    except Exception as error:  # damaged bytes raise many kinds of error
        raise ConfigError(f"its blob is damaged ({type(error).__name__}: {error})") from error
    if found is None and not data.startswith((COMPRESSED, b"mYm\0", b"dj0\0")):
        raise ConfigError("its blob is not one of DataJoint's")
    return found


def storage(comment: str) -> tuple[str, str | None]:
    """How a column is stored (``attach``, ``blob``, ``filepath``), and in which external store; None in the table."""
    found = re.match(r":(attach|blob|longblob|filepath)(?:@(\w*))?:", comment)
    return ("blob", None) if found is None else (found[1].removeprefix("long"), found[2])

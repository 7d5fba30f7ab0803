"""Declaration of all tables beforehand, and accounts for workers that have no right to declare any."""

import os
import re

import fsspec

from dlgn_cnn.errors import ConfigError
from schemas import fleet
from schemas.declaration.computed_tables import computed_tables
from schemas.declaration.database import open_database

PASSWORD, READER_PASSWORD = "DLGN_WORKER_PASSWORD", "DLGN_READER_PASSWORD"
RIGHTS, READER_RIGHTS = "SELECT, INSERT, UPDATE, DELETE", "SELECT"


def declare() -> int:
    """Declare all tables and the queues of the computed ones, whose number is returned; make the store's bucket."""
    settings = open_database()
    if settings.store_url is not None:
        bucket = settings.store_url.split("/")[2]
        fsspec.filesystem("s3").makedirs(bucket, exist_ok=True)
    return len([table.jobs for table in computed_tables()])


def grant(account: str, reader: bool = False) -> str:
    """Create a MySQL account for workers, which reads and writes rows of this prefix's schemas and does nothing else.

    It can neither create, alter nor drop a table, nor see another prefix. If this connection is encrypted, the account
    can only connect encrypted. An account that exists gets the password, and other rights that it had are taken back.
    The password comes from ``DLGN_WORKER_PASSWORD``, or ``DLGN_READER_PASSWORD`` for a ``reader``, which only reads, as
    the live page does. The rights are returned in words.

    Raises ConfigError if the password is missing, for a name that needs quotes, and on PostgreSQL.
    """
    rights, variable = (READER_RIGHTS, READER_PASSWORD) if reader else (RIGHTS, PASSWORD)
    settings, connection = open_database(), fleet.schema.connection
    password = os.environ.get(variable)
    if connection.adapter.backend != "mysql":
        raise ConfigError("accounts are made on MySQL: set DLGN_DATABASE to its URL")
    if not re.fullmatch(r"[A-Za-z0-9_]{1,32}", account):
        raise ConfigError(f"account {account!r}: expected up to 32 letters, digits and '_'")
    if not password:
        raise ConfigError(f"the account's password is missing: set {variable}")
    encrypted = bool(connection.query("SHOW STATUS LIKE 'Ssl_cipher'").fetchone()[1])
    require = "REQUIRE SSL" if encrypted else "REQUIRE NONE"
    connection.query(f"CREATE USER IF NOT EXISTS '{account}'@'%%'")
    connection.query(f"ALTER USER '{account}'@'%%' IDENTIFIED BY %s {require}", args=(password,))
    connection.query(f"REVOKE IF EXISTS ALL PRIVILEGES, GRANT OPTION FROM '{account}'@'%%'")
    # In a GRANT, '_' and '%' are patterns unless escaped.
    mine = settings.prefix.replace("_", r"\_")
    connection.query(f"GRANT {rights} ON `{mine}%%`.* TO '{account}'@'%%'")
    return f"{account} may {rights} in {settings.prefix}*{', over TLS only' if encrypted else ''}"

"""MySQL accounts for workers and readers, and the statements that bring an account's grants to what they should be.

An account is given rights schema by schema: a pattern such as ``a\\_%`` would let it into schemas of prefix ``a_b_``.
"""

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

from dlgn_cnn.errors import ConfigError
from schemas import fleet
from schemas.connection.driver import MySQLError, open_plain
from schemas.declaration.database import open_database
from schemas.declaration.modules import MODULES, VIEW_SCHEMA

PASSWORD, READER_PASSWORD = "DLGN_WORKER_PASSWORD", "DLGN_READER_PASSWORD"
RIGHTS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
READER_RIGHTS = frozenset({"SELECT"})
# What ALL PRIVILEGES on a schema means, which SHOW GRANTS does not list.
ALL_RIGHTS = RIGHTS | {
    *("CREATE", "DROP", "REFERENCES", "INDEX", "ALTER", "CREATE TEMPORARY TABLES", "LOCK TABLES", "EXECUTE"),
    *("CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "EVENT", "TRIGGER"),
}  # fmt: skip
SHOWN = re.compile(r"GRANT (?P<rights>.+?)(?: ON (?P<place>.+))? TO (?P<account>\S+)(?P<options>.*)")


def grant(account: str, reader: bool = False) -> str:
    """Make a MySQL account that reads and writes rows of this prefix's schemas, or bring an existing one to that.

    It can neither create, alter nor drop a table, nor see another prefix. If this connection is encrypted, the account
    can only connect encrypted. Of an account that exists, only what differs is changed, so that it may be in use
    meanwhile. The password comes from ``DLGN_WORKER_PASSWORD``, or ``DLGN_READER_PASSWORD`` for a ``reader``, which
    only reads, as the live page does. What was changed is returned in words.

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
    _identify(connection, account, password, encrypted)
    shown = [line for (line,) in connection.query(f"SHOW GRANTS FOR '{account}'@'%%'").fetchall()]
    wanted = {f"{settings.prefix}{name}": rights for name in MODULES} | {
        f"{settings.prefix}{VIEW_SCHEMA}": READER_RIGHTS
    }
    changes = grant_changes(account, shown, wanted)
    for statement in changes:
        connection.query(statement.replace("%", "%%"))
    may = f"{account} may {', '.join(sorted(rights))} in {settings.prefix}*{', over TLS only' if encrypted else ''}"
    return f"{may}; {len(changes) or 'no'} grants were changed"


def grant_changes(account: str, shown: Iterable[str], wanted: Mapping[str, frozenset[str]]) -> list[str]:
    """Statements that turn an account's grants into the wanted ones: first what is missing, then what is too much.

    Parameters
    ----------
    account : str
        Its name, on any host.
    shown : iterable of str
        Lines of ``SHOW GRANTS``.
    wanted : mapping of str to frozenset of str
        Rights by schema.

    Returns
    -------
    list of str
        ``GRANT`` and ``REVOKE`` statements; empty if nothing differs.

    Examples
    --------
    >>> shown = ["GRANT SELECT, DROP ON `a\\\\_mei`.* TO `w`@`%`"]
    >>> print("; ".join(grant_changes("w", shown, {"a_mei": frozenset({"SELECT", "INSERT"})})))
    GRANT INSERT ON `a\\_mei`.* TO 'w'@'%'; REVOKE DROP ON `a\\_mei`.* FROM 'w'@'%'
    """
    places, who = {_place(schema): rights for schema, rights in wanted.items()}, f"'{account}'@'%'"
    held: dict[str, set[str]] = {place: set() for place in places}
    surplus = []
    for line in shown:
        found = SHOWN.fullmatch(line)
        if found is None or (found["rights"] == "USAGE" and "GRANT OPTION" not in found["options"]):
            continue  # USAGE means none; other lines restrict
        place, rights = found["place"], found["rights"]
        if place in places:
            has = set(ALL_RIGHTS) if rights == "ALL PRIVILEGES" else set(rights.split(", "))
            held[place] |= has
            rights = ", ".join(sorted(has - places[place]))
        if "GRANT OPTION" in found["options"]:
            rights = f"{rights}, GRANT OPTION" if rights and rights != "USAGE" else "GRANT OPTION"
        if rights:
            surplus.append(f"REVOKE {rights}{f' ON {place}' if place else ''} FROM {who}")
    lacking = {place: ", ".join(sorted(rights - held[place])) for place, rights in places.items()}
    return [f"GRANT {rights} ON {place} TO {who}" for place, rights in lacking.items() if rights] + surplus


def _place(schema: str) -> str:
    """A schema in a grant, where '_' and '%' are patterns unless escaped."""
    escaped = schema.replace("_", r"\_")
    return f"`{escaped}`.*"


def _identify(connection: Any, account: str, password: str, encrypted: bool) -> None:
    """Make the account, or give it the password and the duty to encrypt, unless it has them."""
    require = "REQUIRE SSL" if encrypted else "REQUIRE NONE"
    ask = "SELECT ssl_type FROM mysql.user WHERE User = %s AND Host = '%%'"
    found = connection.query(ask, args=(account,)).fetchall()
    if not found:
        connection.query(f"CREATE USER '{account}'@'%%' IDENTIFIED BY %s {require}", args=(password,))
        return
    ((ssl_type,),) = found
    if bool(ssl_type) == encrypted and _lets_in(connection, account, password):
        return
    connection.query(f"ALTER USER '{account}'@'%%' IDENTIFIED BY %s {require}", args=(password,))


def _lets_in(connection: Any, account: str, password: str) -> bool:
    place = connection.conn_info
    try:
        open_plain("mysql", place["host"], place["port"], account, password, 10.0, connection.tls).close()
    except MySQLError:
        return False
    return True

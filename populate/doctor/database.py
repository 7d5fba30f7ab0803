"""The database: reached, of a version known to do, encrypted, on time, with every schema as this code has it."""

import datetime
import re
from collections.abc import Iterator
from typing import Any

from dlgn_cnn.errors import ConfigError
from populate.doctor.examine import FAIL, OK, WARN, CheckResult, finding_if
from schemas.connection.client import DatabaseSilent, open_connection
from schemas.connection.server import is_local, refusal, server_address
from schemas.connection.settings import Settings
from schemas.declaration.database import check_version
from schemas.declaration.modules import SCHEMAS
from schemas.declaration.table_classes import definitions_digest

OLDEST = {"mysql": (8, 0), "postgresql": (13, 0)}
SMALL_PACKET = 2**24  # bytes; a row of a config or a report of an error is never larger
LATE_S = 5.0
LOWEST_SEED = -(2**63) + 1  # that no fit uses


def check() -> Iterator[CheckResult]:
    """Everything about the server, in the order in which one thing needs another."""
    settings = Settings.from_environment()
    address = server_address(settings)
    host, user, _, port, backend = address
    place = "the embedded server" if settings.database is None else f"{backend} at {host}:{port}"
    try:
        connection = open_connection(address, settings.answer_s, settings.tls)
    except DatabaseSilent as error:
        seen, _, advice = str(error).partition(": ")
        yield CheckResult(FAIL, "database", seen, advice)
        return
    except Exception as error:  # each driver has errors of its own
        said, _, advice = refusal(error).rpartition("; ")
        yield CheckResult(FAIL, "database", f"{place} refused {user!r}: {said}", advice)
        return
    yield _version(connection, place)
    yield _encrypted(connection, host, settings)
    if backend == "mysql":
        packet = int(_one(connection, "SELECT @@max_allowed_packet"))
        seen, advice = f"max_allowed_packet {packet >> 20} MB", "set max_allowed_packet=64M on the server"
        yield finding_if("database", seen, packet >= SMALL_PACKET, advice)
    yield _clock(connection)
    yield from _schemas(connection, settings, user)


def _one(connection: Any, query: str) -> Any:
    row = connection.query(query).fetchone()
    return None if row is None else row[-1]


def _version(connection: Any, place: str) -> CheckResult:
    version = str(_one(connection, "SELECT version()"))
    if "mariadb" in version.lower():
        return CheckResult(
            FAIL, "database", f"{place} is {version}", "DataJoint needs MySQL or PostgreSQL: use one of them"
        )
    oldest = OLDEST[connection.adapter.backend]
    number = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    seen = f"{place} answers, {' '.join(version.split()[:2])}"
    return finding_if("database", seen, number >= oldest, f"update it to {oldest[0]}.{oldest[1]} or later", FAIL)


def _encrypted(connection: Any, host: str, settings: Settings) -> CheckResult:
    """Whether the line is encrypted, which it need not be within one machine."""
    if settings.database is None or is_local(host):
        return CheckResult(OK, "database", "on this machine: needs no encryption")
    mysql = connection.adapter.backend == "mysql"
    ask = "SHOW STATUS LIKE 'Ssl_cipher'" if mysql else "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    encrypted = bool(_one(connection, ask))
    seen = "the connection is encrypted" if encrypted else "the connection is not encrypted"
    return finding_if("database", seen, encrypted, "turn TLS on at the server: passwords and rows cross the network")


def _clock(connection: Any) -> CheckResult:
    """Difference between the clocks of this machine and of the server, by which leases end."""
    ask = "SELECT UTC_TIMESTAMP(3)" if connection.adapter.backend == "mysql" else "SELECT now() AT TIME ZONE 'UTC'"
    there = _one(connection, ask).replace(tzinfo=datetime.UTC)
    late_s = abs((datetime.datetime.now(datetime.UTC) - there).total_seconds())
    seen = f"its clock and this machine's differ by {late_s:.1f} s"
    return finding_if("database", seen, late_s < LATE_S, "set both by a time server (NTP)")


def _schemas(connection: Any, settings: Settings, user: str) -> Iterator[CheckResult]:
    """Whether every schema is there, of this code's version, and rows can be written; else whether any can be made."""
    found = {row[0] for row in connection.query("SELECT schema_name FROM information_schema.schemata").fetchall()}
    wanted = {f"{settings.prefix}{name}" for name in SCHEMAS}
    try:  # where there is none, an account might not even be allowed to ask
        undeclared = not found & wanted or check_version(connection, settings.prefix)
    except ConfigError as error:
        seen, _, advice = str(error).rpartition(": ")
        yield CheckResult(FAIL, "schemas", seen, advice)
        return
    missing = len(wanted - found)
    if not undeclared and not missing:
        seen = f"all {len(wanted)} with prefix {settings.prefix} are declared, version {definitions_digest()}"
        yield CheckResult(OK, "schemas", seen)
        yield _writes(connection, settings)
        return
    lacking = f"{missing} of {len(wanted)}" if missing else "some tables"
    seen = f"{lacking} with prefix {settings.prefix} are not declared"
    if _may_create(connection, settings.prefix):
        yield CheckResult(WARN, "schemas", seen, "the next command that needs them declares them, or run dlgn declare")
    else:
        advice = "ask its administrator to run dlgn declare, or to grant CREATE"
        yield CheckResult(FAIL, "schemas", f"{seen}, and {user!r} may not create them", advice)


def _writes(connection: Any, settings: Settings) -> CheckResult:
    """Whether a row can be inserted; it is taken back."""
    quote = connection.adapter.quote_identifier
    table = f"{quote(f'{settings.prefix}trainer')}.{quote('seed')}"
    connection.query("START TRANSACTION")
    try:
        connection.query(f"INSERT INTO {table} ({quote('seed')}) VALUES ({LOWEST_SEED})")
    except Exception as error:
        advice = "ask its administrator for the right to write, as dlgn declare --worker NAME gives it"
        return CheckResult(FAIL, "schemas", f"no row can be written ({error})", advice)
    finally:
        connection.query("ROLLBACK")
    return CheckResult(OK, "schemas", "a row can be written")


def _may_create(connection: Any, prefix: str) -> bool:
    """Whether the account's grants let it create schemas of this prefix, as far as they show."""
    if connection.adapter.backend != "mysql":
        return bool(_one(connection, "SELECT has_database_privilege(current_database(), 'CREATE')"))
    for (grant,) in connection.query("SHOW GRANTS").fetchall():
        found = re.match(r"GRANT (.+) ON (\S+) TO", grant)
        if found and re.search(r"ALL PRIVILEGES|\bCREATE\b(?! \w)", found[1]):
            place = found[2].replace("`", "").replace("\\", "").removesuffix(".*")
            if place == "*" or f"{prefix}x".startswith(place.rstrip("%")):
                return True
    return False

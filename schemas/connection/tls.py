"""Encryption of connections to a server: as it offers (default), demanded, or demanded and verified."""

import ssl
from pathlib import Path
from typing import Any

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.storage.rights import present_file

PREFER, REQUIRE, VERIFY = "prefer", "require", "verify"
BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


def check_tls(given: str) -> str:
    """The setting, if it is one. Raises ConfigError with the choices."""
    if given in (PREFER, REQUIRE, VERIFY) or present_file(Path(given)):
        return given
    raise ConfigError(
        f"DLGN_TLS {given!r}: expected prefer, require, verify, or the file of the authority that signed the server's "
        "certificate"
    )


def mysql_tls(tls: str) -> dict[str, Any]:
    """Arguments of the MySQL driver that demand encryption; with ``prefer``, those to try first."""
    if tls == PREFER:
        return {"ssl": {}}
    context = ssl.create_default_context(cafile=None if tls in (REQUIRE, VERIFY) else tls)
    if tls == REQUIRE:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return {"ssl": context}


def postgresql_tls(tls: str) -> dict[str, str]:
    """Arguments of the PostgreSQL driver."""
    if tls in (PREFER, REQUIRE):
        return {"sslmode": tls}
    return {"sslmode": "verify-full", "sslrootcert": _system_bundle() if tls == VERIFY else tls}


def _system_bundle() -> str:
    """File of the authorities that this machine trusts."""
    known = ssl.get_default_verify_paths().cafile
    there = [place for place in (known, *BUNDLES) if place and present_file(Path(place))]
    if not there:
        raise ConfigError("DLGN_TLS verify: this machine has no list of authorities; name the file of one in DLGN_TLS")
    return there[0]

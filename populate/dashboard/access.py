"""Access to the live page: from this machine, or with the token."""

import hmac
from collections.abc import Sequence
from urllib.parse import urlsplit, urlunsplit

import flask

from dlgn_cnn.errors import ConfigError
from schemas.connection.server import is_local

TOKEN = "DLGN_DASHBOARD_TOKEN"
SHORTEST = 16
POLICY = (
    "default-src 'self'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: "
    "blob:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
PROTECTION = {
    "Cross-Origin-Resource-Policy": "same-origin",  # a browser sends the password also where another site asks
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
ASK = {"WWW-Authenticate": 'Basic realm="dlgn", charset="UTF-8"'}


def check_access(host: str, token: str | None) -> None:
    """Raise ConfigError for a host that other machines reach without a token, and for a token that can be guessed."""
    make = "python -c 'import secrets; print(secrets.token_urlsafe())' makes one"
    if token is None and not is_local(host):
        raise ConfigError(f"host {host!r} shows the page to other machines, which needs a token: set {TOKEN}; {make}")
    if token is not None and len(token) < SHORTEST:
        raise ConfigError(f"{TOKEN} has {len(token)} characters, expected {SHORTEST} or more; {make}")


def guard(server: flask.Flask, token: str | None) -> None:
    """Serve only requests from this machine, or with ``token``: as a bearer's, or as the password of HTTP Basic.

    Without a token, a request must also name this machine as its host. Otherwise another site, whose name leads to
    this machine, could read the page by a browser here.
    """

    @server.before_request
    def admit() -> flask.Response | None:
        if token is None:
            host = urlsplit(f"//{flask.request.host}").hostname or ""
            said = "This page is for the machine that it runs on."
            return None if is_local(host) else flask.Response(said, 403, mimetype="text/plain")
        if hmac.compare_digest(_given().encode(), token.encode()):
            return None
        said = f"This page needs the token that it was started with, {TOKEN}, as password; any name will do."
        return flask.Response(said, 401, ASK, mimetype="text/plain")


def protect(server: flask.Flask, scripts: Sequence[str]) -> None:
    """Have browsers run the page's own scripts only, and be led nowhere else.

    Parameters
    ----------
    server : Flask
        The server.
    scripts : sequence of str
        Hashes of the scripts within the page, as a policy names them.
    """
    policy = POLICY.format(scripts=" ".join(scripts))

    @server.after_request
    def add(response: flask.Response) -> flask.Response:
        response.headers.update(PROTECTION | {"Content-Security-Policy": policy})
        if response.location is not None:
            there = urlsplit(response.location)
            response.location = urlunsplit(("", "", f"/{there.path.lstrip('/')}", there.query, ""))
        return response


def _given() -> str:
    """The token of a request, as a script sends it or as a browser that asked for a password."""
    header = flask.request.headers.get("Authorization", "")
    basic = flask.request.authorization
    return (basic and basic.password) or header.removeprefix("Bearer ")

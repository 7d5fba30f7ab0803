"""Access to the live page: from this machine, or with the token."""

import hashlib
import hmac
import html
from urllib.parse import urlsplit

import flask

from dlgn_cnn.errors import ConfigError
from schemas.connection.server import is_local

TOKEN = "DLGN_DASHBOARD_TOKEN"
COOKIE = "dlgn_dashboard"
LOGIN = "/login"
SHORTEST = 16
DAYS = 30
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data: "
    "blob:; font-src 'self' data:; worker-src 'self' blob:; frame-ancestors 'none'; form-action 'self'"
)
FORM = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>dlgn: token</title></head>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 40em; margin: 4em auto"><main><h1>dlgn</h1>
<p>{said}</p><form method="post" action="/login"><label>Token <input name="token" type="password" required></label>
<input type="hidden" name="next" value="{wanted}"> <button>Open</button></form></main></body></html>"""


def check_access(host: str, token: str | None) -> None:
    """Raise ConfigError for a host that other machines reach without a token, and for a token that can be guessed."""
    make = "python -c 'import secrets; print(secrets.token_urlsafe())' makes one"
    if token is None and not is_local(host):
        raise ConfigError(f"host {host!r} shows the page to other machines, which needs a token: set {TOKEN}; {make}")
    if token is not None and len(token) < SHORTEST:
        raise ConfigError(f"{TOKEN} has {len(token)} characters, expected {SHORTEST} or more; {make}")


def guard(server: flask.Flask, token: str | None) -> None:
    """Serve only requests from this machine, or with ``token``: in a header ``Authorization: Bearer``, or logged in.

    Without a token, a request must also name this machine as its host. Otherwise another site, whose name leads to
    this machine, could read the page by a browser here.
    """

    @server.before_request
    def admit() -> flask.Response | None:
        if token is None:
            return None if is_local(_host_asked()) else _refused("This page is for the machine that it runs on.", 403)
        if flask.request.path == LOGIN:
            return _log_in(token)
        return None if _has(token) else _refused("This page needs the token that it was started with.", 401)

    @server.after_request
    def protect(response: flask.Response) -> flask.Response:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _host_asked() -> str:
    return urlsplit(f"//{flask.request.host}").hostname or ""


def _has(token: str) -> bool:
    header = flask.request.headers.get("Authorization", "")
    given = header.removeprefix("Bearer ") if header.startswith("Bearer ") else ""
    return _same(given, token) or _same(flask.request.cookies.get(COOKIE, ""), _sign(token))


def _log_in(token: str) -> flask.Response:
    """Turn the token, from the form or the URL, into a cookie that does not reveal it."""
    wanted = flask.request.values.get("next", "/")
    if not _same(flask.request.values.get("token", ""), token):
        return _refused("That is not the token." if "token" in flask.request.values else "Give the token.", 401)
    safe = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    response = flask.make_response(flask.redirect(wanted if safe else "/"))
    response.set_cookie(
        *(COOKIE, _sign(token)), max_age=DAYS * 86400, httponly=True, samesite="Lax", secure=flask.request.is_secure
    )
    return response


def _refused(said: str, status: int) -> flask.Response:
    if status == 403:
        return flask.Response(said, status, mimetype="text/plain")
    asked = flask.request.values.get("next") or flask.request.full_path.rstrip("?")
    wanted = "/" if asked.startswith(LOGIN) else asked
    return flask.Response(FORM.format(said=html.escape(said), wanted=html.escape(wanted, quote=True)), status)


def _sign(token: str) -> str:
    return hmac.new(token.encode(), b"dlgn dashboard", hashlib.sha256).hexdigest()


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())

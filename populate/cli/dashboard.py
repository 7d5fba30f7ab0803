"""``dlgn dashboard``: serve the live page until Ctrl-C."""

import importlib.util
import logging
import os
import webbrowser
from typing import Annotated, Any

import typer

app = typer.Typer()
logger = logging.getLogger("dlgn")
PACKAGES = ("dash", "dash_ag_grid", "dash_cytoscape", "waitress")
THREADS = 8


@app.command(rich_help_panel="Results")
def dashboard(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8050,
    host: Annotated[
        str, typer.Option(help="Address to listen on; any but this machine's own needs DLGN_DASHBOARD_TOKEN.")
    ] = "127.0.0.1",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open it in a browser.")] = True,
) -> None:
    """Show pipeline, fits, leaderboard and units in a browser, live; it only reads.

    Example: dlgn dashboard --port 8050
    """
    server = serve(host, port, os.environ.get("DLGN_DASHBOARD_TOKEN") or None)
    name = f"[{host}]" if ":" in host else host
    url = f"http://{name}:{server.effective_port}/"
    logger.info("live page: %s (Ctrl-C ends it)", url)
    if browser:
        webbrowser.open(url)
    server.run()


def serve(host: str, port: int, token: str | None) -> Any:
    """A server of the live page; its ``run()`` serves.

    Parameters
    ----------
    host : str
        Address to listen on.
    port : int
        Its port; 0 takes a free one.
    token : str or None
        Password of the page, which any address but this machine's own needs.

    Returns
    -------
    waitress server
        The server, which is not running yet.

    Raises
    ------
    ConfigError
        If packages are missing, the port is taken, or an address needs a token.
    """
    from dlgn_cnn.errors import ConfigError

    if lacking := [name for name in PACKAGES if importlib.util.find_spec(name) is None]:
        raise ConfigError(f"the live page needs {', '.join(lacking)}: pip install 'dlgn_cnn[dashboard]'")
    import waitress

    import schemas
    from populate.dashboard.access import check_access

    check_access(host, token)
    schemas.open_database()
    from populate.dashboard.app import build
    from populate.dashboard.reading import Reader

    application = build(Reader(), token)
    try:
        return waitress.create_server(application.server, host=host, port=port, threads=THREADS)
    except OSError as error:
        raise ConfigError(f"port {port} of {host} cannot be had ({error.strerror}): choose another --port") from error

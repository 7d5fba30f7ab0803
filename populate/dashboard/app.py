"""The live page as a whole: the page at each URL, and a message when the database is away."""

import logging
from pathlib import Path
from typing import Any

import dash
import flask
from dash import Input, Output, State, dcc, html, no_update

from dlgn_cnn.errors import DlgnError
from populate.dashboard import access, elements, errors, fits, leaderboard, media, pipeline, unit
from populate.dashboard.elements import Component
from populate.dashboard.places import FitKey, Query, UnitOfFit, query_of
from populate.dashboard.reading import Away, Reader

AGAIN_MS = 3000
NEVER_MS = 2**31 - 1
PLOTLY = "/_dash-component-suites/plotly/package_data/plotly.min.js"
logger = logging.getLogger("dlgn")
NAMES = {"/": "Pipeline", "/fits": "Fits", "/leaderboard": "Leaderboard", "/errors": "Errors"}
PAGE = """<!DOCTYPE html>
<html lang="en"><head>{%metas%}<title>{%title%}</title>{%favicon%}{%css%}</head>
<body>{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer></body></html>"""


def build(reader: Reader, token: str | None = None) -> dash.Dash:
    """The application. It serves all that its pages load, so it works without a network."""
    application = dash.Dash(
        "dlgn",
        title="dlgn",
        update_title=None,  # type: ignore[arg-type]
        assets_folder=str(Path(__file__).parent / "assets"),
        index_string=PAGE,
        suppress_callback_exceptions=True,
        compress=False,
        enable_mcp=False,
        add_log_handler=False,
        on_error=_say,
    )
    stages = pipeline.Pipeline(reader)
    access.guard(application.server, token)
    media.register(application.server, media.Media(reader))
    application.layout = _frame()
    _route(application, reader, stages)
    pipeline.register(application, stages)
    fits.register(application, reader)
    leaderboard.register(application, reader)
    access.protect(application.server, application.csp_hashes())  # of all scripts, once they are there
    application.server.after_request(_hurry)
    application.server.register_error_handler(Away, lambda error: (str(error), 503))
    return application


def find(reader: Reader, stages: pipeline.Pipeline, path: str, query: Query) -> Component:
    """Find the page at a path.

    Parameters
    ----------
    reader : Reader
        Reads the tables.
    stages : Pipeline
        The pipeline of the first page.
    path : str
        Path of the URL.
    query : mapping of str to str
        Query of the URL.

    Returns
    -------
    Component
        The page.

    Raises
    ------
    DlgnError
        If there is no page.
    """
    first, _, rest = path.strip("/").partition("/")
    if first == "unit":
        return unit.page(reader, UnitOfFit.parse(rest), query)
    if first == "fit":
        return fits.fit_page(reader, FitKey.parse(rest))
    if first in (pages := {"leaderboard": leaderboard, "fits": fits, "errors": errors}):
        return pages[first].page(reader, query)
    if first:
        raise DlgnError(f"No page is at {path}: choose one above.")
    return pipeline.page(stages)


def _frame() -> Component:
    named = [dcc.Link(name, href=href, id=f"to-{name.lower()}") for href, name in NAMES.items()]
    nav = html.Nav(named, **elements.aria(label="Pages"))
    return html.Div(
        [
            dcc.Location(id="where", refresh="callback-nav"),
            dcc.Location(id="view", refresh="callback-nav"),
            dcc.Store(id="written"),
            dcc.Interval(id="again", interval=NEVER_MS),
            html.Header([dcc.Link("dlgn", href="/", className="brand"), nav]),
            html.Main([html.Div(id="away", role="status"), html.Div(id="page")]),
        ]
    )


def _say(error: Exception) -> None:
    """Show an error above the open page; when the database is away, until it is back.

    Other errors than those of input or server are defects, and raised.
    """
    if not isinstance(error, DlgnError):
        raise error
    dash.set_props("away", {"children": html.P(str(error), className="away")})
    if isinstance(error, Away):
        dash.set_props("again", {"interval": AGAIN_MS})


def _hurry(response: flask.Response) -> flask.Response:
    """Have a browser that opens the curves fetch the large library of plots at once."""
    if flask.request.path.startswith("/fit"):
        response.headers["Link"] = f"<{PLOTLY}>; rel=preload; as=script"
    return response


def _route(application: dash.Dash, reader: Reader, stages: pipeline.Pipeline) -> None:
    @application.callback(
        Output("page", "children"),
        Output("away", "children"),
        Output("again", "interval"),
        Output("written", "data"),
        Input("where", "pathname"),
        Input("where", "search"),
        Input("again", "n_intervals"),
        State("written", "data"),
    )
    def show(path: str | None, search: str | None, _: int | None, written: str | None) -> tuple[Any, ...]:
        """The page of a URL, unless the page itself wrote the URL."""
        if search and search == written and dash.ctx.triggered_id == "where":
            return (no_update,) * 4
        try:
            found = find(reader, stages, path or "/", query_of(search))
        except Away:
            raise
        except DlgnError as error:
            return elements.page("Not here", html.P(str(error), className="bad")), None, NEVER_MS, None
        return found, None, NEVER_MS, None

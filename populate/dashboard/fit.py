"""Page of a fit: its configs, learning curves and units, and the effect of light on these."""

import json
from functools import partial
from typing import Any

import yaml
from dash import dcc, html

from dlgn_cnn.data.recording import SIMULATED_PREFIX
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.plots.report import SIMULATED
from dlgn_cnn.plots.scores import COLUMNS, UNIT_SCORES
from populate.dashboard import elements
from populate.dashboard.elements import Component
from populate.dashboard.fits import curves
from populate.dashboard.places import FitKey, UnitOfFit, place
from populate.dashboard.reading import Reader
from populate.report import unit_view
from schemas import experiment
from schemas.declaration.computed_tables import config_tables
from schemas.results import scores

MOST = 200


def page(reader: Reader, fit: FitKey) -> Component:
    """All that is known of a fit. Raises ConfigError if there is no such fit."""
    found = reader(lambda: (scores.fits() & fit.key).to_dicts())
    if not found:
        raise ConfigError(f"no fit {fit.path} is done: it may be under way, see Fits, or its key may be wrong")
    units = reader(lambda: unit_view.unit_rows(fit.key))
    where = json.dumps([["model_hash", "equals", fit.model_hash], ["seed", "equals", str(fit.seed)]])
    columns = "correlation normalized_correlation data_omi data_omi_q model_omi clip_effect clip_q model_hash seed"
    in_leaderboard = place("/leaderboard", of="units", where=where, columns=columns)
    return elements.page(
        f"Fit {fit.name}",
        simulated([unit["mouse"] for unit in units]),
        elements.figures(_figures(reader, fit, found[0])),
        elements.links("Also", {"its units in the leaderboard": in_leaderboard}),
        *(_scores(fit) if units else []),
        html.H2("Learning curves"),
        *curves(reader, [fit]),
        *_configs(reader, fit),
        html.H2("Units"),
        _table(units),
    )


def simulated(mice: list[str]) -> Component:
    """The banner over a simulated recording; nothing over a real one."""
    named = any(mouse.startswith(SIMULATED_PREFIX) for mouse in mice)
    return html.P(SIMULATED, className="simulated") if named else html.Span()


def _figures(reader: Reader, fit: FitKey, row: dict[str, Any]) -> dict[str, str]:
    names = reader(lambda: (experiment.Experiment.Fit & fit.key).to_arrays("experiment_name"))
    found = {COLUMNS[name].label: COLUMNS[name].text(row[name]) for name in ("mean_correlation", "score", "parameters")}
    return found | {
        "fitted": f"in {row['fit_seconds']:.0f} s on {row['device']}",
        "experiments": ", ".join(sorted(map(str, names))) or "none",
    }


def _scores(fit: FitKey) -> list[Component]:
    said = f"Test correlations of the units of fit {fit.name}, and OMI, data and model"
    note = (
        "Test correlation of all units; opto modulation index, OMI = (on - off) / (on + off), of each unit in the data "
        "and in the model: on the dotted line, light has the same effect in both."
    )
    picture = elements.picture(f"/media/fit/scores/{fit.path}", said, note, (820, 320))
    return [html.H2("Scores, and what the light does"), picture]


def _configs(reader: Reader, fit: FitKey) -> list[Component]:
    found: list[Component] = [html.H2("Configs")]
    for kind in ("dataset", "model", "trainer"):
        function, config = reader(partial(config_tables()[kind].load, fit.key))
        text = yaml.safe_dump(config, sort_keys=False, default_flow_style=None, width=110)
        found.append(html.Details([html.Summary(f"{kind}: {function}"), html.Pre(text)]))
    return found


def _table(units: list[dict[str, Any]]) -> Component:
    if not units:
        return html.P("Not scored yet: dlgn populate does so.")
    shown = {name: COLUMNS[name] for name in (*UNIT_SCORES, "mei_count")}
    rows = []
    for row in units[:MOST]:
        unit = UnitOfFit.of(row)
        cells = (one.text(row[name]) for name, one in shown.items())
        rows.append((dcc.Link(unit.name, href=f"/unit/{unit.path}"), *cells))
    heads = {"unit": False} | {one.label: True for one in shown.values()}
    rest = f"; {len(units) - MOST} more are in the leaderboard" if len(units) > MOST else ""
    return elements.table(f"Best first{rest}", heads, rows)

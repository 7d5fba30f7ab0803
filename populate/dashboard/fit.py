"""Page of a fit: its configs, learning curves and units, and the effect of light on these."""

from functools import partial
from typing import Any

import yaml
from dash import dcc, html

from dlgn_cnn.data.recording import SIMULATED_PREFIX
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.plots.report import SIMULATED
from dlgn_cnn.plots.style import number
from populate.dashboard import elements
from populate.dashboard.columns import CONFIGS
from populate.dashboard.elements import Component
from populate.dashboard.places import FitKey, UnitOfFit, place
from populate.dashboard.reading import Reader
from populate.report import unit_view
from schemas import evaluation, experiment, training

MOST = 200
SCORES = {
    "test r": ("correlation", ".3f", "undefined"),
    "normalized r": ("normalized_correlation", ".3f", "no ceiling"),
    "OMI data": ("data_omi", "+.3f", "undefined"),
    "q": ("data_omi_q", ".2g", "undefined"),
    "OMI model": ("model_omi", "+.3f", "undefined"),
}


def page(reader: Reader, fit: FitKey) -> Component:
    """All that is known of a fit. Raises ConfigError if there is no such fit."""
    row = reader(lambda: (training.TrainedModel & fit.key).to_dicts())
    if not row:
        raise ConfigError(f"no fit {fit.path} is done: it may be under way, see Fits, or its key may be wrong")
    units = reader(lambda: unit_view.unit_rows(fit.key))
    return elements.page(
        f"Fit {fit.name}",
        simulated([unit["mouse"] for unit in units]),
        elements.figures(_figures(reader, fit, row[0])),
        elements.links("Also", _elsewhere(fit)),
        *_pictures(fit, bool(units)),
        *_configs(reader, fit),
        html.H2("Units"),
        _table(fit, units, reader(lambda: unit_view.excited(fit.key))),
    )


def simulated(mice: list[str]) -> Component:
    """The banner over a simulated recording; nothing over a real one."""
    named = any(mouse.startswith(SIMULATED_PREFIX) for mouse in mice)
    return html.P(SIMULATED, className="simulated") if named else html.Span()


def _figures(reader: Reader, fit: FitKey, row: dict[str, Any]) -> dict[str, str]:
    scores = reader(lambda: (evaluation.Score & fit.key).to_dicts())
    names = reader(lambda: (experiment.Experiment.Fit & fit.key).to_arrays("experiment_name"))
    return {
        "mean test correlation": number(scores[0]["mean_correlation"]) if scores else "not scored yet",
        "validation correlation": number(row["score"]),
        "parameters": f"{row['parameters']:,}",
        "fitted": f"in {row['fit_seconds']:.0f} s on {row['device']}",
        "experiments": ", ".join(sorted(map(str, names))) or "none",
    }


def _elsewhere(fit: FitKey) -> dict[str, str]:
    where = '[["model_hash", "equals", "' + fit.model_hash + '"], ["seed", "equals", "' + str(fit.seed) + '"]]'
    columns = "correlation normalized_correlation data_omi data_omi_q model_omi clip_effect clip_q model_hash seed"
    return {
        "its units in the leaderboard": place("/leaderboard", of="units", where=where, columns=columns),
        "its curves, interactive": place("/fits", fits=fit.path),
    }


def _pictures(fit: FitKey, scored: bool) -> list[Component]:
    said = f"Learning curves of fit {fit.name}: loss and validation correlation"
    note = "Training loss and validation correlation; the best epoch of each is marked."
    curves = elements.picture(f"/media/fit/curves/{fit.path}", said, note, (820, 280))
    if not scored:
        return [curves]
    said = f"Test correlations of the units of fit {fit.name}, and OMI, data and model"
    note = (
        "Test correlation of all units; opto modulation index, OMI = (on - off) / (on + off), of each unit in the data "
        "and in the model: on the dotted line, light has the same effect in both."
    )
    scores = elements.picture(f"/media/fit/scores/{fit.path}", said, note, (820, 320))
    return [html.H2("Scores, and what the light does"), scores, html.H2("Learning curves"), curves]


def _configs(reader: Reader, fit: FitKey) -> list[Component]:
    found: list[Component] = [html.H2("Configs")]
    for kind in ("dataset", "model", "trainer"):
        function, config = reader(partial(CONFIGS[kind].load, fit.key))
        text = yaml.safe_dump(config, sort_keys=False, default_flow_style=None, width=110)
        found.append(html.Details([html.Summary(f"{kind}: {function}"), html.Pre(text)]))
    return found


def _table(fit: FitKey, units: list[dict[str, Any]], with_meis: set[tuple[Any, ...]]) -> Component:
    if not units:
        return html.P("Not scored yet: dlgn populate does so.")
    rows = []
    for row in units[:MOST]:
        unit = UnitOfFit.of({**fit.key, **row})
        numbers = [number(row.get(name), form, absent) for name, form, absent in SCORES.values()]
        has_meis = "yes" if unit_view.unit_id(row) in with_meis else ""
        rows.append((dcc.Link(unit.name, href=f"/unit/{unit.path}"), *numbers, has_meis))
    heads = {"unit": False} | dict.fromkeys(SCORES, True) | {"MEIs": False}
    rest = f"; {len(units) - MOST} more are in the leaderboard" if len(units) > MOST else ""
    return elements.table(f"Best first{rest}", heads, rows)

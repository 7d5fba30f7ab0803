"""A fit's page: its configs, its curves, its units, and what the light does to them."""

from functools import partial
from typing import Any

import yaml
from dash import html

from dlgn_cnn.data.recording import SIMULATED_PREFIX
from dlgn_cnn.errors import ConfigError
from populate.dashboard import parts
from populate.dashboard.parts import Component
from populate.dashboard.places import FitKey, Query, UnitOfFit, place
from populate.dashboard.reading import Reader
from schemas import dataset, evaluation, experiment, mei, model, trainer, training

MOST = 200
SIMULATED = "SIMULATED: this recording was computed. No animal was recorded."


def page(reader: Reader, fit: FitKey, query: Query) -> Component:
    """What is known of a fit. Raises ConfigError where there is no such fit."""
    row = reader(lambda: (training.TrainedModel & fit.key).to_dicts())
    if not row:
        raise ConfigError(f"no fit {fit.path} is done: it may be under way, see Fits, or its key may be wrong")
    units = reader(lambda: unit_rows(fit))
    return parts.page(
        f"Fit {fit.name}",
        simulated([unit["mouse"] for unit in units]),
        parts.figures(_figures(reader, fit, row[0])),
        parts.links("Also", _elsewhere(fit)),
        *_pictures(fit, bool(units)),
        *_configs(reader, fit),
        html.H2("Units"),
        _table(fit, units, reader(lambda: excited(fit))),
    )


def unit_rows(fit: FitKey) -> list[dict[str, Any]]:
    """A fit's units with what is known of each, best first; undefined scores last."""
    whole = (evaluation.Score.Condition & fit.key & {"tier": "test", "opto_condition": "all"}).proj(
        "normalized_correlation"
    )
    scored = {_unit(row): row for row in whole.to_dicts()}
    lit = {_unit(row): row for row in (evaluation.FeedbackModulation.Unit & fit.key).to_dicts()}
    rows = (evaluation.Score.Unit & fit.key).to_dicts()
    found = [{**lit.get(_unit(row), {}), **scored.get(_unit(row), {}), **row} for row in rows]
    return sorted(found, key=lambda row: -2 if row["correlation"] is None else row["correlation"], reverse=True)


def excited(fit: FitKey) -> set[tuple[Any, ...]]:
    """The units of a fit that have MEIs."""
    return {_unit(row) for row in (mei.MEI.Stimulus & fit.key).proj().to_dicts()}


def simulated(mice: list[str]) -> Component:
    """The banner over what no animal did; nothing over a recording."""
    named = any(mouse.startswith(SIMULATED_PREFIX) for mouse in mice)
    return html.P(SIMULATED, className="simulated") if named else html.Span()


def _unit(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("mouse", "series", "experiment", "unit"))


def _figures(reader: Reader, fit: FitKey, row: dict[str, Any]) -> dict[str, str]:
    scores = reader(lambda: (evaluation.Score & fit.key).to_dicts())
    test = scores[0]["mean_correlation"] if scores else None
    return {
        "mean test correlation": parts.number(test) if scores else "not scored yet",
        "validation correlation": parts.number(row["score"]),
        "parameters": f"{row['parameters']:,}",
        "fitted": f"in {row['fit_seconds']:.0f} s on {row['device']}",
        "experiments": ", ".join(reader(lambda: _experiments(fit))) or "none",
    }


def _experiments(fit: FitKey) -> list[str]:
    return sorted(map(str, (experiment.Experiment.Fit & fit.key).to_arrays("experiment_name")))


def _elsewhere(fit: FitKey) -> dict[str, str]:
    where = '[["model_hash", "equals", "' + fit.model_hash + '"], ["seed", "equals", "' + str(fit.seed) + '"]]'
    columns = "correlation normalized_correlation data_omi data_omi_q model_omi clip_effect clip_q model_hash seed"
    return {
        "its units in the leaderboard": place("/leaderboard", of="units", where=where, columns=columns),
        "its curves, interactive": place("/fits", fits=fit.path),
    }


def _pictures(fit: FitKey, scored: bool) -> list[Component]:
    curves = parts.picture(
        *(f"/media/fit/curves/{fit.path}", f"Learning curves of fit {fit.name}: loss and validation correlation"),
        *("Training loss and validation correlation; the best epoch of each is marked.", (820, 280)),
    )
    if not scored:
        return [curves]
    scores = parts.picture(
        *(
            f"/media/fit/scores/{fit.path}",
            f"Test correlations of the units of fit {fit.name}, and OMI, data and model",
        ),
        "Test correlation of all units; optogenetic modulation index, OMI = (on - off) / (on + off), of each unit in "
        "the data and in the model: on the dotted line the model's light does what the light did.",
        (820, 320),
    )
    return [html.H2("Scores, and what the light does"), scores, html.H2("Learning curves"), curves]


def _configs(reader: Reader, fit: FitKey) -> list[Component]:
    tables = {"dataset": dataset.DatasetConfig, "model": model.ModelConfig, "trainer": trainer.TrainerConfig}
    found: list[Component] = [html.H2("Configs")]
    for kind, table in tables.items():
        function, config = reader(partial(_config, table, kind, fit))
        text = yaml.safe_dump(config, sort_keys=False, default_flow_style=None, width=110)
        found.append(html.Details([html.Summary(f"{kind}: {function}"), html.Pre(text)]))
    return found


def _config(table: Any, kind: str, fit: FitKey) -> tuple[str, dict[str, Any]]:
    function, config = (table & {f"{kind}_hash": getattr(fit, f"{kind}_hash")}).fetch1(f"{kind}_fn", f"{kind}_config")
    return str(function), dict(config)


def _table(fit: FitKey, units: list[dict[str, Any]], with_meis: set[tuple[Any, ...]]) -> Component:
    if not units:
        return html.P("Not scored yet: dlgn populate does so.")
    rows = []
    for row in units[:MOST]:
        unit = UnitOfFit.of({**fit.key, **row})
        numbers = [parts.number(row.get(name), form) for name, form in (("correlation", ".3f"), ("data_omi", "+.3f"))]
        more = [parts.number(row.get("data_omi_q"), ".2g"), parts.number(row.get("model_omi"), "+.3f")]
        ceiling = parts.number(row.get("normalized_correlation"), absent="no ceiling")
        name = parts.link(unit.name, f"/unit/{unit.path}")
        rows.append((name, numbers[0], ceiling, numbers[1], *more, "yes" if _unit(row) in with_meis else ""))
    heads = {"unit": False, "test r": True, "normalized r": True, "OMI data": True, "q": True, "OMI model": True}
    rest = f"; {len(units) - MOST} more are in the leaderboard" if len(units) > MOST else ""
    return parts.table(f"Best first{rest}", heads | {"MEIs": False}, rows)

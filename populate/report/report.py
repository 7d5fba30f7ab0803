"""Report of an experiment: from rows to plots."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dlgn_cnn import __version__
from dlgn_cnn.data.recording import SessionKey
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.plots.report import Report, write_report
from dlgn_cnn.plots.scores import QUANTITIES
from dlgn_cnn.plots.unit import UnitReport
from dlgn_cnn.shapes import Scores
from populate.report import unit_view
from schemas import dataset, evaluation, experiment, fitting, training
from schemas.base.keys import fit_key, session_of, unit_key
from schemas.base.relational import DATAJOINT_VERSION
from schemas.results.frames import of_experiment, view

Row = dict[str, Any]


def best_fit(name: str | None = None) -> Row:
    """The key of an experiment's best scored fit. Raises ConfigError where there is none, or no such experiment."""
    names = list(map(str, experiment.Experiment.to_arrays("experiment_name")))
    if not names:
        asked = "" if name is None else f"experiment {name!r}: "
        raise ConfigError(f"{asked}no experiment is defined yet, run dlgn define with an experiment's file")
    if name is None and len(names) > 1:
        raise ConfigError(f"{len(names)} experiments are defined: name one with --experiment, of {', '.join(names)}")
    name = names[0] if name is None else name
    scored = of_experiment(view("fits"), name) & "mean_correlation IS NOT NULL"
    best = scored.to_dicts(order_by="mean_correlation DESC", limit=1)
    if not best:
        raise ConfigError(f"experiment {name!r} has no scored fit yet: run dlgn populate, or see dlgn status")
    return fit_key(best[0])


def write(path: Path, name: str | None = None, truth: Sequence[tuple[str, str, str]] = ()) -> Path:
    """Write the report of an experiment's best fit: the units that have MEIs in detail, all units in summary.

    Parameters
    ----------
    path : Path
        File to write.
    name : str, optional
        Name of the experiment (default: the only one).
    truth : sequence of (str, str, str), optional
        Name, value and target of what is compared with the simulated truth.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ConfigError
        If there is no such experiment, or it has no scored fit.
    """
    key = best_fit(name)
    model, loaders = training.load_model(key)
    units = unit_view.unit_rows(key)
    shown = [row for row in units if row["mei_hash"]] or units[:6]
    tier = unit_view.predict_test(model, loaders)
    report = Report(
        title=f"dLGN with and without feedback: {name or 'report'}",
        simulated=any(SessionKey.parse(session).simulated for session in loaders["test"]),
        summary=_summary(key),
        units=tuple(_unit(row, key, tier) for row in shown),
        all_units=tuple(UnitReport(session_of(row), row["unit"], row) for row in units),
        truth=tuple(truth),
        curves=curves_of(key),
    )
    return write_report(report, path)


def curves_of(key: Row) -> tuple[tuple[str, Scores], ...]:
    """What a fit's learning curves show, by name: a value an epoch. Empty before its first epoch."""
    epochs = (fitting.Epoch & key).to_dicts(order_by="epoch")
    return tuple((name, np.array([row[name] for row in epochs], float)) for name in QUANTITIES if epochs)


def _unit(row: Row, fit: Mapping[str, Any], tier: unit_view.PredictedTier) -> UnitReport:
    key = dict(fit) | unit_key(row)
    start = next(iter(unit_view.starts_of(key)), None)
    repeats = unit_view.repeats_of(tier, session_of(row), row["unit_index"])
    return unit_view.unit_report(key, start, scores=row, repeats=repeats)


def _summary(key: Row) -> tuple[tuple[str, str], ...]:
    fit = (training.TrainedModel & key).fetch1()
    score = (evaluation.Score & key).fetch1("mean_correlation")
    return (
        ("sessions", ", ".join(dataset.store_paths(key))),
        ("units", str(len(dataset.unit_rows(key)))),
        ("mean test correlation", f"{score:.3f}"),
        ("validation correlation", f"{fit['score']:.3f}"),
        ("epochs", str(len(fit["output"].get("epochs", [])))),
        ("parameters", f"{fit['parameters']:,}"),
        ("fit", f"{fit['fit_seconds']:.0f} s on {fit['device']}, {fit['fit_precision']}"),
        ("threads", str(fit["threads"])),
        *((f"{kind} hash", key[f"{kind}_hash"]) for kind in ("dataset", "model", "trainer")),
        ("seed", str(key["seed"])),
        ("written", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")),
        ("versions", f"dlgn_cnn {__version__}, torch {torch.__version__}, datajoint {DATAJOINT_VERSION}"),
    )

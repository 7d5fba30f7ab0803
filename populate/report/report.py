"""The report of an experiment: rows to plots."""

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
from dlgn_cnn.plots.unit import UnitReport
from dlgn_cnn.registry import nearest
from dlgn_cnn.shapes import Scores
from populate.report import unit_view
from populate.report.statements import extents_of, feedback_contrast_sentence, opto_sentence
from schemas import dataset, evaluation, experiment, fitting, mei, mei_control, training
from schemas.base.relational import DATAJOINT_VERSION
from schemas.base.score_rows import unit_key

Row = dict[str, Any]
Truth = Sequence[tuple[str, str, str]]
CURVES = ("loss", "validation_correlation")


def best_fit(name: str | None = None) -> Row:
    """The key of an experiment's best scored fit. Raises ConfigError where there is none, or no such experiment."""
    names = list(map(str, experiment.Experiment.to_arrays("experiment_name")))
    if name is None and len(names) == 1:
        name = names[0]
    if not names:
        asked = "" if name is None else f"experiment {name!r}: "
        raise ConfigError(f"{asked}no experiment is defined yet, run dlgn define with an experiment's file")
    if name is None:
        raise ConfigError(f"{len(names)} experiments are defined: name one with --experiment, of {', '.join(names)}")
    if name not in names:
        raise ConfigError(f"experiment {name!r}: {nearest(name, names)}")
    fits = training.TrainedModel * evaluation.Score & (experiment.Experiment.Fit & {"experiment_name": name})
    # Fits to shuffled labels of the light are a null, not a result.
    fits = fits - mei_control.shuffled_datasets().proj()
    best = (fits & "mean_correlation is not null").keys(order_by="mean_correlation DESC", limit=1)
    if not best:
        raise ConfigError(f"experiment {name!r} has no scored fit yet: run dlgn populate, or see dlgn status")
    return dict(best[0])


def write(path: Path, name: str | None = None, truth: Truth = ()) -> Path:
    """Write the report of an experiment's best fit: the units that have MEIs in detail, all units in summary."""
    key = best_fit(name)
    model, loaders = training.load_model(key)
    whole = (evaluation.Score.Condition & {"tier": "test", "opto_condition": "all"}).proj("normalized_correlation")
    units = (
        evaluation.Score.Unit * evaluation.FeedbackModulation.Unit * dataset.Dataset.Unit * whole & key
    ).to_dicts(order_by="correlation DESC")  # fmt: skip
    excited = {_label(row) for row in (mei.MEI.Stimulus & key).proj().to_dicts()}
    shown = [row for row in units if _label(row) in excited] or units[:6]
    tier = unit_view.predict_test(model, loaders)
    report = Report(
        title=f"dLGN with and without feedback: {name or 'report'}",
        simulated=any(SessionKey.parse(session).simulated for session in loaders["test"]),
        summary=_summary(key),
        units=tuple(_unit(row, key, tier) for row in shown),
        all_units=tuple(_label(row) for row in units),
        all_correlations=column(units, "correlation"),
        all_omi_data=column(units, "data_omi"),
        all_omi_model=column(units, "model_omi"),
        all_normalized=column(units, "normalized_correlation"),
        all_omi_p=column(units, "data_omi_p"),
        all_omi_q=column(units, "data_omi_q"),
        truth=tuple(truth),
        curves=_curves(key),
    )
    return write_report(report, path)


def _unit(row: Row, fit: Mapping[str, Any], tier: unit_view.PredictedTier) -> UnitReport:
    key = dict(fit) | unit_key(row)
    starts, field = unit_view.starts_of(key), unit_view.field_of(key)
    first = starts[0] if starts else None
    distances = () if first is None else unit_view.distances_of(key, first[0])
    statements = [opto_sentence(row)]
    if first is not None and distances:
        statements.append(feedback_contrast_sentence(distances, extents_of(key, first[0])))
    return UnitReport(
        session=_session(row),
        unit=row["unit"],
        rate_hz=tier.rate_hz,
        correlation=row["correlation"],
        repeats=unit_view.repeats_of(tier, _session(row), row["unit_index"]),
        field_spatial=None if field is None else field[0],
        field_temporal=None if field is None else field[1],
        meis=None if first is None else unit_view.meis_of(key, first, tier.rate_hz),
        omi_data=row["data_omi"],
        omi_model=row["model_omi"],
        normalized_correlation=row["normalized_correlation"],
        omi_p=row["data_omi_p"],
        omi_q=row["data_omi_q"],
        distances=distances,
        statements=tuple(statements),
        controls={} if first is None else unit_view.controls_of(key, first[0]),
        contrast_curves={} if first is None else unit_view.contrast_curves_of(key, first[0]),
    )


def _curves(key: Row) -> tuple[tuple[str, Scores], ...]:
    rows = (fitting.Epoch & key).to_dicts(order_by="epoch")
    return tuple((name, column(rows, name)) for name in CURVES) if rows else ()


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
        ("fit", f"{fit['fit_seconds']:.0f} s on {fit['device']}, {fit['fit_precision'] or 'precision not kept'}"),
        ("threads", str(fit["threads"] or "not kept")),
        *((f"{kind} hash", key[f"{kind}_hash"]) for kind in ("dataset", "model", "trainer")),
        ("seed", str(key["seed"])),
        ("written", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")),
        ("versions", f"dlgn_cnn {__version__}, torch {torch.__version__}, datajoint {DATAJOINT_VERSION}"),
    )


def column(rows: Sequence[Row], name: str) -> Scores:
    """One column of rows as an array, NaN for NULL."""
    return np.array([np.nan if row[name] is None else row[name] for row in rows], float)


def _session(row: Row) -> str:
    return str(SessionKey(row["mouse"], row["series"], row["experiment"]))


def _label(row: Row) -> str:
    return f"{_session(row)}_u{row['unit']:02d}"

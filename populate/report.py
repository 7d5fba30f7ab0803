"""The report of an experiment: rows to plots."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import datajoint
import numpy as np
import torch

from dlgn_cnn import __version__
from dlgn_cnn.data.recording import SessionKey
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.evaluation.predict import Prediction, predict
from dlgn_cnn.evaluation.score import BURN_IN_FRAMES
from dlgn_cnn.plots.report import Report, UnitReport, write_report
from dlgn_cnn.registry import nearest
from schemas import dataset, evaluation, experiment, mei, mei_control, training

Row = dict[str, Any]
Truth = Sequence[tuple[str, str, str]]


def best_fit(name: str | None = None) -> Row:
    """The key of an experiment's best scored fit. Raises ConfigError where there is none, or no such experiment."""
    names = list(map(str, experiment.Experiment.to_arrays("experiment_name")))
    if name is None and len(names) == 1:
        name = names[0]
    if name not in names:
        raise ConfigError(f"experiment {name!r}: {nearest(str(name), names) if names else 'none defined yet'}")
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
    whole = (evaluation.Score.Condition & {"tier": "test", "light": "all"}).proj("normalised_correlation")
    units = (
        evaluation.Score.Unit * evaluation.FeedbackModulation.Unit * dataset.Dataset.Unit
        * evaluation.ReceptiveField.Unit * whole & key
    ).to_dicts(order_by="correlation DESC")  # fmt: skip
    stimuli = (mei.MEI.Stimulus & key).to_dicts(order_by="mei_seed DESC")
    by_unit: dict[str, dict[str, Row]] = {}
    for row in stimuli:
        by_unit.setdefault(_label(row), {})[row["opto_condition"]] = row
    shown = [row for row in units if _label(row) in by_unit] or units[:6]
    predictions = {
        data_key: predict(model, loader, data_key, BURN_IN_FRAMES) for data_key, loader in loaders["test"].items()
    }
    rate_hz = next(iter(loaders["test"].values())).data_info.rate_hz
    report = Report(
        title=f"dLGN with and without feedback: {name or 'report'}",
        simulated=any(SessionKey.parse(session).simulated for session in loaders["test"]),
        summary=_summary(key),
        units=tuple(_unit(row, by_unit.get(_label(row), {}), predictions, rate_hz) for row in shown),
        all_units=tuple(_label(row) for row in units),
        all_correlations=_column(units, "correlation"),
        all_omi_data=_column(units, "data_omi"),
        all_omi_model=_column(units, "model_omi"),
        all_normalised=_column(units, "normalised_correlation"),
        all_omi_p=_column(units, "data_omi_p"),
        all_omi_q=_column(units, "data_omi_q"),
        truth=tuple(truth),
    )
    return write_report(report, path)


def _unit(row: Row, meis: Mapping[str, Row], predictions: Mapping[str, Prediction], rate_hz: float) -> UnitReport:
    found = predictions[_session(row)]
    frames = found.trial_frames[0]
    index = row["unit_index"]
    field = np.asarray(row["field"].load())
    peak = np.unravel_index(np.abs(field).argmax(), field.shape)
    return UnitReport(
        session=_session(row),
        unit=row["unit"],
        correlation=row["correlation"],
        time_s=((BURN_IN_FRAMES + np.arange(frames)) / rate_hz).astype(np.float32),
        observed_hz=found.observed[index, :frames] * rate_hz,
        predicted_hz=found.predicted[index, :frames] * rate_hz,
        light=found.opto[:frames],
        field_spatial=field[peak[0]],
        field_temporal=field[:, peak[1], peak[2]],
        mei_intact=_stimulus(meis, "intact"),
        mei_suppressed=_stimulus(meis, "suppressed"),
        responses_hz=_responses(meis),
        omi_data=row["data_omi"],
        omi_model=row["model_omi"],
        normalised_correlation=row["normalised_correlation"],
        omi_p=row["data_omi_p"],
        omi_q=row["data_omi_q"],
    )


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
        ("fit", f"{fit['fit_seconds']:.0f} s on {fit['device']}"),
        *((f"{kind} hash", key[f"{kind}_hash"]) for kind in ("dataset", "model", "trainer")),
        ("seed", str(key["seed"])),
        ("written", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")),
        ("versions", f"dlgn_cnn {__version__}, torch {torch.__version__}, datajoint {datajoint.__version__}"),
    )


def _stimulus(meis: Mapping[str, Row], condition: str) -> np.ndarray | None:
    return np.asarray(meis[condition]["stimulus"].load()) if condition in meis else None


def _responses(meis: Mapping[str, Row]) -> np.ndarray | None:
    if set(meis) != {"intact", "suppressed"}:
        return None
    return np.array([[meis[shown][f"{light}_hz"] for light in mei.CONDITIONS] for shown in mei.CONDITIONS])


def _column(rows: Sequence[Row], name: str) -> np.ndarray:
    return np.array([np.nan if row[name] is None else row[name] for row in rows], float)


def _session(row: Row) -> str:
    return str(SessionKey(row["mouse"], row["series"], row["experiment"]))


def _label(row: Row) -> str:
    return f"{_session(row)}_u{row['unit']:02d}"

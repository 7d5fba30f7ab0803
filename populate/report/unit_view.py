"""A unit in the tables: its scores, receptive field, MEIs and their tests, and predictions of its responses."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlgn_cnn.data.sessions.dataset import DatasetSpec
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.evaluation.predict import Prediction, predict
from dlgn_cnn.evaluation.score import BURN_IN_FRAMES
from dlgn_cnn.mei.controls.control_set import CONTROLS
from dlgn_cnn.mei.feedback_contrast.significance import VIEWS
from dlgn_cnn.plots.feedback_contrast import ContrastCurve, ControlRates, ViewDistance
from dlgn_cnn.plots.fields import Field, MEIPair
from dlgn_cnn.plots.responses import Repeats
from dlgn_cnn.plots.unit import UnitReport
from schemas import dataset, mei, mei_contrast, mei_control, tuning
from schemas.base.keys import session_of
from schemas.results.frames import view

Row = dict[str, Any]
Key = Mapping[str, Any]
Start = tuple[str, int]  # hash of a MEI config, and seed of the random start
CONDITIONS = tuple(mei.CONDITIONS)


@dataclass(frozen=True)
class PredictedTier:
    """Predictions of a fit for its test tier: by session, all trials one after the other, and the scene of each."""

    predictions: Mapping[str, Prediction]
    scenes: Mapping[str, Sequence[str]]
    rate_hz: float


def counted(names: Sequence[str]) -> dict[str, int]:
    """How often each name occurs, the most frequent first, and those of one frequency in their order.

    >>> counted(["a", "b", "b", "c"])
    {'b': 2, 'a': 1, 'c': 1}
    """
    return dict(Counter(names).most_common())


def predict_test(model: Any, loaders: Any) -> PredictedTier:
    """Predict the test tier of every session under the light as it was; needs no database."""
    predictions = {name: predict(model, loader, name, BURN_IN_FRAMES) for name, loader in loaders["test"].items()}
    scenes = {name: _scenes(loader, predictions[name]) for name, loader in loaders["test"].items()}
    return PredictedTier(predictions, scenes, next(iter(loaders["test"].values())).data_info.rate_hz)


def repeats_of(tier: PredictedTier, session: str, index: int, scene: str | None = None) -> Repeats:
    """A unit's presentations of one test scene.

    Parameters
    ----------
    tier : PredictedTier
        Predictions of the test tier.
    session : str
        Name of the session.
    index : int
        Row of the unit in the session's arrays.
    scene : str, optional
        Movie and scene (default: the scene shown most often).

    Returns
    -------
    Repeats
        All presentations that are as long as the first.

    Raises
    ------
    ConfigError
        If the scene is not in the tier.
    """
    known, found = counted(tier.scenes[session]), tier.predictions[session]
    wanted = next(iter(known)) if scene is None else scene
    if wanted not in known:
        raise ConfigError(f"scene {wanted!r} is not in the test tier of {session}: it has {', '.join(known)}")
    stops = np.cumsum(found.trial_frames)
    own = [trial for trial, name in enumerate(tier.scenes[session]) if name == wanted]
    frames = found.trial_frames[own[0]]
    spans = [slice(stops[trial] - frames, stops[trial]) for trial in own if found.trial_frames[trial] == frames]
    return Repeats(
        scene=wanted,
        counts=np.stack([found.observed[index, span] for span in spans]),
        predicted=np.stack([found.predicted[index, span] for span in spans]),
        opto=np.stack([found.opto[span] for span in spans]),
        time_s=(BURN_IN_FRAMES + np.arange(frames)) / tier.rate_hz,
    )


def unit_rows(key: Key) -> list[Row]:
    """The units of a fit with their scores and opto effects, best first; undefined scores last."""
    rows: list[Row] = (view("units", nulls=True) & key).to_dicts()
    return sorted(rows, key=lambda row: -2 if row["correlation"] is None else row["correlation"], reverse=True)


def unit_report(key: Key, start: Start | None, holds: Sequence[str] | None = None, **known: Any) -> UnitReport:
    """Read a unit for its page or the report.

    Parameters
    ----------
    key : mapping
        Key of the fit and the unit.
    start : (str, int), optional
        MEI config and random start to show.
    holds : sequence of str, optional
        Fields of ``UnitReport`` to read (default: all that are in the tables).
    **known : Any
        Further fields.

    Returns
    -------
    UnitReport
        The unit; fields without rows are None or empty.
    """
    own = {"receptive_field": field_of(key)} if holds is None or "receptive_field" in holds else {}
    chosen = {**key, "mei_hash": start[0], "mei_seed": start[1]} if start else None
    found = own | {name: load(chosen) for name, load in OF_MEIS.items() if chosen and (holds is None or name in holds)}
    return UnitReport(session_of(key), key["unit"], **{name: value for name, value in found.items() if value}, **known)


def rate_hz(key: Key) -> float:
    """Frames a second of the dataset that a fit was fitted to."""
    return float(DatasetSpec.from_config(dataset.DatasetConfig.load(dict(key))[1]).rate_hz)


def field_of(key: Key) -> Field | None:
    """A unit's receptive field through its peak; None where it is not computed."""
    rows = (tuning.ReceptiveField.Unit & key).to_dicts()
    if not rows:
        return None
    field = np.asarray(rows[0]["field"].load())
    peak = np.unravel_index(np.abs(field).argmax(), field.shape)
    return Field(field[peak[0]], field[:, peak[1], peak[2]], rate_hz(key))


def starts_of(key: Key) -> list[Start]:
    """The MEI configs and random starts of which a unit has MEIs in both conditions, by hash and seed."""
    found: dict[Start, set[str]] = {}
    for row in (mei.MEI.Stimulus & key).proj().to_dicts(order_by="KEY"):
        found.setdefault((row["mei_hash"], row["mei_seed"]), set()).add(row["opto_condition"])
    return [start for start, conditions in found.items() if conditions == set(CONDITIONS)]


def meis_of(key: Key) -> MEIPair | None:
    """A unit's MEIs of one config and random start in both conditions; None where there are not both."""
    rows = {row["opto_condition"]: row for row in (mei.MEI.Stimulus & key).to_dicts()}
    if set(rows) != set(CONDITIONS):
        return None
    responses = np.array([[rows[shown][f"{condition}_hz"] for condition in CONDITIONS] for shown in CONDITIONS])
    intact, suppressed = (np.asarray(rows[condition]["stimulus"].load()) for condition in CONDITIONS)
    return MEIPair(intact, suppressed, responses, rate_hz(key))


def distances_of(key: Key) -> list[ViewDistance]:
    """The feedback contrast of a unit in every view, in order, each against the strongest null that there is."""
    rows = (mei_contrast.MEIContrast.Distance & key & {"strongest": True}).to_dicts()
    ordered = sorted(rows, key=lambda row: VIEWS.index(row["view"]))
    return [ViewDistance(**{name: row[name] for name in ViewDistance.__dataclass_fields__}) for row in ordered]


def extents_of(key: Key) -> tuple[float, float] | None:
    """Radius of the energy (px) of a unit's intact and suppressed MEI, means over starts; None without a contrast."""
    rows = (mei_contrast.MEIContrast.Unit & key).to_dicts()
    return (rows[0]["intact_extent_px"], rows[0]["suppressed_extent_px"]) if rows else None


def controls_of(key: Key) -> dict[str, list[ControlRates]]:
    """The controls of a unit's MEIs by the condition of the MEI, in order."""
    rows = (mei_control.MEIControl.Stimulus & key).to_dicts()
    columns = [f"{by}{condition}_hz" for by in ("", "held_out_") for condition in CONDITIONS]
    found = by_condition(sorted(rows, key=lambda row: CONTROLS.index(row["control"])))

    def rates(row: Row) -> ControlRates:
        return ControlRates(row["control"], *(row[name] for name in columns))

    return {condition: list(map(rates, own)) for condition, own in found.items()}


def contrast_curves_of(key: Key) -> dict[str, ContrastCurve]:
    """Rate against contrast of a unit's MEIs by the condition of the MEI: of held-out models, else of the fit."""
    rows = (mei_control.MEIControl.ContrastResponse & key & {"control": "mei"}).to_dicts(order_by="contrast")
    return {condition: _curve(own) for condition, own in by_condition(rows).items()}


def by_condition(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows by opto condition, intact first, where there are any."""
    found = {condition: [row for row in rows if row["opto_condition"] == condition] for condition in CONDITIONS}
    return {condition: own for condition, own in found.items() if own}


OF_MEIS: dict[str, Callable[[Key], Any]] = {
    "meis": meis_of,
    "distances": distances_of,
    "extents": extents_of,
    "controls": controls_of,
    "contrast_curves": contrast_curves_of,
}


def _curve(rows: Sequence[Row]) -> ContrastCurve:
    held_out = all(row["held_out_intact_hz"] is not None for row in rows)
    names = ("contrast", *(f"{'held_out_' * held_out}{condition}_hz" for condition in CONDITIONS))
    return ContrastCurve(*(np.array([row[name] for row in rows], float) for name in names))


def _scenes(loader: Any, found: Prediction) -> list[str]:
    trials = getattr(loader, "trials", None)
    if trials is None:
        return [f"trial {trial}" for trial in range(len(found.trial_frames))]
    return [f"{trial.scene.movie} {trial.scene.scene}" for trial in trials]

"""A unit in the tables: its scores, receptive field, MEIs and their tests, and predictions of its responses."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlgn_cnn.data.recording import SessionKey
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
from schemas.results import scores

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

    def repeated(self, session: str) -> dict[str, int]:
        """How often each scene of a session was shown, the most often shown first."""
        return counted(self.scenes[session])


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
    known, found = tier.repeated(session), tier.predictions[session]
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
    rows: list[Row] = (scores.units() & key).to_dicts()
    return sorted(rows, key=lambda row: -2 if row["correlation"] is None else row["correlation"], reverse=True)


def session_of(row: Key) -> str:
    """The name of a row's session."""
    return str(SessionKey(row["mouse"], row["series"], row["experiment"]))


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
    read = {name: load(key, start) for name, load in LOADERS.items() if holds is None or name in holds}
    found = {name: value for name, value in read.items() if value}
    return UnitReport(session_of(key), key["unit"], **found, **known)


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


def meis_of(key: Key, start: Start) -> MEIPair | None:
    """A unit's MEIs of one config and random start in both conditions; None where there are not both."""
    found = mei.MEI.Stimulus & key & {"mei_hash": start[0], "mei_seed": start[1]}
    rows = {row["opto_condition"]: row for row in found.to_dicts()}
    if set(rows) != set(CONDITIONS):
        return None
    responses = np.array([[rows[shown][f"{condition}_hz"] for condition in CONDITIONS] for shown in CONDITIONS])
    intact, suppressed = (np.asarray(rows[condition]["stimulus"].load()) for condition in CONDITIONS)
    return MEIPair(intact, suppressed, responses, rate_hz(key))


def distances_of(key: Key, mei_hash: str) -> tuple[ViewDistance, ...]:
    """The feedback contrast of a unit in every view, in order, each against the strongest null that there is."""
    names = ViewDistance.__dataclass_fields__
    rows = (mei_contrast.MEIContrast.Distance & key & {"mei_hash": mei_hash} & {"strongest": True}).to_dicts()
    best = {row["view"]: ViewDistance(**{name: row[name] for name in names}) for row in rows}
    return tuple(_in_order(best, VIEWS))


def extents_of(key: Key, mei_hash: str) -> tuple[float, float] | None:
    """Radius of the energy (px) of a unit's intact and suppressed MEI, means over starts; None without a contrast."""
    rows = (mei_contrast.MEIContrast.Unit & key & {"mei_hash": mei_hash}).to_dicts()
    return (rows[0]["intact_extent_px"], rows[0]["suppressed_extent_px"]) if rows else None


def controls_of(key: Key, mei_hash: str) -> dict[str, tuple[ControlRates, ...]]:
    """The controls of a unit's MEIs by the condition of the MEI, in order."""
    found: dict[str, dict[str, ControlRates]] = {condition: {} for condition in CONDITIONS}
    for row in (mei_control.MEIControl.Stimulus & key & {"mei_hash": mei_hash}).to_dicts():
        rates = [row[f"{by}{condition}_hz"] for by in ("", "held_out_") for condition in CONDITIONS]
        found[row["opto_condition"]][row["control"]] = ControlRates(row["control"], *rates)
    return {condition: tuple(_in_order(rates, CONTROLS)) for condition, rates in found.items() if rates}


def contrast_curves_of(key: Key, mei_hash: str) -> dict[str, ContrastCurve]:
    """Rate against contrast of a unit's MEIs by the condition of the MEI: of held-out models, else of the fit."""
    chosen = mei_control.MEIControl.ContrastResponse & key & {"mei_hash": mei_hash, "control": "mei"}
    rows = chosen.to_dicts(order_by="contrast")
    found = {condition: [row for row in rows if row["opto_condition"] == condition] for condition in CONDITIONS}
    return {condition: _curve(own) for condition, own in found.items() if own}


def _of_meis(read: Callable[[Key, str], Any]) -> Callable[[Key, Start | None], Any]:
    return lambda key, start: read(key, start[0]) if start else None


LOADERS: dict[str, Callable[[Key, Start | None], Any]] = {
    "receptive_field": lambda key, _: field_of(key),
    "meis": lambda key, start: meis_of(key, start) if start else None,
    "distances": _of_meis(distances_of),
    "extents": _of_meis(extents_of),
    "controls": _of_meis(controls_of),
    "contrast_curves": _of_meis(contrast_curves_of),
}


def _curve(rows: Sequence[Row]) -> ContrastCurve:
    held_out = all(row["held_out_intact_hz"] is not None for row in rows)
    names = ("contrast", *(f"{'held_out_' * held_out}{condition}_hz" for condition in CONDITIONS))
    return ContrastCurve(*(np.array([row[name] for row in rows], float) for name in names))


def _in_order(found: Mapping[str, Any], order: Sequence[str]) -> list[Any]:
    """Values by the order of their names, those of other names at the end."""
    return [found[name] for name in (*order, *sorted(set(found) - set(order))) if name in found]


def _scenes(loader: Any, found: Prediction) -> list[str]:
    trials = getattr(loader, "trials", None)
    if trials is None:
        return [f"trial {trial}" for trial in range(len(found.trial_frames))]
    return [f"{trial.scene.movie} {trial.scene.scene}" for trial in trials]

"""What the tables and a fitted model say of one unit: what its page and the report show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.evaluation.predict import Prediction, predict
from dlgn_cnn.evaluation.score import BURN_IN_FRAMES
from dlgn_cnn.mei.controls.control_set import CONTROLS
from dlgn_cnn.mei.feedback_contrast.significance import VIEWS
from dlgn_cnn.plots.controls import ControlRates
from dlgn_cnn.plots.feedback_contrast import ViewDistance
from dlgn_cnn.plots.responses import Repeats
from dlgn_cnn.plots.unit import ContrastCurve, MEIPair
from dlgn_cnn.shapes import Floats
from schemas import mei, mei_contrast, mei_control, tuning

Row = dict[str, Any]
Key = Mapping[str, Any]
LIGHTS = tuple(mei.CONDITIONS)


@dataclass(frozen=True)
class PredictedTier:
    """What a fit predicts of its test tier: by session, all trials one after the other, and the scene of each."""

    predictions: Mapping[str, Prediction]
    scenes: Mapping[str, Sequence[str]]
    rate_hz: float

    def repeated(self, session: str) -> dict[str, int]:
        """How often each scene of a session was shown, the most often shown first."""
        shown = list(self.scenes[session])
        return dict(sorted({scene: shown.count(scene) for scene in shown}.items(), key=lambda one: -one[1]))


def predict_test(model: Any, loaders: Any) -> PredictedTier:
    """Predict the test tier of every session under the light as it was; needs no database."""
    predictions = {name: predict(model, loader, name, BURN_IN_FRAMES) for name, loader in loaders["test"].items()}
    scenes = {name: _scenes(loader, predictions[name]) for name, loader in loaders["test"].items()}
    return PredictedTier(predictions, scenes, next(iter(loaders["test"].values())).data_info.rate_hz)


def repeats_of(tier: PredictedTier, session: str, index: int, scene: str | None = None) -> Repeats:
    """The presentations of one test scene to a unit, given by its row; of the scene shown most often, without a name.

    Of presentations cut to unequal lengths, those as long as the first. Raises ConfigError for a scene not in the tier.
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
        light=np.stack([found.opto[span] for span in spans]),
        time_s=(BURN_IN_FRAMES + np.arange(frames)) / tier.rate_hz,
    )


def field_of(key: Key) -> tuple[Floats, Floats] | None:
    """A unit's receptive field in space, at its strongest lag, and in time, at its strongest pixel; or None."""
    rows = (tuning.ReceptiveField.Unit & key).to_dicts()
    if not rows:
        return None
    field = np.asarray(rows[0]["field"].load())
    peak = np.unravel_index(np.abs(field).argmax(), field.shape)
    return field[peak[0]], field[:, peak[1], peak[2]]


def starts_of(key: Key) -> list[tuple[str, int]]:
    """The MEI configs and random starts of which a unit has MEIs in both lights, by hash and seed."""
    rows = (mei.MEI.Stimulus & key).proj().to_dicts(order_by="KEY")
    found: dict[tuple[str, int], set[str]] = {}
    for row in rows:
        found.setdefault((row["mei_hash"], row["mei_seed"]), set()).add(row["opto_condition"])
    return [start for start, lights in found.items() if lights == set(LIGHTS)]


def meis_of(key: Key, start: tuple[str, int], rate_hz: float) -> MEIPair | None:
    """A unit's MEIs of one config and random start in both lights; None where there are not both."""
    found = mei.MEI.Stimulus & key & {"mei_hash": start[0], "mei_seed": start[1]}
    rows = {row["opto_condition"]: row for row in found.to_dicts()}
    if set(rows) != set(LIGHTS):
        return None
    responses = np.array([[rows[shown][f"{light}_hz"] for light in LIGHTS] for shown in LIGHTS])
    intact, suppressed = (np.asarray(rows[light]["stimulus"].load()) for light in LIGHTS)
    return MEIPair(intact, suppressed, responses, rate_hz)


def distances_of(key: Key, mei_hash: str) -> tuple[ViewDistance, ...]:
    """The contrast of a unit's MEIs in every view, in order, each against the strongest null that there is."""
    names = ViewDistance.__dataclass_fields__
    rows = (mei_contrast.MEIContrast.Distance & key & {"mei_hash": mei_hash} & {"strongest": True}).to_dicts()
    best = {row["view"]: row for row in rows}
    order = [view for view in VIEWS if view in best] + sorted(set(best) - set(VIEWS))
    return tuple(ViewDistance(**{name: best[view][name] for name in names}) for view in order)


def controls_of(key: Key, mei_hash: str) -> dict[str, tuple[ControlRates, ...]]:
    """The controls of a unit's MEIs by the condition of the MEI, in order."""
    rows = (mei_control.MEIControl.Stimulus & key & {"mei_hash": mei_hash}).to_dicts()
    found: dict[str, tuple[ControlRates, ...]] = {}
    for light in LIGHTS:
        own = {row["control"]: row for row in rows if row["opto_condition"] == light}
        order = [name for name in CONTROLS if name in own] + sorted(set(own) - set(CONTROLS))
        if order:
            found[light] = tuple(_control(own[name]) for name in order)
    return found


def contrast_curves_of(key: Key, mei_hash: str) -> dict[str, ContrastCurve]:
    """Rate against contrast of a unit's MEIs by the condition of the MEI: of held-out models, else of the fit."""
    chosen = mei_control.MEIControl.ContrastResponse & key & {"mei_hash": mei_hash, "control": "mei"}
    rows = chosen.to_dicts(order_by="contrast")
    found = {light: [row for row in rows if row["opto_condition"] == light] for light in LIGHTS}
    return {light: _curve(own) for light, own in found.items() if own}


def _curve(rows: Sequence[Row]) -> ContrastCurve:
    held_out = all(row["held_out_intact_hz"] is not None for row in rows)
    names = ("contrast", *(f"{'held_out_' * held_out}{light}_hz" for light in LIGHTS))
    return ContrastCurve(*(np.array([row[name] for row in rows], float) for name in names))


def _control(row: Row) -> ControlRates:
    heard = (row["held_out_intact_hz"], row["held_out_suppressed_hz"])
    return ControlRates(row["control"], row["intact_hz"], row["suppressed_hz"], *heard)


def _scenes(loader: Any, found: Prediction) -> list[str]:
    trials = getattr(loader, "trials", None)
    if trials is None:
        return [f"trial {trial}" for trial in range(len(found.trial_frames))]
    return [f"{trial.scene.movie} {trial.scene.scene}" for trial in trials]

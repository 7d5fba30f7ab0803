"""What fits and data say of each unit: scores, the light's effect, receptive fields."""

import math
from collections.abc import Mapping
from typing import Any

import datajoint as dj
import numpy as np

from dlgn_cnn import interrupts
from dlgn_cnn.data.fields import session_fields
from dlgn_cnn.data.session_data import FIELD_LAGS
from dlgn_cnn.data.store import read_session
from dlgn_cnn.evaluation.score import LightEffect, light_effects, score_units
from dlgn_cnn.shapes import Floats, Scores
from dlgn_cnn.training.assemble import FitSpec
from schemas import dataset, training
from schemas.database import settings_in_force

schema = dj.Schema()


@schema
class Score(dj.Computed):
    """A fitted model's scores on the test tier."""

    definition = """
    # test scores of a fitted model
    -> training.TrainedModel
    ---
    mean_correlation=null : float64  # over units
    """

    class Unit(dj.Part):
        """One unit's score."""

        definition = """
        -> master
        -> dataset.Dataset.Unit
        ---
        correlation=null : float64  # single-trial Pearson; null where the unit fired no spike in the test tier
        """

    def make_fetch(self, key: dict[str, Any]) -> tuple[Any, ...]:
        """Configs, stores, weights and units of a fit."""
        return _fit_inputs(key)

    @interrupts.allowed()
    def make_compute(
        self, key: dict[str, Any], spec: FitSpec, stores: dict[str, str], weights: str, units: list[dict[str, Any]]
    ) -> tuple[dict[str, Scores], list[dict[str, Any]]]:
        """Predict the test tier."""
        return score_units(*training.restore(spec, stores, weights), tier="test"), units

    def make_insert(self, key: dict[str, Any], scores: dict[str, Scores], units: list[dict[str, Any]]) -> None:
        """Insert the mean and a row a unit."""
        self.insert1(key | {"mean_correlation": nullable(np.nanmean(np.concatenate(list(scores.values()))))})
        self.Unit.insert(
            key | unit_key(unit) | {"correlation": nullable(scores[unit["session_name"]][unit["unit_index"]])}
            for unit in units
        )


@schema
class FeedbackModulation(dj.Computed):
    """The light's effect on each unit, in data and in model, over the validation and test tiers."""

    definition = """
    # effect of the light
    -> training.TrainedModel
    """

    class Unit(dj.Part):
        """One unit's mean rates and modulation index (suppressed - intact) / (suppressed + intact)."""

        definition = """
        -> master
        -> dataset.Dataset.Unit
        ---
        data_intact_hz=null : float64
        data_suppressed_hz=null : float64
        data_omi=null : float64
        model_intact_hz=null : float64
        model_suppressed_hz=null : float64
        model_omi=null : float64
        """

    def make_fetch(self, key: dict[str, Any]) -> tuple[Any, ...]:
        """Configs, stores, weights and units of a fit."""
        return _fit_inputs(key)

    @interrupts.allowed()
    def make_compute(
        self, key: dict[str, Any], spec: FitSpec, stores: dict[str, str], weights: str, units: list[dict[str, Any]]
    ) -> tuple[dict[str, LightEffect], list[dict[str, Any]]]:
        """Predict the same frames in the dark and in the light."""
        return light_effects(*training.restore(spec, stores, weights)), units

    def make_insert(self, key: dict[str, Any], effects: dict[str, LightEffect], units: list[dict[str, Any]]) -> None:
        """Insert a row a unit."""
        self.insert1(key)
        names = LightEffect.__dataclass_fields__
        self.Unit.insert(
            key
            | unit_key(unit)
            | {name: nullable(getattr(effects[unit["session_name"]], name)[unit["unit_index"]]) for name in names}
            for unit in units
        )


@schema
class ReceptiveField(dj.Computed):
    """Linear receptive fields from the training tier of a dataset."""

    definition = """
    # linear receptive fields
    -> dataset.Dataset
    """

    class Unit(dj.Part):
        """One unit's field; lag 0 is the spike's own frame."""

        definition = """
        -> master
        -> dataset.Dataset.Unit
        ---
        field : <npy@main>  # (lag, height, width)
        """

    def make_fetch(self, key: dict[str, Any]) -> tuple[Any, ...]:
        """Stores and units."""
        return dataset.store_paths(key), dataset.unit_rows(key)

    @interrupts.allowed()
    def make_compute(
        self, key: dict[str, Any], stores: dict[str, str], units: list[dict[str, Any]]
    ) -> tuple[dict[str, Floats], list[dict[str, Any]]]:
        """Regularised regression of counts on the movie."""
        found = {}
        for name, folder in dataset.absolute(stores).items():
            stored = read_session(folder)
            fields = session_fields([(trial.videos, trial.responses) for trial in stored.tier("train")], FIELD_LAGS)
            own = sorted((row["unit_index"], row["unit"]) for row in units if row["session_name"] == name)
            found[name] = fields[[stored.units.index(unit) for _, unit in own]]
        return found, units

    def make_insert(self, key: dict[str, Any], fields: dict[str, Floats], units: list[dict[str, Any]]) -> None:
        """Insert a row a unit."""
        self.insert1(key)
        self.Unit.insert(
            key | unit_key(unit) | {"field": fields[unit["session_name"]][unit["unit_index"]]} for unit in units
        )


def nullable(value: float) -> float | None:
    """NULL for what is undefined, never 0 and never NaN."""
    return float(value) if math.isfinite(value) else None


def unit_key(row: Mapping[str, Any]) -> dict[str, Any]:
    """A unit's key within its dataset."""
    return {name: row[name] for name in ("mouse", "series", "experiment", "unit")}


def _fit_inputs(key: dict[str, Any]) -> tuple[Any, ...]:
    return training.fit_spec(key), dataset.store_paths(key), training.weights_of(key), dataset.unit_rows(key)

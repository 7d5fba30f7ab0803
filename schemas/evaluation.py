"""Scores of each unit, the effect of the light on it, and the gain of each input."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import datajoint as dj
import numpy as np

from dlgn_cnn.data.sessions.opto_blocks import is_shuffled
from dlgn_cnn.runtime import interrupts
from dlgn_cnn.training.assemble import FitSpec
from schemas import dataset, optogenetics, provenance, training
from schemas.base.keys import Key, Row
from schemas.base.unit_rows import measure_columns, score_rows, unit_rows

schema = dj.Schema()
Units = list[Row]
OF_LABELS = ("data_intact_hz", "data_suppressed_hz", "data_omi", "data_omi_p", "data_omi_q", "data_omi_session_q")


class OfFit:
    """Mixin of a table with a row a fit, named first: computed from the fit and from what was recorded.

    It names its ``computation``. Of data that only a lab's own function reads, the tables know neither units nor
    scenes: such fits are left out.
    """

    @property
    def key_source(self) -> Any:
        """The fits to recorded sessions."""
        return training.TrainedModel.proj() & dataset.Dataset.Session.proj()

    def inputs(self, key: Key) -> dict[str, str]:
        """The stored sessions, and the weights of the fit."""
        return training.fit_inputs(key)

    def make_fetch(self, key: Row) -> tuple[Any, ...]:
        """Configs, stores, weights and units of a fit."""
        return training.fit_spec(key), dataset.store_paths(key), training.weights_of(key), dataset.unit_rows(key)

    @interrupts.allowed()
    def make_compute(
        self, key: Row, spec: FitSpec, stores: dict[str, str], weights: str, units: Units
    ) -> provenance.Found:
        """Restore the fit and compute; the fit's seed draws what is drawn."""
        model, loaders = training.restore(spec, stores, weights)
        generator = np.random.default_rng(spec.seed)
        return self.rows(self.computation(loaders, units)(model, loaders, generator, precision=spec.precision), units)

    def computation(self, loaders: Any, units: Units) -> Callable[..., Any]:
        """The function of a fitted model, its loaders and a generator that finds figures (unit,) by session."""
        raise NotImplementedError

    def rows(self, found: Mapping[str, Any], units: Units) -> provenance.Found:
        """A row a unit, from arrays (unit,) by column of each session."""
        return {}, {"Unit": unit_rows(units, found)}


@schema
class Score(OfFit, provenance.Traced, dj.Computed):
    """A fitted model's scores: in short, on the test tier, and in full, under each opto condition."""

    definition = """
    # scores of a fitted model
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
        index (correlation)
        """

    class Condition(dj.Part):
        """One unit's scores in one tier, over the frames of one opto condition or of all.

        Every measure that is registered in ``dlgn_cnn.evaluation.measures`` is a column; definitions and papers stand
        there. Null is what is undefined, as any ceiling where nothing was repeated. ``_low`` and ``_high`` bound the
        95 % bootstrap interval over scenes.
        """

        definition = f"""
        -> master
        -> dataset.Dataset.Unit
        tier : varchar(16)  # validation or test
        -> optogenetics.OptoCondition
        ---
        frames : int64  # of all trials, as far as the unit was observed
        {measure_columns()}
        """

    def computation(self, loaders: Any, units: Units) -> Callable[..., Any]:
        """Predict validation and test tier; the fit's seed draws the scenes of the intervals."""
        from dlgn_cnn.evaluation.score import score_conditions

        return score_conditions

    def rows(self, found: Mapping[str, Any], units: Units) -> provenance.Found:
        """The mean, a row a unit, and a row a unit, tier and opto condition."""
        return score_rows(found, units)


@schema
class FeedbackModulation(OfFit, provenance.Traced, dj.Computed):
    """The light's, running's and the pupil's effect on each unit, over the validation and test tiers."""

    definition = """
    # effect of the light
    -> training.TrainedModel
    """

    class Unit(dj.Part):
        """One unit's mean rates and modulation indices; definitions: ``dlgn_cnn.feedback.effects.OptoEffect``.

        In fits to shuffled labels, nothing that the labels decide is data: those columns are NULL.
        """

        definition = """
        -> master
        -> dataset.Dataset.Unit
        ---
        data_intact_hz=null : float64
        data_suppressed_hz=null : float64
        data_omi=null : float64  # (suppressed - intact) / (suppressed + intact)
        data_omi_p=null : float64  # two-sided, permutations of the light's draws
        data_omi_q=null : float64  # false-discovery rate over the fit's units
        data_omi_session_q=null : float64  # false-discovery rate over the units of its session
        model_intact_hz=null : float64
        model_suppressed_hz=null : float64
        model_omi=null : float64
        data_rmi=null : float64  # (running - still) / (running + still)
        model_rmi=null : float64
        data_emi=null : float64  # (large pupil - small pupil) / (large pupil + small pupil)
        model_emi=null : float64
        """

    def computation(self, loaders: Any, units: Units) -> Callable[..., Any]:
        """Predict the frames as recorded, in the dark and in the light; the fit's seed draws the permutations."""
        from dlgn_cnn.feedback.effects import opto_effects

        return opto_effects

    def rows(self, found: Mapping[str, Any], units: Units) -> provenance.Found:
        """A row a unit."""
        return super().rows({name: vars(effect) for name, effect in found.items()}, units)

    def make_compute(self, key: Row, spec: FitSpec, *given: Any) -> provenance.Found:
        """As of every table of fits; the effects of shuffled labels on the data are left out."""
        row, parts = super().make_compute(key, spec, *given)
        if is_shuffled(spec.dataset[1]):
            return row, {"Unit": [one | dict.fromkeys(OF_LABELS) for one in parts["Unit"]]}
        return row, parts


@schema
class InputGain(OfFit, provenance.Traced, dj.Computed):
    """What each input gains a fitted model on the test tier."""

    definition = """
    # gain of each input
    -> Score
    """

    class Unit(dj.Part):
        """One unit's test correlation less that with one input permuted over trials; null for one that never varies."""

        definition = """
        -> master
        -> dataset.Dataset.Unit
        ---
        movie=null : float64
        opto=null : float64
        running=null : float64
        pupil=null : float64  # size and position
        """

    @property
    def key_source(self) -> Any:
        """The fits that are scored."""
        return Score.proj()

    def make_fetch(self, key: Row) -> tuple[Any, ...]:
        """Configs, stores, weights and units of a fit, and each unit's test correlation."""
        *fit, _ = super().make_fetch(key)
        scored = dataset.named_units() * Score.Unit.proj("correlation") & key
        return *fit, scored.to_dicts(order_by="KEY")

    def computation(self, loaders: Any, units: Units) -> Callable[..., Any]:
        """Predict the test tier with each input permuted; the fit's seed draws the permutations."""
        from dlgn_cnn.evaluation.input_gains import input_gains

        recorded = {name: np.full(len(loader.data_info.units), np.nan) for name, loader in loaders["test"].items()}
        for unit in units:
            if unit["correlation"] is not None:
                recorded[unit["session_name"]][unit["unit_index"]] = unit["correlation"]
        return partial(input_gains, recorded=recorded)

"""What fits and data say of each unit: scores, the light's effect and the gain of each input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import datajoint as dj
import numpy as np

from dlgn_cnn.runtime import interrupts
from dlgn_cnn.shapes import Scores
from dlgn_cnn.training.assemble import FitSpec
from schemas import dataset, optogenetics, provenance, training
from schemas.base.score_rows import nullable, score_rows, unit_key

if TYPE_CHECKING:
    from dlgn_cnn.evaluation.score import ConditionScore
    from dlgn_cnn.feedback.effects import OptoEffect

schema = dj.Schema()


@schema
class Score(provenance.Traced, dj.Computed):
    """A fitted model's scores: in short, on the test tier, and in full, under each opto condition."""

    definition = """
    # scores of a fitted model
    -> training.TrainedModel
    ---
    mean_correlation=null : float64  # over units
    """
    key_source = training.recorded_fits

    class Unit(dj.Part):
        """One unit's score."""

        definition = """
        -> master
        -> dataset.Dataset.Unit
        ---
        correlation=null : float64  # single-trial Pearson; null where the unit fired no spike in the test tier
        """

    class Condition(dj.Part):
        """One unit's scores in one tier, over the frames of one opto condition or of all.

        Definitions and papers: ``dlgn_cnn.evaluation.measures``; null is what is undefined, as any ceiling where
        nothing was repeated. ``_low`` and ``_high`` bound the 95 % bootstrap interval over scenes.
        """

        definition = """
        -> master
        -> dataset.Dataset.Unit
        tier : varchar(16)  # validation or test
        -> optogenetics.OptoCondition
        ---
        frames : int64  # of all trials
        correlation=null : float64  # single-trial Pearson
        correlation_low=null : float64
        correlation_high=null : float64
        bits_per_spike=null : float64  # log-likelihood over that of the mean rate in training
        bits_per_spike_low=null : float64
        bits_per_spike_high=null : float64
        average_correlation=null : float64  # with the average of the repeats
        normalized_correlation=null : float64  # the same over its ceiling
        normalized_correlation_low=null : float64
        normalized_correlation_high=null : float64
        explained=null : float64  # share of explainable variance, FEVE
        explained_low=null : float64
        explained_high=null : float64
        explainable=null : float64  # share of single trials' variance that is no noise
        ceiling=null : float64  # of average_correlation
        oracle=null : float64  # each trial with the mean of the others
        split_half=null : float64  # mean of odd with mean of even repeats
        reliability=null : float64  # the same after Spearman and Brown
        repeats=null : float64  # mean number behind these
        """

    def inputs(self, key: training.Key) -> dict[str, str]:
        """The stored sessions, and the weights of the fit."""
        return training.fit_inputs(key)

    def make_fetch(self, key: dict[str, Any]) -> tuple[Any, ...]:
        """Configs, stores, weights and units of a fit."""
        return fetch_fit(key)

    @interrupts.allowed()
    def make_compute(
        self, key: dict[str, Any], spec: FitSpec, stores: dict[str, str], weights: str, units: list[dict[str, Any]]
    ) -> tuple[dict[str, list[ConditionScore]], list[dict[str, Any]]]:
        """Predict validation and test tier; the fit's seed draws the scenes of the intervals."""
        from dlgn_cnn.evaluation.score import score_conditions

        model, loaders = training.restore(spec, stores, weights)
        return score_conditions(model, loaders, np.random.default_rng(spec.seed), precision=spec.precision), units

    def make_insert(
        self, key: dict[str, Any], scores: dict[str, list[ConditionScore]], units: list[dict[str, Any]]
    ) -> None:
        """Insert the mean, a row a unit, and a row a unit, tier and opto condition."""
        mean, short, full = score_rows(scores, units)
        self.insert1(key | {"mean_correlation": mean})
        self.Unit.insert(key | row for row in short)
        self.Condition.insert(key | row for row in full)


@schema
class FeedbackModulation(provenance.Traced, dj.Computed):
    """The light's, running's and the pupil's effect on each unit, over the validation and test tiers."""

    definition = """
    # effect of the light
    -> training.TrainedModel
    """
    key_source = training.recorded_fits

    class Unit(dj.Part):
        """One unit's mean rates and modulation indices; definitions: ``dlgn_cnn.feedback.effects.OptoEffect``."""

        definition = """
        -> master
        -> dataset.Dataset.Unit
        ---
        data_intact_hz=null : float64
        data_suppressed_hz=null : float64
        data_omi=null : float64  # (suppressed - intact) / (suppressed + intact)
        data_omi_p=null : float64  # two-sided, permutations of the light's draws
        data_omi_q=null : float64  # false-discovery rate over the fit's units
        model_intact_hz=null : float64
        model_suppressed_hz=null : float64
        model_omi=null : float64
        data_rmi=null : float64  # (running - still) / (running + still)
        model_rmi=null : float64
        data_emi=null : float64  # (large pupil - small pupil) / (large pupil + small pupil)
        model_emi=null : float64
        """

    def inputs(self, key: training.Key) -> dict[str, str]:
        """The stored sessions, and the weights of the fit."""
        return training.fit_inputs(key)

    def make_fetch(self, key: dict[str, Any]) -> tuple[Any, ...]:
        """Configs, stores, weights and units of a fit."""
        return fetch_fit(key)

    @interrupts.allowed()
    def make_compute(
        self, key: dict[str, Any], spec: FitSpec, stores: dict[str, str], weights: str, units: list[dict[str, Any]]
    ) -> tuple[dict[str, OptoEffect], list[dict[str, Any]]]:
        """Predict the frames as recorded, in the dark and in the light; the fit's seed draws the permutations."""
        from dlgn_cnn.feedback.effects import opto_effects

        model, loaders = training.restore(spec, stores, weights)
        return opto_effects(model, loaders, np.random.default_rng(spec.seed), precision=spec.precision), units

    def make_insert(self, key: dict[str, Any], effects: dict[str, OptoEffect], units: list[dict[str, Any]]) -> None:
        """Insert a row a unit."""
        from dlgn_cnn.feedback.effects import OptoEffect

        self.insert1(key)
        names = OptoEffect.__dataclass_fields__
        self.Unit.insert(
            key
            | unit_key(unit)
            | {name: nullable(getattr(effects[unit["session_name"]], name)[unit["unit_index"]]) for name in names}
            for unit in units
        )


@schema
class InputGain(provenance.Traced, dj.Computed):
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

    def inputs(self, key: training.Key) -> dict[str, str]:
        """The stored sessions, and the weights of the fit."""
        return training.fit_inputs(key)

    def make_fetch(self, key: dict[str, Any]) -> tuple[Any, ...]:
        """Configs, stores, weights and units of a fit, and each unit's test correlation."""
        scored = {tuple(unit_key(row).values()): row["correlation"] for row in (Score.Unit & key).to_dicts()}
        spec, stores, weights, units = fetch_fit(key)
        return spec, stores, weights, [unit | {"correlation": scored[tuple(unit_key(unit).values())]} for unit in units]

    @interrupts.allowed()
    def make_compute(
        self, key: dict[str, Any], spec: FitSpec, stores: dict[str, str], weights: str, units: list[dict[str, Any]]
    ) -> tuple[dict[str, dict[str, Scores]], list[dict[str, Any]]]:
        """Predict the test tier with each input permuted; the fit's seed draws the permutations."""
        from dlgn_cnn.evaluation.input_gains import input_gains

        model, loaders = training.restore(spec, stores, weights)
        recorded = {name: np.full(len(loader.data_info.units), np.nan) for name, loader in loaders["test"].items()}
        for unit in units:
            if unit["correlation"] is not None:
                recorded[unit["session_name"]][unit["unit_index"]] = unit["correlation"]
        generator = np.random.default_rng(spec.seed)
        return input_gains(model, loaders, generator, recorded, precision=spec.precision), units

    def make_insert(
        self, key: dict[str, Any], gains: dict[str, dict[str, Scores]], units: list[dict[str, Any]]
    ) -> None:
        """Insert a row a unit."""
        self.insert1(key)
        self.Unit.insert(
            key
            | unit_key(unit)
            | {name: nullable(gain[unit["unit_index"]]) for name, gain in gains[unit["session_name"]].items()}
            for unit in units
        )


def fetch_fit(key: dict[str, Any]) -> tuple[Any, ...]:
    """Configs, stores, weights and units of a fit."""
    return training.fit_spec(key), dataset.store_paths(key), training.weights_of(key), dataset.unit_rows(key)

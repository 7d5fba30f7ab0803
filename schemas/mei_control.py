"""Controls of the MEIs: other stimuli of the same norm, and what held-out models predict for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import datajoint as dj
import numpy as np

from dlgn_cnn.mei.synthesis.targets import Target
from dlgn_cnn.runtime import interrupts
from dlgn_cnn.training.assemble import FitSpec
from schemas import dataset, evaluation, experiment, mei, optogenetics, provenance, training, tuning
from schemas.base import array_codec
from schemas.base.keys import Key, Row, unit_key
from schemas.base.mei_options import contrasts_of
from schemas.base.table_name import Acronym
from schemas.base.unit_rows import nullable
from schemas.connection.in_force import settings_in_force
from schemas.monitoring import fit_precision, progress

if TYPE_CHECKING:
    import torch

    from dlgn_cnn.mei.controls.control_set import Control, Materials
    from dlgn_cnn.shapes import Floats

schema = dj.Schema()
Fit = tuple[FitSpec, str]


@schema
class MEIControl(Acronym, provenance.Traced, dj.Computed):
    """The MEIs of one fitted model and their controls, all at one norm, each shown in both conditions.

    Made where the MEI config says ``controls: true``: scanning clips and gratings takes longer than the MEIs.
    Held-out models are the fits of the same dataset, model and trainer from other seeds that took no part in the
    synthesis; an MEI waits for all that experiments ask for. Without any, their columns are NULL.
    """

    tolerance = 0.05
    definition = """
    # controls of the MEIs of a fitted model
    -> mei.MEI
    -> tuning.ReceptiveField
    ---
    held_out_models : int32  # fits that took no part in the synthesis
    """

    class Stimulus(optogenetics.OneCondition, dj.Part):
        """One control of one unit's MEI in one condition; definitions: ``dlgn_cnn.mei.controls.control_set``."""

        definition = """
        -> master
        -> dataset.Dataset.Unit
        -> optogenetics.OptoCondition
        control : varchar(16)  # mei, natural, grating, linear_field, another_unit or phase_scrambled
        ---
        stimulus : <array@main>  # (time, height, width), in standard deviations of the training movies' gray level
        parameters : json  # of the best grating, number of the best clip, unit whose MEI it is
        norm : float64  # L2 norm of the stimulus
        violation=null : float64  # departure from the constraint, as a share of norm or range; above 1e-5 is refused
        intact_hz : float64  # mean rate over the scored window that the members predict, light off
        suppressed_hz : float64  # the same, light on
        held_out_intact_hz=null : float64  # mean of the held-out models
        held_out_suppressed_hz=null : float64
        """

    class ContrastResponse(optogenetics.OneCondition, dj.Part):
        """Predicted rates for a stimulus at a share of its contrast, in both conditions.

        The shares are those of ``contrasts`` in the MEI config. One at which a value would leave the range that the
        MEI was allowed has no row: nothing is clipped.
        """

        definition = """
        -> MEIControl.Stimulus
        level : int32  # place among the config's contrasts, from 0
        ---
        contrast : float64  # share of the stimulus's own contrast; 0 is the mean gray
        intact_hz : float64  # mean rate over the scored window that the members predict, light off
        suppressed_hz : float64  # the same, light on
        held_out_intact_hz=null : float64  # mean of the held-out models
        held_out_suppressed_hz=null : float64
        """

    @property
    def key_source(self) -> Any:
        """MEIs of our own method that ask for controls, with fitted held-out models, of opto labels as recorded."""
        unfitted = experiment.Experiment.Fit.proj() - training.TrainedModel.proj()
        asked = mei.MEIConfig.Leaf & {"path": "controls", "kind": "bool", "number": 1}
        own = mei.MEIConfig & {"mei_fn": "gradient_ascent"} & asked.proj()
        ready = (mei.MEI.proj() & own.proj()) - unfitted.proj(unfitted_seed="seed")
        return ready * tuning.ReceptiveField.proj() - shuffled_datasets().proj()

    def inputs(self, key: Key) -> dict[str, str]:
        """The stored sessions, the weights of the fit and its MEIs."""
        return mei.mei_inputs(key)

    def make_fetch(self, key: Row) -> tuple[Any, ...]:
        """Configs, stores, weights of members and held-out models, each unit's best MEI a condition, linear fields."""
        _, config = mei.MEIConfig.load(key)
        members, held_out_models = members_and_held_out(key)
        meis = mei.MEI.Stimulus * tuning.ReceptiveField.Unit * dataset.named_units() & key
        best = {(*unit_key(row).values(), row["opto_condition"]): row for row in meis.to_dicts(order_by="activation")}
        return members, dataset.store_paths(key), held_out_models, config, [*best.values()]

    @interrupts.allowed()
    def make_compute(
        self,
        key: Row,
        members: list[Fit],
        stores: dict[str, str],
        held_out_models: list[Fit],
        config: Row,
        chosen: list[Row],
    ) -> provenance.Found:
        """Make every control, show all of them to members and held-out models; the fit's seed draws what is drawn.

        Raises ModelError for a stimulus that is not allowed.
        """
        import torch

        from dlgn_cnn.mei.controls.control_set import control_set

        models, loaders = training.restore_all(members, stores)
        others = [training.restore(spec, stores, weights)[0] for spec, weights in held_out_models]
        meis = [(_target(row), np.asarray(row["stimulus"].load())) for row in chosen]
        generator = torch.Generator().manual_seed(key["seed"])
        found: list[Control] = []
        with progress.bar(f"controls of {len(meis)} MEIs") as report:
            for session in dict.fromkeys(target.data_key for target, _ in meis):
                materials = materials_of(models, loaders, config, chosen, session)
                own = [(target, stimulus) for target, stimulus in meis if target.data_key == session]
                found += control_set(own, materials, others, generator, report)
        names = {target: unit_key(row) | {"opto_condition": row["opto_condition"]}
                 for (target, _), row in zip(meis, chosen, strict=True)}  # fmt: skip
        named = [(names[one.target] | {"control": one.name}, one) for one in found]
        rate_hz = next(iter(loaders["train"].values())).data_info.rate_hz
        rows = [name | _control_row(one, rate_hz) for name, one in named]
        rungs = [name | rung for name, one in named for rung in _ladder_rows(one, contrasts_of(config), rate_hz)]
        mei.refuse_violations(rows)
        array_codec.upload({schema.database: rows})
        return {"held_out_models": len(held_out_models)}, {"Stimulus": rows, "ContrastResponse": rungs}


def shuffled_datasets() -> Any:
    """The configs of datasets whose labels of the light are shuffled: a query."""
    return dataset.DatasetConfig & "is_null"


def members_and_held_out(key: Row) -> tuple[list[Fit], list[Fit]]:
    """Configs and weights of the fits that synthesized, the MEI's own first, and of those that took no part.

    All differ in their seed alone. Raises ConfigError where they were not fitted in one precision.
    """
    took_part = set((mei.MEI.Member & key).to_arrays("member_seed").tolist()) | {key["seed"]}
    fits = training.fits_from_all_seeds(key)
    fit_precision.refuse_mixed(
        fits, training.TrainedModel(), "the members of an MEI's synthesis and the held-out models"
    )
    members = sorted((fit for fit in fits if fit["seed"] in took_part), key=lambda fit: fit["seed"] != key["seed"])
    held_out_models = [fit for fit in fits if fit["seed"] not in took_part]
    return [*map(training.spec_and_weights, members)], [*map(training.spec_and_weights, held_out_models)]


def materials_of(
    models: Sequence[torch.nn.Module], loaders: Any, config: Row, chosen: list[Row], session: str
) -> Materials:
    """Collect what a session's controls are made of.

    Parameters
    ----------
    models : sequence of Module
        The fitted models that synthesized.
    loaders : mapping
        Loaders of one of them.
    config : dict
        The MEI config.
    chosen : list of dict
        MEIs with the linear receptive fields of their units.
    session : str
        Name of the session.

    Returns
    -------
    Materials
        Models, config, movies and receptive fields.
    """
    from dlgn_cnn.mei.controls.control_set import Materials
    from dlgn_cnn.mei.synthesis.config import synthesis
    from dlgn_cnn.mei.synthesis.methods import screen_range

    info = loaders["train"][session].data_info
    parsed = synthesis(config.get("fit"), screen_range(info))
    own = {row["unit_index"]: row["field"] for row in chosen if row["session_name"] == session}
    known = {index: np.asarray(field.load()) for index, field in own.items()}
    device = next(models[0].parameters()).device
    return Materials(
        models, parsed, info, lambda: _clips(loaders, session), known, device, contrasts=contrasts_of(config)
    )


def _clips(loaders: Mapping[str, Any], name: str) -> Iterator[torch.Tensor]:
    """Each scene of a session once, as the model sees it; of another package's loaders, all that they give."""
    from dlgn_cnn.mei.controls.control_set import clips_of

    tiers = [loaders[tier][name] for tier in ("train", "validation", "test")]
    whole = loaders["test"][name]
    if not hasattr(whole, "presenting"):
        yield from (clip for tier in tiers for clip in clips_of(tier))
        return
    scenes = {trial.scene: trial for tier in reversed(tiers) for trial in tier.trials}
    yield from clips_of(whole.presenting(list(scenes.values())))


def _target(row: Row) -> Target:
    return Target(row["session_name"], row["unit_index"], mei.CONDITIONS[row["opto_condition"]], row["mei_seed"])


def _control_row(control: Control, rate_hz: float) -> Row:
    return {
        "stimulus": np.asarray(control.stimulus, np.float32),
        "parameters": control.parameters,
        "norm": float(np.linalg.norm(control.stimulus)),
        "violation": control.violation,
        **_rates_hz(control.rates, control.held_out, rate_hz),
    }


def _ladder_rows(control: Control, contrasts: Sequence[float], rate_hz: float) -> Iterator[Row]:
    for level, contrast in enumerate(contrasts):
        if np.isfinite(control.ladder[level]).all():
            shown = _rates_hz(control.ladder[level], control.held_out_ladder[level], rate_hz)
            yield {"level": level, "contrast": contrast, **shown}


def _rates_hz(rates: Floats, held_out: Floats, rate_hz: float) -> Row:
    return {
        f"{whose}{condition}_hz": nullable(float(rate) * rate_hz)
        for whose, given in (("", rates), ("held_out_", held_out))
        for condition, rate in zip(mei.CONDITIONS, given, strict=True)
    }

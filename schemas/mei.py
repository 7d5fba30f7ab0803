"""Maximally exciting inputs under both light conditions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import datajoint as dj
import numpy as np

from dlgn_cnn.config import value_sha256
from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.mei.synthesis.targets import MEIResult, Target
from dlgn_cnn.registry import supplied
from dlgn_cnn.runtime import interrupts
from dlgn_cnn.runtime.progress import Progress
from dlgn_cnn.training.assemble import FitSpec
from schemas import dataset, evaluation, experiment, optogenetics, provenance, training
from schemas.base import array_codec
from schemas.base.hashed_config import HashedConfig
from schemas.base.keys import Key, Row, fit_key, unit_key
from schemas.base.mei_options import method_options
from schemas.base.table_name import Acronym
from schemas.connection.in_force import settings_in_force
from schemas.monitoring import fit_precision, progress

if TYPE_CHECKING:
    import torch

schema = dj.Schema()
UnitKey = tuple[Any, ...]
DEFAULT_WINDOW_FRAMES = 10
TOLERANCE = 1e-5
CONDITIONS = {"intact": False, "suppressed": True}


@schema
class MEIConfig(Acronym, HashedConfig, dj.Manual, kind="mei", title="MEI method and its arguments"):
    """A synthesis method and its arguments; ``units`` in the config says for which units."""


@schema
class MEIPlan(Acronym, dj.Manual):
    """Which MEIs somebody wants: every fit of an experiment, with one config."""

    definition = """
    # MEIs of an experiment
    -> experiment.Experiment
    -> MEIConfig
    """


@schema
class MEI(Acronym, provenance.Traced, dj.Computed):
    """The MEIs of one fitted model, synthesized together; with ``members`` in the config, of the mean of several fits.

    These are the fit itself and those from the seeds that follow, of the same dataset, model and trainer. What excites
    one fit alone excites its noise too: the mean's MEIs do better before models that took no part.
    """

    tolerance = 0.05

    definition = """
    # MEIs of a fitted model
    -> evaluation.Score
    -> MEIConfig
    ---
    stimuli : int32
    """

    class Stimulus(optogenetics.OneCondition, dj.Part):
        """One unit's MEI in one condition from one random start, and what the model says to it in both."""

        definition = """
        -> master
        -> dataset.Dataset.Unit
        -> optogenetics.OptoCondition
        mei_seed : int32
        ---
        stimulus : <array@main>  # (time, height, width), in standard deviations of the training movies' gray level
        activation : float64  # what was maximized
        intact_hz : float64  # mean rate over the scored window, light off
        suppressed_hz : float64  # the same, light on
        norm : float64  # L2 norm of the stimulus
        lowest : float64  # darkest value
        highest : float64  # brightest value
        violation=null : float64  # departure from the constraint, as a share of norm or range; above 1e-5 is refused
        steps : int32
        """

    class Unit(dj.Part):
        """One unit's MEIs in each condition: means over random starts."""

        definition = """
        -> master
        -> dataset.Dataset.Unit
        ---
        starts : int32  # of the condition that has fewer
        mei_intact_hz=null : float64  # predicted for the intact MEIs, light off
        mei_suppressed_hz=null : float64  # predicted for the suppressed MEIs, light on
        """

    class Member(dj.Part):
        """A fit that took part in the synthesis: the MEI's own, and with ``members`` others."""

        definition = """
        -> master
        -> training.TrainedModel.proj(member_seed='seed')
        """

    @property
    def key_source(self) -> Any:
        """The planned combinations whose model is scored; of several members, once all planned fits are there."""
        planned = experiment.Experiment.Fit.proj() * MEIPlan.proj()
        several = MEIConfig.Leaf & {"path": "members", "kind": "int"} & "number > 1"
        unfitted = (experiment.Experiment.Fit.proj() - training.TrainedModel.proj()).proj(unfitted_seed="seed")
        ready = evaluation.Score.proj() * MEIConfig.proj() & planned
        return ready - (ready * unfitted & several.proj()).proj()

    def inputs(self, key: Key) -> dict[str, str]:
        """The stored sessions, and the weights of the fit."""
        return training.fit_inputs(key)

    def make_fetch(self, key: Row) -> tuple[Any, ...]:
        """Stores, the members' configs, weights and seeds, the MEI config, and the chosen units."""
        method, config = MEIConfig.load(key)
        members = members_of(key, config)
        fits, seeds = [*map(training.spec_and_weights, members)], [one["seed"] for one in members]
        return dataset.store_paths(key), fits, seeds, method, config, chosen_units(key, config)

    @interrupts.allowed()
    def make_compute(
        self,
        key: Row,
        stores: dict[str, str],
        fits: list[tuple[FitSpec, str]],
        seeds: list[int],
        method: str,
        config: Row,
        units: list[Row],
    ) -> provenance.Found:
        """Synthesize all units, seeds and conditions of a session together, each session on its own screen's gray.

        Raises ModelError for a stimulus that is not allowed.
        """
        models, loaders = training.restore_all(fits, stores)
        infos = {name: loader.data_info for name, loader in loaders["train"].items()}
        options, units = method_options(config), sorted(units, key=itemgetter("session_name"))
        asked = [
            (unit_key(unit) | {"opto_condition": condition, "mei_seed": seed},
             Target(unit["session_name"], unit["unit_index"], suppressed, seed))
            for unit in units
            for condition, suppressed in CONDITIONS.items()
            for seed in config.get("seeds", [0])
        ]  # fmt: skip
        window = options.get("fit", {}).get("objective", {}).get("window_frames", DEFAULT_WINDOW_FRAMES)
        found: list[MEIResult] = []
        with progress.bar(f"MEIs of {len(units)} units") as report:
            for name in dict.fromkeys(unit["session_name"] for unit in units):
                targets = [target for _, target in asked if target.data_key == name]
                found += _synthesized(method, models, targets, options, infos[name], report, fits[0][0].precision)
        rate_hz = next(iter(infos.values())).rate_hz
        made = zip(asked, found, strict=True)
        rows = [row | _stimulus_row(result, rate_hz, window) for (row, _), result in made]
        refuse_violations(rows)
        array_codec.upload({schema.database: rows})
        members = [{"member_seed": seed} for seed in seeds]
        return {"stimuli": len(rows)}, {"Member": members, "Stimulus": rows, "Unit": [*summaries(rows)]}


def _synthesized(
    method: str,
    models: list[torch.nn.Module],
    targets: list[Target],
    options: Mapping[str, Any],
    info: DataInfo,
    report: Progress,
    precision: str,
) -> list[MEIResult]:
    """What a method makes of one session's targets, with the departure from the constraint of what is stored of it."""
    from dlgn_cnn.mei.synthesis.methods import METHODS, departures, diverse, gradient_ascent

    device = next(models[0].parameters()).device
    synthesize = METHODS.get(method)
    extra = supplied(synthesize, auto_precision=precision)
    found: list[MEIResult] = synthesize(models, targets, info, device, report, **extra, **options)
    if synthesize not in (gradient_ascent, diverse):
        return found
    off = departures(targets, [one.stimulus for one in found], options.get("fit"), info)
    return [replace(one, violation=max(one.violation, own)) for one, own in zip(found, off, strict=True)]


def summaries(rows: Iterable[Row]) -> Iterator[Row]:
    """Each unit's number of starts and mean rates, of the rows of its stimuli."""
    units: dict[UnitKey, Row] = {}
    rates: dict[UnitKey, dict[str, list[float]]] = {}
    for row in rows:
        unit, condition = unit_key(row), row["opto_condition"]
        key = tuple(unit.values())
        units[key] = unit
        rates.setdefault(key, {name: [] for name in CONDITIONS})[condition].append(row[f"{condition}_hz"])
    for key, unit in units.items():
        found = {f"mei_{name}_hz": float(np.mean(own)) if own else None for name, own in rates[key].items()}
        yield unit | {"starts": min(map(len, rates[key].values()))} | found


def refuse_violations(rows: Iterable[Row]) -> None:
    """Raise ModelError for the first row whose stimulus departs from its constraint by more than 1e-5."""
    for row in rows:
        if not row["violation"] <= TOLERANCE:
            which = ", ".join(str(row[name]) for name in ("control", "mei_seed") if name in row)
            raise ModelError(
                f"the {row['opto_condition']} stimulus ({which}) of unit {row['unit']} departs from its constraint by "
                f"{row['violation']:.2g} of its norm or range, {TOLERANCE:g} at most is stored: choose a constraint "
                "that leaves what it has made alone"
            )


def members_of(key: Key, config: Mapping[str, Any]) -> list[Row]:
    """Keys of the fits whose mean synthesizes: the fit's own and those from the next seeds, after the last the first.

    Raises ConfigError where there are not as many fits as the config's ``members``, or not all in one precision.
    """
    fits = training.fits_from_all_seeds(key)
    own = next(index for index, fit in enumerate(fits) if fit["seed"] == key["seed"])
    wanted = config.get("members", 1)
    if len(fits) < wanted:
        raise ConfigError(
            f"the MEI config asks for {wanted} members, but there are {len(fits)} fits that differ in nothing but "
            "their seed: give the experiment more seeds"
        )
    chosen = (fits[own:] + fits[:own])[:wanted]
    fit_precision.refuse_mixed(chosen, training.TrainedModel(), "the members of an MEI's synthesis")
    return chosen


def chosen_units(key: Row, config: Row) -> list[Row]:
    """The units that ``config["units"]`` names: ``{"best": 6}`` by test correlation, ``all``, or a list of numbers.

    Raises ConfigError for another form, or for units that the dataset does not have.
    """
    rows, wanted = dataset.unit_rows(key), config.get("units", {"best": 6})
    if isinstance(wanted, dict) and set(wanted) == {"best"}:
        scored = dataset.named_units() * evaluation.Score.Unit.proj("correlation") & key & "correlation is not null"
        return list(scored.to_dicts(order_by="correlation DESC", limit=wanted["best"]))
    if wanted == "all":
        return rows
    if not isinstance(wanted, list) or not set(wanted) <= {row["unit"] for row in rows}:
        known = sorted({row["unit"] for row in rows})
        raise ConfigError(f"units {wanted!r} of an MEI config: expected {{'best': 6}}, all, or a list out of {known}")
    return [row for row in rows if row["unit"] in wanted]


def _stimulus_row(result: MEIResult, rate_hz: float, window: int) -> Row:
    return {
        "stimulus": np.asarray(result.stimulus, np.float32),
        "activation": result.activation,
        "intact_hz": float(result.rates[0, -window:].mean()) * rate_hz,
        "suppressed_hz": float(result.rates[1, -window:].mean()) * rate_hz,
        "norm": float(np.linalg.norm(result.stimulus)),
        "lowest": float(result.stimulus.min()),
        "highest": float(result.stimulus.max()),
        "violation": result.violation,
        "steps": result.steps,
    }


def mei_inputs(key: Key) -> dict[str, str]:
    """The inputs of what is computed from MEIs: stored sessions, weights of the fit, and the digest of its MEIs."""
    (outputs,) = (MEI.Provenance & fit_key(key) & {"mei_hash": key["mei_hash"]}).to_arrays("outputs")
    return training.fit_inputs(key) | {"MEIs": value_sha256(outputs)}

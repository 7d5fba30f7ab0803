"""Feedback contrast: distance between a unit's intact and suppressed MEI, and its significance."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import datajoint as dj
import numpy as np

from dlgn_cnn.config import canonical_json
from dlgn_cnn.feedback.opto_null import false_discovery_rates
from dlgn_cnn.mei.feedback_contrast.significance import VIEWS, ContrastFinding, UnitMEIs, extent_px, findings, measure
from dlgn_cnn.runtime import interrupts
from schemas import dataset, experiment, mei, provenance, training
from schemas.base.keys import UNIT, Key, Row, session_of, unit_key
from schemas.base.table_name import Acronym
from schemas.base.unit_rows import nullable
from schemas.mei_control import shuffled_datasets
from schemas.monitoring import fit_precision

schema = dj.Schema()
UnitKey = tuple[Any, ...]
Stimuli = dict[UnitKey, list[Row]]
SUMMARIZED, FINDING = ("clip", "extent"), ("effect", "p", "q", "session_q")
SUMMARY = "\n".join(f"{view}_{name}=null : float64" for view in SUMMARIZED for name in FINDING)
COLUMNS = ("opto_condition", "mei_seed", "stimulus", "intact_hz", "suppressed_hz")


@schema
class MEIContrast(Acronym, provenance.Traced, dj.Computed):
    """Distances between the MEIs of one fitted model in both conditions, and the same distances of nulls.

    The strongest null are fits to shuffled labels: those of an otherwise equal dataset config with ``shuffle_opto``,
    of the same model and trainer, with the same MEIs. List the dataset once as recorded and some times shuffled
    (``seed`` 0, 1, ...; two at least), each with ``units`` by number. The next are fits that differ by nothing but
    their seed (three at least), the weakest the random starts (two at least).
    """

    tolerance = 0.05
    definition = """
    # feedback contrast of the MEIs of a fitted model
    -> mei.MEI
    ---
    null_fits : int32  # fits to shuffled labels of the light
    members : int32  # fits that differ by nothing but their seed, this one among them
    """

    class Unit(dj.Part):
        """One unit: the size of its MEIs in each condition, and how they differ as a whole and in size.

        Sizes are means over random starts; differences are those of ``Distance`` against the strongest null.
        """

        definition = f"""
        -> master
        -> dataset.Dataset.Unit
        ---
        intact_extent_px : float64  # radius of the energy
        suppressed_extent_px : float64
        strongest_null=null : varchar(16)  # which kind it is; null where no view can be measured
        {SUMMARY}
        """

    class Distance(dj.Part):
        """One unit's distance between the conditions in one view against one null; definitions:
        ``dlgn_cnn.mei.feedback_contrast.significance``.
        """

        definition = """
        -> master
        -> dataset.Dataset.Unit
        view : varchar(16)  # clip, spatial, temporal, spectral, extent or response
        null_kind : varchar(16)  # shuffled, members or starts: what p refers to
        ---
        strongest : bool  # whether no stronger null is there: the rows to report
        distance : float64  # mean over pairs of an intact and a suppressed MEI; for members, of two fits
        within=null : float64  # mean over pairs of random starts in one condition
        null_distance=null : float64  # the null's mean
        effect=null : float64  # excess over the null, in its standard deviations
        p=null : float64
        q=null : float64  # false-discovery rate over the fit's units (Benjamini and Hochberg 1995)
        session_q=null : float64  # the same over the units of its session
        """

    @property
    def key_source(self) -> Any:
        """MEIs whose experiments have no other of the same model, trainer and config pending: the nulls are complete.

        Left out are MEIs whose objective is the difference between the conditions: they differ by construction.
        """
        planned = experiment.Experiment.Fit.proj() * mei.MEIPlan.proj()
        pending = (planned - mei.MEI.proj()).proj(pending_dataset="dataset_hash", pending_seed="seed")
        differences = mei.MEIConfig.where({"fit.objective.name": "opto_difference"})
        return (mei.MEI.proj() & (planned - pending)) - shuffled_datasets().proj() - differences.proj()

    def inputs(self, key: Key) -> dict[str, str]:
        """The stored sessions, the weights of the fit and its MEIs."""
        return mei.mei_inputs(key)

    def make_fetch(self, key: Row) -> tuple[Any, ...]:
        """The stimuli of the fit, of each fit to shuffled labels, and of other seeds that share no fit with it.

        Raises ConfigError where they were not fitted in one precision.
        """
        shuffled = [one for twin in shuffled_twins(key["dataset_hash"]) for one in mei_keys(key, twin)]
        members = sharing_no_fit(key, mei_keys(key, key["dataset_hash"]))
        fit_precision.refuse_mixed([key, *shuffled, *members], training.TrainedModel(), "the MEIs of a contrast")
        return _stimuli(key), [_stimuli(one) for one in shuffled], [_stimuli(one) for one in members]

    @interrupts.allowed()
    def make_compute(
        self, key: Row, stimuli: Stimuli, shuffled: list[Stimuli], members: list[Stimuli]
    ) -> provenance.Found:
        """Distances of all units, and their place in each null; the fit's seed draws relabelings where it must."""
        generator = np.random.default_rng(key["seed"])
        rows: list[Row] = []
        measured = []
        for unit in stimuli:
            own = _loaded(stimuli, unit)
            if own is not None:
                nulls = [(_loaded(one, unit) for one in fits) for fits in (shuffled, members)]
                measured.append(measure(own, nulls[0], nulls[1], generator))
                rows.append(dict(zip(UNIT, unit, strict=True)) | _unit_row(own))
        distances = list(_distances([*map(unit_key, rows)], findings(measured), [one.within for one in measured]))
        fits = {"null_fits": len(shuffled), "members": 1 + len(members)}
        strongest: dict[UnitKey, dict[str, Row]] = defaultdict(dict)
        for one in distances:
            if one["strongest"]:
                strongest[tuple(unit_key(one).values())][one["view"]] = one
        summaries = (_summary(strongest[tuple(unit_key(row).values())]) for row in rows)
        units = [row | summary for row, summary in zip(rows, summaries, strict=True)]
        return fits, {"Unit": units, "Distance": distances}


def _summary(own: Mapping[str, Row]) -> Row:
    """The columns of a unit's row that repeat those of its distances against the strongest null, by view."""
    found = {f"{view}_{name}": own[view][name] if view in own else None for view in SUMMARIZED for name in FINDING}
    return {"strongest_null": next((one["null_kind"] for one in own.values()), None)} | found


def shuffled_twins(dataset_hash: str) -> list[str]:
    """Return the hashes of dataset configs that differ from this one only in shuffled opto labels."""
    function, config = dataset.DatasetConfig.load({"dataset_hash": dataset_hash})
    found = []
    for row in (shuffled_datasets() & {"dataset_fn": function}).to_dicts(order_by="dataset_hash"):
        other = {name: value for name, value in row["dataset_config"].items() if name != "shuffle_opto"}
        if canonical_json(other) == canonical_json(config):
            found.append(str(row["dataset_hash"]))
    return found


def mei_keys(key: Row, dataset_hash: str) -> list[Row]:
    """Return the keys of the MEIs of a config, of all seeds of a model that was fitted to a dataset."""
    alike = {name: key[name] for name in ("model_hash", "trainer_hash", "mei_hash")}
    return list((mei.MEI & alike & {"dataset_hash": dataset_hash}).keys(order_by="KEY"))


def _stimuli(key: Row) -> Stimuli:
    found: Stimuli = defaultdict(list)
    for row in (mei.MEI.Stimulus & key).to_dicts(order_by=["opto_condition", "mei_seed"]):
        found[tuple(unit_key(row).values())].append({name: row[name] for name in COLUMNS})
    return dict(found)


def _loaded(stimuli: Stimuli, unit: UnitKey) -> UnitMEIs | None:
    """A unit's MEIs, None where it has none in one of the conditions."""
    rows = stimuli.get(unit, [])
    if {row["opto_condition"] for row in rows} != set(mei.CONDITIONS):
        return None
    return UnitMEIs(
        np.stack([np.asarray(row["stimulus"].load()) for row in rows]),
        np.array([[row["intact_hz"], row["suppressed_hz"]] for row in rows]),
        np.array([mei.CONDITIONS[row["opto_condition"]] for row in rows]),
    )


def _unit_row(meis: UnitMEIs) -> Row:
    return {
        f"{condition}_extent_px": float(
            np.mean([extent_px(one) for one in meis.stimuli[meis.suppressed == suppressed]])
        )
        for condition, suppressed in mei.CONDITIONS.items()
    }


def _distances(units: list[Row], found: dict[str, ContrastFinding], within: list[Any]) -> Iterator[Row]:
    """Yield a row a unit, null and each view that can be measured: not, where no MEI is answered, that of the
    response.
    """
    sessions = [session_of(unit) for unit in units]
    for place, (kind, finding) in enumerate(found.items()):
        for view, name in enumerate(VIEWS):
            session_q = false_discovery_rates(finding.p[view], sessions)
            for index, unit in enumerate(units):
                distance = float(finding.distance[view, index])
                if math.isfinite(distance):
                    row = {"view": name, "null_kind": kind, "strongest": place == 0, "distance": distance}
                    row["within"] = nullable(within[index][view])
                    row["session_q"] = nullable(session_q[index])
                    columns = ("null_distance", "effect", "p", "q")
                    yield unit | row | {one: nullable(getattr(finding, one)[view, index]) for one in columns}


def sharing_no_fit(key: Key, others: Sequence[Row]) -> list[Row]:
    """Those of the other MEIs, from the first on, whose synthesis shares no fit with ``key``'s or another one's."""
    found, used = [], _seeds(key)
    for other in others:
        if not used & _seeds(other):
            found.append(other)
            used |= _seeds(other)
    return found


def _seeds(key: Key) -> set[int]:
    return {key["seed"], *(mei.MEI.Member & key).to_arrays("member_seed").tolist()}

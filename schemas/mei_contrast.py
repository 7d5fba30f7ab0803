"""The feedback contrast: how far a unit's intact and suppressed MEI are apart, and whether that is a finding."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import datajoint as dj
import numpy as np

from dlgn_cnn import interrupts
from dlgn_cnn.config import canonical_json
from dlgn_cnn.evaluation.light_null import false_discovery_rates
from dlgn_cnn.mei.distance import extent_px
from dlgn_cnn.mei.significance import VIEWS, between_and_within, pairwise_distances, shuffled_null, starts_null
from dlgn_cnn.shapes import Floats, Scores
from schemas import dataset, experiment, mei
from schemas.evaluation import nullable, unit_key
from schemas.mei_control import shuffled_datasets

schema = dj.Schema()
Row = dict[str, Any]
UnitKey = tuple[Any, ...]
Stimuli = dict[UnitKey, dict[str, list[Any]]]
LIGHTS = tuple(mei.CONDITIONS)


@schema
class MEIContrast(dj.Computed):
    """The MEIs of one fitted model in the two lights, against the same of models fitted to shuffled labels.

    These are the fits of an otherwise equal dataset config with ``shuffle_light``, of the same model and trainer, with
    the same MEIs: list the dataset twice in an experiment, and as often shuffled as the null is to have fits (``seed``
    0, 1, ...; two at least), each with ``units`` by number. Without them the null is the random starts alone.
    """

    definition = """
    # feedback contrast of the MEIs of a fitted model
    -> mei.MEI
    ---
    null_fits : int32  # fits to shuffled labels of the light
    """

    class Unit(dj.Part):
        """One unit's MEIs in each light: means over random starts."""

        definition = """
        -> master
        -> dataset.Dataset.Unit
        ---
        starts : int32  # of the light that has fewer
        intact_extent_px : float64  # radius of the energy
        suppressed_extent_px : float64
        intact_hz : float64  # what the model says to the intact MEI with the light off
        suppressed_hz : float64  # and to the suppressed one with the light on
        """

    class Distance(dj.Part):
        """One unit's distance between the lights in one view; definitions: ``dlgn_cnn.mei.significance``."""

        definition = """
        -> master
        -> dataset.Dataset.Unit
        view : varchar(16)  # clip, spatial, temporal, spectral or extent
        ---
        distance : float64  # mean over pairs of an intact and a suppressed MEI
        within=null : float64  # mean over pairs of random starts in one light
        null_kind : varchar(16)  # shuffled or starts: what p refers to
        null_distance=null : float64  # the null's mean
        effect=null : float64  # excess over the null, in its standard deviations
        p=null : float64
        q=null : float64  # false-discovery rate over the fit's units (Benjamini and Hochberg 1995)
        """

    @property
    def key_source(self) -> Any:
        """MEIs whose experiments have no other of the same model, trainer and config pending: the null is complete."""
        planned = experiment.Experiment.Fit.proj() * mei.MEIPlan.proj()
        pending = (planned - mei.MEI.proj()).proj(pending_dataset="dataset_hash", pending_seed="seed")
        return (mei.MEI.proj() & (planned - pending)) - shuffled_datasets().proj()

    def make_fetch(self, key: Row) -> tuple[Any, ...]:
        """The stimuli of the fit, and of each fit to shuffled labels."""
        shuffled = [one for twin in shuffled_twins(key["dataset_hash"]) for one in _meis_of(key, twin)]
        return _stimuli(key), [_stimuli(one) for one in shuffled], _rates(key)

    @interrupts.allowed()
    def make_compute(
        self, key: Row, stimuli: Stimuli, shuffled: list[Stimuli], rates: dict[UnitKey, Row]
    ) -> tuple[dict[UnitKey, Row], dict[UnitKey, list[Row]], int]:
        """Distances of all units, and their place in the null; the fit's seed draws relabellings where it must."""
        clips = {unit: _loaded(lights) for unit, lights in stimuli.items() if set(lights) == set(LIGHTS)}
        nulls = [_between(one, list(clips)) for one in shuffled]
        generator = np.random.default_rng(key["seed"])
        distances = _distances(clips, np.array([one for one in nulls if one is not None]), generator)
        return {unit: _unit_row(lights) | rates[unit] for unit, lights in clips.items()}, distances, len(nulls)

    def make_insert(
        self, key: Row, units: dict[UnitKey, Row], distances: dict[UnitKey, list[Row]], null_fits: int
    ) -> None:
        """Insert a row a unit, and a row a unit and view."""
        self.insert1(key | {"null_fits": null_fits})
        self.Unit.insert(key | _key(unit) | row for unit, row in units.items())
        self.Distance.insert(key | _key(unit) | row for unit, rows in distances.items() for row in rows)


def shuffled_twins(dataset_hash: str) -> list[str]:
    """The hashes of the dataset configs that are this one but for shuffled labels of the light."""
    function, config = dataset.DatasetConfig.load({"dataset_hash": dataset_hash})
    found = []
    for row in (shuffled_datasets() & {"dataset_fn": function}).to_dicts(order_by="dataset_hash"):
        other = {name: value for name, value in row["dataset_config"].items() if name != "shuffle_light"}
        if canonical_json(other) == canonical_json(config):
            found.append(str(row["dataset_hash"]))
    return found


def _meis_of(key: Row, dataset_hash: str) -> list[Row]:
    alike = {name: key[name] for name in ("model_hash", "trainer_hash", "mei_hash")}
    return list((mei.MEI & alike & {"dataset_hash": dataset_hash}).keys(order_by="KEY"))


def _stimuli(key: Row) -> Stimuli:
    found: Stimuli = defaultdict(lambda: defaultdict(list))
    for row in (mei.MEI.Stimulus & key).to_dicts(order_by="mei_seed"):
        found[tuple(unit_key(row).values())][row["opto_condition"]].append(row["stimulus"])
    return {unit: dict(lights) for unit, lights in found.items()}


def _rates(key: Row) -> dict[UnitKey, Row]:
    sums: dict[UnitKey, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in (mei.MEI.Stimulus & key).to_dicts():
        name = f"{row['opto_condition']}_hz"
        sums[tuple(unit_key(row).values())][name].append(row[name])
    return {unit: {name: float(np.mean(values)) for name, values in own.items()} for unit, own in sums.items()}


def _loaded(lights: Mapping[str, list[Any]]) -> dict[str, Floats]:
    return {light: np.stack([np.asarray(one.load()) for one in lights[light]]) for light in LIGHTS}


def _between(stimuli: Stimuli, units: list[UnitKey]) -> Scores | None:
    """A shuffled fit's distance between the lights (view, unit); NaN for a unit that has no MEIs in it."""
    found = np.full((len(VIEWS), len(units)), np.nan)
    for index, unit in enumerate(units):
        if set(stimuli.get(unit, ())) == set(LIGHTS):
            clips = _loaded(stimuli[unit])
            found[:, index] = between_and_within(pairwise_distances(_together(clips)), _labels(clips))[0]
    return found if np.isfinite(found).any() else None


def _distances(
    clips: dict[UnitKey, dict[str, Floats]], nulls: Scores, generator: np.random.Generator
) -> dict[UnitKey, list[Row]]:
    """The rows of each unit, one a view."""
    pairs = [(pairwise_distances(_together(one)), _labels(one)) for one in clips.values()]
    measured = [between_and_within(*pair) for pair in pairs]
    found, within = (np.array([one[part] for one in measured]).T for part in (0, 1))
    kind = "shuffled" if len(nulls) > 1 else "starts"
    if kind == "shuffled":
        judged = [shuffled_null(found[view], nulls[:, view]) for view in range(len(VIEWS))]
    else:
        relabelled = [starts_null(*pair, generator) for pair in pairs]
        judged = [_over_units(relabelled, view) for view in range(len(VIEWS))]
    rows: dict[UnitKey, list[Row]] = {unit: [] for unit in clips}
    for view, name in enumerate(VIEWS):
        effect, p, mean = judged[view]
        q = false_discovery_rates(p)
        for index, unit in enumerate(clips):
            values = {"within": within[view, index], "null_distance": mean[index]}
            values |= {"effect": effect[index], "p": p[index], "q": q[index]}
            row: Row = {"view": name, "distance": float(found[view, index]), "null_kind": kind}
            rows[unit].append(row | {column: nullable(value) for column, value in values.items()})
    return rows


def _over_units(relabelled: list[tuple[Scores, Scores, Scores]], view: int) -> tuple[Scores, Scores, Scores]:
    effect, p, mean = (np.array([one[part][view] for one in relabelled]) for part in range(3))
    return effect, p, mean


def _together(clips: Mapping[str, Floats]) -> Floats:
    return np.concatenate([clips[light] for light in LIGHTS])


def _labels(clips: Mapping[str, Floats]) -> list[bool]:
    return [mei.CONDITIONS[light] for light in LIGHTS for _ in clips[light]]


def _unit_row(clips: Mapping[str, Floats]) -> Row:
    extents = {f"{light}_extent_px": float(np.mean([extent_px(one) for one in clips[light]])) for light in LIGHTS}
    return extents | {"starts": min(len(one) for one in clips.values())}


def _key(unit: UnitKey) -> Row:
    return dict(zip(("mouse", "series", "experiment", "unit"), unit, strict=True))

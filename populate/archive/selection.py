"""Rows that belong to a restriction: their inputs, their results, and the rows that belong to either.

Memory: the keys of the chosen sessions, scenes, configs, fits, MEIs and the like; never those of a session's
presentations or a fit's scores, which are chosen by theirs.
"""

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from populate.archive.catalog import Catalog, Edge
from schemas import model, training
from schemas.base.relational import U
from schemas.mei_contrast import mei_keys, shuffled_twins

Row = dict[str, Any]
T = TypeVar("T")
BATCH = 200
Linked = Iterator[tuple[str, list[Row]]]
FITS = "training.TrainedModel"
BY_FIT = ("experiment.Experiment.Fit", "fitting.Epoch")  # rows of a fit that have its key and no foreign key to it
ENSEMBLES = "ensemble.Ensemble"
PLANS = ("experiment.Experiment", "mei.MEIPlan", "mei.MEIConfig")


class Selection:
    """Rows by table, as disjoint restrictions."""

    def __init__(self, catalog: Catalog, without: Collection[str] = ()) -> None:
        self.catalog = catalog
        self._without = {name for one in without for name in catalog.hanging_on(one)}
        self._found: dict[str, dict[tuple[Any, ...], bool]] = {}  # keys, each with whether its results are chosen
        self._todo: deque[tuple[str, list[Row], bool]] = deque()

    def choose(self, name: str, rows: Any, downstream: bool) -> None:
        """Choose rows with all that they need.

        Parameters
        ----------
        name : str
            A table, as ``training.TrainedModel``.
        rows : QueryExpression
            Rows of it.
        downstream : bool
            Whether their results are chosen too.
        """
        self._add(name, rows.proj().to_dicts(), downstream)
        self._work()
        self._complete(downstream)

    def keys(self, name: str) -> list[Row]:
        """The chosen keys of a table that is its own anchor."""
        return [self._key(name, values) for values in self._found.get(name, ())]

    def restrictions(self, name: str) -> list[Row]:
        """Keys that restrict a table to the chosen rows, each to different ones."""
        return self.keys(FITS) if name in BY_FIT else self.keys(self.catalog.anchor[name])

    def rows(self, name: str) -> Iterator[Row]:
        """The chosen rows of a table, in the order of their keys, a batch of restrictions at a time."""
        table = self.catalog.tables[name]
        size = BATCH if self.catalog.anchor[name] == name and name not in BY_FIT else 1
        for keys in batches(self.restrictions(name), size):
            yield from (table & keys).to_dicts(order_by="KEY")

    def _add(self, name: str, rows: Sequence[Row], downstream: bool) -> None:
        found = self._found.setdefault(name, {})
        given = (tuple(row[column] for column in self.catalog.tables[name].primary_key) for row in rows)
        fresh = [key for key in dict.fromkeys(given) if key not in found or downstream > found[key]]
        found.update(dict.fromkeys(fresh, downstream))
        if fresh:
            self._todo.append((name, [self._key(name, values) for values in fresh], downstream))

    def _key(self, name: str, values: tuple[Any, ...]) -> Row:
        return dict(zip(self.catalog.tables[name].primary_key, values, strict=True))

    def _work(self) -> None:
        while self._todo:
            name, keys, downstream = self._todo.popleft()
            for edge in self.catalog.edges:
                child, parent = (self.catalog.anchor[one] for one in (edge.child, edge.parent))
                if child == parent:
                    continue
                for part in batches(keys, BATCH):
                    if child == name:
                        self._ascend(edge, parent, part)
                    elif parent == name and downstream:
                        self._descend(edge, child, part)
            follow = LINKS.get(name)
            for other, linked in follow(keys) if follow else ():
                self._add(other, linked, False)

    def _ascend(self, edge: Edge, target: str, keys: list[Row]) -> None:
        wanted = {column: edge.names[column] for column in self.catalog.tables[target].primary_key}
        rows = (U(*wanted.values()) & (self.catalog.tables[edge.child] & keys)).to_dicts()
        found = [{column: row[name] for column, name in wanted.items()} for row in rows]
        self._add(target, [row for row in found if None not in row.values()], False)

    def _descend(self, edge: Edge, target: str, keys: list[Row]) -> None:
        if edge.child in BY_FIT or edge.child in self._without:
            return
        renamed = [{edge.names[column]: value for column, value in key.items()} for key in keys]
        columns = self.catalog.tables[target].primary_key
        rows = (U(*columns) & (self.catalog.tables[edge.child] & renamed)).to_dicts()
        self._add(target, rows, True)

    def _complete(self, downstream: bool) -> None:
        """Choose experiments with these fits, their plans of the chosen MEIs, and ensembles of chosen fits only."""
        experiment, plan, config = PLANS
        fits = self.catalog.tables[BY_FIT[0]]
        for keys in batches(self.keys(FITS), BATCH):
            self._add(experiment, (U("experiment_name") & (fits & keys)).to_dicts(), False)
        asked, made = self.keys(experiment), self.keys(config)
        if asked and made:
            self._add(plan, (self.catalog.tables[plan] & asked & made).proj().to_dicts(), False)
        if downstream and ENSEMBLES not in self._without:
            self._add(ENSEMBLES, self._whole_ensembles(), False)
        self._work()

    def _whole_ensembles(self) -> list[Row]:
        members = self.catalog.tables[f"{ENSEMBLES}.Member"]
        chosen: Counter[str] = Counter()
        for keys in batches(self.keys(FITS), BATCH):
            chosen.update(str(row["ensemble_hash"]) for row in (members & keys).to_dicts())
        rows = self.catalog.tables[ENSEMBLES].to_dicts()
        return [row for row in rows if 0 < row["members"] == chosen[row["ensemble_hash"]]]


def batches(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """The rows in lists of at most ``size``."""
    running = iter(rows)
    while batch := list(islice(running, size)):
        yield batch


def of_fits(keys: list[Row]) -> Linked:
    """The fit that a transferred model's config names as its source."""
    for digest in {key["model_hash"] for key in keys}:
        source = model.ModelConfig.load({"model_hash": digest})[1].get("source")
        if isinstance(source, dict) and set(source) == set(training.TrainedModel.primary_key):
            yield FITS, (training.TrainedModel & source).keys()


def of_contrasts(keys: list[Row]) -> Linked:
    """The MEIs of null fits, to permuted opto labels, of a feedback contrast."""
    for key in keys:
        for twin in shuffled_twins(key["dataset_hash"]):
            yield "mei.MEI", mei_keys(key, twin)


def of_controls(keys: list[Row]) -> Linked:
    """The held-out fits, from other seeds, that a control was shown to."""
    for key in keys:
        yield FITS, training.fits_from_all_seeds(key)


LINKS: dict[str, Callable[[list[Row]], Linked]] = {
    FITS: of_fits,
    "mei_contrast.MEIContrast": of_contrasts,
    "mei_control.MEIControl": of_controls,
}

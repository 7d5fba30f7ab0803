"""The queue of one computed table: it queues new keys, removes keys that have vanished, and names the next ones.

A worker that can only emulate bfloat16 leaves keys in it to others, as long as such workers are alive.

DataJoint's own refresh inserts job by job, and deletes by a search that locks every job it passes, which at 100,000
jobs makes other workers wait. Here the differences are found by reading, and written in short statements.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from schemas import ensemble, ensemble_score, evaluation, experiment, fleet, mei, trainer, training
from schemas.base.relational import Not
from schemas.monitoring import fit_precision

logger = logging.getLogger("dlgn")
ROWS_A_STATEMENT = 1000
WINDOW = 512  # how many of the first pending keys a worker chooses from
PAGE = 64
PAUSE_TIMES = 20.0  # a queue is refreshed again after this many times the duration of the last refresh
FORGET_S = 600.0  # what a machine lacks, as room in a store, may be there after so long: the key is tried again
TAKES = "(computes = '*' OR POSITION(',{},' IN computes) > 0)"  # keys of a table
OURS = "POSITION('.' IN trainer_fn) = 0"  # a lab's own trainer may not know precisions
Key = dict[str, Any]
Query = Any


class Left:
    """Keys that one worker leaves to others; ``native`` says whether its device multiplies bfloat16 natively."""

    def __init__(self, native: bool) -> None:
        self._native, self._said = native, False
        self._lacking: dict[tuple[str, str], float] = {}  # since when, by table and key's digest

    def note(self, name: str, digest: str) -> None:
        """Leave a key of a table to others for ``FORGET_S``, as this machine lacks something for it."""
        self._lacking[name, digest] = time.monotonic()

    def lacking(self, name: str) -> set[str]:
        """Digests of a table's keys that this machine lacks something for, as far as it was noted lately."""
        late = time.monotonic() - FORGET_S
        self._lacking = {key: noted for key, noted in self._lacking.items() if noted > late}
        return {digest for table, digest in self._lacking if table == name}

    def only_here(self, name: str, worker_id: str) -> set[str]:
        """Digests of those keys of a table that this machine lacks something for, as does every other worker's."""
        mine = self.lacking(name)
        others = fleet.Worker & fleet.ALIVE & TAKES.format(name) & f"worker_id <> '{worker_id}'"
        for other in others.to_arrays("worker_id") if mine else ():
            theirs = fleet.Lack & {"worker_id": other, "table_name": name}
            mine = mine & set(theirs.to_arrays("key_hash"))
        return mine

    def without(self, table: Any, keys: Query) -> Query:
        """Keys of a table without those that are left to living workers, which is logged once."""
        name = type(table).__name__
        queries = [] if self._native else in_bfloat16(name)
        if not queries or not fleet.Worker & fleet.ALIVE & "native_bfloat16" & TAKES.format(name):
            return keys
        # A queue's columns are not told by their lineage from those of the tables that they come from.
        if not self._said and keys.restrict(queries, semantic_check=False):
            self._said = True
            logger.warning(
                "this worker can only emulate bfloat16: it leaves the keys in it to workers that multiply it natively, "
                "as long as one is alive"
            )
        return keys.restrict(Not(queries), semantic_check=False)


class Queue:
    """One table's jobs, refreshed as often as that is cheap.

    Parameters
    ----------
    table : table instance
        A computed table, under a lease.
    where : str or None
        SQL condition on its keys.
    generator : numpy.random.Generator
        Draws the order of equal keys.
    left : Left
        Keys that are left to other workers.
    """

    def __init__(self, table: Any, where: Any, generator: np.random.Generator, left: Left) -> None:
        self.table, self.where, self.generator, self.left = table, where, generator, left
        self._due = 0.0

    def refresh(self, force: bool = False) -> None:
        """Queue new keys and remove vanished ones, unless that was done just now."""
        started = time.monotonic()
        if force or started >= self._due:
            refresh(self.table)
            ended = time.monotonic()
            self._due = ended + PAUSE_TIMES * (ended - started)

    def next_keys(self) -> list[Key]:
        """Some of the first pending keys: the most urgent first, then the oldest, equals in random order.

        The order is random, since workers that all begin with the same key get in one another's way. Keys that are
        left to other workers are not among them: this one waits for those as for keys that others hold.
        """
        due = self._wanted("status = 'pending' AND scheduled_time <= CURRENT_TIMESTAMP(3)")
        found = self.left.without(self.table, due).proj("priority", "scheduled_time")
        lacking = self.left.lacking(type(self.table).__name__)
        rows = found.to_dicts(order_by="priority ASC, scheduled_time ASC", limit=WINDOW + len(lacking))
        rows = [row for row in rows if not lacking or self._digest(row) not in lacking]
        ranks = self.generator.random(len(rows))
        order = sorted(range(len(rows)), key=lambda i: (rows[i]["priority"], rows[i]["scheduled_time"], ranks[i]))
        names = self.table.jobs.primary_key
        return [{name: rows[index][name] for name in names} for index in order[:PAGE]]

    def unfinished(self) -> int:
        """Number of keys that are pending or reserved, but for those that no living worker's machine can compute."""
        asked, hopeless = self._wanted("status IN ('pending', 'reserved')"), self.hopeless()
        return len(asked) if not hopeless else sum(self._digest(row) not in hopeless for row in asked.to_dicts())

    def hopeless(self) -> set[str]:
        """Digests of the keys that no living worker can compute, since each machine lacks something for them."""
        return self.left.only_here(type(self.table).__name__, self.table.jobs.registration.worker_id)

    def _digest(self, row: Key) -> str:
        return fleet.key_hash({name: row[name] for name in self.table.jobs.primary_key})

    def _wanted(self, status: str) -> Any:
        jobs = self.table.jobs & status
        return jobs if self.where is None else jobs & self.where


def refresh(table: Any) -> int:
    """Queue every new key and remove jobs whose keys have vanished; the number of new ones is returned."""
    jobs, source = table.jobs, table.key_source
    new = _without(source.proj(), [table, jobs])
    scheduled = jobs.connection.query("SELECT CURRENT_TIMESTAMP(3)").fetchone()[0] if new else None
    for some in _chunks(new):
        _insert_pending(jobs, some, scheduled)
    for some in _chunks(_without(jobs & "status <> 'reserved'", [source.proj()])):
        (jobs & some & "status <> 'reserved'").delete_quick()
    return len(new)


def _insert_pending(jobs: Any, keys: list[Key], scheduled: Any) -> None:
    """Queue keys unless they are; not by DataJoint's insert, which takes longer to check a row than the server does."""
    names = jobs.primary_key
    columns = ", ".join(map(jobs.adapter.quote_identifier, (*names, "status", "priority", "scheduled_time")))
    row = f"({'%s, ' * len(names)}'pending', {int(jobs.connection._config.jobs.default_priority)}, %s)"
    unless_there = jobs.adapter.skip_duplicates_clause(jobs.full_table_name, names)
    query = f"INSERT INTO {jobs.full_table_name} ({columns}) VALUES {', '.join([row] * len(keys))}{unless_there}"
    jobs.connection.query(query, args=[value for key in keys for value in (*(key[name] for name in names), scheduled)])


def _without(left: Any, others: Sequence[Any]) -> list[Key]:
    """Keys of ``left`` that none of the others has: joins, as databases plan NOT IN by comparing all with all."""
    connection = left.connection
    quote = connection.adapter.quote_identifier
    names = [quote(name) for name in left.primary_key]
    joins = ""
    for number, other in enumerate(others):
        alias = quote(f"o{number}")
        same = " AND ".join(f"{quote('l')}.{name} = {alias}.{name}" for name in names)
        joins += f" LEFT JOIN ({other.proj().make_sql()}) AS {alias} ON {same}"
    absent = " AND ".join(f"{quote(f'o{number}')}.{names[0]} IS NULL" for number in range(len(others)))
    columns = ", ".join(f"{quote('l')}.{name}" for name in names)
    query = f"SELECT {columns} FROM ({left.proj().make_sql()}) AS {quote('l')}{joins} WHERE {absent}"
    return [dict(zip(left.primary_key, row, strict=True)) for row in connection.query(query).fetchall()]


def _chunks(keys: list[Key]) -> Iterator[list[Key]]:
    for first in range(0, len(keys), ROWS_A_STATEMENT):
        yield keys[first : first + ROWS_A_STATEMENT]


def in_bfloat16(name: str) -> list[Query]:
    """Queries of those keys of a computed table, by its class's name, whose computation runs models in bfloat16."""
    done = (training.TrainedModel & {"fit_precision": "bfloat16"}).proj()
    if name == training.TrainedModel.__name__:
        fits, stated = experiment.Experiment.Fit.proj(), _stated(trainer.TrainerConfig)
        auto = (experiment.Experiment & {"auto_precision": "bfloat16"}).proj()
        ours = (trainer.TrainerConfig & OURS).proj() - [*stated.values()]
        return [fits & stated["bfloat16"], fits & auto & ours]
    if name in (evaluation.Score.__name__, evaluation.FeedbackModulation.__name__, evaluation.InputGain.__name__):
        return [done]
    if name == ensemble_score.EnsembleScore.__name__:
        return [ensemble.Ensemble.Member.proj() & done]
    if name == mei.MEI.__name__:
        stated = _stated(mei.MEIConfig)
        return [stated["bfloat16"], done * (mei.MEIConfig.proj() - [*stated.values()])]
    return []


def _stated(configs: Any) -> dict[str, Query]:
    """The configs that state each precision."""
    return {one: configs.where({"fit.precision": one}).proj() for one in fit_precision.EXPLICIT}

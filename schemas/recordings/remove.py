"""Removal of a session: the rows that go with it, counted before, and deleted in one transaction."""

from collections.abc import Callable
from itertools import chain
from typing import Any

from dlgn_cnn.errors import ConfigError
from schemas import fleet, session, stimulus
from schemas.base.keys import Row
from schemas.dataset import Dataset, DatasetConfig

Agree = Callable[[str, dict[str, int]], None]  # is shown a session and rows by table; raises to keep them


def rows_that_go(key: Row) -> dict[str, int]:
    """The number of rows that go with a session, by the name of their table in the database; none that has no rows.

    Raises ConfigError while a worker holds one of their keys.
    """
    counts: dict[str, int] = {}
    for table in _going(key):
        counts[table.full_table_name] = max(len(table), counts.get(table.full_table_name, 0))
    return {name: count for name, count in reversed(counts.items()) if count}


def remove(key: Row) -> None:
    """Delete a session within a transaction, and all that depends on it: the datasets that it is in, and their fits.

    Scenes and movies that no other session shows go along. Its mouse stays, and so do experiments and studies, without
    those fits; files are left to ``dlgn gc``. Raises ConfigError while a worker holds a key of theirs.
    """
    for table in _going(key):
        table.delete_quick()


def _going(key: Row) -> list[Any]:
    """Tables restricted to the rows that go, each before those that it depends on. Raises ConfigError for a lease."""
    from datajoint.diagram import Diagram  # which loads matplotlib

    configs = (DatasetConfig & (DatasetConfig.Session & key).proj()).keys()
    # No dataset config may stay that names a session less.
    roots = [DatasetConfig & configs, session.Session & key] if configs else [session.Session & key]
    cascades = (reversed(Diagram.cascade(root, part_integrity="ignore")) for root in roots)
    found = [*chain.from_iterable(cascades), *_scenes_of_it_alone(key, configs)]
    for lease in (fleet.Lease * fleet.Worker.proj("host", "pid")).to_dicts():
        held = lease["held_key"]
        known = [
            table & {name: held[name] for name in table.primary_key}
            for table in found
            if held.keys() >= set(table.primary_key)
        ]
        if any(map(len, known)):
            raise ConfigError(
                f"worker {lease['pid']} on {lease['host']} computes {lease['table_name']} from this session: wait "
                f"until it is done, or hand its key back with dlgn drain {lease['host']} --now"
            )
    return found


def _scenes_of_it_alone(key: Row, configs: list[Row]) -> list[Any]:
    """Scenes that only this session and these datasets show, and movies of which no other scene is there."""
    own = stimulus.Scene & (stimulus.Presentation & key).proj("movie", "scene")
    others = (stimulus.Presentation - key).proj("movie", "scene")
    scenes = (own - [others, (Dataset.Split - configs).proj()]).keys()
    movies = ((stimulus.Movie & scenes) - (stimulus.Scene - scenes).proj()).keys()
    return [stimulus.Scene & scenes, stimulus.Movie & movies]

"""Keys of fits, sessions and units: their columns, and the key within a row that has more."""

from collections.abc import Mapping
from typing import Any

from dlgn_cnn.data.recording import SessionKey

Key = Mapping[str, Any]
Row = dict[str, Any]
# Named here, since asking the table for its key may ask the database, which need not be in reach.
FIT = ("dataset_hash", "model_hash", "trainer_hash", "seed")
SESSION = ("mouse", "series", "experiment")
UNIT = (*SESSION, "unit")  # within a dataset


def fit_key(row: Key) -> dict[str, Any]:
    """Return the key of the fit in a row.

    >>> fit_key({"dataset_hash": "a", "model_hash": "b", "trainer_hash": "c", "seed": 1, "score": 0.2})
    {'dataset_hash': 'a', 'model_hash': 'b', 'trainer_hash': 'c', 'seed': 1}
    """
    return {name: row[name] for name in FIT}


def fit_name(row: Key, function: str = "") -> str:
    """Return the name by which people call the fit in a row: its model's function, letters of its hashes, its seed.

    >>> fit_name({"dataset_hash": "d" * 32, "model_hash": "a" * 32, "trainer_hash": "b" * 32, "seed": 1}, "encoder")
    'encoder aaaaaa-dddd-bbbb seed 1'
    """
    hashes = f"{row['model_hash'][:6]}-{row['dataset_hash'][:4]}-{row['trainer_hash'][:4]}"
    return f"{function} {hashes} seed {row['seed']}".lstrip()


def unit_key(row: Key) -> dict[str, Any]:
    """Return a unit's key within its dataset.

    >>> unit_key({"mouse": "M", "series": 1, "experiment": 2, "unit": 7, "correlation": 0.3})
    {'mouse': 'M', 'series': 1, 'experiment': 2, 'unit': 7}
    """
    return {name: row[name] for name in UNIT}


def session_key(session: SessionKey | str) -> dict[str, Any]:
    """Return the key of a session, which may be given by its name.

    >>> session_key("Ntsr1Cre_2019_0007_s03_e04")
    {'mouse': 'Ntsr1Cre_2019_0007', 'series': 3, 'experiment': 4}
    """
    one = SessionKey.parse(session) if isinstance(session, str) else session
    return {name: getattr(one, name) for name in SESSION}


def session_of(row: Key) -> str:
    """Return the name of a row's session.

    >>> session_of({"mouse": "Ntsr1Cre_2019_0007", "series": 3, "experiment": 4, "unit": 7})
    'Ntsr1Cre_2019_0007_s03_e04'
    """
    return str(SessionKey(*(row[name] for name in SESSION)))

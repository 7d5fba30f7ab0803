"""URLs of the live page: each view has one, and needs nothing but its URL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from dlgn_cnn.errors import ConfigError
from schemas.base.keys import fit_key, fit_name, session_key, session_of
from schemas.base.restriction import check_key_value

Query = Mapping[str, str]


@dataclass(frozen=True)
class FitKey:
    """A fit by its key."""

    dataset_hash: str
    model_hash: str
    trainer_hash: str
    seed: int

    @property
    def key(self) -> dict[str, Any]:
        """Its key in ``TrainedModel``."""
        return dict(vars(self))

    @property
    def path(self) -> str:
        """Its path below a page's."""
        return f"{self.dataset_hash}/{self.model_hash}/{self.trainer_hash}/{self.seed}"

    @property
    def name(self) -> str:
        """Short name: the first letters of the hashes of model, dataset and trainer."""
        return fit_name(self.key)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "FitKey":
        """The fit of a row that has its key."""
        return cls(**fit_key(row))

    @classmethod
    def parse(cls, path: str) -> "FitKey":
        """The fit at a place. Raises ConfigError."""
        parts = path.split("/")
        if len(parts) != 4 or not parts[3].isdecimal():
            raise ConfigError(f"no fit is at {path!r}: expected DATASET/MODEL/TRAINER/SEED, three hashes")
        return _checked(cls(parts[0], parts[1], parts[2], int(parts[3])))


@dataclass(frozen=True)
class UnitOfFit:
    """A unit in one fit."""

    fit: FitKey
    session: str
    unit: int

    @property
    def key(self) -> dict[str, Any]:
        """Its key in the parts that hang off a fit and a unit."""
        return self.fit.key | session_key(self.session) | {"unit": self.unit}

    @property
    def path(self) -> str:
        """Its path below a page's."""
        return f"{self.fit.path}/{quote(self.session)}/{self.unit}"

    @property
    def name(self) -> str:
        """The unit as people call it."""
        return f"{self.session} unit {self.unit}"

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "UnitOfFit":
        """The unit of a row that has its key."""
        return cls(FitKey.of(row), session_of(row), int(row["unit"]))

    @classmethod
    def parse(cls, path: str) -> "UnitOfFit":
        """The unit at a place. Raises ConfigError."""
        if path.count("/") != 5 or not path.rpartition("/")[2].isdecimal():
            raise ConfigError(f"no unit is at {path!r}: expected DATASET/MODEL/TRAINER/SEED/SESSION/UNIT")
        fit, session, unit = path.rsplit("/", 2)
        return _checked(cls(FitKey.parse(fit), session, int(unit)))


def _checked(found: Any) -> Any:
    """The place, whose key may restrict tables. Raises ConfigError."""
    for name, value in found.key.items():
        check_key_value(name, value)
    return found


def query_of(search: str | None) -> dict[str, str]:
    """The query of a URL, from its question mark on; of a name given twice, the last.

    >>> query_of("?of=units&experiment=a%20b")
    {'of': 'units', 'experiment': 'a b'}
    """
    return dict(parse_qsl((search or "").lstrip("?"), keep_blank_values=True))


def place(path: str, query: Query | None = None, **changed: str | None) -> str:
    """A URL of ``path`` and ``query`` with some of its values changed, or removed where they are None.

    >>> place("/fits", {"a": "1", "b": "2"}, a=None, c="x y")
    '/fits?b=2&c=x+y'
    """
    wanted = {**(query or {}), **changed}
    kept = {name: value for name, value in wanted.items() if value is not None}
    return path + (f"?{urlencode(kept)}" if kept else "")

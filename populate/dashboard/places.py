"""URLs of the live page: each view has one, and needs nothing but its URL."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from dlgn_cnn.errors import ConfigError
from schemas.base.keys import fit_key, fit_name, session_key, session_of
from schemas.base.restriction import check_key_value

Query = Mapping[str, str]
HASH = re.compile("[0-9A-Za-z]{1,64}")
MOST_DIGITS = 18  # of a seed, a series, an experiment or a unit: tables hold up to 64 bits
MOST_LETTERS = 8000  # of a query


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
        if len(parts) != 4 or not all(map(HASH.fullmatch, parts[:3])) or not _is_number(parts[3]):
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
        if path.count("/") != 5 or not _is_number(path.rpartition("/")[2]):
            raise ConfigError(f"no unit is at {path!r}: expected DATASET/MODEL/TRAINER/SEED/SESSION/UNIT")
        fit, session, unit = path.rsplit("/", 2)
        key = session_key(checked_text(session))
        if not all(_is_number(str(key[name])) for name in ("series", "experiment")):
            raise ConfigError(f"no session is named {session!r}: expected MOUSE_s01_e01")
        return _checked(cls(FitKey.parse(fit), session, int(unit)))


def _checked(found: Any) -> Any:
    """The place, whose key may restrict tables. Raises ConfigError."""
    for name, value in found.key.items():
        check_key_value(name, value)
    return found


def query_of(search: str | None) -> dict[str, str]:
    """The query of a URL, from its question mark on; of a name given twice, the last.

    Raises ConfigError for one that no database could be asked for.

    >>> query_of("?of=units&experiment=a%20b")
    {'of': 'units', 'experiment': 'a b'}
    """
    text = (search or "").lstrip("?")
    if len(text) > MOST_LETTERS:
        raise ConfigError(f"the URL has {len(text)} letters, expected {MOST_LETTERS} or fewer: choose fewer columns")
    return {checked_text(name): checked_text(value) for name, value in _pairs(text)}


def checked_text(text: str) -> str:
    """The text. Raises ConfigError if it holds what no server stores: a zero byte, or half of a character."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ConfigError(f"{text!a:.200} is not text: correct the URL")
    return text


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True)
    except ValueError as error:  # as too many names
        raise ConfigError(f"the URL cannot be read ({error}): correct it") from error


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS


def place(path: str, query: Query | None = None, **changed: str | None) -> str:
    """A URL of ``path`` and ``query`` with some of its values changed, or removed where they are None.

    >>> place("/fits", {"a": "1", "b": "2"}, a=None, c="x y")
    '/fits?b=2&c=x+y'
    """
    wanted = {**(query or {}), **changed}
    kept = {name: value for name, value in wanted.items() if value is not None}
    return path + (f"?{urlencode(kept)}" if kept else "")

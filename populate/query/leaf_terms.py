"""Values of configs as columns and conditions of a query: ``model.recurrent.channels`` names one wherever it is."""

import json
import re
from dataclasses import dataclass
from typing import Any

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest
from schemas import dataset, mei, model, trainer
from schemas.base.relational import Not, U

CONFIGS: dict[str, Any] = {
    one.kind: one for one in (dataset.DatasetConfig, model.ModelConfig, trainer.TrainerConfig, mei.MEIConfig)
}
FORM = "NAME = VALUE, as model.recurrent.channels = 16, or with != < <= > >="
CONDITION = re.compile(r"(?P<name>[^\s=!<>]+)\s*(?P<sign>=|!=|<=|>=|<|>)\s*(?P<value>.+)")


@dataclass(frozen=True)
class Term:
    """One value of one kind of config: ``model`` and ``recurrent.channels``."""

    kind: str
    path: str

    @property
    def hash_name(self) -> str:
        """The column by which rows belong to a config."""
        return f"{self.kind}_hash"

    @property
    def leaves(self) -> Any:
        """The rows that hold this value, one a config."""
        return CONFIGS[self.kind].Leaf & {"path": self.path}


def is_term(name: str) -> bool:
    """Whether a word names a value of a config rather than a column."""
    kind, dot, path = name.partition(".")
    return bool(dot and path) and kind in CONFIGS


def find_term(name: str, expression: Any) -> Term:
    """The value that a word names. Raises ConfigError where no config has it, or the rows belong to no such config."""
    if not is_term(name):
        raise ConfigError(
            f"{name!r} names no value of a config: expected {', '.join(f'{one}.PATH' for one in CONFIGS)}"
        )
    term = Term(*name.split(".", 1))
    if term.hash_name not in expression.heading.names:
        raise ConfigError(f"{name!r}: these rows have no {term.hash_name}; join a table that has, as '* TrainedModel'")
    if not term.leaves:
        known = {f"{term.kind}.{path}" for path in CONFIGS[term.kind].Leaf.to_arrays("path")}
        raise ConfigError(f"no {term.kind} config has {name!r}: {nearest(name, known) if known else 'none is defined'}")
    return term


def restrict(expression: Any, condition: str) -> Any:
    """The rows whose config has the value that ``condition`` asks for. Raises ConfigError."""
    found = CONDITION.fullmatch(condition.strip())
    if found is None:
        raise ConfigError(f"condition {condition!r} on a config: expected {FORM}")
    term = find_term(found["name"], expression)
    chosen = term.leaves & _comparison(found["sign"], _value(found["value"]), condition)
    return expression & (U(term.hash_name) & chosen)


def _value(text: str) -> Any:
    """A value as JSON writes it; anything else is a text."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text.strip("'\"")


def _comparison(sign: str, value: Any, condition: str) -> Any:
    """What is asked of a leaf's row. Numbers compare as numbers, whether 16 or 16.0; anything else by its text."""
    if type(value) in (int, float):
        return f"kind IN ('int', 'float') AND number {'<>' if sign == '!=' else sign} {value!r}"
    if isinstance(value, list | dict):
        raise ConfigError(f"condition {condition!r}: name one value of it, as model.core.channels.0 = 16")
    if sign not in ("=", "!="):
        raise ConfigError(f"condition {condition!r}: expected a number after {sign}")
    equal = {"value": json.dumps(value, ensure_ascii=False)}
    return equal if sign == "=" else Not(equal)

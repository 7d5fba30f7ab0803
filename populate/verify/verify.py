"""``dlgn verify`` and ``dlgn diff``: rows that are computed again and compared, or compared with each other."""

import json
import logging
import math
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as Shown
from rich.text import Text

import schemas
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.runtime import interrupts, threads
from populate.query.named_rows import chosen, the_one, written
from schemas import training, verification
from schemas.declaration.computed_tables import computed_tables, config_tables
from schemas.reproduction.checks import compare, damages, must_be_equal, recompute, threads_of
from schemas.reproduction.diff import Difference, differences

logger = logging.getLogger("dlgn")
Key = dict[str, Any]
GOOD = ("equal", "close", "sound")
KEPT, SHOWN = 50, 5  # how many findings of one row


@dataclass(frozen=True)
class Verdict:
    """Verdict on one row, with every finding as a sentence."""

    row: str
    verdict: str
    deviation: float | None
    tolerance: float | None
    findings: list[str]
    seconds: float


def verify_rows(rows: Sequence[str], where: str | None = None, fast: bool = False, as_json: bool = False) -> bool:
    """Verify rows, keep and print the verdicts.

    Parameters
    ----------
    rows : sequence of str
        Tables or rows, as ``TrainedModel:seed=0`` (default: all computed tables).
    where : str, optional
        SQL condition on them.
    fast : bool
        Whether to check digests only.
    as_json : bool
        Whether to print JSON rather than a table.

    Returns
    -------
    bool
        Whether every verdict is good.

    Raises
    ------
    ConfigError
        For an unknown table, and for a condition without a table.
    """
    if where is not None and not rows:
        raise ConfigError(f"--where {where!r} needs the tables that it restricts: dlgn verify TrainedModel ...")
    schemas.open_database()
    found = [chosen(text, None, where) for text in rows or [table.__name__ for table in computed_tables()]]
    verdicts = []
    for table, keys in found:
        for key in keys:
            verdicts.append(verify(table, key, fast))
            if not as_json:
                logger.info("%s %s (%.1f s)", verdicts[-1].row, verdicts[-1].verdict, verdicts[-1].seconds)
    _print([asdict(one) for one in verdicts] if as_json else _table(verdicts))
    return all(one.verdict in GOOD for one in verdicts)


def verify(kind: Any, key: Key, fast: bool = False) -> Verdict:
    """Check every digest of a row and, unless ``fast``, compute it again and compare; the verdict is kept.

    On the CPU, with one thread or with deterministic algorithms, by the same code in the same environment, a row must
    come out the same bit for bit; elsewhere the largest deviation may be up to the table's ``tolerance``.
    """
    started, table = time.monotonic(), kind()
    damaged = list(damages(table, key))
    verdict, deviation, tolerance, said = "sound", None, None, list[str]()
    if kind is training.TrainedModel and training.ImportedFit & key:
        said = ["imported from nnfabrik's tables, and so not computed again"]
    elif not fast:
        verdict, deviation, tolerance, said = _compute_again(table, key)
    row: Key = {"verdict": "damaged" if damaged else verdict, "deviation": deviation, "tolerance": tolerance}
    findings, seconds = [*damaged, *said], time.monotonic() - started
    verification.note(kind, key, row | {"findings": findings[:KEPT], "verification_s": seconds})
    return Verdict(written(kind, key), **row, findings=findings, seconds=seconds)


def _compute_again(table: Any, key: Key) -> tuple[str, float | None, float | None, list[str]]:
    """Verdict, largest deviation where it is finite, tolerance and findings of a row that is computed again."""
    try:
        with tempfile.TemporaryDirectory(prefix="dlgn-verify-") as place, interrupts.allowed(), threads.kept():
            threads.again(threads_of(table, key))
            strict = must_be_equal(table, key)
            found = list(compare(table, key, recompute(type(table), key, Path(place)), Path(place)))
    except Exception as error:
        if interrupts.behind(error) is not None:
            raise
        return "failed", None, None, [f"cannot be computed again: {type(error).__name__}: {error}"]
    largest = max((one.size for one in found if one.counts), default=0.0)
    tolerance = 0.0 if strict else type(table).tolerance
    verdict = "equal" if not found else "close" if not strict and largest <= tolerance else "differs"
    found.sort(key=lambda one: (not one.counts, -one.size))
    sentences = [f"{one.place}: {one.words}" for one in found]
    return verdict, largest if math.isfinite(largest) else None, tolerance, sentences


def _table(verdicts: Sequence[Verdict]) -> Shown | Text:
    """The rows with bad verdicts and their findings; then the number of each verdict."""
    shown = Shown("row", "verdict", "findings")
    bad = [one for one in verdicts if one.verdict not in GOOD]
    for one in bad:
        more = [f"and {len(one.findings) - SHOWN} more"] if len(one.findings) > SHOWN else []
        shown.add_row(one.row, one.verdict, Text("\n".join([*one.findings[:SHOWN], *more])))
    counts = {name: sum(one.verdict == name for one in verdicts) for name in (*GOOD, "differs", "damaged", "failed")}
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "no rows"
    if not bad:
        return Text(said)
    shown.caption = said
    return shown


def _print(found: list[Any] | Shown | Text) -> None:
    """Print a table, or a list as JSON."""
    text = json.dumps(found, indent=2, ensure_ascii=False) if isinstance(found, list) else found
    Console().print(text, markup=False, highlight=False, soft_wrap=isinstance(found, list))


def diff_rows(one: str, other: str, as_json: bool = False) -> None:
    """Print how two rows of one table differ.

    Parameters
    ----------
    one, other : str
        The rows, as ``TrainedModel:seed=0``.
    as_json : bool
        Whether to print JSON rather than a table.

    Raises
    ------
    ConfigError
        For rows of two tables, and for words that do not name exactly one row.
    """
    schemas.open_database()
    tables = (*computed_tables(), *config_tables().values())
    (table, key), (second, second_key) = the_one(one, tables), the_one(other, tables)
    if table is not second:
        raise ConfigError(f"{one!r} and {other!r} are rows of two tables: name two of one")
    found = differences(table, key, second_key)
    _print([asdict(each) for each in found] if as_json else _differing(found, one, other))


def _differing(found: list[Difference], one: str, other: str) -> Shown | Text:
    if not found:
        return Text("the same in everything that is stored")
    shown = Shown("", "", *(name.replace("[", r"\[") for name in (one, other)))
    for index, each in enumerate(found):
        first = index == 0 or found[index - 1].part != each.part
        values = [Text("-" if value is None else value) for value in (each.one, each.other)]
        shown.add_row(each.part if first else "", Text(each.name), *values)
    return shown

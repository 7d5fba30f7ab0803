"""``dlgn verify``: rows computed anew beside the tables and compared, after every digest was checked."""

import json
import logging
import math
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as Shown
from rich.text import Text

import schemas
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.runtime import interrupts, threads
from populate.query.named_rows import chosen, written
from schemas import nnfabrik_import, training, verification
from schemas.declaration.computed_tables import computed_tables
from schemas.reproduction import integrity
from schemas.reproduction.compare import compare, must_be_equal, threads_of
from schemas.reproduction.recompute import recompute

logger = logging.getLogger("dlgn")
Key = dict[str, Any]
GOOD = ("equal", "close", "sound")
KEPT, SHOWN = 50, 5  # how many findings of one row


@dataclass(frozen=True)
class Verdict:
    """What came of verifying one row, with every finding as a sentence."""

    row: str
    verdict: str
    deviation: float | None = None
    tolerance: float | None = None
    findings: list[str] = field(default_factory=list)
    seconds: float = 0.0


def verify_rows(rows: Sequence[str], where: str | None = None, fast: bool = False, as_json: bool = False) -> bool:
    """Verify the rows that are named, keep and print the verdicts; whether every one of them is good.

    Raises ConfigError for a table that is not there, and for a condition without a table that it is about.
    """
    if where is not None and not rows:
        raise ConfigError(
            f"--where {where!r} asks for the tables whose columns it is about: dlgn verify TrainedModel ..."
        )
    schemas.open_database()
    tables = {table.__name__: table for table in computed_tables()}
    found = [chosen(text, tables, where) for text in rows or tables]
    verdicts = []
    for table, keys in found:
        for key in keys:
            verdicts.append(verify(table, key, fast))
            if not as_json:
                logger.info("%s %s (%.1f s)", verdicts[-1].row, verdicts[-1].verdict, verdicts[-1].seconds)
    Console().print(
        as_text(verdicts) if as_json else _table(verdicts), markup=False, highlight=False, soft_wrap=as_json
    )
    return all(one.verdict in GOOD for one in verdicts)


def verify(kind: Any, key: Key, fast: bool = False) -> Verdict:
    """Check every digest of a row and, unless ``fast``, compute it anew and compare; the verdict is kept.

    On the CPU, with one thread or with deterministic algorithms, by the same code in the same environment, a row must
    come out the same bit for bit; elsewhere the largest deviation may be up to the table's ``tolerance``.
    """
    started, table = time.monotonic(), kind()
    damaged = list(integrity.damages(table, key))
    imported = kind is training.TrainedModel and bool(nnfabrik_import.ImportedFit & key)
    said = [*damaged, *(["carried over from nnfabrik's tables, and so not computed anew"] if imported else [])]
    only_digests = fast or imported
    found = Verdict(written(kind, key), "sound", findings=said) if only_digests else _computed_anew(table, key, damaged)
    verdict = "damaged" if damaged else found.verdict
    final = Verdict(found.row, verdict, found.deviation, found.tolerance, found.findings, time.monotonic() - started)
    row = {"verdict": verdict, "deviation": _finite(final.deviation), "tolerance": final.tolerance}
    verification.note(kind, key, row | {"findings": final.findings[:KEPT], "verification_s": final.seconds})
    return final


def as_text(verdicts: Sequence[Verdict]) -> str:
    """The verdicts as JSON."""
    return json.dumps([asdict(one) | {"deviation": _finite(one.deviation)} for one in verdicts], indent=2)


def _computed_anew(table: Any, key: Key, damaged: list[str]) -> Verdict:
    name = written(type(table), key)
    try:
        with tempfile.TemporaryDirectory(prefix="dlgn-verify-") as place, interrupts.allowed(), threads.kept():
            threads.again(threads_of(table, key))
            strict = must_be_equal(table, key)
            found = list(compare(table, key, recompute(type(table), key, Path(place)), Path(place)))
    except Exception as error:
        if interrupts.behind(error) is not None:
            raise
        return Verdict(name, "failed", findings=[*damaged, f"cannot be computed anew: {type(error).__name__}: {error}"])
    largest = max((one.size for one in found if one.counts), default=0.0)
    close = not strict and largest <= type(table).tolerance
    verdict = "equal" if not found else "close" if close else "differs"
    found.sort(key=lambda one: (not one.counts, -one.size))
    sentences = [f"{one.place}: {one.words}" for one in found]
    return Verdict(name, verdict, largest, 0.0 if strict else type(table).tolerance, [*damaged, *sentences])


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _table(verdicts: Sequence[Verdict]) -> Shown | Text:
    """The rows that are not as they should be, with what was found; then how many are."""
    shown = Shown("row", "verdict", "what was found")
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

"""What ``dlgn define`` shows before it inserts: a line a config, with its hash and whether the tables have it."""

import json

from rich.console import Console
from rich.table import Table

from populate.define.define import ExperimentPlan

PARTS = {"datasets": "dataset", "models": "model", "trainers": "trainer", "meis": "MEI"}


def show_plan(plan: ExperimentPlan) -> None:
    """Print every config of an experiment on the standard output."""
    Console().print(plan_table(plan), highlight=False)


def plan_table(plan: ExperimentPlan) -> Table:
    """A row a config: part, function, whole hash, new or known, and the values that tell it from others of its grid."""
    known = plan.known()
    shown = Table("", "function", "hash", "", "values", box=None, padding=(0, 2, 0, 0))
    shown.columns[2].no_wrap, shown.columns[4].overflow = True, "fold"
    for entry in plan.entries:
        (digest,) = entry.key.values()
        values = "\n".join(f"{path}={json.dumps(value)}" for path, value in entry.values.items())
        words = (PARTS[entry.part], entry.fn, digest, "known" if digest in known else "new", values)
        shown.add_row(*(word.replace("[", r"\[") for word in words))
    return shown

"""Which heavy packages a command may load: a table of those that must stay light. Help is light for all."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# What no question to the database needs. DataJoint itself loads numpy, pandas, pyarrow and networkx.
HEAVY = frozenset(
    {"torch", "scipy", "matplotlib", "deeplake", "pynwb", "hdmf", "h5py", "av", "skimage", "optuna", "dash", "mlflow"}
)
OF_DATAJOINT = frozenset({"datajoint", "numpy", "pandas", "pyarrow", "networkx"})
MARK = "LOADED "
TELL = f"""
import atexit, json, sys
names = lambda: json.dumps([name for name in sys.modules if "." not in name])
atexit.register(lambda: print({MARK!r} + names(), file=sys.stderr))
"""
MAIN = "from populate.cli.command import main; main()"


@dataclass(frozen=True)
class Entry:
    """A call of a command: its words, what of ``HEAVY`` it may load, and the exit status that it ends with here."""

    words: tuple[str, ...] = ()
    may_load: frozenset[str] = frozenset()
    status: int = 0
    database: bool = True


# Commands that compute, draw or copy may load anything, and have no row. Words in braces are what the tests with a
# database have made.
COMMANDS = {
    "init": Entry(("{folder}/project",)),
    "doctor": Entry(("--deadline", "1"), status=1, database=False),  # its checks, which fail in 1 s, are processes
    "simulate": Entry(
        ("{folder}/recording", "--units", "2", "--scenes", "3", "--test-scenes", "1"),
        frozenset({"scipy", "av", "skimage"}),
        database=False,
    ),
    "ingest": Entry(("{recording}",)),  # of bytes that were ingested
    "models": Entry(may_load=frozenset({"torch", "av"}), database=False),
    "define": Entry(("{experiment}",)),  # of what was defined
    "status": Entry(),
    "workers": Entry(("--all",)),
    "priority": Entry(("TrainedModel", "4")),
    "pause": Entry(("MEI",)),
    "resume": Entry(("MEI",)),
    "drain": Entry(("no_such_machine",)),
    "stop": Entry(("TrainedModel", "--where", "seed = 0")),
    "retry": Entry(("TrainedModel",)),
    "slurm": Entry(status=1, database=False),  # where there is no SLURM
    "query": Entry(("Score * ModelConfig", "--where", "model.core.name = stacked_2d")),
    "diff": Entry(("{one}", "{other}")),
    "declare": Entry(),
    "gc": Entry(),
}
CALLED = {with_one: [name for name, one in COMMANDS.items() if one.database == with_one] for with_one in (False, True)}


def named_commands(group: Any, before: str = "") -> dict[str, Any]:
    """Every command below a group by its words, as ``export meis``."""
    found = {}
    for name, command in group.commands.items():
        found |= (
            named_commands(command, f"{before}{name} ") if hasattr(command, "commands") else {before + name: command}
        )
    return found


def loaded(code: str, *words: str, status: int = 0, **environment: str) -> set[str]:
    """The packages that a fresh process has loaded when it ends, as it must, with ``status``."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TELL + code, *words],
        cwd=ROOT, env=os.environ | environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == status, done.stderr + done.stdout
    (line,) = (line for line in done.stderr.splitlines() if line.startswith(MARK))
    return set(json.loads(line.removeprefix(MARK)))


def refuse_heavy(name: str, **made: object) -> None:
    """Call a command as its entry says, with what was ``made``, and fail where it loads what it may not."""
    entry = COMMANDS[name]
    words = [word.format(**made) for word in entry.words]
    # Without a PATH no machine has SLURM, and no job is submitted.
    environment = {"PATH": ""} if name == "slurm" else {}
    found = loaded(MAIN, *name.split(), *words, status=entry.status, **environment) & HEAVY
    assert found <= entry.may_load, f"dlgn {name} loads {', '.join(sorted(found - entry.may_load))}"

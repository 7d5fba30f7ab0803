"""Measure the CPU seconds of a command, apart from its queries of the database.

Each command runs in a fresh process, in turn with its bounds: a process that imports DataJoint, and one that imports
torch. CPU seconds are user and system time of the process. They exclude the embedded server, which another process
keeps alive; the cost of starting it is measured at the end. Ratios are paired within a round; figures are medians over
rounds.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAIN = "from populate.cli.command import main; main()"
HOLD = "import schemas; schemas.open_database(); print('open', flush=True); input()"
NAMES = "import typer; from populate.cli.command import app; print(*typer.main.get_command(app).commands)"
COMPLETION = {"_DLGN_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "dlgn query Score.U"}
DATAJOINT, TORCH = "import datajoint", "import torch"
RATIO, SHORT_S, OVER_TORCH_S = 1.5, 0.5, 1.0
ASKING = ("status", "workers", "query", "ingest")  # of known bytes
QUIET = ("-W", "ignore", "-c")

Environment = Mapping[str, str]
Seconds = dict[str, list[float]]


def cpu_s(code: str, environment: Environment, *words: str) -> float:
    """CPU seconds of a fresh interpreter that runs this code, and of the processes that it waited for."""
    command = [sys.executable, *QUIET, code, *words]
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{code} {words} ended with {process.returncode}: {said.read()}")
    return used.ru_utime + used.ru_stime


@contextmanager
def server_held(environment: Environment) -> Iterator[None]:
    """Keep the embedded server alive within the block, by a separate process."""
    command = [sys.executable, *QUIET, HOLD]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        if holder.stdout.readline().strip() != "open":
            raise SystemExit("the database does not open")
        try:
            yield
        finally:
            holder.communicate("\n")


def calls(recording: Path, names: tuple[str, ...]) -> dict[str, tuple[str, tuple[str, ...], Environment]]:
    """Map the name of each measurement to its code, arguments and additions to the environment."""
    found: dict[str, tuple[str, tuple[str, ...], Environment]] = {
        DATAJOINT: (DATAJOINT, (), {}),
        TORCH: (TORCH, (), {}),
        "status": (MAIN, ("status",), {}),
        "workers": (MAIN, ("workers",), {}),
        "query": (MAIN, ("query", "Session"), {}),
        "ingest": (MAIN, ("ingest", str(recording)), {}),
        "models": (MAIN, ("models",), {}),
        "--help": (MAIN, ("--help",), {}),
        "--version": (MAIN, ("--version",), {}),
        "completion": (MAIN, (), COMPLETION),
    }
    return found | {f"{name} --help": (MAIN, (name, "--help"), {}) for name in names}


def measure(rounds: int, recording: Path, names: tuple[str, ...], environment: Environment) -> Seconds:
    """CPU seconds of each call per round; a first round warms the page cache and is left out."""
    found: Seconds = {}
    for number in range(-1, rounds):
        for name, (code, words, added) in calls(recording, names).items():
            taken = cpu_s(code, {**environment, **added}, *words)
            if number >= 0:
                found.setdefault(name, []).append(taken)
    return found


def verdicts(found: Seconds, names: tuple[str, ...]) -> Iterator[tuple[str, float, float]]:
    """Name, value and target of each line."""
    for name in ASKING:
        ratios = [one / other for one, other in zip(found[name], found[DATAJOINT], strict=True)]
        yield f"command_{name}_over_datajoint", statistics.median(ratios), RATIO
    for name in ("--help", "--version", "completion"):
        yield f"command_{name.strip('-')}_cpu_s", statistics.median(found[name]), SHORT_S
    if names:
        slowest = max(statistics.median(found[f"{name} --help"]) for name in names)
        yield "command_slowest_help_cpu_s", slowest, SHORT_S
    beyond = [one - other for one, other in zip(found["models"], found[TORCH], strict=True)]
    yield "command_models_beyond_torch_cpu_s", statistics.median(beyond), OVER_TORCH_S


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="2 rounds: under 50 s on 2 cores")
    quick = parser.parse_args().quick
    # Write bytecode, as an installation does.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DLGN_", "PYTHONDONTWRITE"))}
    found_names = subprocess.run([sys.executable, *QUIET, NAMES], cwd=ROOT, capture_output=True, text=True, check=True)
    names = () if quick else tuple(found_names.stdout.split())
    with tempfile.TemporaryDirectory() as folder:
        environment, recording = {**kept, "DLGN_HOME": f"{folder}/home"}, Path(folder) / "recording"
        cpu_s(MAIN, environment, "simulate", str(recording), "--units", "8", "--scenes", "8", "--test-scenes", "3")
        with server_held(environment):
            cpu_s(MAIN, environment, "ingest", str(recording))
            found = measure(2 if quick else 10, recording, names, environment)
        started = [cpu_s(MAIN, environment, "status") for _ in range(1 if quick else 5)]
    print(f"{'CPU seconds':24s}{'median':>8s}{'highest':>9s}")
    for name, taken in (found | {"status, server started": started}).items():
        print(f"{name:24s}{statistics.median(taken):8.3f}{max(taken):9.3f}")
    lines = list(verdicts(found, names))
    print()
    for name, value, target in lines:
        print(f"{name} {value:.3f} {target} {'ok' if value <= target else 'short'}")
    return int(any(value > target for _, value, target in lines))


if __name__ == "__main__":
    sys.exit(main())

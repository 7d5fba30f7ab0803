"""How long does a shell wait for the command's help, and for words to be completed?

Each in a fresh process, in turn, beside what is below it and above it: an interpreter that does nothing, typer with an
empty command, and the imports that the help must do without. Medians of the rounds, with the slowest; the help of
every single command once a round.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET_S = 0.5
MAIN = "from populate.cli import main; main()"
EMPTY = "import typer; app = typer.Typer(); app.command()(lambda: None); app()"
COMPLETION = {"_DLGN_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "dlgn query Score.U"}
NAMES = "import typer; from populate.cli import app; print(*typer.main.get_command(app).commands)"


def seconds(code: str, *words: str, **environment: str) -> float:
    """How long a fresh interpreter takes for this."""
    started = time.perf_counter()
    command = [sys.executable, "-W", "ignore", "-c", code, *words]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)
    took_s = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{words} ended with {done.returncode}: {done.stderr}")
    return took_s


def commands() -> list[str]:
    done = subprocess.run([sys.executable, "-c", NAMES], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()


def measure(rounds: int, imports: int) -> dict[str, list[float]]:
    """Seconds of each way, round by round; the imports, which take long, in the first few only."""
    found: dict[str, list[float]] = {}
    names = commands()
    for number in range(-1, rounds):
        taken = {
            "python": seconds("pass"),
            "typer": seconds(EMPTY, "--help"),
            "dlgn --help": seconds(MAIN, "--help"),
            "completion": seconds(MAIN, **COMPLETION),
            "slowest X --help": max(seconds(MAIN, name, "--help") for name in names),
        }
        if number < imports:
            taken["imports"] = seconds("import torch, datajoint, pandas")
        if number >= 0:  # the first round warms the page cache
            for way, took_s in taken.items():
                found.setdefault(way, []).append(took_s)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="3 rounds: under 50 s on 2 cores")
    rounds, imports = (3, 1) if parser.parse_args().quick else (20, 5)
    found = measure(rounds, imports)
    print(f"{'seconds':18s}{'median':>8s}{'slowest':>9s}")
    for way, taken in found.items():
        print(f"{way:18s}{statistics.median(taken):8.3f}{max(taken):9.3f}")
    value = statistics.median(found["dlgn --help"])
    print(f"\ncommand_help_s {value:.3f} {TARGET_S} {'ok' if value <= TARGET_S else 'short'}")
    return 0 if value <= TARGET_S else 1


if __name__ == "__main__":
    sys.exit(main())

"""Test whether ``auto`` takes the precision that is faster on this machine.

Each computation runs in float32 and in bfloat16 in turn in every round; a figure is CPU seconds, which other load
hardly changes, and the least of all rounds except the first. The verdict compares the time in the precision that
``auto`` takes with that in the faster one; within 5 %, either is right.

demo           a training step of the encoder that ``dlgn demo`` fits: 4 clips of 60 frames, 122 units
factorized 3D  a training step of the model of that name in train_step.py, with 1 clip of the 4
MEI            the ascent of the demo's MEIs: 6 units in both lights, 40 frames; 6 steps, 30 without --quick

To imitate a CPU without AVX512-BF16 and AMX, set ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
import yaml
from train_step import built, made_up, step_of, verdict

from dlgn_cnn.interface import Batch, DataInfo
from dlgn_cnn.mei.synthesis.methods import gradient_ascent
from dlgn_cnn.mei.synthesis.targets import Target
from dlgn_cnn.models.build import encoder
from dlgn_cnn.runtime.device import cpu_flags, resolve

DEMO = Path(__file__).resolve().parents[1] / "populate" / "experiments" / "demo.yaml"
EITHER, ROUNDS = 1.05, 7
QUICK_S, FULL_S = 8.0, 120.0  # for the rounds of one computation
WAYS = ("float32", "bfloat16")
CAPS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY")
Run = Callable[[], Any]


def demo(info: DataInfo, device: torch.device) -> torch.nn.Module:
    config = yaml.safe_load(DEMO.read_text())["models"][0]["config"]
    return encoder({"one": info}, 0, **config).to(device)


def steps(device: torch.device, quick: bool) -> dict[str, dict[str, Run]]:
    """Each computation in both precisions."""
    info, batch = made_up(device)
    one_clip = Batch(**{one.name: getattr(batch, one.name)[:1] for one in fields(batch)})
    targets = [Target("one", unit, light, 0) for unit in range(6) for light in (False, True)]
    options = {"frames": 40, "steps": 6 if quick else 30, "patience": 30}
    cell = demo(info, device).eval()

    def ascent(precision: str) -> Run:
        return lambda: gradient_ascent([cell], targets, info, device, fit=options | {"precision": precision})

    return {
        "demo": {way: step_of(demo(info, device).train(), batch, way) for way in WAYS},
        "factorized_3d": {way: step_of(built("factorized 3D", info, device, False), one_clip, way) for way in WAYS},
        "mei": {way: ascent(way) for way in WAYS},
    }


def seconds(ways: dict[str, Run], budget_s: float, clock: Callable[[], float]) -> dict[str, list[float]]:
    """Seconds of each way in every round: at most ``ROUNDS``, none begun after ``budget_s``, and at least one."""
    found: dict[str, list[float]] = {way: [] for way in ways}
    began = clock()
    for number in range(ROUNDS + 1):
        if number > 1 and clock() - began > budget_s:
            break
        for way, run in ways.items():
            started = clock()
            run()
            if number:  # the first round warms caches and allocators
                found[way].append(clock() - started)
    return found


def compare(name: str, found: dict[str, list[float]], auto: str) -> float:
    """Print a computation's times and the figure; return its margin to the limit."""
    least = {way: min(times) for way, times in found.items()}
    ratios = [one / other for one, other in zip(found["float32"], found["bfloat16"], strict=True)]
    print(f"{name:14s}{least['float32']:9.3f} s{least['bfloat16']:9.3f} s", end="")
    print(f"{least['float32'] / least['bfloat16']:9.2f} times ({min(ratios):.2f} to {max(ratios):.2f})")
    lost = least[auto] / min(least.values())
    print(f"precision_{name} {lost:.2f} {EITHER} {verdict(EITHER / lost)}")
    return EITHER / lost


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, a shorter ascent: under 50 s on 2 cores")
    quick = parser.parse_args().quick
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    auto, clock = resolve("auto", device), time.process_time if device.type == "cpu" else time.perf_counter
    caps = " ".join(f"{name}={os.environ[name]}" for name in CAPS if name in os.environ)
    print(f"{device.type}, {', '.join(sorted(cpu_flags())) or 'no flag of bfloat16'}, {caps or 'no cap'}", end="; ")
    print(f"{torch.get_num_threads()} threads; auto is {auto}")
    print(f"{'':14s}{'float32':>11s}{'bfloat16':>11s}{'bfloat16 is faster by':>25s}")
    margins = [
        compare(name, seconds(ways, QUICK_S if quick else FULL_S, clock), auto)
        for name, ways in steps(device, quick).items()
    ]
    # The narrowest of all margins: 1 if the figure just meets its target.
    print(f"precision {min(margins):.2f} 1 {verdict(min(margins))}")
    return 0 if min(margins) >= 1 else 1


if __name__ == "__main__":
    sys.exit(main())

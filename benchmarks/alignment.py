"""Test whether ``check_alignment`` finds times that are wrong, and is silent about times that are right.

Sessions of 40 simulated units and 40 minutes see photographs through a wandering gaze. A fifth of the units do not see
the movie, 30 % of all are nonlinear, half of all spikes are scattered over their presentation, a shared slow gain and
one drawn for each unit and presentation thin them, and the light is redrawn every 1.002 s. Each session's latency, the
lag of the mean unit's fast lobe, is drawn from 20 to 80 ms. Its spikes are then shifted: by a constant; by one frame of
60 Hz in mid-session; by five frames from a time drawn from the middle half on, as if five pictures had been dropped at
once; by one frame more at each of five drawn times, as if they had been dropped one by one; or by a drift of 50 ppm.
Changes go in either direction, drawn. The values are sessions in which the shift was found, and sound sessions without
a warning.
"""

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from dlgn_cnn.data.inspection.alignment import Alignment, check_alignment
from dlgn_cnn.data.recording import PresentationTimes, SceneKey, SessionRecording
from dlgn_cnn.data.stimuli.video import decode_gray, probe
from dlgn_cnn.shapes import Times
from dlgn_cnn.simulation.config import FRAME_RATE_HZ, GRID_PX, MOVIE, SimulationConfig
from dlgn_cnn.simulation.gaze import wander
from dlgn_cnn.simulation.kernels import PEAK_S
from dlgn_cnn.simulation.movies import write_scenes
from dlgn_cnn.simulation.session import SimulatedSession, simulate_session

CONFIG = SimulationConfig(
    units=40,
    train_scenes=60,
    test_scenes=20,
    test_repeats=19,
    width_px=106,
    height_px=66,
    undriven_share=0.2,
    nonlinear_share=0.3,
)
QUICK = replace(CONFIG, train_scenes=40, test_repeats=9)
SESSIONS, QUICK_SESSIONS, TARGET_SHARE = 20, 1, 0.95
LATENCY_S = (0.02, 0.08)
SCATTERED = 0.5
GAIN_S, GAIN_SHARED, GAIN_OWN = 30, 0.7, 0.5
FRAME_S = 1 / FRAME_RATE_HZ
Shift = Callable[[Times], Times]


def shifts(end_s: float, generator: np.random.Generator) -> dict[str, Shift]:
    """What is done to spike times in s, by name."""
    sign, once_s = generator.choice([-1, 1]), generator.uniform(0.25, 0.75) * end_s
    many_s = np.sort(generator.uniform(0.05, 0.95, 5)) * end_s
    return {
        "sound": lambda times_s: 0 * times_s,
        "shift_-83ms": lambda times_s: 0 * times_s - 0.083,
        "shift_+150ms": lambda times_s: 0 * times_s + 0.15,
        "step_of_a_frame": lambda times_s: sign * FRAME_S * (times_s > end_s / 2),
        "five_dropped_at_once": lambda times_s: sign * 5 * FRAME_S * (times_s > once_s),
        "five_dropped_apart": lambda times_s: sign * FRAME_S * np.searchsorted(many_s, times_s),
        "drift_of_50ppm": lambda times_s: sign * 5e-5 * (times_s - end_s / 2),
    }


def noisy(session: SimulatedSession, generator: np.random.Generator) -> list[Times]:
    """Spikes of each unit, scattered and thinned."""
    slow = wander(int(session.shown_s[-1, 1]) + 1, GAIN_S, generator)
    found: list[list[Times]] = [[] for _ in session.truth.units]
    for shown_s, of_units in zip(session.shown_s, session.spikes_s, strict=True):
        for own, times_s in zip(found, of_units, strict=True):
            logit = GAIN_SHARED * slow[times_s.astype(int)] + GAIN_OWN * generator.standard_normal()
            kept = times_s[generator.random(len(times_s)) < 1 / (1 + np.exp(-logit))]
            scattered = generator.random(len(kept)) < SCATTERED
            own.append(np.where(scattered, generator.uniform(*shown_s, len(kept)), kept))
    return [np.concatenate(own) for own in found]


@cache
def films(folder: Path) -> tuple[list, np.ndarray]:
    """The scene files, and what they show."""
    files = sorted(folder.iterdir())
    return [probe(file) for file in files], np.stack([decode_gray(file, GRID_PX, FRAME_RATE_HZ) for file in files])


def check(folder: Path, config: SimulationConfig, seed: int) -> tuple[float, dict[str, tuple[Alignment, float]]]:
    """Simulate one session. Its latency in ms, and by shift, what is found in it and in how many CPU seconds."""
    population, events, own = np.random.default_rng(seed).spawn(3)
    files, movies = films(folder)
    session = simulate_session(config, movies, population, events)
    latency_s = own.uniform(*LATENCY_S)
    spikes_s = [times_s + latency_s - np.mean(PEAK_S) for times_s in noisy(session, own)]
    presentations = tuple(
        PresentationTimes(trial, SceneKey(MOVIE, int(scene)), *map(float, shown_s), config.tier(int(scene)))
        for trial, (scene, shown_s) in enumerate(zip(session.truth.scene, session.shown_s, strict=True))
    )
    scenes = {SceneKey(MOVIE, number): file for number, file in enumerate(files)}
    found = {}
    for name, shift in shifts(session.shown_s[-1, 1], own).items():
        shifted = {unit: np.sort(times_s + shift(times_s)) for unit, times_s in enumerate(spikes_s, 1)}
        recording = SessionRecording(config.session, shifted, presentations, session.opto_epochs_s, scenes)
        started = time.process_time()
        found[name] = check_alignment(recording), time.process_time() - started
    return 1000 * latency_s, found


def right(name: str, found: Alignment) -> bool:
    """Whether what is found is what was done."""
    lag = any("too early" in text or "too late" in text for text in found.warnings)
    changed = any("drift" in text or "from about" in text for text in found.warnings)
    return {"sound": not found.warnings, "shift_": lag}.get(name[: 6 if name.startswith("shift_") else None], changed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short sessions, and few: under 50 s on 2 cores")
    parser.add_argument("--seed", type=int, default=7000, help="of the first session (default: 7000)")
    parser.add_argument("--processes", type=int, default=2, help="sessions at a time (default: 2)")
    options = parser.parse_args()
    config, sessions = (QUICK, QUICK_SESSIONS) if options.quick else (CONFIG, SESSIONS)
    counts: dict[str, int] = {}
    with (
        tempfile.TemporaryDirectory() as place,
        ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool,
    ):
        write_scenes(Path(place), config, None, np.random.default_rng(options.seed))
        jobs = {pool.submit(check, Path(place), config, options.seed + n): n for n in range(sessions)}
        print(f"{'session':>8}{'latency':>8}  {'shift':22}{'units':>6}{'lag':>6}{'drift':>7}  jumps (s, ms); CPU s")
        for job in as_completed(jobs):
            latency_ms, results = job.result()
            for name, (found, cpu_s) in results.items():
                counts[name] = counts.get(name, 0) + right(name, found)
                lag, drift = (f"{value:.0f}" if value is not None else "?" for value in (found.lag_ms, found.drift_ms))
                jumps = ", ".join(f"{at:.0f} {by:+.0f}" for at, by in found.change_points)
                mark = "" if right(name, found) else "  WRONG"
                print(
                    f"{jobs[job]:>8}{latency_ms:>8.0f}  {name:22}{len(found.units_used):>6}{lag:>6}{drift:>7}  "
                    f"{jumps}; {cpu_s:.1f}{mark}",
                    flush=True,
                )
    target = int(TARGET_SHARE * sessions)
    for name, count in counts.items():
        print(f"alignment_{name} {count} {target} {'ok' if count >= target else 'short'}")
    return 0 if min(counts.values()) >= target else 1


if __name__ == "__main__":
    sys.exit(main())

"""Test whether a fit that is killed at any step ends with the same weights, bit for bit, as an undisturbed fit.

A small fit of two simulated sessions (random windows, a readout that draws positions, a fitted dispersion, gradient
accumulation, a cosine schedule, early stopping) runs on one thread, saved every 3 steps. The reference runs
undisturbed, before and after the others. For each of 10 random steps, the product is killed with SIGKILL at a random
moment within the step, and then started again. The sha256 of the final weights is compared; the value is the share of
killed fits whose weights are the reference's.
"""

import argparse
import json
import os

os.environ["OMP_NUM_THREADS"] = "1"

import random
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from plain.in_memory import session_loaders

from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.sessions.dataset import DatasetSpec, build_sessions
from dlgn_cnn.data.sessions.session_data import SessionData, data_info
from dlgn_cnn.models.build import encoder
from dlgn_cnn.simulation.config import SimulationConfig
from dlgn_cnn.simulation.recording import simulate
from dlgn_cnn.training.checkpoints import Checkpoints
from dlgn_cnn.training.fit import TrainingLoop
from dlgn_cnn.training.fit_config import FitConfig
from dlgn_cnn.training.losses import ObservationModel, loss_of, units_of
from dlgn_cnn.training.trainers.standard import run
from dlgn_cnn.training.weights import save_weights

KILLS, QUICK_KILLS, EPOCHS, SAVED_EVERY = 10, 4, 4, 3
ENCODER: dict[str, Any] = {
    "core": {"name": "stacked_2d", "channels": [4], "kernels": [5], "strides": [3]},
    "recurrent": {"name": "conv_gru", "channels": 4, "kernel_input": 1, "kernel_state": 1},
    "readout": {"name": "gaussian"},
}


def make_sessions(folder: Path) -> dict[str, SessionData]:
    found = {}
    for number, scenes in ((1, 10), (2, 6)):
        small = SimulationConfig(
            mouse=f"Simulated_2026_000{number}", units=6, train_scenes=scenes, test_scenes=2, seed=number,
            scene_duration_s=0.9986, width_px=106, height_px=66,
        )  # fmt: skip
        recordings = read_recordings(simulate(folder / str(number), small))
        names = tuple(str(one.session) for one in recordings)
        found |= build_sessions(recordings, DatasetSpec(names, (18, 32), validation_share=0.3, near_duplicate=None))
    return found


def new_fit(sessions: dict[str, SessionData]) -> TrainingLoop:
    infos = {name: data_info(session) for name, session in sessions.items()}
    loaders: dict[str, dict[str, Any]] = {"train": {}, "validation": {}, "test": {}}
    for name, session in sessions.items():
        for tier, loader in session_loaders(session, infos[name], 0, 1, 20, name).items():
            loaders[tier][name] = loader
    loss = ObservationModel(*loss_of("negative_binomial"), units_of(loaders))
    config = FitConfig(EPOCHS, 3, 0.01, accumulate=2, burn_in_frames=5)
    return TrainingLoop(encoder(infos, 0, **ENCODER), loaders, loss, config)


def attempt(sessions: dict[str, SessionData], folder: Path, kill_at: int, delay_s: float) -> dict[str, Any]:
    """Run the fit from its last checkpoint to its end, or until it is killed ``delay_s`` after step ``kill_at``."""
    torch.set_num_threads(1)
    torch.manual_seed(time.monotonic_ns() % 2**31)  # no result may depend on what the process drew before
    fit = new_fit(sessions)
    real, begun = fit._step, []

    def step(batches: int) -> None:
        begun.append(fit.step)
        real(batches)
        if fit.step == kill_at:
            threading.Timer(delay_s, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()

    fit._step = step  # type: ignore[method-assign]
    # Saved by a clock that counts steps, so that a fit on a slow machine also repeats some steps.
    checkpoints = Checkpoints(folder / "checkpoints", SAVED_EVERY, clock=lambda: fit.step)
    _, output, state = run(fit, cb=checkpoints)
    return {
        "sha256": save_weights(state, folder / "weights"),
        "losses": [record["loss"] for record in output["epochs"]],
        "first": begun[0] if begun else fit.step,
        "steps": fit.step,
    }


def in_child(task: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    """Return the result of ``task`` in a separate process, or None if the process was killed."""
    read, write = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            os.write(write, json.dumps(task()).encode())
        except BaseException:
            traceback.print_exc()
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        said = answer.read()
    killed = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == -signal.SIGKILL
    if not killed and not said:
        raise RuntimeError("a fit failed: see above")
    return None if killed else json.loads(said)


def measure(sessions: dict[str, SessionData], folder: Path, kills: int) -> tuple[list[bool], bool]:
    """Whether each killed fit ended like the reference, and whether the reference repeats itself."""
    draw, same = random.Random(0), []
    started = time.perf_counter()
    reference = in_child(lambda: attempt(sessions, folder / "reference", -1, 0))
    assert reference is not None
    step_s = (time.perf_counter() - started) / reference["steps"]
    print(f"undisturbed: {reference['steps']} steps of {step_s * 1e3:.0f} ms, weights {reference['sha256'][:12]}\n")
    print(f"{'killed after step':>18}{'went on from step':>19}{'weights':>16}  same")
    for number, step in enumerate(sorted(draw.sample(range(1, reference["steps"]), kills))):
        place, delay_s = folder / str(number), draw.random() * step_s
        killed = in_child(lambda place=place, step=step, delay_s=delay_s: attempt(sessions, place, step, delay_s))
        ended = in_child(lambda place=place: attempt(sessions, place, -1, 0))
        assert ended is not None
        # A fit that ended before the signal was not killed, so it proves nothing.
        same.append(killed is None and all(ended[name] == reference[name] for name in ("sha256", "losses")))
        print(f"{step:>18}{ended['first']:>19}{ended['sha256'][:12]:>16}  {'yes' if same[-1] else 'NO'}")
    again = in_child(lambda: attempt(sessions, folder / "again", -1, 0))
    return same, again is not None and again["sha256"] == reference["sha256"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer kills: under 50 s on 2 cores")
    kills = QUICK_KILLS if parser.parse_args().quick else KILLS
    with tempfile.TemporaryDirectory() as folder:
        same, repeats = measure(make_sessions(Path(folder)), Path(folder) / "fits", kills)
    print(f"\nthe undisturbed fit {'repeats itself' if repeats else 'DOES NOT REPEAT ITSELF'}")
    share = sum(same) / len(same)
    good = share == 1 and repeats
    print(f"resume {share:.2f} 1 {'ok' if good else 'short'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

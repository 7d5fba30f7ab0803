"""Count MEIs per hour on a CPU, relative to neuro-mei's own loop on the same model, units, steps and norm.

product     ``synthesize``: all units in one batch, one forward and backward pass per step, no gradient of weights,
            precision auto with a float32 stimulus, only the pixels that a unit sees, stops when nothing improves
neuro-mei   ``mei.optimization.MEI`` and ``optimize`` of sinzlab's package, unchanged (pip install --no-deps neuro-mei):
            one stimulus per run, two forward and backward passes per step, float32, gradients of all weights; the
            last stimulus is the result

Both climb the same mean rate of the same units of one encoder, from the same random starts, with the same blur of the
gradient, and both project every stimulus onto the same norm and range with the same function. neuro-mei descends with
torch's SGD at the best of several rates, found on the first unit and not timed. The maximal number of steps is the
same. Units take turns: neuro-mei's MEI of one, then the product's batch, and so on. Activations are those of the
float32 model on the whole picture. The model is fitted for a few epochs to an in-silico session of 122 units. MEIs are
synthesized for units that the movie drives.

At thesis size (33x53 px, 40 frames, three layers and a conv-GRU of 32 channels and 7x7 kernels, 122 units) the state
kernel reaches the whole picture, so every pixel is computed. ``--quick`` takes a strided core and a pointwise GRU, as
in the demo. The full run then times 10 seeds x 2 conditions per unit at thesis size; the published time is 141 s. It
uses a GPU if there is one and ``--device cuda`` is given.
"""

import argparse
import contextlib
import io
import os
import statistics
import sys
import time
from collections.abc import Callable

# One thread per core, not bound to it: another process on that core would halt every parallel loop.
os.environ.setdefault("OMP_NUM_THREADS", str(len(os.sched_getaffinity(0))))

import numpy as np
import torch
from mei.optimization import MEI, optimize
from mei.stoppers import NumIterations
from mei.tracking import Tracker
from plain.in_memory import photograph_movies, session_data, session_loaders

from dlgn_cnn.data.sessions.session_data import data_info
from dlgn_cnn.mei.synthesis.ascent import random_start, synthesize
from dlgn_cnn.mei.synthesis.config import Synthesis, synthesis
from dlgn_cnn.mei.synthesis.methods import screen_range
from dlgn_cnn.mei.synthesis.presenter import Presenter, in_both_conditions
from dlgn_cnn.mei.synthesis.targets import Target
from dlgn_cnn.models.build import encoder
from dlgn_cnn.simulation.config import SimulationConfig
from dlgn_cnn.simulation.session import simulate_session
from dlgn_cnn.training.trainers.standard import standard

TARGET, PUBLISHED_S = 20.0, 141.0
UNITS, SHAPE, WINDOW, KEY = 122, (40, 33, 53), 10, "session"
RATES, STEPS, PILOT_STEPS = (0.3, 1.0, 3.0), 100, 10
THESIS = {
    "core": {"name": "stacked_2d", "channels": [32] * 3, "kernels": [7] * 3},
    "recurrent": {"name": "conv_gru", "channels": 32, "kernel_input": 7, "kernel_state": 7, "opto": ["update.input"]},
}
SMALL = {
    "core": {"name": "stacked_2d", "channels": [16], "kernels": [17], "strides": [3]},
    "recurrent": {"name": "conv_gru", "channels": 16, "kernel_input": 1, "kernel_state": 1, "opto": ["update.input"]},
}


class Fitted:
    """A model fitted for ``epochs`` to a simulated session of ``scenes``, its screen's range, and the driven units."""

    def __init__(self, parts: dict, scenes: int, epochs: int, device: torch.device) -> None:
        config = SimulationConfig(units=UNITS, train_scenes=scenes, test_scenes=2, width_px=106, height_px=66)
        film, population, events = np.random.default_rng(1).spawn(3)
        movies = photograph_movies(config, film)
        session = simulate_session(config, movies, population, events)
        data = session_data(config, session, movies, {0: "validation"})
        info, started = data_info(data), time.perf_counter()
        loaders = {tier: {KEY: one} for tier, one in session_loaders(data, info, 0, 4, 60, KEY).items()}
        self.model = encoder({KEY: info}, 0, **parts, readout={"name": "gaussian", "feature_weight": 1e-5}).to(device)
        fit = {"max_epochs": epochs, "patience": epochs, "learning_rate": 0.01}
        score, _, _ = standard(self.model, loaders, 0, fit=fit)
        self.model.eval()
        self.range, self.units = screen_range(info), np.flatnonzero(session.truth.driven).tolist()
        print(f"fitted in {time.perf_counter() - started:.0f} s, validation correlation {score:.3f}", flush=True)

    def config(self, batch: int) -> Synthesis:
        options = {"frames": SHAPE[0], "steps": STEPS, "batch_size": batch}
        return synthesis(options | {"objective": {"name": "mean_rate", "window_frames": WINDOW}}, self.range)


def reference(model: torch.nn.Module, unit: int, config: Synthesis, share: float, steps: int) -> torch.Tensor:
    """The stimulus (1, time, height, width) of neuro-mei's loop; ``share`` is the first step's size over the norm."""
    device = next(model.parameters()).device
    start = config.constraint.project(random_start(0, SHAPE)[None].to(device))[:, None]
    opto = torch.zeros(1, SHAPE[0], device=device)

    def rate(stimulus: torch.Tensor) -> torch.Tensor:
        return model(stimulus, opto, data_key=KEY)[0, unit, -WINDOW:].mean()

    def precondition(gradient: torch.Tensor, step: int) -> torch.Tensor:
        return config.preconditioner(gradient[:, 0])[:, None]

    def postprocessing(stimulus: torch.Tensor, step: int) -> torch.Tensor:
        return config.constraint.project(stimulus[:, 0])[:, None]

    shown = start.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(rate(shown), shown)
    step_size = share * float(start.norm() / precondition(gradient, 0).norm())
    stimulus = start.clone()
    optimizer = torch.optim.SGD([stimulus.requires_grad_(True)], lr=step_size)
    with contextlib.redirect_stdout(io.StringIO()):
        mei = MEI(rate, stimulus, optimizer, False, False, precondition=precondition, postprocessing=postprocessing)
    _, found = optimize(mei, NumIterations(steps - 1), Tracker())
    return found.detach()[:, 0].to(device)


@torch.no_grad()
def activation(model: torch.nn.Module, stimulus: torch.Tensor, unit: int) -> float:
    rates = in_both_conditions(Presenter([model], KEY, SHAPE), stimulus, [Target(KEY, unit, False)])
    return float(rates[0, 0, -WINDOW:].mean())


def timed(work: Callable, device: torch.device) -> tuple[object, float]:
    started = time.perf_counter()
    found = work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return found, time.perf_counter() - started


def paired(fit: Fitted, units: list[int], device: torch.device) -> tuple[list, list]:
    """(seconds per MEI, activations) of neuro-mei and of the product, unit by unit."""
    model, config, tried = fit.model, fit.config(len(units)), {}
    for share in RATES:
        tried[share] = activation(model, reference(model, units[0], config, share, PILOT_STEPS), units[0])
    share = max(tried, key=tried.__getitem__)
    print(f"neuro-mei at rate {share:g} of the norm: " + ", ".join(f"{s:g} {a:.4f}" for s, a in tried.items()))
    theirs, ours = [], []
    targets = [Target(KEY, unit, False) for unit in units]
    for unit in units:
        found, spent = timed(lambda unit=unit: reference(model, unit, config, share, STEPS), device)
        theirs.append((spent, activation(model, found, unit), STEPS))
        found, spent = timed(lambda: synthesize([model], targets, config, SHAPE[1:], device), device)
        ours.append((spent / len(units), found))
    last = ours[-1][1]
    return theirs, [(spent, one.activation, one.steps) for (spent, _), one in zip(ours, last, strict=True)]


def report(theirs: list, ours: list) -> bool:
    print(f"{'way':12s}{'s a MEI':>10s}{'MEIs/hour':>12s}{'steps':>8s}{'activation':>12s}")
    middle = {}
    for name, rows in (("neuro-mei", theirs), ("product", ours)):
        spent, rate, steps = (statistics.median(column) for column in zip(*rows, strict=True))
        middle[name] = spent
        print(f"{name:12s}{spent:10.2f}{3600 / spent:12.0f}{steps:8.0f}{rate:12.4f}")
    relative = [own[1] / their[1] for own, their in zip(ours, theirs, strict=True)]
    equal, faster = statistics.median(relative), middle["neuro-mei"] / middle["product"]
    print(f"activation over neuro-mei's: median {equal:.3f}, lowest {min(relative):.3f} of {len(relative)} units")
    good = faster >= TARGET and equal >= 1 - 1e-3
    each = [statistics.median(spent / steps for spent, _, steps in rows) for rows in (theirs, ours)]
    print(f"a step takes 1/{each[0] / each[1]:.1f} of neuro-mei's; the rest is stopping when done")
    print(f"mei_speed_times_neuro_mei {faster:.1f} {TARGET:g} {'ok' if good else 'short'}")
    return good


def seconds_a_unit(fit: Fitted, units: list[int], device: torch.device) -> float:
    targets = [Target(KEY, u, light, seed) for u in units for light in (False, True) for seed in range(10)]
    found, spent = timed(lambda: synthesize([fit.model], targets, fit.config(20), SHAPE[1:], device), device)
    print(f"steps a MEI: median {statistics.median(one.steps for one in found):.0f} of {STEPS} at most")
    return spent / len(units)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small model: under 50 s on 2 cores")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--units", type=int, default=4)
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    fit = Fitted(SMALL, 8, 2, device) if arguments.quick else Fitted(THESIS, 16, 4, device)
    if not arguments.quick:
        spent = seconds_a_unit(fit, fit.units[:2], device)
        print(
            f"10 seeds x 2 conditions at thesis size: {spent:.0f} s a unit on {device} (published: {PUBLISHED_S:g} s)",
            flush=True,
        )
    theirs, ours = paired(fit, fit.units[: 2 if arguments.quick else arguments.units], device)
    return 0 if report(theirs, ours) else 1


if __name__ == "__main__":
    sys.exit(main())

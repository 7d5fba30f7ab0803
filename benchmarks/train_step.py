"""Time a training step, relative to the same model written plainly.

A step is everything that a fit does with a batch: forward, loss and penalty, backward, clipped gradient, AdamW. Batch:
video (4, 1, 60, 33, 53), random, 122 units read by the Gaussian readout; cores of 3 x 32 channels of 7x7 px. All ways
have the same weights, and are checked for the same rates and gradients before they are timed.

2D + GRU       stacked_2d, then conv_gru of 32 channels, 7x7 for input and state, light into all gates and paths
factorized 3D  factorized_3d: 7x7 px, then 7 frames, in each layer

plain          written exactly as the equations: contiguous float32 maps; the GRU takes one frame ``x[:, :, t]`` after
               the other and convolves it and the state gate by gate; the 2D core's layers take all frames at once (so
               that batch normalization is the same), the 3D core's are ``conv3d``
float32, bf16  the model as in a fit, in these precisions

All ways run in turn in every round; a figure is the ratio of medians over rounds, next to the smallest and largest
ratio within a round. The share is of the rate (operations a second) at which the same machine multiplies two large
bfloat16 matrices. Without --quick, small simulated sessions are also fitted in both precisions, from equal seeds.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# One thread per core, not bound to it: another process on that core would halt every parallel loop.
os.environ.setdefault("OMP_NUM_THREADS", str(len(os.sched_getaffinity(0))))

import numpy as np
import torch
import torch.nn.functional as functional
from plain.in_memory import session_loaders
from plain.models import PlainCore, PlainGru
from torch.utils.flop_counter import FlopCounterMode

from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.sessions.dataset import DatasetSpec, build_sessions
from dlgn_cnn.data.sessions.session_data import SessionData, data_info
from dlgn_cnn.evaluation.metrics import correlation
from dlgn_cnn.evaluation.predict import predict
from dlgn_cnn.evaluation.score import BURN_IN_FRAMES
from dlgn_cnn.interface import Batch, DataInfo
from dlgn_cnn.models.build import encoder
from dlgn_cnn.models.encoder import Encoder
from dlgn_cnn.models.recurrent.conv_gru import OptoDrive
from dlgn_cnn.runtime.device import autocast
from dlgn_cnn.simulation.config import SimulationConfig
from dlgn_cnn.simulation.recording import simulate
from dlgn_cnn.training.losses import LOSSES
from dlgn_cnn.training.trainers.standard import standard

CLIPS, TIME, HEIGHT, WIDTH, UNITS, BURN_IN = 4, 60, 33, 53, 122, 15
LAYERS = {"channels": [32] * 3, "kernels": [7] * 3}
MODELS = {
    "2D + GRU": {
        "core": {"name": "stacked_2d", "laplace_weight": 0.1, **LAYERS},
        "recurrent": {"name": "conv_gru", "channels": 32, "kernel_input": 7, "kernel_state": 7},
    },
    "factorized 3D": {"core": {"name": "factorized_3d", "kernels_time": [7] * 3, **LAYERS}},
}
CPU_TARGETS = {("2D + GRU", "float32"): 1.3, ("2D + GRU", "bf16"): 2.5, ("factorized 3D", "bf16"): 2.5}
GPU_TARGETS = {("2D + GRU", "bf16"): 4.0}
WAYS = (("plain", True, "float32"), ("float32", False, "float32"), ("bf16", False, "bfloat16"))
SMALL = {"train_scenes": 40, "test_scenes": 10, "scene_duration_s": 2.4966, "width_px": 106, "height_px": 66}
FITTED = {
    "core": {"name": "stacked_2d", "channels": [16], "kernels": [17], "strides": [3], "laplace_weight": 1.0},
    "recurrent": {"name": "conv_gru", "channels": 16},
    "readout": {"name": "gaussian", "feature_weight": 1e-5},
}
WORSE = 0.005
Step = Callable[[], float]


def made_up(device: torch.device) -> tuple[DataInfo, Batch]:
    generator = torch.Generator().manual_seed(0)
    centers = tuple((x, y) for x, y in (1.6 * torch.rand(UNITS, 2, generator=generator) - 0.8).tolist())
    info = DataInfo(tuple(range(UNITS)), (1, HEIGHT, WIDTH), 60.0, (0.1,) * UNITS, 0.0, 1.0, centers)
    videos = torch.randn(CLIPS, 1, TIME, HEIGHT, WIDTH, generator=generator)
    counts = torch.poisson(torch.full((CLIPS, UNITS, TIME), 0.1), generator=generator)
    opto = (torch.rand(CLIPS, TIME, generator=generator) > 0.5).float()
    nothing = torch.full((CLIPS, 2, TIME), torch.nan)
    return info, Batch(videos, counts, opto, nothing, nothing).to(device)


def built(name: str, info: DataInfo, device: torch.device, plain: bool) -> Encoder:
    model = encoder({"one": info}, 0, readout={"name": "gaussian", "feature_weight": 1e-5}, **MODELS[name])
    light = torch.Generator().manual_seed(1)
    for module in model.modules():
        if isinstance(module, OptoDrive):
            for part in module.parameters():
                part.data = 0.1 * torch.randn(part.shape, generator=light)
    if plain:
        model.core = PlainCore(model.core)
        model.recurrent = model.recurrent and PlainGru(model.recurrent)
    return model.to(device).train()


def backward(model: Encoder, batch: Batch, precision: str) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss, and the rates from which it comes; gradients are in the parameters."""
    with autocast(batch.videos.device, precision):
        rate = model(batch.videos, batch.opto, data_key="one")
    scored = TIME - BURN_IN - model.frames_lost
    total = LOSSES.get("poisson")(rate[..., -scored:].float(), batch.responses[..., -scored:]) + model.regularizer(
        "one"
    )
    total.backward()
    return total, rate.detach()


def step_of(model: Encoder, batch: Batch, precision: str) -> Step:
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def step() -> float:
        started = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        total, _ = backward(model, batch, precision)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        total.item()  # waits for the device
        return time.perf_counter() - started

    return step


def check_agreement(name: str, info: DataInfo, batch: Batch) -> str:
    """Compare rates and gradients of the three ways in a step from equal weights; raise SystemExit if they differ."""
    found = []
    for plain, precision in ((True, "float32"), (False, "float32"), (False, "bfloat16")):
        model = built(name, info, batch.videos.device, plain)
        # A GPU's convolutions round to 10 bits unless told not to.
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            _, rate = backward(model, batch, precision)
        found.append((rate, torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]).double()))
    (rate, gradient), *ours = found
    off = [(other - rate).abs().max().item() / rate.std().item() for other, _ in ours]
    cosine = [functional.cosine_similarity(other, gradient, 0).item() for _, other in ours]
    if off[0] > 1e-2 or cosine[0] < 0.9999 or cosine[1] < 0.99:
        raise SystemExit(f"{name}: rates off by {off} of their deviation, gradients' cosines {cosine}")
    return (
        f"rates off by {off[0]:.0e}, {off[1]:.0e} of their spread, gradients' cosine {cosine[0]:.4f}, {cosine[1]:.4f}"
    )


def time_ways(steps: dict[tuple[str, str], Step], rounds: int) -> dict[tuple[str, str], list[float]]:
    found: dict[tuple[str, str], list[float]] = {way: [] for way in steps}
    for _ in range(rounds):
        for way, step in steps.items():
            found[way].append(step())
    return found


def matrix_rate(device: torch.device) -> float:
    """Operations per second of a large bfloat16 product: the best of several."""
    size = 2048 if device.type == "cpu" else 8192
    left, right = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    best = float("inf")
    for _ in range(8):
        started = time.perf_counter()
        (left @ right)[0, 0].item()  # waits for the device
        best = min(best, time.perf_counter() - started)
    return 2 * size**3 / best


def operations(step: Step) -> int:
    """Multiplications and additions of a step's convolutions and products."""
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops()


def compare_steps(device: torch.device, rounds: int, targets: dict[tuple[str, str], float]) -> list[float]:
    """Print the table of one device, and return each target's margin."""
    info, batch = made_up(device)
    steps: dict[tuple[str, str], Step] = {}
    for name in MODELS:
        print(f"{name}: {check_agreement(name, info, batch)}")
        for way, plain, precision in WAYS:
            steps[name, way] = step_of(built(name, info, device, plain), batch, precision)
    # The comparison has warmed caches and allocators, the counted steps their optimizers; all ways compute the same.
    counted = {name: operations(steps[name, "bf16"]) for name in MODELS}
    found, rate = time_ways(steps, rounds), matrix_rate(device)
    print(f"\n{'on ' + device.type:15s}{'':9s}{'s a step':>9s}{'fastest':>9s}{'slowest':>9s}{'plain is':>10s}", end="")
    print(f"{'smallest':>10s}{'largest':>9s}{'share of':>10s} {rate / 1e12:.2f} Tflop/s")
    return [
        print_way(key, seconds, found[key[0], "plain"], counted[key[0]] / rate, targets.get(key))
        for key, seconds in found.items()
    ]


def print_way(
    key: tuple[str, str], seconds: list[float], plain: list[float], least_s: float, target: float | None
) -> float:
    middle, within = statistics.median(seconds), [p / s for p, s in zip(plain, seconds, strict=True)]
    times = statistics.median(plain) / middle
    print(f"{key[0]:15s}{key[1]:9s}{middle:9.3f}{min(seconds):9.3f}{max(seconds):9.3f}{times:9.2f}x", end="")
    print(f"{min(within):9.2f}x{max(within):8.2f}x{least_s / middle:10.2f}", end="")
    print("" if target is None else f"  target {target:g} {verdict(times / target)}")
    return float("inf") if target is None else times / target


def simulated(seed: int, folder: Path) -> SessionData:
    simulate(folder, SimulationConfig(units=24, seed=seed, **SMALL))
    recordings = read_recordings(folder)
    return next(iter(build_sessions(recordings, DatasetSpec((str(recordings[0].session),))).values()))


def fitted(session: SessionData, seed: int, precision: str) -> float:
    """Mean test correlation of a fit in this precision, both scored in float32."""
    info = data_info(session)
    loaders = {tier: {"one": loader} for tier, loader in session_loaders(session, info, seed, 4, 60).items()}
    model = encoder({"one": info}, seed, **FITTED)
    fit = {"max_epochs": 10, "patience": 10, "learning_rate": 0.01, "precision": precision}
    standard(model, loaders, seed, fit=fit)
    found = predict(model, loaders["test"]["one"], "one", BURN_IN_FRAMES)
    return float(np.nanmean(correlation(found.predicted, found.observed)))


def compare_fits(seeds: int) -> float:
    """Print the scores of fits to small sessions in both precisions, and return the target's margin."""
    scores = []
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            session = simulated(seed, Path(folder) / "session")
        scores.append([fitted(session, seed, precision) for precision in ("float32", "bfloat16")])
        print(f"fit {seed}: test correlation {scores[-1][0]:.4f} in float32, {scores[-1][1]:.4f} in bf16")
    differences = [exact - rounded for exact, rounded in scores]
    lost, error = float(np.mean(differences)), float(np.std(differences, ddof=1) / seeds**0.5)
    print(f"lost in bf16 on average: {lost:.4f}, standard error {error:.4f}")
    print(f"train_step_bf16_correlation_lost {lost:.4f} {WORSE} {verdict(WORSE / max(lost, 1e-9))}")
    return WORSE / max(lost, 1e-9)


def verdict(margin: float) -> str:
    return "ok" if margin >= 1 else "short"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and no fits: under 50 s on 2 cores")
    quick = parser.parse_args().quick
    print(f"{torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f} before")
    margins = compare_steps(torch.device("cpu"), 2 if quick else 9, CPU_TARGETS)
    if torch.cuda.is_available():
        print(torch.cuda.get_device_name())
        margins += compare_steps(torch.device("cuda"), 5 if quick else 25, GPU_TARGETS)
    else:
        print("no GPU at hand: its figures are left out")
    if not quick:
        margins.append(compare_fits(6))
    # The narrowest of all margins: 1 if the figure just meets its target.
    print(f"train_step {min(margins):.2f} 1 {verdict(min(margins))}")
    return 0 if min(margins) >= 1 else 1


if __name__ == "__main__":
    sys.exit(main())

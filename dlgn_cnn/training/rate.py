"""Training speed of this machine: windows a second of a small standard fit, with a given number of threads.

``python -m dlgn_cnn.training.rate THREADS SECONDS`` prints "ready" once it can begin, and then, for each line that it
reads, windows a second of that span. So several processes measure at the same time, as workers compute.
"""

import sys
import time
from collections.abc import Callable

import torch

from dlgn_cnn.interface import Batch, DataInfo
from dlgn_cnn.models.build import encoder
from dlgn_cnn.runtime import threads
from dlgn_cnn.training.fit import TrainingLoop
from dlgn_cnn.training.fit_config import FitConfig
from dlgn_cnn.training.losses import poisson

UNITS, CLIPS, FRAMES, HEIGHT, WIDTH = 40, 8, 60, 33, 53
PARTS = {
    "core": {"name": "stacked_2d", "channels": [16], "kernels": [17], "strides": [3]},
    "recurrent": {"name": "conv_gru", "channels": 16, "kernel_input": 1, "kernel_state": 1},
    "readout": {"name": "gaussian"},
}
WARM_UP = 2


def training_step() -> Callable[[], None]:
    """One epoch, which is a step, of training a convolutional GRU of 16 channels on random movies.

    Returns
    -------
    callable
        Makes a step on a batch of 8 windows of 60 frames, 33 by 53 px, 40 units.
    """
    dice = torch.Generator().manual_seed(0)
    centers = tuple((x, y) for x, y in (1.6 * torch.rand(UNITS, 2, generator=dice) - 0.8).tolist())
    info = DataInfo(tuple(range(UNITS)), (1, HEIGHT, WIDTH), 60.0, (0.1,) * UNITS, 0.0, 1.0, centers)
    nothing = torch.full((CLIPS, 2, FRAMES), torch.nan)
    counts = torch.poisson(torch.full((CLIPS, UNITS, FRAMES), 0.1), generator=dice)
    videos = torch.randn(CLIPS, 1, FRAMES, HEIGHT, WIDTH, generator=dice)
    batch = Batch(videos, counts, torch.zeros(CLIPS, FRAMES), nothing, nothing)
    model = encoder({"session": info}, 0, **PARTS)
    return TrainingLoop(model, {"train": {"session": [batch]}}, poisson, FitConfig()).train_epoch


def windows_per_s(step: Callable[[], None], seconds: float) -> float:
    """Windows a second over the steps that are made in a span of time."""
    began, steps = time.perf_counter(), 0
    while time.perf_counter() < began + seconds:
        step()
        steps += 1
    return steps * CLIPS / (time.perf_counter() - began)


def main() -> None:
    """Measure whenever a line comes, until the input ends."""
    threads.use(int(sys.argv[1]))
    step = training_step()
    for _ in range(WARM_UP):
        step()
    _say("ready")
    for _ in sys.stdin:
        _say(str(windows_per_s(step, float(sys.argv[2]))))


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Measure the cost of deterministic algorithms in a training step, relative to the same step without them.

``DLGN_DETERMINISTIC=1`` restricts torch to algorithms that give the same bits each time. A step is everything that a
fit does with a batch: forward, loss and penalty, backward, clipped gradient, AdamW, of a stacked 2D core of 3 x 16
channels, 7x7 px, and a conv-GRU of 16 channels, on a batch of (2, 1, 40, 33, 53) random frames and 122 units.

free           torch's default algorithms
deterministic  the algorithms of ``dlgn_cnn.provenance.environment.deterministic_algorithms``

Both run in turn in every round, on the CPU and, if there is one, on a GPU. If torch has no deterministic backward pass
for a readout there, the readout is named and left out. Besides the ratio of medians, the table says whether two runs of
three steps from one seed end with the same bits, free and deterministic.
"""

import argparse
import os
import statistics
import sys
import time

# One thread per core, not bound to it: another process on that core would halt every parallel loop.
os.environ.setdefault("OMP_NUM_THREADS", str(len(os.sched_getaffinity(0))))

import torch

from dlgn_cnn.interface import Batch, DataInfo
from dlgn_cnn.models.build import encoder
from dlgn_cnn.provenance.environment import deterministic_algorithms
from dlgn_cnn.training.losses import LOSSES

CLIPS, TIME, HEIGHT, WIDTH, UNITS = 2, 40, 33, 53, 122
CORE = {"name": "stacked_2d", "channels": [16] * 3, "kernels": [7] * 3}
RECURRENT = {"name": "conv_gru", "channels": 16}
READOUTS = ("gaussian", "factorized")
TARGET = 1.15


def made_up(device: torch.device) -> tuple[DataInfo, Batch]:
    generator = torch.Generator().manual_seed(0)
    info = DataInfo(tuple(range(UNITS)), (1, HEIGHT, WIDTH), 60.0, (0.1,) * UNITS, 0.0, 1.0, ((0.0, 0.0),) * UNITS)
    videos = torch.randn(CLIPS, 1, TIME, HEIGHT, WIDTH, generator=generator)
    counts = torch.poisson(torch.full((CLIPS, UNITS, TIME), 0.1), generator=generator)
    opto = (torch.rand(CLIPS, TIME, generator=generator) > 0.5).float()
    nothing = torch.full((CLIPS, 2, TIME), torch.nan)
    return info, Batch(videos, counts, opto, nothing, nothing).to(device)


class Steps:
    """A model in training: each call is a step and returns its seconds."""

    def __init__(self, readout: str, info: DataInfo, batch: Batch, deterministic: bool) -> None:
        model = encoder({"one": info}, 0, core=CORE, recurrent=RECURRENT, readout={"name": readout})
        self.model, self.batch = model.to(batch.videos.device).train(), batch
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3)
        self.deterministic = deterministic
        torch.manual_seed(0)

    def __call__(self) -> float:
        started = time.perf_counter()
        with deterministic_algorithms(self.deterministic):
            self.optimizer.zero_grad(set_to_none=True)
            rate = self.model(self.batch.videos, self.batch.opto, data_key="one")
            scored = self.batch.responses[..., -rate.shape[-1] :]
            total = LOSSES.get("poisson")(rate, scored) + self.model.regularizer("one")
            total.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            total.item()  # waits for the device
        return time.perf_counter() - started

    def weights(self) -> torch.Tensor:
        return torch.cat([parameter.detach().flatten().cpu() for parameter in self.model.parameters()])


def repeats(readout: str, info: DataInfo, batch: Batch, deterministic: bool) -> bool:
    """Whether two runs of three steps from one seed end with the same bits."""
    ends = []
    for _ in range(2):
        steps = Steps(readout, info, batch, deterministic)
        for _ in range(3):
            steps()
        ends.append(steps.weights())
    return torch.equal(*ends)


def compare(device: torch.device, readout: str, rounds: int) -> float | None:
    """Print a row of the table; return the ratio of the medians, or None without a deterministic algorithm."""
    info, batch = made_up(device)
    try:
        same = [repeats(readout, info, batch, deterministic) for deterministic in (False, True)]
    except RuntimeError as error:
        print(f"{device.type:6s}{readout:12s} has no deterministic step: {str(error).splitlines()[0]}")
        return None
    if not same[1]:
        raise SystemExit(f"{device.type} {readout}: two deterministic runs from one seed differ")
    ways = [Steps(readout, info, batch, deterministic) for deterministic in (False, True)]
    seconds = [[way() for way in ways] for _ in range(rounds + 1)][1:]
    free, kept = (statistics.median(one[index] for one in seconds) for index in (0, 1))
    print(f"{device.type:6s}{readout:12s}{free:9.3f}{kept:15.3f}{kept / free:8.2f}{same[0]!s:>14s}{same[1]!s:>15s}")
    return kept / free


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: under 50 s on 2 cores")
    rounds = 3 if parser.parse_args().quick else 25
    print(f"{torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f} before")
    print(f"{'':6s}{'readout':12s}{'free s':>9s}{'deterministic s':>15s}{'ratio':>8s}{'free repeats':>14s}", end="")
    print(f"{'deterministic':>15s}")
    devices = [torch.device("cpu")] + ([torch.device("cuda")] if torch.cuda.is_available() else [])
    found = [compare(device, readout, rounds) for device in devices for readout in READOUTS]
    worst = max(ratio for ratio in found if ratio is not None)
    print(f"deterministic {worst:.2f} {TARGET} {'ok' if worst <= TARGET else 'short'}")
    return 0 if worst <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())

"""Time the cutting of training windows, relative to Deep Lake's own loader, Sensorium's files and a bare memory map.

Data: 288 trials of video uint8 (300, 33, 53) and responses float32 (122, 300), random, all in the page cache. Each way
gives batches of 8 windows of 60 frames at random onsets, in random order, each in separate memory:

product     the loader of a fit: ``Batch`` of normalized float32 video, responses, light, behavior and pupil
deeplake    torch's DataLoader, shuffled, over ``dataset.pytorch()``: batches of 8 whole trials, of each of which one
            window is then copied: uint8 video and responses (Deep Lake cannot read part of a row)
deeplake x5 the same, but all 5 windows that a trial holds are taken from one read: no shuffling between trials
dl batches  ``dataset.batches(8)``, Deep Lake's fastest way, in stored order, one window per trial
npy         Sensorium's way: a .npy file per trial and array, loaded whole, one window copied: uint8 video, responses
memmap      np.stack of windows of one uint8 .npy and one float32 .npy, memory-mapped: uint8 video, responses

Only the product converts to float32, normalizes, and gives light, behavior and pupil. Columns of the Deep Lake
dataset are uncompressed arrays, which are the fastest to read. All ways run in turn in every round; figures are
medians over rounds. Then a fit's training steps (the demo's encoder, CPU, 4 windows per batch), and the
share of their time that the step waits for the next batch.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

# One thread per core, not bound to it: another process on that core would halt every parallel loop.
os.environ.setdefault("OMP_NUM_THREADS", str(len(os.sched_getaffinity(0))))

import numpy as np
import torch
import yaml

from dlgn_cnn.data.loading.transforms import DEFAULT, build_transforms, training_statistics
from dlgn_cnn.data.loading.trial_loader import TrialLoader
from dlgn_cnn.data.loading.windows import EpochOrder, plan_windows
from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.data.sessions.session_data import TrialData
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.build import encoder
from dlgn_cnn.runtime.device import autocast, resolve
from dlgn_cnn.training.losses import LOSSES

TRIALS, TIME, HEIGHT, WIDTH, UNITS = 288, 300, 33, 53, 122
WINDOW, BATCH = 60, 8
TIMES_DEEPLAKE, SHARE_OF_MEMMAP, WAITING = 15.0, 0.7, 0.05
DEMO = Path(__file__).resolve().parents[1] / "populate" / "experiments" / "demo.yaml"
Epoch = Callable[[np.random.Generator], Iterator[int]]


def make_data(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    videos = generator.integers(0, 256, (TRIALS, TIME, HEIGHT, WIDTH), dtype=np.uint8)
    responses = generator.poisson(0.1, (TRIALS, UNITS, TIME)).astype(np.float32)
    np.save(folder / "videos.npy", videos)
    np.save(folder / "responses.npy", responses)
    for index in range(TRIALS):
        np.save(folder / f"videos_{index}.npy", videos[index])
        np.save(folder / f"responses_{index}.npy", responses[index])
    return videos, responses


def product_loader(videos: np.ndarray, responses: np.ndarray, batch_size: int) -> TrialLoader:
    signal = np.zeros((2, TIME), np.float32)
    trials = [
        TrialData(index, SceneKey("movie", index), "train", videos[index], responses[index], signal[0], signal, signal)
        for index in range(TRIALS)
    ]
    counts, centers = tuple(map(float, responses.mean((0, 2)))), ((0.0, 0.0),) * UNITS
    info = DataInfo(tuple(range(UNITS)), (1, HEIGHT, WIDTH), 60.0, counts, 127.5, 73.9, centers)
    plan = plan_windows([trial.opto for trial in trials], WINDOW)
    transforms, info = build_transforms(DEFAULT, info, training_statistics(info.units, trials))
    return TrialLoader(trials, info, batch_size, plan, EpochOrder(0, "benchmark", "train"), transforms)


def product(videos: np.ndarray, responses: np.ndarray) -> Epoch:
    loader = product_loader(videos, responses, BATCH)
    # Every way drops a batch before it cuts the next.
    return lambda generator: map(lambda batch: len(batch.videos), loader)


def memmap(folder: Path) -> Epoch:
    videos, responses = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("videos", "responses"))

    def epoch(generator: np.random.Generator) -> Iterator[int]:
        order = generator.permutation(np.repeat(np.arange(TRIALS), TIME // WINDOW))
        starts = generator.integers(TIME - WINDOW + 1, size=len(order))
        for first in range(0, len(order), BATCH):
            cut = list(zip(order[first : first + BATCH].tolist(), starts[first : first + BATCH].tolist(), strict=True))
            yield both(
                np.stack([videos[trial, start : start + WINDOW] for trial, start in cut]),
                np.stack([responses[trial, :, start : start + WINDOW] for trial, start in cut]),
            )

    return epoch


def both(videos: np.ndarray, responses: np.ndarray) -> int:
    return min(len(videos), len(responses))


def npy(folder: Path) -> Epoch:
    def epoch(generator: np.random.Generator) -> Iterator[int]:
        order = generator.permutation(TRIALS).tolist()
        for first in range(0, TRIALS, BATCH):
            videos, responses = [], []
            for trial in order[first : first + BATCH]:
                start = int(generator.integers(TIME - WINDOW + 1))
                videos.append(np.load(folder / f"videos_{trial}.npy")[start : start + WINDOW])
                responses.append(np.load(folder / f"responses_{trial}.npy")[:, start : start + WINDOW])
            yield both(np.stack(videos), np.stack(responses))

    return epoch


def deeplake_ways(folder: Path, videos: np.ndarray, responses: np.ndarray) -> dict[str, Epoch]:
    import deeplake

    written = deeplake.create(str(folder / "rows"))
    written.add_column("videos", deeplake.types.Array("uint8", 3))
    written.add_column("responses", deeplake.types.Array("float32", 2))
    for index in range(TRIALS):
        written.append({"videos": [videos[index]], "responses": [responses[index]]})
    written.commit()
    rows = deeplake.open_read_only(str(folder / "rows"))
    loader = torch.utils.data.DataLoader(rows.pytorch(), batch_size=BATCH, shuffle=True)

    def cut(batch: dict, starts: np.ndarray) -> int:
        whole, counts = batch["videos"], batch["responses"]
        stack = torch.stack if isinstance(whole, torch.Tensor) else np.stack
        for column in starts.T.tolist():
            stack([whole[row, start : start + WINDOW] for row, start in enumerate(column)])
            stack([counts[row, :, start : start + WINDOW] for row, start in enumerate(column)])
        return starts.size

    def one(source: Callable[[], Iterator[dict]]) -> Epoch:
        draw = TIME - WINDOW + 1
        return lambda generator: (cut(b, generator.integers(draw, size=(len(b["videos"]), 1))) for b in source())

    tiles = np.arange(0, TIME, WINDOW)
    return {
        "deeplake": one(lambda: iter(loader)),
        "deeplake x5": lambda generator: (cut(b, np.tile(tiles, (len(b["videos"]), 1))) for b in loader),
        "dl batches": one(lambda: rows.batches(BATCH)),
    }


def windows_per_second(ways: dict[str, Epoch], rounds: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in ways}
    for index in range(-1, rounds):
        for name, epoch in ways.items():
            generator, started = np.random.default_rng(index + 1), time.perf_counter()
            windows = sum(epoch(generator))
            if index >= 0:  # the first round warms caches and allocators
                found[name].append(windows / (time.perf_counter() - started))
    return found


def waiting_share(loader: TrialLoader, steps: int) -> tuple[float, float]:
    """Share of the training steps' time spent in ``next(loader)``, and seconds per step."""
    experiment = yaml.safe_load(DEMO.read_text())
    model = encoder({"one": loader.data_info}, 0, **experiment["models"][0]["config"])
    optimizer, loss = torch.optim.AdamW(model.parameters()), LOSSES.get("poisson")
    device = torch.device("cpu")
    precision, waited, worked = resolve("auto", device), 0.0, 0.0
    batches = iter(loader)
    for step in range(-1, steps):
        started = time.perf_counter()
        batch = next(batches)
        ready = time.perf_counter()
        with autocast(device, precision):
            predicted = model(batch.videos, batch.opto, data_key="one")
        total = loss(predicted[..., -45:].float(), batch.responses[..., -45:]) + model.regularizer("one")
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        optimizer.step()
        if step >= 0:
            waited, worked = waited + ready - started, worked + time.perf_counter() - ready
    return waited / (waited + worked), (waited + worked) / steps


def measure(quick: bool, folder: Path) -> tuple[dict[str, list[float]], float, float]:
    videos, responses = make_data(folder)
    ways = {"product": product(videos, responses), "memmap": memmap(folder), "npy": npy(folder)}
    ways |= deeplake_ways(folder, videos, responses)
    rates = windows_per_second(ways, 9 if quick else 25)
    return rates, *waiting_share(product_loader(videos, responses, 4), 10 if quick else 40)


def report(rates: dict[str, list[float]], waiting: float, step_s: float) -> bool:
    middle = {name: statistics.median(found) for name, found in rates.items()}
    print(f"{'way':12s}{'windows/s':>12s}{'slowest':>10s}{'fastest':>10s}{'product is':>12s}")
    for name, found in rates.items():
        times = middle["product"] / middle[name]
        print(f"{name:12s}{middle[name]:12.0f}{min(found):10.0f}{max(found):10.0f}{times:11.2f}x")
    print(f"a training step takes {step_s * 1e3:.0f} ms, of which it waits {waiting * step_s * 1e3:.2f} ms for data\n")
    faster, share = middle["product"] / middle["deeplake"], middle["product"] / middle["memmap"]
    margins = [faster / TIMES_DEEPLAKE, share / SHARE_OF_MEMMAP, WAITING / waiting]
    figures = (
        ("loader_times_deeplake", f"{faster:.1f}", TIMES_DEEPLAKE),
        ("loader_share_of_memmap", f"{share:.2f}", SHARE_OF_MEMMAP),
        ("loader_waiting_share_at_most", f"{waiting:.4f}", WAITING),
    )
    for (name, value, target), margin in zip(figures, margins, strict=True):
        print(f"{name} {value} {target:g} {verdict(margin)}")
    # The narrowest of the three margins: 1 if the figure just meets its target.
    print(f"loader {min(margins):.2f} 1 {verdict(min(margins))}")
    return min(margins) >= 1


def verdict(margin: float) -> str:
    return "ok" if margin >= 1 else "short"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: under 50 s on 2 cores")
    # Deep Lake's arrays are read-only, and torch warns when its loader collates them.
    warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
    with tempfile.TemporaryDirectory() as folder:
        return 0 if report(*measure(parser.parse_args().quick, Path(folder))) else 1


if __name__ == "__main__":
    sys.exit(main())

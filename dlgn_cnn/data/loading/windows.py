"""Where the windows of a training epoch lie: inside one trial and, where asked, under constant light."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dlgn_cnn.config import canonical_json
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest
from dlgn_cnn.shapes import Floats

WINDOWS = ("random", "tiled")
FRAMES = ("any", "on", "off", "constant")
# A share of a frame: far above what rounding leaves of a whole one, far below any light pulse's edge.
ROUNDING = 1e-6
Starts = npt.NDArray[np.int64]
Stretch = tuple[int, int]


@dataclass(frozen=True)
class EpochOrder:
    """What the order of one session's epochs follows from, and nothing else: not what other sessions have drawn."""

    seed: int
    session: str
    tier: str

    def generator(self, epoch: int) -> np.random.Generator:
        """The randomness of one epoch, counted from 0."""
        text = canonical_json([self.seed, self.session, self.tier, epoch])
        return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()))


@dataclass(frozen=True)
class WindowPlan:
    """The windows of ``frames`` frames that an epoch may draw, trial by trial.

    ``positions`` holds each trial's valid first frames; ``tiles`` those of its windows that do not overlap, laid from
    the start of every stretch of light. An epoch has as many windows as there are tiles.
    """

    frames: int
    tiled: bool
    positions: tuple[Starts, ...]
    tiles: tuple[Starts, ...]

    def __len__(self) -> int:
        return sum(map(len, self.tiles))

    def draw(self, generator: np.random.Generator) -> list[tuple[int, int, int]]:
        """One epoch's windows, (index of the trial, first frame, frame after the last), in random order.

        Tiled, the tiles; otherwise each trial gives as many windows as it has tiles, drawn uniformly, with
        replacement, from its valid positions.
        """
        trials = np.repeat(np.arange(len(self.tiles)), [len(tiles) for tiles in self.tiles])
        if self.tiled:
            starts = np.concatenate(self.tiles)
        else:
            sizes = np.array([len(positions) for positions in self.positions])
            before = np.cumsum(sizes) - sizes
            starts = np.concatenate(self.positions)[before[trials] + generator.integers(sizes[trials])]
        order = generator.permutation(len(trials))
        first = starts[order]
        return list(zip(trials[order].tolist(), first.tolist(), (first + self.frames).tolist(), strict=True))


def plan_windows(
    opto: Sequence[Floats], frames: int, windows: str = "random", light: str = "any", where: str = "these trials"
) -> WindowPlan:
    """The plan for trials of light ``opto`` (time,), the share of each frame that was lit.

    ``light`` is ``any``; ``on``, where every frame of a window is lit from its beginning to its end; ``off``, where
    none is lit at all; or ``constant``, where a window is one or the other. A frame within which the light changes
    belongs to neither. Raises ConfigError that names ``where`` and the longest stretch if no window fits.
    """
    check_choice("windows", windows, WINDOWS)
    check_choice("light", light, FRAMES)
    stretches = [opto_stretches(trial, light) for trial in opto]
    longest = max((stop - start for trial in stretches for start, stop in trial), default=0)
    if longest < frames:
        kind = "trial" if light == "any" else f"stretch of light {light!r}"
        advice = "lower window_frames" + ("" if light == "any" else ", or ask for another light")
        raise ConfigError(f"{where}: window_frames {frames} is longer than every {kind} ({longest} frames): {advice}")
    positions = [_join(np.arange(start, stop - frames + 1) for start, stop in trial) for trial in stretches]
    tiles = [_join(np.arange(start, stop - frames + 1, frames) for start, stop in trial) for trial in stretches]
    return WindowPlan(frames, windows == "tiled", tuple(positions), tuple(tiles))


def opto_stretches(opto: Floats, light: str) -> list[Stretch]:
    """The longest stretches (first frame, frame after the last) of a trial under one light, in order of time."""
    if light == "any":
        return [(0, len(opto))]
    masks = {"on": opto >= 1 - ROUNDING, "off": opto <= ROUNDING}
    chosen = masks.values() if light == "constant" else [masks[light]]
    return sorted(stretch for mask in chosen for stretch in _runs(mask))


def check_choice(option: str, given: object, choices: Sequence[str]) -> None:
    """Raise ConfigError where ``given`` is none of the ``choices``."""
    if given not in choices:
        raise ConfigError(f"{option} {given!r}: {nearest(str(given), choices)}")


def _runs(mask: npt.NDArray[np.bool_]) -> list[Stretch]:
    steps = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    starts, stops = np.flatnonzero(steps == 1).tolist(), np.flatnonzero(steps == -1).tolist()
    return list(zip(starts, stops, strict=True))


def _join(parts: object) -> Starts:
    return np.concatenate([np.empty(0, np.int64), *parts])  # type: ignore[misc]

"""Windows of a training epoch: each inside one trial and, if asked for, under constant light."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dlgn_cnn.config import canonical_json
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.shapes import Floats

WINDOWS = ("random", "tiled")
FRAMES = ("all", "suppressed", "intact", "constant")
# A share of a frame: far above what rounding leaves of a whole one, far below any light pulse's edge.
ROUNDING = 1e-6
Starts = npt.NDArray[np.int64]
Stretch = tuple[int, int]


@dataclass(frozen=True)
class EpochOrder:
    """Everything that the order of one session's epochs follows from."""

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
    opto: Sequence[Floats],
    window_frames: int,
    windows: str = "random",
    frames: str = "all",
    where: str = "these trials",
) -> WindowPlan:
    """Lay out the windows that an epoch may draw from trials.

    Parameters
    ----------
    opto : sequence of ndarray, shape (time,)
        Share of each frame of each trial that was lit, 0 to 1.
    window_frames : int
        Length of a window.
    windows : {"random", "tiled"}, default "random"
        Whether windows begin anywhere or lie side by side.
    frames : {"all", "suppressed", "intact", "constant"}, default "all"
        Which frames a window may hold: any; only frames that are lit from beginning to end; only frames that are not
        lit at all; or either, without a change within the window. A frame within which the light changes is neither
        suppressed nor intact.
    where : str, default "these trials"
        How an error names the trials.

    Returns
    -------
    WindowPlan
        Every first frame at which a window fits.

    Raises
    ------
    ConfigError
        If no window fits; it says how long the longest stretch is.

    Examples
    --------
    >>> len(plan_windows([np.zeros(100, np.float32)], window_frames=30))
    3
    """
    stretches = [opto_stretches(trial, frames) for trial in opto]
    longest = max((stop - start for trial in stretches for start, stop in trial), default=0)
    if longest < window_frames:
        kind = "trial" if frames == "all" else f"stretch of {frames} frames"
        advice = "lower window_frames" + ("" if frames == "all" else ", or keep other frames")
        raise ConfigError(
            f"{where}: window_frames {window_frames} is longer than every {kind} ({longest} frames): {advice}"
        )

    def firsts(step: int) -> tuple[Starts, ...]:
        runs = [[np.arange(start, stop - window_frames + 1, step) for start, stop in trial] for trial in stretches]
        return tuple(np.concatenate([np.empty(0, np.int64), *run]) for run in runs)

    return WindowPlan(window_frames, windows == "tiled", firsts(1), firsts(window_frames))


def opto_stretches(opto: Floats, frames: str) -> list[Stretch]:
    """Longest stretches (first frame, frame after the last) of a trial whose frames may be used, in order of time."""
    if frames == "all":
        return [(0, len(opto))]
    masks = {"suppressed": opto >= 1 - ROUNDING, "intact": opto <= ROUNDING}
    chosen = masks.values() if frames == "constant" else [masks[frames]]
    return sorted(stretch for mask in chosen for stretch in _runs(mask))


def _runs(mask: npt.NDArray[np.bool_]) -> list[Stretch]:
    steps = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    starts, stops = np.flatnonzero(steps == 1).tolist(), np.flatnonzero(steps == -1).tolist()
    return list(zip(starts, stops, strict=True))

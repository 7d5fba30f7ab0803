"""Batches from stored sessions: ``{tier: {session: loader}}``, on nnfabrik's contract."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import torch

from dlgn_cnn.data.dataset import DatasetSpec
from dlgn_cnn.data.session_data import SessionData, Trial
from dlgn_cnn.data.store import read_info, read_session
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import Batch, DataInfo
from dlgn_cnn.registry import Registry, nearest

DATASETS = Registry("dataset function", "dlgn_cnn.data")
Loaders = dict[str, dict[str, "TrialLoader"]]


class TrialLoader:
    """Batches of one tier of one session, read from memory.

    With ``window_frames``, each epoch draws one window a training trial for every full window that the trial holds,
    at random onsets and in random order, from ``generator``. Without, whole trials in order of onset, batched with
    neighbours of equal length. ``data_info`` describes the session. Memory: the session's arrays once, as stored
    (uint8 video), and one batch of float32.
    """

    def __init__(
        self,
        trials: Sequence[Trial],
        info: DataInfo,
        batch_size: int,
        window_frames: int | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        if window_frames is not None and generator is None:
            raise ConfigError("random windows need a generator: pass one seeded for this fit")
        self.trials = list(trials)
        self.data_info = info
        self.batch_size = batch_size
        self.window_frames = window_frames
        self.generator = generator
        if window_frames is not None and all(_length(t) < window_frames for t in trials):
            raise ConfigError(f"window_frames {window_frames} is longer than every trial ({_length(trials[0])} frames)")

    def __len__(self) -> int:
        return len(self._plan_sizes())

    def __iter__(self) -> Iterator[Batch]:
        for windows in self._windows():
            yield self._batch(windows)

    def _plan_sizes(self) -> list[int]:
        if self.window_frames is None:
            return [len(group) for group in self._whole()]
        windows = sum(_length(t) // self.window_frames for t in self.trials)
        return [min(self.batch_size, windows - start) for start in range(0, windows, self.batch_size)]

    def _windows(self) -> Iterator[list[tuple[Trial, int, int]]]:
        if self.window_frames is None:
            yield from self._whole()
            return
        size, drawn = self.window_frames, []
        for trial in self.trials:
            for _ in range(_length(trial) // size):
                start = int(torch.randint(_length(trial) - size + 1, (), generator=self.generator))
                drawn.append((trial, start, start + size))
        order = torch.randperm(len(drawn), generator=self.generator).tolist()
        for first in range(0, len(order), self.batch_size):
            yield [drawn[index] for index in order[first : first + self.batch_size]]

    def _whole(self) -> list[list[tuple[Trial, int, int]]]:
        groups: list[list[tuple[Trial, int, int]]] = []
        for trial in self.trials:
            window = (trial, 0, _length(trial))
            if groups and len(groups[-1]) < self.batch_size and groups[-1][0][2] == window[2]:
                groups[-1].append(window)
            else:
                groups.append([window])
        return groups

    def _batch(self, windows: list[tuple[Trial, int, int]]) -> Batch:
        def stack(name: str) -> torch.Tensor:
            axis = 0 if name == "videos" else -1
            cut = [getattr(t, name).take(np.arange(a, b), axis) for t, a, b in windows]
            return torch.from_numpy(np.stack(cut))

        videos = (stack("videos").float() - self.data_info.video_mean) / self.data_info.video_std
        return Batch(videos[:, None], *map(stack, ("responses", "opto", "behavior", "pupil_center")))


@DATASETS.register("stored_sessions")
def stored_sessions(
    seed: int,
    stores: Mapping[str, Path],
    *,
    batch_size: int = 8,
    window_frames: int = 60,
    **spec: object,
) -> Loaders:
    """Loaders over the sessions that ``Dataset`` stored: random windows for training, whole trials otherwise.

    ``stores`` maps a session's name to its folder and is supplied by the caller, since a path is no part of a config;
    ``spec`` is what ``DatasetSpec`` describes, already built into the stores. The same seed gives the same batches.
    """
    unknown = sorted(set(spec) - {field.name for field in fields(DatasetSpec)})
    if unknown:
        choices = [*(field.name for field in fields(DatasetSpec)), "batch_size", "window_frames"]
        raise ConfigError(f"a dataset of stored sessions takes no {unknown[0]!r}: {nearest(unknown[0], choices)}")
    loaders: Loaders = {"train": {}, "validation": {}, "test": {}}
    for index, (name, folder) in enumerate(sorted(stores.items())):
        built = session_loaders(read_session(folder), read_info(folder), seed + index, batch_size, window_frames)
        for tier, loader in built.items():
            loaders[tier][name] = loader
    return loaders


def session_loaders(
    session: SessionData, info: DataInfo, seed: int, batch_size: int, window_frames: int
) -> dict[str, TrialLoader]:
    """One session's loader for each tier."""
    generator = torch.Generator().manual_seed(seed)
    return {
        "train": TrialLoader(session.tier("train"), info, batch_size, window_frames, generator),
        "validation": TrialLoader(session.tier("validation"), info, batch_size),
        "test": TrialLoader(session.tier("test"), info, batch_size),
    }


def _length(trial: Trial) -> int:
    return trial.responses.shape[1]

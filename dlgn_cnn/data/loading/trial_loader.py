"""Batches of one tier of one session, and one epoch over several sessions."""

import copy
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from dlgn_cnn.data.loading.transforms import Scaling, Transform
from dlgn_cnn.data.loading.windows import EpochOrder, WindowPlan
from dlgn_cnn.data.sessions.session_data import TrialData
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import Batch, DataInfo, MaskedBatch
from dlgn_cnn.shapes import Floats, Frames

Window = tuple[int, int, int]
BOUND_BYTES = 2**30


class VideoTable:
    """Videos of one size, copied end to end, that windows are cut from already scaled.

    A row holds a frame: its gray levels, then factor and offset as two float32, which is how torch keeps tables of
    8-bit embeddings. A batch of windows is one look-up, on all of torch's threads. ``videos`` are views of the copy.

    Parameters
    ----------
    videos : sequence of ndarray of uint8, shape (time, height, width)
        Gray levels.
    factor, offset : float
        Windows are ``factor * gray + offset``.
    """

    def __init__(self, videos: Sequence[Frames], factor: float, offset: float) -> None:
        lengths = [len(video) for video in videos]
        _, *size = videos[0].shape
        pixels, scale = size[0] * size[1], np.array([factor, offset], np.float32).view(np.uint8)
        rows = np.empty((sum(lengths), pixels + len(scale)), np.uint8)
        rows[:, pixels:] = scale
        self._first = np.cumsum([0, *lengths])
        frames = np.lib.stride_tricks.as_strided(rows, (len(rows), *size), (rows.shape[1], size[1], 1))
        self.videos = [frames[a:b] for a, b in zip(self._first[:-1], self._first[1:], strict=True)]
        for place, video in zip(self.videos, videos, strict=True):
            place[...] = video
        self._rows = torch.from_numpy(rows)

    def cut(self, windows: Sequence[Window]) -> torch.Tensor:
        """Float32 video (window, 1, time, height, width) of windows of one length, each (video, first, after last)."""
        _, start, stop = windows[0]
        firsts = [self._first[video] + first for video, first, _ in windows]
        frames = torch.from_numpy(np.add.outer(firsts, np.arange(stop - start)).ravel())
        found = torch.ops.quantized.embedding_bag_byte_rowwise_offsets(self._rows, frames, torch.arange(len(frames)))
        return found.view(len(windows), 1, -1, *self.videos[0].shape[1:])


class TrialLoader:
    """Batches of one tier of one session, cut from its arrays where they lie.

    Iterating runs one epoch. Only an epoch that was run to its end counts: one that was left is begun again.
    ``state_dict`` says at any time which epoch is running and how many of its batches were handed out; a loader that
    loads it yields, when iterated next, exactly the batches that were left, and full epochs from then on.

    Memory: trials are copied once, videos when the first epoch begins, and ``trials`` are views of the copy; without a
    plan, or above 1 GiB, videos are shared instead; and one batch of float32. Responses, light and behavior lie in
    one array, time first, so that a window is one stretch; those of a batch are transposed views of such. Batches share
    no memory with one another or with the trials.

    Parameters
    ----------
    trials : sequence of TrialData
        Trials of the tier, as stored.
    info : DataInfo
        What is known of the session after the transforms.
    batch_size : int
        Windows, or trials of equal length, in a batch.
    plan : WindowPlan, optional
        Windows of equal length that an epoch draws, in random order (default: whole trials in order of onset).
    order : EpochOrder, optional
        What the windows of epoch k follow from, besides k; needed with a plan.
    transforms : sequence of Transform, default ()
        Transforms of each batch, in order (default: none, gray levels).

    Raises
    ------
    ConfigError
        If there is a plan without an order.
    """

    def __init__(
        self,
        trials: Sequence[TrialData],
        info: DataInfo,
        batch_size: int,
        plan: WindowPlan | None = None,
        order: EpochOrder | None = None,
        transforms: Sequence[Transform] = (),
    ) -> None:
        if plan is not None and order is None:
            raise ConfigError("windows need an order: pass an EpochOrder of this fit's seed, session and tier")
        self._traces = [_traces(trial) for trial in trials]
        self._masked = any(np.isnan(trial.responses).any() for trial in trials)
        self.trials = [_viewing(trial, traces) for trial, traces in zip(trials, self._traces, strict=True)]
        self.data_info, self.batch_size = info, batch_size
        self._plan, self._order, self._transforms = plan, order, tuple(transforms)
        self._epoch = self._seen = self._first = 0
        self._opto: float | None = None
        self._video_table: VideoTable | None = None

    def __len__(self) -> int:
        return len(self._whole()) if self._plan is None else -(-len(self._plan) // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        epoch, first, self._first = self._epoch, self._first, 0
        # Not before: scoring a model builds the loader of the training tier, too, and never runs it.
        self._video_table = self._video_table or self._pack()
        for index, windows in enumerate(self._windows(epoch)[first:], first):
            self._epoch, self._seen = epoch, index + 1
            # No name for the batch here: it would hold the memory that the next one could use.
            yield self._batch(windows)
        self._epoch, self._seen = epoch + 1, 0

    def state_dict(self) -> dict[str, int]:
        """``{"epoch": k, "batch": j}``: j batches of epoch k, both counted from 0, were handed out."""
        return {"epoch": self._epoch, "batch": self._seen}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go on from a ``state_dict`` of a loader built alike. Raises ConfigError for one that this cannot have."""
        epoch, batch = (state.get(name, -1) for name in ("epoch", "batch"))
        if epoch < 0 or not 0 <= batch <= len(self):
            raise ConfigError(
                f"loader state {dict(state)}: expected an epoch from 0 and a batch from 0 to {len(self)}; "
                "load the state of the same dataset config"
            )
        self._epoch, self._seen, self._first = epoch, batch, batch

    def under(self, opto: float) -> "TrialLoader":
        """A loader of the same batches, from the first on, with every frame's light replaced before the transforms."""
        other = copy.copy(self)
        other._epoch = other._seen = other._first = 0
        other._opto = opto
        return other

    def presenting(self, trials: Sequence[TrialData]) -> "TrialLoader":
        """A loader of whole ``trials`` of the same units, from the first on: those of this one with an input changed.

        Raises ConfigError for a loader of windows, whose plan belongs to its own trials.
        """
        if self._plan is not None:
            raise ConfigError("a loader of windows shows its own trials only: use that of another tier")
        return TrialLoader(trials, self.data_info, self.batch_size, transforms=self._transforms)

    def batches_left(self) -> int:
        """How many batches the next iteration yields."""
        return len(self) - self._first

    def _windows(self, epoch: int) -> list[list[Window]]:
        if self._plan is None or self._order is None:
            return self._whole()
        drawn = self._plan.draw(self._order.generator(epoch))
        return [drawn[first : first + self.batch_size] for first in range(0, len(drawn), self.batch_size)]

    def _whole(self) -> list[list[Window]]:
        groups: list[list[Window]] = []
        for index, trial in enumerate(self.trials):
            window = (index, 0, trial.responses.shape[1])
            if groups and len(groups[-1]) < self.batch_size and groups[-1][0][2] == window[2]:
                groups[-1].append(window)
            else:
                groups.append([window])
        return groups

    def _batch(self, windows: list[Window]) -> Batch:
        # By numpy, whose slices cost far less than torch's: a fifth of a batch's time went into naming them.
        traces = np.concatenate([self._traces[index][start:stop] for index, start, stop in windows])
        rows = torch.from_numpy(traces.reshape(len(windows), -1, traces.shape[1])).mT
        responses, opto, behavior, pupil_center = rows.split((rows.shape[1] - 5, 1, 2, 2), 1)
        shown_opto = opto.squeeze(1) if self._opto is None else torch.full_like(opto.squeeze(1), self._opto)
        videos, transforms = self._shown(windows)
        batch = Batch(videos, responses, shown_opto, behavior, pupil_center)
        batch = _masked(batch) if self._masked else batch
        for transform in transforms:
            batch = transform(batch)
        return batch if batch.videos.is_floating_point() else dataclasses.replace(batch, videos=batch.videos.float())

    def _shown(self, windows: list[Window]) -> tuple[torch.Tensor, Sequence[Transform]]:
        """The video of a batch, and the transforms that it has yet to go through."""
        if self._video_table is not None:
            return self._video_table.cut(windows), self._transforms[1:]
        shown = np.stack([self.trials[index].videos[start:stop] for index, start, stop in windows])
        return torch.from_numpy(shown)[:, None], self._transforms

    def _pack(self) -> VideoTable | None:
        """The trials' videos as they are cut fastest, where windows of them are and the first transform scales them."""
        size = sum(trial.videos.nbytes for trial in self.trials)
        match self._transforms:
            case (Scaling(gray_scaling=scaling), *_) if self._plan is not None and size <= BOUND_BYTES:
                copied = VideoTable([trial.videos for trial in self.trials], *scaling)
                views = zip(self.trials, copied.videos, strict=True)
                self.trials = [dataclasses.replace(trial, videos=video) for trial, video in views]
                return copied
        return None


def interleaved(loaders: Mapping[str, Any]) -> Iterator[tuple[str, Batch]]:
    """One epoch over several sessions, (session, batch), each session spread evenly over the whole of it.

    The next batch is always of the session with the largest share left, the first by name among equals; so sessions
    of different length end together, where taking turns would leave the longest alone at the end. Which one is next
    follows from what is left: loaders that resume within an epoch go on as they would have. A ``TrialLoader`` that is
    an epoch ahead of another was through with this one, and is left out.
    """
    epochs = {key: loader.state_dict()["epoch"] for key, loader in loaders.items() if isinstance(loader, TrialLoader)}
    now = min(epochs.values(), default=0)
    keys = [key for key in sorted(loaders) if epochs.get(key, now) == now]
    left = {key: loaders[key].batches_left() if key in epochs else len(loaders[key]) for key in keys}
    running = {key: iter(loaders[key]) for key in keys}
    while running:
        key = max(running, key=lambda name: left[name] / max(len(loaders[name]), 1))
        left[key] -= 1
        batch = next(running[key], None)
        if batch is None:
            del running[key]
        else:
            yield key, batch


def _masked(batch: Batch) -> MaskedBatch:
    missing = batch.responses.isnan()
    responses = batch.responses.masked_fill(missing, 0.0)
    return MaskedBatch(batch.videos, responses, batch.opto, batch.behavior, batch.pupil_center, ~missing)


def _traces(trial: TrialData) -> Floats:
    """All but the video in one array: (time, trace), traces being units, light, running, pupil size, pupil x and y."""
    rows = [trial.responses, trial.opto[None], trial.behavior, trial.pupil_center]
    return np.ascontiguousarray(np.concatenate(rows).T)


def _viewing(trial: TrialData, traces: Floats) -> TrialData:
    """The trial with its traces as views of ``traces``, so that they are in memory once."""
    rows, units = traces.T, len(trial.responses)
    opto, behavior, pupil = rows[units], rows[units + 1 : units + 3], rows[units + 3 :]
    return dataclasses.replace(trial, responses=rows[:units], opto=opto, behavior=behavior, pupil_center=pupil)

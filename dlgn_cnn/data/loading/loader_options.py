"""Options of the loaders of stored sessions, checked before any session is read."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from dlgn_cnn.data.loading.transforms import DEFAULT, TrainingStatistics, build_transforms, check_transforms
from dlgn_cnn.data.loading.windows import FRAMES, WINDOWS
from dlgn_cnn.data.sessions.dataset import DatasetSpec
from dlgn_cnn.data.sessions.opto_blocks import check_shuffle
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.values import choice, whole

FORESEEN_UNITS = (0, 1)


@dataclasses.dataclass(frozen=True)
class LoaderOptions:
    """How batches are cut from stored sessions, checked on construction.

    Parameters
    ----------
    batch_size : int, default 8
        Windows of a batch.
    window_frames : int, default 60
        Length of a window. An epoch of training has as many windows as the trials hold without overlap.
    windows : {"random", "tiled"}, default "random"
        ``random`` draws windows anywhere within each trial; ``tiled`` takes the same ones always, in another order.
    frames : {"all", "suppressed", "intact", "constant"}, default "all"
        Windows of training: any; those in which every frame is wholly lit; those in which none is lit; or either.
        Validation and test stay whole trials.
    transforms : list of mappings, optional
        Transforms of each batch, in order (default: ``[{name: normalize}]``). A list without ``normalize`` leaves gray
        levels in 0 to 255.
    shuffle_opto : mapping, optional
        ``{seed: 0, period_s: 1.002}`` permutes the light's labels of training and validation in blocks of that period,
        for fits that are a null of the light's effect (default: labels as recorded).
    allowed_packages : collection of str, default ()
        Packages that a transform may be imported from; not part of a config.

    Raises
    ------
    ConfigError
        If an option has a value that it cannot have.
    """

    batch_size: int = 8
    window_frames: int = 60
    windows: str = "random"
    frames: str = "all"
    transforms: Sequence[Mapping[str, Any]] | None = None
    shuffle_opto: Mapping[str, Any] | None = None
    allowed_packages: Collection[str] = ()

    def __post_init__(self) -> None:
        whole("batch_size", self.batch_size, 1)
        whole("window_frames", self.window_frames, 1)
        choice("windows", self.windows, WINDOWS)
        choice("frames", self.frames, FRAMES)
        if self.shuffle_opto is not None:
            check_shuffle(self.shuffle_opto)
        if self.transforms is not None:
            check_transforms(self.transforms, self.allowed_packages)


@dataclasses.dataclass(frozen=True)
class Foreseen:
    """A dataset as far as its config says: a session with true shapes and made-up statistics, and its windows."""

    info: DataInfo
    window_frames: int


def foresee(config: Mapping[str, Any], allowed_packages: Collection[str] = ()) -> Foreseen | None:
    """Foresee the batches of ``stored_sessions`` with this config, from the config alone.

    None if a transform is not ours, since made-up statistics tell nothing of it. Raises ConfigError for a config that
    ``stored_sessions`` or ``Dataset`` would refuse.
    """
    spec = DatasetSpec.from_config(config)
    names = {field.name for field in dataclasses.fields(LoaderOptions)}
    options = {name: value for name, value in config.items() if name in names}
    cut = LoaderOptions(**options, allowed_packages=allowed_packages)
    steps = DEFAULT if cut.transforms is None else cut.transforms
    if any("." in step["name"] for step in steps):
        return None
    chosen = [step["units"] for step in steps if step["name"] == "select_units"]
    units = tuple(chosen[0]) if chosen else FORESEEN_UNITS
    info = DataInfo(
        units=units,
        frame_shape=(1, *spec.size_px),
        rate_hz=spec.rate_hz,
        mean_counts=(0.1,) * len(units),
        video_mean=100.0,
        video_std=50.0,
        field_centers=((0.0, 0.0),) * len(units),
    )
    statistics = TrainingStatistics(dict.fromkeys(units, 1.0), np.zeros(2), np.ones(2))
    return Foreseen(build_transforms(steps, info, statistics)[1], cut.window_frames)

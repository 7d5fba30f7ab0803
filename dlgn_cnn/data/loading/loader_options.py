"""How stored sessions are cut into batches, checked before any are read, and what a model will be told of them."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from dlgn_cnn.data.loading.transforms import DEFAULT, TrainingStatistics, build_transforms, check_transforms
from dlgn_cnn.data.loading.windows import FRAMES, WINDOWS, check_choice
from dlgn_cnn.data.sessions.dataset import DatasetSpec
from dlgn_cnn.data.sessions.opto_blocks import check_shuffle
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import DataInfo

FORESEEN_UNITS = (0, 1)


@dataclasses.dataclass(frozen=True)
class LoaderOptions:
    """How batches are cut, checked on construction; ``stored_sessions`` says what each means. Raises ConfigError.

    ``allowed_packages`` may be imported for a transform; it is no part of a config.
    """

    batch_size: int = 8
    window_frames: int = 60
    windows: str = "random"
    light: str = "any"
    transforms: Sequence[Mapping[str, Any]] | None = None
    shuffle_opto: Mapping[str, Any] | None = None
    allowed_packages: Collection[str] = ()

    def __post_init__(self) -> None:
        for name in ("batch_size", "window_frames"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise ConfigError(f"{name} {value!r}: give a whole number, 1 or more")
        check_choice("windows", self.windows, WINDOWS)
        check_choice("light", self.light, FRAMES)
        if self.shuffle_opto is not None:
            check_shuffle(self.shuffle_opto)
        if self.transforms is not None:
            check_transforms(self.transforms, self.allowed_packages)


@dataclasses.dataclass(frozen=True)
class Foreseen:
    """What is known of a dataset before it is read: its sessions, figures made up and shapes true, and its windows."""

    info: DataInfo
    window_frames: int


def foresee(config: Mapping[str, Any], allowed_packages: Collection[str] = ()) -> Foreseen | None:
    """What a model will get of ``stored_sessions`` with this config.

    None where a transform is not ours: what it makes of made-up figures tells nothing. Raises ConfigError for a config
    that ``stored_sessions`` or ``Dataset`` would refuse.
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

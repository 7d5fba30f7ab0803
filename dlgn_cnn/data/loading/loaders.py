"""Batches from stored sessions: ``{tier: {session: loader}}``, on nnfabrik's contract."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.data.loading.transforms import (
    DEFAULT,
    TrainingStatistics,
    build_transforms,
    check_transforms,
    session_transforms,
)
from dlgn_cnn.data.loading.trial_loader import TrialLoader
from dlgn_cnn.data.loading.windows import FRAMES, WINDOWS, EpochOrder, plan_windows
from dlgn_cnn.data.sessions.dataset import DatasetSpec
from dlgn_cnn.data.sessions.opto_blocks import check_shuffle, with_shuffled_opto
from dlgn_cnn.data.sessions.session_data import SessionData
from dlgn_cnn.data.store.cache import cached_session
from dlgn_cnn.data.store.session_store import read_info, read_session
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.registry import Registry
from dlgn_cnn.values import choice, whole

FORESEEN_UNITS = (0, 1)
DATASETS = Registry("dataset function", "dlgn_cnn.data.loading", given=("seed", "stores", "cache"))
Loaders = dict[str, dict[str, TrialLoader]]


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
        ``{seed: 0}`` permutes the light's labels of training and validation as each session's light was drawn: blocks,
        trials or pulses; ``{seed: 0, period_s: 1.002}`` in blocks of that period. Fits to them are a null of the
        light's effect (default: labels as recorded).

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

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "LoaderOptions":
        """The options within a dataset's config, whose other keys belong to the spec. Raises ConfigError."""
        own = {field.name: config[field.name] for field in dataclasses.fields(cls) if field.name in config}
        return cls(**own)

    def __post_init__(self) -> None:
        whole("batch_size", self.batch_size, 1)
        whole("window_frames", self.window_frames, 1)
        choice("windows", self.windows, WINDOWS)
        choice("frames", self.frames, FRAMES)
        if self.shuffle_opto is not None:
            check_shuffle(self.shuffle_opto)
        if self.transforms is not None:
            check_transforms(self.transforms)


@dataclasses.dataclass(frozen=True)
class Foreseen:
    """A dataset as far as its config says: a session with true shapes and made-up statistics, and its windows."""

    info: DataInfo
    window_frames: int


def foresee(config: Mapping[str, Any]) -> Foreseen | None:
    """Foresee the batches of ``stored_sessions`` with this config, from the config alone.

    None if a transform is not ours, since made-up statistics tell nothing of it. Raises ConfigError for a config that
    ``stored_sessions`` or ``Dataset`` would refuse.
    """
    spec = DatasetSpec.from_config(config)
    cut = LoaderOptions.from_config(config)
    steps = DEFAULT if cut.transforms is None else cut.transforms
    if any("." in step["name"] for step in steps):
        return None
    units = next((tuple(step["units"]) for step in steps if step["name"] == "select_units"), FORESEEN_UNITS)
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


@DATASETS.register("stored_sessions", options=(LoaderOptions, DatasetSpec), check=foresee)
def stored_sessions(
    seed: int,
    stores: Mapping[str, Path],
    *,
    cache: Path | None = None,
    **config: Any,
) -> Loaders:
    """Batches of the sessions that ``Dataset`` stored: windows for training, whole trials otherwise.

    Epoch k of a session follows from seed, session, tier and k alone.

    Parameters
    ----------
    seed : int
        Seed of the windows that each epoch draws.
    stores : mapping of str to Path
        Folder of each session, by the session's name. The caller supplies it, since a path is not part of a config.
    cache : Path, optional
        Folder for copies of sessions above 1 GiB, whose videos are then memory-mapped from there; all of a session is
        in memory once, while its copy is written (default: hold all sessions in memory).
    **config
        Fields of ``LoaderOptions``, and of ``DatasetSpec``, which is already built into the stores.

    Returns
    -------
    dict of str to dict of str to TrialLoader
        ``{tier: {session: loader}}`` for the tiers train, validation and test.

    Raises
    ------
    ConfigError
        If an option is unknown, or has a value that it cannot have.
    StoreError
        If a store is damaged.
    """
    DATASETS.check_arguments("stored_sessions", stored_sessions, {"sessions": [], **config}, DATASETS.given)
    options = LoaderOptions.from_config(config)
    if cache is not None and not isinstance(cache, Path):
        raise ConfigError(f"cache {cache!r} is supplied by the caller as a Path: leave it out of the config")
    loaders: Loaders = {"train": {}, "validation": {}, "test": {}}
    for name, folder in sorted(stores.items()):
        session = read_session(folder) if cache is None else cached_session(folder, cache)
        for tier, loader in tier_loaders(session, read_info(folder), seed, name, options).items():
            loaders[tier][name] = loader
    return loaders


def tier_loaders(
    session: SessionData, info: DataInfo, seed: int, name: str, options: LoaderOptions
) -> dict[str, TrialLoader]:
    """Return the loader of each tier of one session.

    Parameters
    ----------
    session : SessionData
        The session.
    info : DataInfo
        Statistics of its training tier.
    seed : int
        Seed of the windows that each epoch draws.
    name : str
        Name of the session, which its windows also depend on; it may be empty.
    options : LoaderOptions
        How batches are cut.

    Returns
    -------
    dict of str to TrialLoader
        Loaders of train, validation and test.

    Raises
    ------
    ConfigError
        If a tier is empty, no window fits, or a transform cannot be built.
    """
    if options.shuffle_opto is not None:
        session = with_shuffled_opto(session, options.shuffle_opto, name, info.opto_design)
    train = session.tier("train")
    transforms, after = session_transforms(session, info, options.transforms)
    where = f"session {name or '(unnamed)'}, tier train"
    plan = plan_windows([trial.opto for trial in train], options.window_frames, options.windows, options.frames, where)
    size, order = options.batch_size, EpochOrder(seed, name, "train")
    loaders = {"train": TrialLoader(train, after, size, plan, order, transforms)}
    for tier in ("validation", "test"):
        loaders[tier] = TrialLoader(session.tier(tier), after, size, transforms=transforms)
    return loaders

"""Batches from stored sessions: ``{tier: {session: loader}}``, on nnfabrik's contract."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from dlgn_cnn.data.loading.loader_options import LoaderOptions, foresee
from dlgn_cnn.data.loading.transforms import DEFAULT, build_transforms, training_statistics
from dlgn_cnn.data.loading.trial_loader import TrialLoader
from dlgn_cnn.data.loading.windows import EpochOrder, plan_windows
from dlgn_cnn.data.sessions.dataset import DatasetSpec
from dlgn_cnn.data.sessions.opto_blocks import with_shuffled_opto
from dlgn_cnn.data.sessions.session_data import SessionData
from dlgn_cnn.data.store.cache import cached_session
from dlgn_cnn.data.store.session_store import read_info, read_session
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.registry import Registry, nearest

DATASETS = Registry("dataset function", "dlgn_cnn.data", given=("seed", "stores", "cache", "allowed_packages"))
Loaders = dict[str, dict[str, TrialLoader]]


@DATASETS.register("stored_sessions", options=DatasetSpec, check=foresee)
def stored_sessions(
    seed: int,
    stores: Mapping[str, Path],
    *,
    batch_size: int = 8,
    window_frames: int = 60,
    windows: str = "random",
    light: str = "any",
    transforms: Sequence[Mapping[str, Any]] | None = None,
    shuffle_opto: Mapping[str, Any] | None = None,
    cache: Path | None = None,
    allowed_packages: Collection[str] = (),
    **spec: object,
) -> Loaders:
    """Loaders over the sessions that ``Dataset`` stored: windows for training, whole trials otherwise.

    Batches hold ``batch_size`` windows. An epoch of training has as many windows of ``window_frames`` as the trials
    hold without overlap: ``windows`` ``random`` draws them anywhere within each trial, ``tiled`` takes always the same,
    in another order. ``light`` keeps to windows during which every frame is wholly lit (``on``), wholly dark (``off``)
    or either (``constant``); validation and test stay whole trials. ``transforms`` are applied in order and replace the
    default, which is ``[{name: normalize}]``: a list without it leaves gray levels in 0..255. ``shuffle_opto``, as
    ``{seed: 0, period_s: 1.002}``, permutes the light's labels of training and of validation in blocks of that period,
    for fits that are a null of the light's effect (``opto_blocks``).

    ``stores`` maps a session's name to its folder; it, ``cache`` and ``allowed_packages``, from which a transform may
    be imported, are supplied by the caller, since a path is no part of a config. ``spec`` is what ``DatasetSpec``
    describes, already built into the stores. Epoch k of a session follows from seed, session, tier and k alone.
    Sessions are held in memory; with a ``cache`` folder, those above 1 GiB have their videos memory-mapped from there,
    though all is in memory once while the cache is written. Raises ConfigError, and StoreError for a damaged store.
    """
    options = LoaderOptions(batch_size, window_frames, windows, light, transforms, shuffle_opto, allowed_packages)
    choices = [field.name for kind in (DatasetSpec, LoaderOptions) for field in dataclasses.fields(kind)][:-1]
    for name in sorted(set(spec) - set(choices)):
        raise ConfigError(f"a dataset of stored sessions takes no {name!r}: {nearest(name, choices)}")
    if cache is not None and not isinstance(cache, Path):
        raise ConfigError(f"cache {cache!r} is supplied by the caller as a Path: leave it out of the config")
    loaders: Loaders = {"train": {}, "validation": {}, "test": {}}
    for name, folder in sorted(stores.items()):
        session = read_session(folder) if cache is None else cached_session(folder, cache)
        for tier, loader in _tier_loaders(session, read_info(folder), seed, name, options).items():
            loaders[tier][name] = loader
    return loaders


def session_loaders(
    session: SessionData, info: DataInfo, seed: int, batch_size: int, window_frames: int, name: str = ""
) -> dict[str, TrialLoader]:
    """One session's loader for each tier, with ``stored_sessions``' other options at their defaults."""
    return _tier_loaders(session, info, seed, name, LoaderOptions(batch_size, window_frames))


def _tier_loaders(
    session: SessionData, info: DataInfo, seed: int, name: str, options: LoaderOptions
) -> dict[str, TrialLoader]:
    if options.shuffle_opto is not None:
        session = with_shuffled_opto(session, options.shuffle_opto, name)
    train = session.tier("train")
    configs = DEFAULT if options.transforms is None else options.transforms
    statistics = training_statistics(session.units, train)
    transforms, after = build_transforms(configs, info, statistics, options.allowed_packages)
    where = f"session {name or '(unnamed)'}, tier train"
    opto = [trial.opto for trial in train]
    plan = plan_windows(opto, options.window_frames, options.windows, options.light, where)
    size, order = options.batch_size, EpochOrder(seed, name, "train")
    whole = {
        tier: TrialLoader(session.tier(tier), after, size, transforms=transforms) for tier in ("validation", "test")
    }
    return {"train": TrialLoader(train, after, size, plan, order, transforms), **whole}

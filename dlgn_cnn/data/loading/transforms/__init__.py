"""Transforms of the video and of the responses: each changes a session's batches, and what is said of them beforehand.

A transform is built from its config, ``data_info`` (what is known of the session before it) and ``statistics`` (of
the training tier as stored). It has ``data_info``, what is known after it, and is called with a ``Batch``, which it
leaves as it is, to return another of the same times. Videos come as uint8 gray levels until a transform makes them
float32. A transform draws nothing at random.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from dlgn_cnn.data.sessions.session_data import SessionData, TrialData, known_moments, moments
from dlgn_cnn.errors import ConfigError, within
from dlgn_cnn.interface import Batch, DataInfo
from dlgn_cnn.registry import Registry
from dlgn_cnn.shapes import Scores

TRANSFORMS = Registry(
    "transform", "dlgn_cnn.data.loading.transforms", given=("data_info", "statistics"), has=("data_info",)
)
DEFAULT: tuple[Mapping[str, Any], ...] = ({"name": "normalize"},)


class Transform(Protocol):
    """A step between a session's arrays and the model."""

    data_info: DataInfo

    def __call__(self, batch: Batch) -> Batch:
        """The changed batch; ``batch`` stays as it is."""
        ...


@runtime_checkable
class Scaling(Protocol):
    """A transform that makes ``factor * gray + offset`` of the video and nothing else: windows may be cut as that."""

    gray_scaling: tuple[float, float]


@dataclass(frozen=True)
class TrainingStatistics:
    """Figures of a session's training trials as stored, each frame counted as often as shown.

    ``response_std`` is the standard deviation of each unit's counts a frame, by unit number; ``behavior_mean`` and
    ``behavior_std`` (feature,) are over the frames at which a signal is known: 0 and 1 for one that never is, and 1
    for the deviation of one that never varies, so that it standardizes to 0.
    """

    response_std: Mapping[int, float]
    behavior_mean: Scores
    behavior_std: Scores


def training_statistics(units: Sequence[int], trials: Sequence[TrialData]) -> TrainingStatistics:
    """The statistics of the training ``trials``, whose response rows are ``units``."""
    _, response_std = moments([trial.responses for trial in trials])
    mean, std = (np.array(figure) for figure in known_moments([trial.behavior for trial in trials]))
    return TrainingStatistics(dict(zip(units, response_std.tolist(), strict=True)), mean, std)


def check_transforms(configs: object) -> None:
    """Refuse anything but a list of ``{"name": ..., **options}``, an unknown name or option, and a name given twice."""
    if not isinstance(configs, Sequence) or not all(isinstance(config, Mapping) for config in configs):
        raise ConfigError(f"transforms {configs!r}: give a list such as [{{name: normalize}}], in order")
    for index, config in enumerate(configs):
        options = {key: value for key, value in config.items() if key != "name"}
        with within(f"transforms[{index}]"):
            if "name" not in config:
                choices = ", ".join(TRANSFORMS.names())
                raise ConfigError(f"transform {dict(config)} needs a 'name': choose from {choices}")
            TRANSFORMS.check(config["name"], options, TRANSFORMS.given)
    names = [config["name"] for config in configs]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"transform {name!r} is listed {names.count(name)} times: list it once")


def build_transforms(
    configs: Sequence[Mapping[str, Any]],
    data_info: DataInfo,
    statistics: TrainingStatistics,
) -> tuple[tuple[Transform, ...], DataInfo]:
    """Build the transforms of a dataset's config, in order.

    Parameters
    ----------
    configs : sequence of mappings
        ``{"name": ..., **options}`` for each. If none normalizes, ``video_mean`` and ``video_std`` become 0 and 1,
        which is how to read gray levels.
    data_info : DataInfo
        What is known of the session before the first.
    statistics : TrainingStatistics
        Statistics of the training tier as stored.

    Returns
    -------
    tuple of Transform
        The transforms.
    DataInfo
        What is known of the session after the last.

    Raises
    ------
    ConfigError
        If a transform is unknown or cannot be built.
    """
    built: list[Transform] = []
    if all(config.get("name") != "normalize" for config in configs):
        data_info = dataclasses.replace(data_info, video_mean=0.0, video_std=1.0)
    for index, config in enumerate(configs):
        built.append(TRANSFORMS.build(config, at=f"transforms[{index}]", data_info=data_info, statistics=statistics))
        data_info = built[-1].data_info
    return tuple(built), data_info


def session_transforms(
    session: SessionData,
    info: DataInfo,
    configs: Sequence[Mapping[str, Any]] | None,
) -> tuple[tuple[Transform, ...], DataInfo]:
    """Build the transforms of a session's batches with the statistics of its training tier.

    Parameters
    ----------
    session : SessionData
        The session.
    info : DataInfo
        What was stored of its statistics.
    configs : sequence of mappings or None
        The transforms of the dataset's config; None is ``[{name: normalize}]``.

    Returns
    -------
    tuple of Transform
        The transforms.
    DataInfo
        What is known of the session after the last.

    Raises
    ------
    ConfigError
        If a transform cannot be built.
    """
    statistics = training_statistics(session.units, session.tier("train"))
    return build_transforms(DEFAULT if configs is None else configs, info, statistics)

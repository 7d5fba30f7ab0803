"""Synthesis methods: what an MEI config's ``mei_fn`` names."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.mei.synthesis.ascent import mask_of, synthesize
from dlgn_cnn.mei.synthesis.config import SynthesisConfig, synthesis
from dlgn_cnn.mei.synthesis.diverse import diverse_set
from dlgn_cnn.mei.synthesis.targets import MEIResult, Target
from dlgn_cnn.registry import Registry
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Floats
from dlgn_cnn.values import number

METHODS = Registry(
    "MEI method",
    "dlgn_cnn.mei.synthesis",
    given=("models", "targets", "info", "device", "progress", "auto_precision"),
)
BRIGHTEST = 255.0
ANY_RANGE = (-1e9, 1e9)
SHARE = 0.85


def screen_range(info: DataInfo) -> tuple[float, float]:
    """Black and white of an 8-bit screen in the normalized gray levels of ``info``."""
    return -info.video_mean / info.video_std, (BRIGHTEST - info.video_mean) / info.video_std


def check_ascent(config: Mapping[str, Any]) -> None:
    """Refuse a config of ``gradient_ascent``, whatever the screen's range will be. Raises ConfigError."""
    synthesis(config.get("fit"), ANY_RANGE)


@METHODS.register("gradient_ascent", check=check_ascent, fit=SynthesisConfig)
def gradient_ascent(
    models: Sequence[torch.nn.Module],
    targets: Sequence[Target],
    info: DataInfo,
    device: torch.device,
    progress: Progress = silent,
    auto_precision: str = "auto",
    *,
    fit: Mapping[str, Any] | None = None,
) -> list[MEIResult]:
    """Projected gradient ascent on the pixels of a clip (Walker et al. 2019; for video, Hoefling et al. 2024).

    Pixels stay within what an 8-bit screen shows, from black to white in the gray levels of the session, unless the
    config says otherwise.

    Parameters
    ----------
    models : sequence of Module
        One model, or several whose mean is excited, in evaluation mode on the device.
    targets : sequence of Target
        Units, each with its condition and random start.
    info : DataInfo
        The targets' session: its gray levels, frame size and fields.
    device : device
        Where to compute.
    progress : callable
        Told of steps done and their total.
    auto_precision : str
        What precision ``auto`` means (default: what the device is fast in).
    fit : mapping, optional
        Options of ``SynthesisConfig``.

    Returns
    -------
    list of MEIResult
        One for each target.

    Raises
    ------
    ModelError
        For a model of several input channels, and as ``synthesize`` does.
    ConfigError
        For a wrong option.
    """
    if info.frame_shape[0] != 1:
        raise ModelError(
            f"this model's frames have {info.frame_shape[0]} channels, light or behavior among them, and an MEI would "
            "be ascended in those too: ask for MEIs of a model that takes the light in its recurrent unit"
        )
    parts = synthesis(fit, screen_range(info)).on(device, auto_precision)
    return synthesize(models, targets, parts, info.frame_shape[1:], device, progress, info.field_centers)


def check_diverse(config: Mapping[str, Any]) -> None:
    """Refuse a config of ``diverse``. Raises ConfigError."""
    number("share", config.get("share", SHARE), 0, 1, above=True)
    check_ascent(config)


@METHODS.register("diverse", check=check_diverse, fit=SynthesisConfig)
def diverse(
    models: Sequence[torch.nn.Module],
    targets: Sequence[Target],
    info: DataInfo,
    device: torch.device,
    progress: Progress = silent,
    auto_precision: str = "auto",
    *,
    share: float = SHARE,
    fit: Mapping[str, Any] | None = None,
) -> list[MEIResult]:
    """Diverse exciting inputs: all at least 85 % as exciting as the best, and as far apart as can be.

    After Cadena et al. (2018) and Ding et al. (2023); ``diverse_set`` says how. The targets of one unit in one
    condition, which differ in their seeds, become one set: it has as many members as there are seeds. Each seed is
    first ascended as by ``gradient_ascent``, whose parameters these are.

    Parameters
    ----------
    models, targets, info, device, progress, auto_precision, fit
        As of ``gradient_ascent``.
    share : float
        Activation of every member of a set, as a share of the best MEI's, at least; above 0, at most 1.

    Returns
    -------
    list of MEIResult
        One for each target.

    Raises
    ------
    ConfigError
        For a single seed, and for a wrong option.
    ModelError
        As ``gradient_ascent`` does.
    """
    number("share", share, 0, 1, above=True)
    sets: dict[tuple[int, bool], list[int]] = {}
    for row, target in enumerate(targets):
        sets.setdefault((target.unit_index, target.suppressed), []).append(row)
    if min(map(len, sets.values()), default=2) < 2:
        raise ConfigError("a diverse set of a single seed: give two 'seeds' or more, one a member")
    meis = gradient_ascent(
        models, targets, info, device, lambda done, total: progress(done, 2 * total),
        auto_precision, fit=fit,
    )  # fmt: skip
    parts = synthesis(fit, screen_range(info))
    mask = mask_of(targets, parts, info.frame_shape[1:], info.field_centers).to(device)
    found: dict[int, MEIResult] = {}
    for done, rows in enumerate(sets.values(), 1):
        own, clips = [targets[row] for row in rows], np.stack([meis[row].stimulus for row in rows])
        found |= zip(rows, diverse_set(models, own, clips, parts, mask[rows], share), strict=True)
        progress(len(sets) + done, 2 * len(sets))
    return [found[row] for row in range(len(targets))]


def departures(
    targets: Sequence[Target],
    stimuli: Sequence[Floats],
    fit: Mapping[str, Any] | None,
    info: DataInfo,
) -> list[float]:
    """Departure of each target's stimulus, rounded to float32 as it is stored, from what the options allow.

    Parameters
    ----------
    targets : sequence of Target
        Units, each with its condition and random start.
    stimuli : sequence of ndarray, shape (time, height, width)
        One for each target.
    fit : mapping, optional
        Options of ``SynthesisConfig``.
    info : DataInfo
        The targets' session.

    Returns
    -------
    list of float
        The largest of the departures from norm, range, aperture and free frames, as a share of the norm or range;
        worked out in float64 from the options alone.

    Raises
    ------
    ConfigError
        For a wrong option.
    """
    parts = synthesis(fit, screen_range(info))
    mask = mask_of(targets, parts, info.frame_shape[1:], info.field_centers)
    stored = [torch.as_tensor(np.asarray(stimulus, np.float32)).double()[None] for stimulus in stimuli]
    return [float(parts.constraint.violation(*pair)) for pair in zip(stored, mask.split(1), strict=True)]

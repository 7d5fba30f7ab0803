"""Synthesis methods: what an MEI config's ``mei_fn`` names."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from dlgn_cnn.errors import ModelError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.mei.synthesis.ascent import Centers, mask_of, synthesize
from dlgn_cnn.mei.synthesis.config import Synthesis, SynthesisConfig, synthesis
from dlgn_cnn.mei.synthesis.targets import MEIResult, Target
from dlgn_cnn.registry import Registry
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Floats

METHODS = Registry(
    "MEI method",
    "dlgn_cnn.mei.synthesis",
    given=("models", "targets", "info", "device", "progress", "allowed_packages", "auto_precision"),
)
BRIGHTEST = 255.0
ANY_RANGE = (-1e9, 1e9)


def screen_range(info: DataInfo) -> tuple[float, float]:
    """Black and white of an 8-bit screen in the normalized gray levels of ``info``."""
    return -info.video_mean / info.video_std, (BRIGHTEST - info.video_mean) / info.video_std


def check_ascent(config: Mapping[str, Any], allowed_packages: Collection[str] = ()) -> None:
    """Refuse a config of ``gradient_ascent``, whatever the screen's range will be. Raises ConfigError."""
    synthesis(config.get("fit"), ANY_RANGE, allowed_packages)


@METHODS.register("gradient_ascent", check=check_ascent, fit=SynthesisConfig)
def gradient_ascent(
    models: Sequence[torch.nn.Module],
    targets: Sequence[Target],
    info: DataInfo,
    device: torch.device,
    progress: Progress = silent,
    allowed_packages: Collection[str] = (),
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
    allowed_packages : collection of str
        Packages that a component may be imported from.
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
    parts = parsed(fit, info, allowed_packages).on(device, auto_precision)
    return synthesize(models, targets, parts, info.frame_shape[1:], device, progress, centers_of(targets, info))


def departures(
    targets: Sequence[Target],
    stimuli: Sequence[Floats],
    fit: Mapping[str, Any] | None,
    info: DataInfo,
    allowed_packages: Collection[str] = (),
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
    allowed_packages : collection of str
        Packages that a component may be imported from.

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
    parts = parsed(fit, info, allowed_packages)
    mask = mask_of(targets, parts, info.frame_shape[1:], centers_of(targets, info)).expand(len(targets), -1, -1, -1)
    found = []
    for row, stimulus in enumerate(stimuli):
        stored = torch.as_tensor(np.asarray(stimulus, np.float32)).double()
        found.append(float(parts.constraint.violation(stored[None], mask[row : row + 1])))
    return found


def parsed(fit: Mapping[str, Any] | None, info: DataInfo, allowed_packages: Collection[str] = ()) -> Synthesis:
    """Build the synthesis of some options, with pixels within what an 8-bit screen shows unless they say otherwise.

    Parameters
    ----------
    fit : mapping, optional
        Options of ``SynthesisConfig``.
    info : DataInfo
        The session, which has the gray levels.
    allowed_packages : collection of str
        Packages that a component may be imported from.

    Returns
    -------
    Synthesis
        The options with their components built.

    Raises
    ------
    ConfigError
        If a key or value is wrong.
    """
    return synthesis(fit, screen_range(info), allowed_packages)


def centers_of(targets: Sequence[Target], info: DataInfo) -> Centers | None:
    """Places of the units' fields by session, for an aperture; None for targets of several sessions."""
    # The info is one session's: of others' units it does not know where they look.
    keys = {target.data_key for target in targets}
    return {key: info.field_centers for key in keys} if len(keys) == 1 else None

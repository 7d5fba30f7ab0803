"""Synthesis methods: what an MEI config's ``mei_fn`` names."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from dlgn_cnn.errors import ModelError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.mei.synthesis.config import DEFAULTS, MEIConfig
from dlgn_cnn.mei.synthesis.optimize import Centres, mask_of, synthesise
from dlgn_cnn.mei.synthesis.targets import MEIResult, Target
from dlgn_cnn.registry import Registry
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Floats

METHODS = Registry(
    "MEI method",
    "dlgn_cnn.mei",
    given=("models", "targets", "config", "info", "device", "progress", "allowed_packages", "auto_precision"),
)
Part = Mapping[str, Any]
BRIGHTEST = 255.0
ANY_RANGE = (-1e9, 1e9)


def ascent_options(
    *,
    objective: Part = DEFAULTS["objective"],
    constraint: Part = DEFAULTS["constraint"],
    aperture: Part = DEFAULTS["aperture"],
    optimiser: Part = DEFAULTS["optimiser"],
    preconditioner: Part = DEFAULTS["preconditioner"],
    running: float | None = None,
    pupil_size: float | None = None,
    pupil_center: Sequence[float] | None = None,
    frames: int = MEIConfig.frames,
    free_frames: Sequence[int] | None = None,
    steps: int = MEIConfig.steps,
    patience: int = MEIConfig.patience,
    tolerance: float = MEIConfig.tolerance,
    batch_size: int = MEIConfig.batch_size,
    precision: str = MEIConfig.precision,
    narrow: bool = MEIConfig.narrow,
) -> None:
    """What a config may set.

    ``objective`` is what to maximise, ``constraint`` which stimuli are allowed, ``aperture`` where they may differ from
    the mean grey, ``optimiser`` how a step is made, and ``preconditioner`` what is done to a gradient before. Any but
    objective and aperture may be ``{"path": ..., "kwargs": ...}``, a component written for sinzlab's mei.

    The stimulus is shown at ``running``, ``pupil_size`` and ``pupil_center`` [x, y], in the recording's units; null is
    the training tier's mean. ``frames`` is the clip's length, of which ``free_frames`` [first, end) may change; null is
    all. At most ``steps`` steps are made, and a target stops once its activation has not grown by ``tolerance`` (a
    share) in ``patience`` steps. ``batch_size`` targets run at once, in ``precision`` float32, bfloat16, or auto, which
    is that of the fit. ``narrow`` computes only the pixels and frames that a unit can see, where the model says which.
    """


def screen_range(info: DataInfo) -> tuple[float, float]:
    """Black and white of an 8-bit screen in the normalised grey levels of ``info``."""
    return -info.video_mean / info.video_std, (BRIGHTEST - info.video_mean) / info.video_std


def check_ascent(config: Mapping[str, Any], allowed_packages: Collection[str] = ()) -> None:
    """Refuse a config of ``gradient_ascent``, whatever the screen's range will be. Raises ConfigError."""
    MEIConfig.from_dict(config, ANY_RANGE, allowed_packages)


@METHODS.register("gradient_ascent", options=ascent_options, check=check_ascent)
def gradient_ascent(
    models: Sequence[torch.nn.Module],
    targets: Sequence[Target],
    config: Mapping[str, Any],
    info: DataInfo,
    device: torch.device,
    progress: Progress = silent,
    allowed_packages: Collection[str] = (),
    auto_precision: str = "auto",
) -> list[MEIResult]:
    """Projected gradient ascent on the pixels of a clip (Walker et al. 2019; for video, Hoefling et al. 2024).

    ``config`` is that of ``MEIConfig.from_dict``; pixels stay within what an 8-bit screen shows, from black to white
    in the grey levels of ``info``, unless the config says otherwise. Precision ``auto`` is ``auto_precision``, or else
    what the device is fast in.
    """
    if info.frame_shape[0] != 1:
        raise ModelError(
            f"this model's frames have {info.frame_shape[0]} channels, light or behaviour among them, and an MEI would "
            "be ascended in those too: ask for MEIs of a model that takes the light in its recurrent unit"
        )
    parts = parsed(config, info, allowed_packages).on(device, auto_precision)
    return synthesise(models, targets, parts, info.frame_shape[1:], device, progress, centres_of(targets, info))


def departures(
    targets: Sequence[Target],
    stimuli: Sequence[Floats],
    config: Mapping[str, Any],
    info: DataInfo,
    allowed_packages: Collection[str] = (),
) -> list[float]:
    """How far each target's stimulus, rounded to float32 as it is stored, is from what a config allows it.

    The config is that of ``gradient_ascent`` or ``diverse``. The largest of the departures from norm, range, aperture
    and free frames, as a share of the norm or range; worked out in float64 from the config alone. Raises ConfigError as
    ``MEIConfig.from_dict`` does.
    """
    parts = parsed(ascent_of(config), info, allowed_packages)
    mask = mask_of(targets, parts, info.frame_shape[1:], centres_of(targets, info)).expand(len(targets), -1, -1, -1)
    found = []
    for row, stimulus in enumerate(stimuli):
        stored = torch.as_tensor(np.asarray(stimulus, np.float32)).double()
        found.append(float(parts.constraint.violation(stored[None], mask[row : row + 1])))
    return found


def ascent_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """What of a config of ``gradient_ascent``, or of ``diverse``, is the ascent's own."""
    return {name: value for name, value in config.items() if name != "share"}


def parsed(config: Mapping[str, Any], info: DataInfo, allowed_packages: Collection[str] = ()) -> MEIConfig:
    """The config's parts, pixels within what an 8-bit screen shows unless it says otherwise. Raises ConfigError."""
    return MEIConfig.from_dict(config, screen_range(info), allowed_packages)


def centres_of(targets: Sequence[Target], info: DataInfo) -> Centres | None:
    """Where the units' fields are, by session, for an aperture; None for targets of several sessions."""
    # The info is one session's: of others' units it does not know where they look.
    keys = {target.data_key for target in targets}
    return {key: info.field_centres for key in keys} if len(keys) == 1 else None

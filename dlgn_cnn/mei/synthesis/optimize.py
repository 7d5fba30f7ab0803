"""The synthesis: many stimuli climb at once, each for its own unit, in its own light, from its own random start."""

from collections.abc import Callable, Mapping, Sequence

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.mei.synthesis.ascent import Ascent
from dlgn_cnn.mei.synthesis.checks import check, frozen, probe
from dlgn_cnn.mei.synthesis.config import Synthesis
from dlgn_cnn.mei.synthesis.targets import MEIResult, Target
from dlgn_cnn.runtime.progress import Progress, silent

Centers = Mapping[str, Sequence[tuple[float, float]]]


def synthesize(
    models: Sequence[torch.nn.Module],
    targets: Sequence[Target],
    config: Synthesis,
    frame_shape: tuple[int, int],
    device: torch.device,
    progress: Progress = silent,
    centers: Centers | None = None,
) -> list[MEIResult]:
    """The MEI of each target, for one model or the mean of several; a result does not depend on its neighbors.

    ``frame_shape`` is (height, width) in px; ``centers`` the units' fields in each session, x, y in -1..1, for an
    aperture that lies at them. The models must be in evaluation mode on ``device``; their weights take no gradient
    while this runs and are left as they were. Raises ModelError or ConfigError before the first step.
    """
    check(models, targets, device)
    mask = mask_of(targets, config, frame_shape, centers).to(device)
    found: list[MEIResult] = []
    chunks = range(0, len(targets), config.batch_size)
    with frozen(models):
        probe(models, targets, config, frame_shape, device)
        for done, first in enumerate(chunks):
            rows = slice(first, first + config.batch_size)
            ascent = Ascent(models, targets[rows], config, mask if len(mask) == 1 else mask[rows], device)
            found += ascent.run(_after(done * config.steps, len(chunks) * config.steps, progress))
    return found


def _after(done: int, total: int, progress: Progress) -> Callable[[int], None]:
    return lambda step: progress(done + step, total)


def mask_of(
    targets: Sequence[Target], config: Synthesis, frame_shape: tuple[int, int], centers: Centers | None = None
) -> torch.Tensor:
    """Which values of each target's clip may change: (target or 1, time, height, width) of bool.

    Raises ConfigError where so few may change that no clip meets the constraint.
    """
    places = None if centers is None else centers_px(targets, frame_shape, centers)
    aperture = config.aperture(places, len(targets), frame_shape)
    first, end = config.free_frames or (0, config.frames)
    free = torch.zeros(config.frames, dtype=torch.bool)
    free[first:end] = True
    mask = aperture[:, None] & free[:, None, None]
    config.constraint.check(int(mask.flatten(1).sum(1).min()), mask[0].numel())
    return mask


def centers_px(targets: Sequence[Target], frame_shape: tuple[int, int], centers: Centers) -> torch.Tensor:
    """Where each target's unit has its field: (target, 2), x, y in px. Raises ConfigError for an unknown session."""
    for target in targets:
        if target.data_key not in centers:
            raise ConfigError(f"no field centers are known of session {target.data_key!r}")
    height, width = frame_shape
    places = torch.tensor([centers[target.data_key][target.unit_index] for target in targets])
    return (places + 1) / 2 * torch.tensor([width - 1, height - 1])

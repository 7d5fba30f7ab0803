"""The feedback contrast: what excites a unit in each light, and what tells the two lights apart."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.mei.synthesis.methods import gradient_ascent
from dlgn_cnn.mei.synthesis.targets import MEIResult, Target
from dlgn_cnn.runtime.progress import Progress, silent

Results = dict[str, list[MEIResult]]
# What is maximized, and the light that the target is named by.
CONTRASTS = {
    "intact": ("mean_rate", False),
    "suppressed": ("mean_rate", True),
    "intact_minus_suppressed": ("opto_difference", False),
    "suppressed_minus_intact": ("opto_difference", True),
}


def light_contrast(
    models: Sequence[torch.nn.Module],
    units: Sequence[tuple[str, int, int]],
    fit: Mapping[str, Any],
    info: DataInfo,
    device: torch.device,
    progress: Progress = silent,
) -> Results:
    """The four stimuli of each unit and random start (data key, unit's row, seed), by the names of ``CONTRASTS``.

    One maximizes the intact rate, one the suppressed, and two their difference, either way round: all from the same
    starts, with the same norm and range, on the same models. ``rates`` of each result are those in both lights.
    ``fit`` are options of ``SynthesisConfig`` less the objective's name. Raises as ``gradient_ascent`` does, and
    ConfigError for a name.
    """
    objective = dict(fit.get("objective", {}))
    if "name" in objective:
        raise ConfigError(f"the contrast chooses its objectives itself: leave out {objective['name']!r}", "objective")
    found: Results = {}
    for index, (name, (part, suppressed)) in enumerate(CONTRASTS.items()):
        targets = [Target(data_key, unit, suppressed, seed) for data_key, unit, seed in units]
        chosen = dict(fit) | {"objective": objective | {"name": part}}
        found[name] = gradient_ascent(
            models, targets, info, device, _part_of(progress, index, len(CONTRASTS)), fit=chosen
        )
    return found


def _part_of(progress: Progress, index: int, parts: int) -> Progress:
    return lambda done, total: progress(index * total + done, parts * total)

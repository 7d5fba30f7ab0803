"""Diverse sets as a synthesis method: the random starts of one unit in one light are spread apart."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.mei.synthesis.config import SynthesisConfig
from dlgn_cnn.mei.synthesis.diverse import diverse_set
from dlgn_cnn.mei.synthesis.methods import METHODS, centers_of, check_ascent, gradient_ascent, parsed
from dlgn_cnn.mei.synthesis.optimize import mask_of
from dlgn_cnn.mei.synthesis.targets import MEIResult, Target
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.values import number

SHARE = 0.85


def check_diverse(config: Mapping[str, Any], allowed_packages: Collection[str] = ()) -> None:
    """Refuse a config of ``diverse``. Raises ConfigError."""
    number("share", config.get("share", SHARE), 0, 1, above=True)
    check_ascent(config, allowed_packages)


@METHODS.register("diverse", check=check_diverse, fit=SynthesisConfig)
def diverse(
    models: Sequence[torch.nn.Module],
    targets: Sequence[Target],
    info: DataInfo,
    device: torch.device,
    progress: Progress = silent,
    allowed_packages: Collection[str] = (),
    auto_precision: str = "auto",
    *,
    share: float = SHARE,
    fit: Mapping[str, Any] | None = None,
) -> list[MEIResult]:
    """Diverse exciting inputs: all at least 85 % as exciting as the best, and as far apart as can be.

    After Cadena et al. (2018) and Ding et al. (2023); ``diverse_set`` says how. The targets of one unit in one light,
    which differ in their seeds, become one set: it has as many members as there are seeds. Each seed is first ascended
    as by ``gradient_ascent``, whose parameters these are.

    Parameters
    ----------
    models, targets, info, device, progress, allowed_packages, auto_precision, fit
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
    sets: dict[tuple[str, int, bool], list[int]] = {}
    for row, target in enumerate(targets):
        sets.setdefault((target.data_key, target.unit_index, target.suppressed), []).append(row)
    if min(map(len, sets.values()), default=2) < 2:
        raise ConfigError("a diverse set of a single seed: give two 'seeds' or more, one a member")
    meis = gradient_ascent(
        models, targets, info, device, lambda done, total: progress(done, 2 * total), allowed_packages,
        auto_precision, fit=fit,
    )  # fmt: skip
    parts, shape = parsed(fit, info, allowed_packages), info.frame_shape[1:]
    masks = mask_of(targets, parts, shape, centers_of(targets, info)).to(device)
    found: list[MEIResult | None] = [None] * len(targets)
    for done, rows in enumerate(sets.values(), 1):
        clips, mask = np.stack([meis[row].stimulus for row in rows]), masks[:1] if len(masks) == 1 else masks[rows[:1]]
        spread = diverse_set(models, targets[rows[0]], clips, parts, device, len(rows), share, mask)
        for row, one in zip(rows, spread, strict=True):
            found[row] = one
        progress(len(sets) + done, 2 * len(sets))
    return [one for one in found if one is not None]

"""Diverse exciting inputs: how differently a unit can be excited almost as well."""

from collections.abc import Sequence

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.mei.components.optimizers import norms, unit
from dlgn_cnn.mei.synthesis.ascent import random_start
from dlgn_cnn.mei.synthesis.checks import frozen, working_dtype
from dlgn_cnn.mei.synthesis.config import Synthesis
from dlgn_cnn.mei.synthesis.presenter import Presenter, activate, results
from dlgn_cnn.mei.synthesis.targets import MEIResult, Target
from dlgn_cnn.shapes import Floats

MARGIN, NOISE = 0.02, 0.2


def diverse_set(
    models: Sequence[torch.nn.Module],
    targets: Sequence[Target],
    meis: Floats,
    config: Synthesis,
    mask: torch.Tensor,
    share: float,
) -> list[MEIResult]:
    """Spread stimuli that excite at least ``share`` as well as the best MEI does as far apart as can be.

    After Cadena et al. (2018) and Ding et al. (2023), who call them diverse exciting inputs and ask for 85 %. Members
    start, in turn, at those MEIs that meet the share, each with noise of its own. A step takes a stimulus away from its
    nearest neighbor of the set, along the surface of equal activation, or uphill where it has fallen below the share.
    The result is the set with the largest mean distance from the nearest neighbor of all those in which every member
    met the share, on the whole picture in float32: at worst, where they started.

    Parameters
    ----------
    models : sequence of Module
        Models whose mean is excited, which ``synthesize`` has accepted.
    targets : sequence of Target
        One unit in one condition, once for each member of the set; the first one's seed draws the noise.
    meis : ndarray, shape (target, time, height, width)
        MEIs of the targets.
    config : Synthesis
        Options and components.
    mask : Tensor of bool, shape (target, time, height, width)
        Which values may change, on the device where to compute.
    share : float
        Activation of every member as a share of the best MEI's, above 0, at most 1.

    Returns
    -------
    list of MEIResult
        One for each target.

    Raises
    ------
    ConfigError
        If the best MEI does not excite.
    """
    key, shape = targets[0].data_key, (meis.shape[1], meis.shape[2], meis.shape[3])
    presenter = Presenter(models, key, shape, config.state, config.window_frames)
    whole = Presenter(models, key, shape, config.state)
    starts = torch.as_tensor(meis).to(mask.device, working_dtype(models))
    kept, wanted = _good(starts, config, whole, targets, share)
    widest = float(nearest(kept).mean())
    noise = torch.stack([random_start(targets[0].seed + member, shape) for member in range(len(targets))]).to(kept)
    stimuli = config.constraint.project(kept + NOISE * norms(kept) * unit(noise), mask)
    with frozen(models):
        for step in range(config.steps):
            stimuli = stimuli.detach().requires_grad_(True)
            activation, apart = activate(config.objective, presenter, stimuli, targets), nearest(stimuli)
            spread = float(apart.detach().mean())
            if spread > widest and bool((activation >= wanted).all()):
                kept, widest = stimuli.detach(), spread
            uphill, away = (torch.autograd.grad(value.sum(), stimuli)[0] for value in (activation, apart))
            below = (activation < wanted * (1 + MARGIN)).view(-1, 1, 1, 1)
            length = 0.1 * 0.98**step * norms(stimuli.detach())
            moved = stimuli.detach() + length * _direction(uphill * mask, away, below, config)
            stimuli = config.constraint.project(moved, mask)
    return results(config.objective, whole, kept, targets, config.constraint.violation(kept, mask))


@torch.no_grad()
def _good(
    meis: torch.Tensor, config: Synthesis, whole: Presenter, targets: Sequence[Target], share: float
) -> tuple[torch.Tensor, float]:
    """Those MEIs that meet the share of the best one's activation, in turn for each member; and that activation."""
    activation = activate(config.objective, whole, meis, targets)
    best = float(activation.max())
    if best <= 0:
        raise ConfigError(f"the best stimulus has an activation of {best:g}: no share of it is a bound")
    good = (activation >= share * best).nonzero().flatten()
    return meis[good[torch.arange(len(targets), device=good.device) % len(good)]], share * best


def _direction(uphill: torch.Tensor, away: torch.Tensor, below: torch.Tensor, config: Synthesis) -> torch.Tensor:
    """Away from the nearest neighbor along the surface of equal activation; uphill for those below the share."""
    uphill, level = unit(uphill), unit(config.preconditioner(away))
    level = unit(level - (level * uphill).flatten(1).sum(1).view(-1, 1, 1, 1) * uphill)
    return torch.where(below, unit(config.preconditioner(uphill)), level)


def nearest(stimuli: torch.Tensor) -> torch.Tensor:
    """Each stimulus's Euclidean distance from the nearest other, over its norm: (stimulus,), 0 to 2."""
    rows = unit(stimuli).flatten(1)
    # No stimulus is its own neighbor.
    cosine = rows @ rows.T - 3 * torch.eye(len(rows), dtype=rows.dtype, device=rows.device)
    # Slightly away from 0, where a root has no slope.
    return (2 - 2 * cosine.amax(1)).clamp_min(1e-12).sqrt()

"""Diverse exciting inputs: how differently a unit can be excited almost as well."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.mei.components.optimizers import norms, unit
from dlgn_cnn.mei.synthesis.ascent import mask_of, random_start
from dlgn_cnn.mei.synthesis.checks import check, frozen, working_dtype
from dlgn_cnn.mei.synthesis.config import Synthesis, SynthesisConfig
from dlgn_cnn.mei.synthesis.methods import METHODS, centers_of, check_ascent, gradient_ascent, parsed
from dlgn_cnn.mei.synthesis.presenter import Presenter, activate, results
from dlgn_cnn.mei.synthesis.targets import MEIResult, Target
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Floats
from dlgn_cnn.values import number, whole

MARGIN, NOISE = 0.02, 0.2
SHARE = 0.85


class DiverseSet:
    """Stimuli that excite at least ``share`` as well as the best MEI does and are as far apart as can be.

    After Cadena et al. (2018) and Ding et al. (2023), who call them diverse exciting inputs and ask for 85 %. Members
    start, in turn, at those MEIs that meet the share, each with noise of its own. A step takes a stimulus away from its
    nearest neighbor of the set, along the surface of equal activation, or uphill where it has fallen below the share.
    The result is the set with the largest mean distance from the nearest neighbor of all those in which every member
    met the share, on the whole picture in float32: at worst, where they started.

    Parameters
    ----------
    models : sequence of Module
        Models whose mean is excited.
    target : Target
        Unit and condition; its seed draws the noise.
    meis : ndarray, shape (seed, time, height, width)
        MEIs of the target from one or several random starts.
    config : Synthesis
        Options and components.
    device : device
        Where to compute.
    count : int
        Members of the set, 2 or more.
    share : float
        Activation of every member as a share of the best MEI's, above 0, at most 1.
    mask : Tensor of bool, optional
        Which values may change, as ``mask_of`` returns it (default: all).

    Raises
    ------
    ConfigError
        If the best MEI does not excite, or a value is out of range.
    ModelError
        As ``synthesize`` raises it.
    """

    def __init__(
        self,
        models: Sequence[torch.nn.Module],
        target: Target,
        meis: Floats,
        config: Synthesis,
        device: torch.device,
        count: int = 10,
        share: float = 0.85,
        mask: torch.Tensor | None = None,
    ) -> None:
        whole("count", count, 2)
        number("share", share, 0, 1, above=True)
        check(models, [target], device)
        self.models, self.config, self.targets, self.mask = models, config, [target] * count, mask
        shape = (meis.shape[1], meis.shape[2], meis.shape[3])
        self.presenter = Presenter(models, [target.data_key], shape, config.state, config.window_frames)
        self.whole = Presenter(models, [target.data_key], shape, config.state)
        self.kept = self._starts(torch.as_tensor(meis).to(device, working_dtype(models)), target, share)
        self.spread = float(nearest(self.kept).mean())
        noise = torch.stack([random_start(target.seed + member, shape) for member in range(count)]).to(self.kept)
        noisy = self.kept + NOISE * norms(self.kept) * unit(noise)
        self.stimuli = config.constraint.project(noisy, mask)

    @torch.no_grad()
    def _starts(self, meis: torch.Tensor, target: Target, share: float) -> torch.Tensor:
        """Those MEIs that meet the share of the best one's activation, which is noted, in turn for each member."""
        activation = activate(self.config.objective, self.whole, meis, [target] * len(meis))
        best = float(activation.max())
        if best <= 0:
            raise ConfigError(f"the best stimulus has an activation of {best:g}: no share of it is a bound")
        self.wanted = share * best
        good = (activation >= self.wanted).nonzero().flatten()
        return meis[good[torch.arange(len(self.targets), device=good.device) % len(good)]]

    def run(self) -> list[MEIResult]:
        """Spread, and evaluate the set that was kept."""
        with frozen(self.models):
            for step in range(self.config.steps):
                self._step(0.1 * 0.98**step)
        off = self.config.constraint.violation(self.kept, self.mask)
        return results(self.config.objective, self.whole, self.kept, self.targets, off)

    def _step(self, length: float) -> None:
        stimuli = self.stimuli.detach().requires_grad_(True)
        activation = activate(self.config.objective, self.presenter, stimuli, self.targets)
        (uphill,) = torch.autograd.grad(activation.sum(), stimuli)
        (apart,) = torch.autograd.grad(nearest(stimuli).sum(), stimuli)
        self._keep(activation.detach())
        uphill = unit(uphill if self.mask is None else uphill * self.mask)
        level = unit(self.config.preconditioner(apart))
        level = unit(level - (level * uphill).flatten(1).sum(1).view(-1, 1, 1, 1) * uphill)
        below = (activation.detach() < self.wanted * (1 + MARGIN)).view(-1, 1, 1, 1)
        direction = torch.where(below, unit(self.config.preconditioner(uphill)), level)
        self.stimuli = self.config.constraint.project(
            self.stimuli + length * norms(self.stimuli) * direction, self.mask
        )

    def _keep(self, activation: torch.Tensor) -> None:
        spread = float(nearest(self.stimuli).mean())
        if spread > self.spread and bool((activation >= self.wanted).all()):
            self.kept, self.spread = self.stimuli, spread


def nearest(stimuli: torch.Tensor) -> torch.Tensor:
    """Each stimulus's Euclidean distance from the nearest other, over its norm: (stimulus,), 0 to 2."""
    rows = unit(stimuli).flatten(1)
    # No stimulus is its own neighbor.
    cosine = rows @ rows.T - 3 * torch.eye(len(rows), dtype=rows.dtype, device=rows.device)
    # Slightly away from 0, where a root has no slope.
    return (2 - 2 * cosine.amax(1)).clamp_min(1e-12).sqrt()


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

    After Cadena et al. (2018) and Ding et al. (2023); ``DiverseSet`` says how. The targets of one unit in one
    condition, which differ in their seeds, become one set: it has as many members as there are seeds. Each seed is
    first ascended as by ``gradient_ascent``, whose parameters these are.

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
        spread = DiverseSet(models, targets[rows[0]], clips, parts, device, len(rows), share, mask).run()
        for row, one in zip(rows, spread, strict=True):
            found[row] = one
        progress(len(sets) + done, 2 * len(sets))
    return [one for one in found if one is not None]

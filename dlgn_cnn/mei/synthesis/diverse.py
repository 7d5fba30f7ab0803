"""Diverse exciting inputs: how differently a unit can be excited almost as well."""

from collections.abc import Sequence

import numpy as np
import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.mei.components.optimizers import norms, unit
from dlgn_cnn.mei.synthesis.ascent import in_both_conditions, random_start, suppression
from dlgn_cnn.mei.synthesis.checks import check, frozen, working_dtype
from dlgn_cnn.mei.synthesis.config import Synthesis
from dlgn_cnn.mei.synthesis.presenter import Presenter
from dlgn_cnn.mei.synthesis.targets import MEIResult, Target
from dlgn_cnn.shapes import Floats
from dlgn_cnn.values import number, whole

MARGIN, NOISE = 0.02, 0.2


def diverse_set(
    models: Sequence[torch.nn.Module],
    target: Target,
    meis: Floats,
    config: Synthesis,
    device: torch.device,
    count: int = 10,
    share: float = 0.85,
    mask: torch.Tensor | None = None,
) -> list[MEIResult]:
    """``count`` stimuli that excite at least ``share`` as well as the best MEI does and are as far apart as can be.

    After Cadena et al. (2018) and Ding et al. (2023), who call them diverse exciting inputs and ask for 85 %. ``meis``
    (seed, time, height, width) are the target's from one or several random starts: those that meet the share are where
    members start, in turn, each with noise of its own. A step takes a stimulus away from its nearest neighbor of the
    set, along the surface of equal activation, or uphill where it has fallen below the share. What is returned is the
    set with the largest mean distance from the nearest neighbor of all those in which every member met the share, on
    the whole picture in float32: at worst, where they started. ``mask`` is ``mask_of``'s. Raises ConfigError where the
    best one does not excite, and ModelError as ``synthesize`` does.
    """
    whole("count", count, 2)
    number("share", share, 0, 1, above=True)
    check(models, [target], device)
    with frozen(models):
        return _Spread(models, target, meis, config, device, count, share, mask).run()


class _Spread:
    """One set on its way apart."""

    def __init__(
        self,
        models: Sequence[torch.nn.Module],
        target: Target,
        meis: Floats,
        config: Synthesis,
        device: torch.device,
        count: int,
        share: float,
        mask: torch.Tensor | None,
    ) -> None:
        self.config, self.targets, self.mask = config, [target] * count, mask
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
        activation = self._activation(meis, self.whole, [target] * len(meis))
        best = float(activation.max())
        if best <= 0:
            raise ConfigError(f"the best stimulus has an activation of {best:g}: no share of it is a bound")
        self.wanted = share * best
        good = (activation >= self.wanted).nonzero().flatten()
        return meis[good[torch.arange(len(self.targets), device=good.device) % len(good)]]

    def run(self) -> list[MEIResult]:
        """Spread, and evaluate the set that was kept."""
        for step in range(self.config.steps):
            self._step(0.1 * 0.98**step)
        return self._results()

    def _step(self, length: float) -> None:
        stimuli = self.stimuli.detach().requires_grad_(True)
        activation = self._activation(stimuli, self.presenter, self.targets)
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

    def _activation(self, stimuli: torch.Tensor, presenter: Presenter, targets: Sequence[Target]) -> torch.Tensor:
        lights = self.config.objective.lights(suppression(targets, stimuli))
        return self.config.objective(torch.stack([presenter.rates(stimuli, targets, light) for light in lights]))

    @torch.no_grad()
    def _results(self) -> list[MEIResult]:
        rates = in_both_conditions(self.whole, self.kept, self.targets)
        activation = self._activation(self.kept, self.whole, self.targets)
        violation = self.config.constraint.violation(self.kept, self.mask)
        return [
            MEIResult(
                self.kept[member].cpu().numpy(),
                float(activation[member]),
                np.asarray(rates[member].float().cpu().numpy()),
                np.array([float(activation[member])], np.float32),
                float(violation[member]),
            )
            for member in range(len(self.kept))
        ]


def nearest(stimuli: torch.Tensor) -> torch.Tensor:
    """Each stimulus's Euclidean distance from the nearest other, over its norm: (stimulus,), 0 to 2."""
    rows = unit(stimuli).flatten(1)
    # No stimulus is its own neighbor.
    cosine = rows @ rows.T - 3 * torch.eye(len(rows), dtype=rows.dtype, device=rows.device)
    # Slightly away from 0, where a root has no slope.
    return (2 - 2 * cosine.amax(1)).clamp_min(1e-12).sqrt()

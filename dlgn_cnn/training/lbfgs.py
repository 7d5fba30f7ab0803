"""Weights of a session brought to the optimum of all its training windows, by L-BFGS in whitened coordinates."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.utils.parametrize import register_parametrization, remove_parametrizations

from dlgn_cnn.interface import Batch, observed_of
from dlgn_cnn.models.reference.space_time import SpaceTimeKernel
from dlgn_cnn.training.losses import over_observed, poisson

HISTORY, TOLERANCE = 20, 1e-7
FLOOR = 1e-6  # of the largest variance: least ridge, for a kernel without a penalty


class Whitened(nn.Module):
    """Weights (unit, rank, function) in coordinates in which a loss is about as steep in every direction.

    Parameters
    ----------
    covariance : Tensor, shape (function, function)
        Covariance of what the weights multiply.
    ridge : float
        What a penalty adds to the covariance.
    sizes : Tensor, shape (unit,)
        Size of each unit's weights at a loss of one.
    """

    def __init__(self, covariance: torch.Tensor, ridge: float, sizes: torch.Tensor) -> None:
        super().__init__()
        values, vectors = torch.linalg.eigh(covariance)
        root = (values.clamp_min(0) + max(ridge, FLOOR * float(values[-1]))).sqrt()
        self.there, self.back = ((vectors * one) @ vectors.T for one in (1 / root, root))
        self.sizes = sizes[:, None, None]

    def forward(self, weights: torch.Tensor) -> torch.Tensor:
        """Whitened weights to weights."""
        return self.sizes * (weights @ self.there)

    def right_inverse(self, weights: torch.Tensor) -> torch.Tensor:
        """Weights to whitened weights."""
        return weights / self.sizes @ self.back


@contextmanager
def whitened(kernel: SpaceTimeKernel, batches: Sequence[Batch], counts: torch.Tensor) -> Iterator[None]:
    """Within the block, hold a kernel's spatial weights in whitened coordinates.

    Movies have little contrast at high frequencies, where a descent in the weights themselves stays behind (Theis et
    al. 2013 precondition likewise). The loss is as steep as a unit fires, times its drive; half of that in what the
    light changes, which half of the frames tell of.

    Parameters
    ----------
    kernel : SpaceTimeKernel
        Kernel whose weights are fitted.
    batches : sequence of Batch
        Training windows.
    counts : Tensor, shape (unit,)
        Mean spikes a frame.

    Yields
    ------
    None
        The kernel is changed in place.
    """
    covariance, rate = _covariance(kernel, batches), float(counts.median())
    power = kernel.spatial.detach().square().sum((1, 2)) / 2
    penalty, scales = kernel.penalty, {"spatial": (2 * kernel.penalty.l2 / rate, counts)}
    if kernel.changes == "spatial":
        scales["opto_change"] = (2 * penalty.change / (rate * float(power.median())), counts * power)
    for name, (ridge, steep) in scales.items():
        register_parametrization(kernel, name, Whitened(covariance, ridge, steep**-0.5))
    try:
        yield
    finally:
        for name in scales:
            remove_parametrizations(kernel, name)


def _covariance(kernel: SpaceTimeKernel, batches: Sequence[Batch]) -> torch.Tensor:
    """Covariance (function, function) over all frames of the inputs of a kernel's spatial weights."""
    functions = kernel.spatial.shape[-1]
    total, products, frames = kernel.spatial.new_zeros(functions), kernel.spatial.new_zeros(functions, functions), 0
    for batch in batches:
        pixels = batch.videos.to(total.device).flatten(3).flatten(0, 2)
        seen = pixels if kernel.space is None else pixels @ kernel.space.T
        total, products, frames = total + seen.sum(0), products.addmm(seen.T, seen), frames + len(seen)
    mean = total / frames
    return products / frames - torch.outer(mean, mean)


def refine(
    model: nn.Module,
    data_key: str,
    batches: Sequence[Batch],
    free: Iterable[nn.Parameter],
    iterations: int,
    burn_in_frames: int,
) -> float:
    """Bring some weights to the optimum of Poisson loss and penalty.

    L-BFGS with a strong Wolfe line search (Nocedal and Wright 2006).

    Parameters
    ----------
    model : Module
        Model that has the weights.
    data_key : str
        Session of the windows.
    batches : sequence of Batch
        Training windows.
    free : iterable of Parameter
        Weights to optimize.
    iterations : int
        Most steps.
    burn_in_frames : int
        First frames of every window that are not scored.

    Returns
    -------
    float
        The value of loss and penalty at the first step.
    """
    free, later = list(free), slice(burn_in_frames, None)
    masks = [None if (mask := observed_of(batch)) is None else mask[..., later] for batch in batches]
    scored = [
        int(batch.responses[..., later].numel() if mask is None else mask.sum())
        for batch, mask in zip(batches, masks, strict=True)
    ]
    optimizer = torch.optim.LBFGS(
        free, max_iter=iterations, history_size=HISTORY, tolerance_change=TOLERANCE, line_search_fn="strong_wolfe"
    )

    def objective() -> float:
        optimizer.zero_grad()
        penalty = model.regularizer(data_key)  # type: ignore[operator]
        penalty.backward()
        total = penalty.item()
        for batch, mask, own in zip(batches, masks, scored, strict=True):
            moved = batch.to(free[0].device)
            seen = None if mask is None else mask.to(free[0].device)
            traces = {"behavior": moved.behavior, "pupil_center": moved.pupil_center}
            rate = model(moved.videos, moved.opto, data_key=data_key, **traces)
            value = own / sum(scored) * over_observed(poisson, rate[..., later], moved.responses[..., later], seen)
            value.backward()
            total += value.item()
        return total

    return float(optimizer.step(objective))

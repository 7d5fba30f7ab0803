"""Priors on weights, as penalties added to the loss."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as functional

from dlgn_cnn.values import number

LAPLACIAN = ((0.25, 0.5, 0.25), (0.5, -3.0, 0.5), (0.25, 0.5, 0.25))


def laplace_energy(weight: torch.Tensor) -> torch.Tensor:
    """Mean squared discrete Laplacian of filters (..., height, width): small where filters are smooth.

    The nine-point stencil of Lindeberg (1990), whose response hardly depends on direction. A filter counts as zero
    beyond its edge, so that one which breaks off there is rough too.
    """
    stencil = weight.new_tensor(LAPLACIAN)[None, None]
    flat = weight.reshape(-1, 1, *weight.shape[-2:])
    return functional.conv2d(flat, stencil, padding=1).square().mean()


def laplace_time_energy(weight: torch.Tensor) -> torch.Tensor:
    """Mean squared second difference of kernels (out, in, time, ...) along time: zero if they are straight.

    A causal kernel may begin abruptly, so its ends are free. Kernels of fewer than three frames have no curvature.

    Examples
    --------
    >>> laplace_time_energy(torch.tensor([0.0, 1.0, 0.0]).view(1, 1, 3, 1))
    tensor(4.)
    """
    if weight.shape[2] < 3:
        return weight.new_zeros(())
    return weight.diff(n=2, dim=2).square().mean()


def group_sparsity(layers: Sequence[torch.Tensor]) -> torch.Tensor:
    """L2,1 penalty (group lasso, Yuan and Lin 2006) of kernels (out, in, ...): the mean group norm, over layers.

    A group is what one output channel takes from one input channel, as neuralpredictors has it.

    Examples
    --------
    >>> group_sparsity([torch.tensor([3.0, 4.0]).view(1, 1, 1, 2)])
    tensor(5.)
    """
    return torch.stack([torch.linalg.vector_norm(one.flatten(2), dim=2).mean() for one in layers]).mean()


@dataclass(frozen=True)
class FilterPriors:
    """Weights in the loss of the priors on a core's filters. Raises ConfigError for a negative weight."""

    laplace_weight: float = 0.0
    laplace_time_weight: float = 0.0
    group_sparsity_weight: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            number(f"{field.name} of a core", getattr(self, field.name), 0)

    def penalty(self, filters: Sequence[torch.Tensor], time: torch.Tensor | None = None) -> torch.Tensor:
        """A scalar from each layer's ``filters`` and the first layer's kernels over ``time``."""
        first, *later = filters
        total = self.laplace_weight * laplace_energy(first)
        if time is not None:
            total = total + self.laplace_time_weight * laplace_time_energy(time)
        if later:
            total = total + self.group_sparsity_weight * group_sparsity(later)
        return total

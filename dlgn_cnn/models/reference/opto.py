"""How the light acts in a reference model: not at all, added to the movie's drive, on its gain, or on a kernel."""

import torch
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.kernels import remembered
from dlgn_cnn.shapes import Opto
from dlgn_cnn.values import choice


class HistoryKernel(nn.Module):
    """A kernel (unit, lag) for each unit, a weighted sum of basis functions; 0 at the start.

    Parameters
    ----------
    units : int
        Number of units.
    basis : Tensor, shape (function, lag)
        Basis functions, lag 0 first.
    weight : float
        Weight in the loss of the weights' sum of squares, a mean over units.
    """

    basis: torch.Tensor

    def __init__(self, units: int, basis: torch.Tensor, weight: float) -> None:
        super().__init__()
        self.register_buffer("basis", basis, persistent=False)
        self.weights = nn.Parameter(torch.zeros(units, len(basis)))
        self.weight = weight

    def kernels(self) -> torch.Tensor:
        """The kernels (unit, lag), lag 0 first."""
        return self.weights @ self.basis

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        """A signal (batch, time) to drive (batch, unit, time)."""
        # A product with weights after the convolution: there are fewer functions than units.
        return self.weights @ remembered(signal[:, None], self.basis[:, None])

    def regularizer(self) -> torch.Tensor:
        """Weighted sum of squares, a mean over units."""
        return self.weight * self.weights.square().sum() / len(self.weights)


class MixingKernel(HistoryKernel):
    """A kernel (unit, lag) that is nowhere negative and sums to 1: how far a state has followed a signal of 0..1."""

    def kernels(self) -> torch.Tensor:
        """The kernels (unit, lag), lag 0 first."""
        return torch.softmax(super().kernels(), 1)

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        """A signal (batch, time) in 0..1 to the share (batch, unit, time) that it has won."""
        return remembered(signal[:, None], self.kernels()[:, None])


class AdditiveOpto(nn.Module):
    """The light, through each unit's causal kernel, adds to the drive (Schmors et al. 2025).

    Parameters
    ----------
    units : int
        Number of units.
    basis : Tensor, shape (function, lag)
        Basis of the light's kernels.
    weight : float
        Weight in the loss of the kernels.
    """

    changes: str | None = None  # which of a unit's kernels is another one in the light: temporal or spatial
    needs_stimulus = False
    kernel_type: type[HistoryKernel] = HistoryKernel
    weight_scale = 1.0

    def __init__(self, units: int, basis: torch.Tensor, weight: float) -> None:
        super().__init__()
        self.kernel = self.kernel_type(units, basis, self.weight_scale * weight)

    def forward(self, drives: torch.Tensor, opto: Opto) -> torch.Tensor:
        """The intact drive plus the light's."""
        return drives[0] + self.kernel(opto)

    def regularizer(self) -> torch.Tensor:
        """That of the kernel."""
        return self.kernel.regularizer()


class MultiplicativeOpto(AdditiveOpto):
    """The light, through each unit's causal kernel, scales the movie's drive: by 1 with opto at 0."""

    needs_stimulus = True

    def forward(self, drives: torch.Tensor, opto: Opto) -> torch.Tensor:
        """The intact drive times 1 plus the light's."""
        return drives[0] * (1 + self.kernel(opto))


class TemporalOpto(AdditiveOpto):
    """The light, through a causal kernel of sum 1, fades each unit's temporal kernel into another one."""

    changes = "temporal"
    needs_stimulus = True
    # The weights of this kernel are exponents, of the order of 1; the others' are parts of a rate a frame, about .01.
    kernel_type = MixingKernel
    weight_scale = 1e-4

    def forward(self, drives: torch.Tensor, opto: Opto) -> torch.Tensor:
        """A mixture of the intact and the suppressed drive."""
        intact, suppressed = drives
        return intact + self.kernel(opto) * (suppressed - intact)


class SpatialOpto(TemporalOpto):
    """The light, through a causal kernel of sum 1, fades each unit's spatial kernel and baseline into others.

    The baseline is there for a field that would only seem to change because the light adds to the rate.

    Parameters
    ----------
    units : int
        Number of units.
    basis : Tensor, shape (function, lag)
        Basis of the light's kernels.
    weight : float
        Weight in the loss of the kernels.
    """

    changes = "spatial"

    def __init__(self, units: int, basis: torch.Tensor, weight: float) -> None:
        super().__init__(units, basis, weight)
        self.added = nn.Parameter(torch.zeros(units, 1))

    def forward(self, drives: torch.Tensor, opto: Opto) -> torch.Tensor:
        """A mixture of the intact and the suppressed drive, the latter from another baseline."""
        intact, suppressed = drives
        return intact + self.kernel(opto) * (suppressed + self.added - intact)


ACTIONS: dict[str, type[AdditiveOpto] | None] = {
    "none": None,
    "additive": AdditiveOpto,
    "gain": MultiplicativeOpto,
    "temporal": TemporalOpto,
    "spatial": SpatialOpto,
}


def find_opto(name: str, stimulus: bool) -> type[AdditiveOpto] | None:
    """Class of the action called ``name``, None for none. Raises ConfigError if unknown, or if it needs a stimulus."""
    action = ACTIONS[choice("opto of a reference model", name, ACTIONS)]
    if action is not None and action.needs_stimulus and not stimulus:
        raise ConfigError(f"opto {name!r} acts on the movie's drive, and stimulus is false: choose additive or none")
    return action

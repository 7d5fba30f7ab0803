"""Where the light acts in a reference model: nowhere, beside the movie's drive, on its gain, or on a kernel."""

import torch
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.reference.history import HistoryKernel, MixingKernel
from dlgn_cnn.registry import nearest
from dlgn_cnn.shapes import Opto


class NoOpto(nn.Module):
    """The light changes nothing."""

    changes: str | None = None  # which of a unit's kernels is another one in the light: temporal or spatial
    needs_stimulus = False

    def __init__(self, units: int, basis: torch.Tensor, weight: float) -> None:
        super().__init__()

    def forward(self, drives: torch.Tensor, opto: Opto) -> torch.Tensor:
        """The movie's drives (condition, batch, unit, time) and light (batch, time) to drive (batch, unit, time)."""
        dark: torch.Tensor = drives[0]
        return dark

    def regularizer(self) -> torch.Tensor:
        """Nothing."""
        return torch.zeros(())


class AdditiveOpto(NoOpto):
    """The light, through each unit's causal kernel, adds to the drive (Schmors et al. 2025)."""

    def __init__(self, units: int, basis: torch.Tensor, weight: float) -> None:
        super().__init__(units, basis, weight)
        self.kernel = self.build(units, basis, weight)

    def build(self, units: int, basis: torch.Tensor, weight: float) -> HistoryKernel:
        """The kernel through which the light acts."""
        return HistoryKernel(units, basis, weight)

    def forward(self, drives: torch.Tensor, opto: Opto) -> torch.Tensor:
        """The dark drive plus the light's."""
        total: torch.Tensor = drives[0] + self.kernel(opto)
        return total

    def regularizer(self) -> torch.Tensor:
        """That of the kernel."""
        return self.kernel.regularizer()


class MultiplicativeOpto(AdditiveOpto):
    """The light, through each unit's causal kernel, scales the movie's drive: by 1 in the dark."""

    needs_stimulus = True

    def forward(self, drives: torch.Tensor, opto: Opto) -> torch.Tensor:
        """The dark drive times 1 plus the light's."""
        scaled: torch.Tensor = drives[0] * (1 + self.kernel(opto))
        return scaled


class TemporalOpto(AdditiveOpto):
    """The light, through a causal kernel of sum 1, fades each unit's temporal kernel into another one."""

    changes = "temporal"
    needs_stimulus = True

    def build(self, units: int, basis: torch.Tensor, weight: float) -> HistoryKernel:
        """A kernel that is nowhere negative and sums to 1."""
        # Its weights are exponents, of the order of 1; the others' are parts of a rate a frame, of the order of .01.
        return MixingKernel(units, basis, 1e-4 * weight)

    def forward(self, drives: torch.Tensor, opto: Opto) -> torch.Tensor:
        """A mixture of the dark and the lit drive."""
        dark, lit = drives
        mixed: torch.Tensor = dark + self.kernel(opto) * (lit - dark)
        return mixed


class SpatialOpto(TemporalOpto):
    """The light, through a causal kernel of sum 1, fades each unit's spatial kernel into another, and its baseline too.

    A field that only seemed to change because the light adds to the rate is what the baseline is for.
    """

    changes = "spatial"

    def __init__(self, units: int, basis: torch.Tensor, weight: float) -> None:
        super().__init__(units, basis, weight)
        self.added = nn.Parameter(torch.zeros(units, 1))

    def forward(self, drives: torch.Tensor, opto: Opto) -> torch.Tensor:
        """A mixture of the dark and the lit drive, the lit one from another baseline."""
        dark, lit = drives
        mixed: torch.Tensor = dark + self.kernel(opto) * (lit + self.added - dark)
        return mixed


ACTIONS: dict[str, type[NoOpto]] = {
    "none": NoOpto,
    "additive": AdditiveOpto,
    "gain": MultiplicativeOpto,
    "temporal": TemporalOpto,
    "spatial": SpatialOpto,
}


def find_opto(name: str, stimulus: bool) -> type[NoOpto]:
    """How the light called ``name`` acts. Raises ConfigError for an unknown one, or one that needs a stimulus."""
    if name not in ACTIONS:
        raise ConfigError(f"light {name!r} of a reference model: {nearest(name, ACTIONS)}")
    if ACTIONS[name].needs_stimulus and not stimulus:
        raise ConfigError(f"light {name!r} acts on the movie's drive, and stimulus is false: choose additive or none")
    return ACTIONS[name]

"""Perceptron shifters: from the pupil's position to the shift of every unit's position."""

import torch
from torch import nn

from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.perceptron import perceptron
from dlgn_cnn.models.shifters import SHIFTERS
from dlgn_cnn.models.standardize import Standardize
from dlgn_cnn.shapes import Pupil


@SHIFTERS.register("mlp")
class MlpShifter(nn.Module):
    """Multi-layer perceptron from pupil x and y to a shift, frame by frame (Sinz et al. 2018; Walker et al. 2019).

    A tanh follows each map, the last one too: no shift exceeds half the picture. The pupil's position is taken in
    standard deviations from its mean in the training tier. Shifts start near 0.

    Parameters
    ----------
    info : DataInfo
        The session; supplied by the model.
    generator : Generator
        Draws initial weights; supplied by the model.
    layers : int
        Number of linear maps.
    hidden : int
        Width of the maps.
    l2_weight : float
        Weight of the mean square of each map's weights, without biases.
    """

    def __init__(
        self, info: DataInfo, generator: torch.Generator, layers: int = 3, hidden: int = 5, l2_weight: float = 0.0
    ) -> None:
        super().__init__()
        self.standardize = Standardize(info.pupil_mean, info.pupil_std)
        self.mlp = perceptron(2, layers, hidden, nn.Tanh, generator).append(nn.Tanh())
        self.l2_weight = l2_weight

    def forward(self, pupil_center: Pupil) -> torch.Tensor:
        """Pupil position (batch, axis, time) to shift (time, batch, 2); 0 where x or y is missing."""
        looking, known = self.standardize(pupil_center)
        shift: torch.Tensor = self.mlp(looking.permute(2, 0, 1))
        return torch.where(known.all(1).T[..., None], shift, 0.0)

    def regularizer(self) -> torch.Tensor:
        """Weighted mean square of the weights, summed over maps."""
        sizes = [part.weight.square().mean() for part in self.mlp if isinstance(part, nn.Linear)]
        return self.l2_weight * torch.stack(sizes).sum()


@SHIFTERS.register("affine")
class AffineShifter(MlpShifter):
    """One affine map from pupil x and y to a shift, bounded by a tanh: six numbers a session.

    A camera's angle and scale are about affine, and few frames suffice to learn it.

    Parameters
    ----------
    info : DataInfo
        The session; supplied by the model.
    generator : Generator
        Draws initial weights; supplied by the model.
    l2_weight : float
        Weight of the mean square of the four slopes.
    """

    def __init__(self, info: DataInfo, generator: torch.Generator, l2_weight: float = 0.0) -> None:
        super().__init__(info, generator, layers=1, l2_weight=l2_weight)

"""The affine shifter: every unit's position moves in proportion to the eye."""

import torch

from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.shifters import SHIFTERS
from dlgn_cnn.models.shifters.mlp import MlpShifter


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

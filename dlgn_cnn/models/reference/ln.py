"""The linear-nonlinear model: one space-time filter a unit, then a static nonlinearity."""

from collections.abc import Collection, Mapping
from typing import Any

import torch

from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.build import MODELS
from dlgn_cnn.models.outputs import OUTPUTS
from dlgn_cnn.models.reference.model import Inputs, ReferenceModel, build_reference
from dlgn_cnn.models.reference.space_time import Bases, Penalty, near_centers


@MODELS.register("ln")
def ln(
    data_info: Mapping[str, DataInfo],
    seed: int,
    allowed_packages: Collection[str] = (),
    *,
    lags: int = 15,
    rank: int | None = 1,
    field_radius_px: float | None = 12.0,
    opto: str = "additive",
    running: bool = False,
    pupil: bool = False,
    history_lags: int = 50,
    history_splines: int = 10,
    l1_weight: float = 0.0,
    l2_weight: float = 1e-3,
    laplace_weight: float = 1000.0,
    history_weight: float = 0.1,
    change_weight: float = 2e-3,
    output: Mapping[str, Any] | None = None,
) -> ReferenceModel:
    """Linear-nonlinear Poisson model (Chichilnisky 2001): a filter over pixels and the last ``lags`` frames a unit.

    The filter is a sum of ``rank`` products of space and time, or any where it is null, and lies within
    ``field_radius_px`` of the peak of the unit's receptive field (null: anywhere). ``opto`` acts ``none``,
    ``additive``, as ``gain`` or as another ``temporal`` or ``spatial`` filter, with a memory of ``history_lags`` frames
    on ``history_splines`` natural cubic splines; so do ``running`` and ``pupil``. In the loss: L1 norm (``l1_weight``),
    L2 norm (``l2_weight``) and Laplace energy (``laplace_weight``) of the spatial filter, L2 of the memories
    (``history_weight``) and of what light changes in a filter (``change_weight``). ``output`` names the nonlinearity,
    softplus unless given. Raises ConfigError.
    """

    def bases(info: DataInfo) -> Bases:
        _, height, width = info.frame_shape
        support = near_centers(torch.tensor(info.field_centers), (height, width), field_radius_px)
        return Bases(None, torch.eye(lags), (height, width), support)

    built_output = OUTPUTS.build(output or {"name": "softplus"}, at="output", allowed_packages=allowed_packages)
    inputs = Inputs(True, opto, running, pupil, history_lags, history_splines, history_weight)
    penalty = Penalty(l1_weight, l2_weight, laplace_weight, change_weight)
    return build_reference(data_info, seed, bases, rank, inputs, penalty, built_output)

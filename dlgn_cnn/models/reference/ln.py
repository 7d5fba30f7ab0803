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
    """Linear-nonlinear Poisson model (Chichilnisky 2001): a filter over pixels and the last frames for each unit.

    Parameters
    ----------
    data_info : mapping of str to DataInfo
        The sessions.
    seed : int
        Initial weights follow from it.
    allowed_packages : collection of str
        Packages that an output may be imported from; supplied by the caller.
    lags : int
        Frames that the filter looks back, the present one included.
    rank : int or null
        Number of products of space and time that the filter is a sum of; null for any filter.
    field_radius_px : float or null
        Radius about the peak of the unit's receptive field within which the filter lies; null for anywhere.
    opto : str
        How the light acts: ``none``, ``additive``, as ``gain``, or as another ``temporal`` or ``spatial`` filter.
    running, pupil : bool
        Whether running and pupil size add to the drive.
    history_lags : int
        Memory of light, running and pupil size in frames.
    history_splines : int
        Natural cubic splines that the memories are sums of.
    l1_weight, l2_weight, laplace_weight : float
        Weights in the loss of L1 norm, L2 norm and Laplace energy of the spatial filter.
    history_weight : float
        Weight of the L2 norm of the memories.
    change_weight : float
        Weight of the L2 norm of what light changes in a filter.
    output : mapping, optional
        Output nonlinearity (default: softplus).

    Returns
    -------
    ReferenceModel
        The model.

    Raises
    ------
    ConfigError
        If an option is wrong.
    """

    def bases(info: DataInfo) -> Bases:
        _, height, width = info.frame_shape
        support = near_centers(torch.tensor(info.field_centers), (height, width), field_radius_px)
        return Bases(None, torch.eye(lags), (height, width), support)

    built_output = OUTPUTS.build(output or {"name": "softplus"}, at="output", allowed_packages=allowed_packages)
    inputs = Inputs(True, opto, running, pupil, history_lags, history_splines, history_weight)
    penalty = Penalty(l1_weight, l2_weight, laplace_weight, change_weight)
    return build_reference(data_info, seed, bases, rank, inputs, penalty, built_output)

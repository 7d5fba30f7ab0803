"""The linear-nonlinear model, whose kernels are pixels and frames, and the spline GLM, on natural cubic splines."""

from collections.abc import Mapping
from typing import Any

import torch

from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.build import MODELS
from dlgn_cnn.models.outputs import OUTPUTS
from dlgn_cnn.models.reference.model import Inputs, ReferenceModel, build_reference
from dlgn_cnn.models.reference.space_time import Bases, Penalty, knots_within, natural_cubic_basis, near_centers


@MODELS.register("spline_glm")
def spline_glm(
    data_info: Mapping[str, DataInfo],
    seed: int,
    *,
    stimulus: bool = True,
    opto: str = "additive",
    running: bool = True,
    pupil: bool = True,
    lags: int = 15,
    time_splines: int = 8,
    knot_px: float = 3.0,
    rank: int | None = None,
    field_radius_px: float | None = 12.0,
    history_lags: int = 50,
    history_splines: int = 10,
    l1_weight: float = 1e-4,
    l2_weight: float = 1e-3,
    history_weight: float = 0.1,
    change_weight: float = 2e-3,
    output: Mapping[str, Any] | None = None,
) -> ReferenceModel:
    """Spline GLM: movie, light, running and pupil through kernels on splines, one Poisson rate (Schmors et al. 2025).

    The movie's kernel is a weighted sum of products of natural cubic splines in time and in space (as Huang et al.
    2021). The four switches give the published fifteen variants.

    Parameters
    ----------
    data_info : mapping of str to DataInfo
        The sessions.
    seed : int
        Initial weights follow from it.
    stimulus, running, pupil : bool
        Whether movie, running and pupil size drive units.
    opto : str
        How the light acts: ``none``, ``additive`` as published, as ``gain``, or as another ``temporal`` or ``spatial``
        kernel.
    lags : int
        Frames that the movie's kernel looks back, the present one included.
    time_splines : int
        Splines in time.
    knot_px : float
        Distance of the knots of the splines in space, px.
    rank : int or null
        Number of space-time products that the kernel is a sum of; null for any sum.
    field_radius_px : float or null
        Radius about the peak of the unit's receptive field within which splines are used; null for all.
    history_lags : int
        Taps of the causal kernels of light, running and pupil size.
    history_splines : int
        Splines that these kernels are sums of.
    l1_weight, l2_weight : float
        Weights in the loss of L1 and L2 norm of the movie's weights.
    history_weight : float
        Weight of the L2 norm of the other kernels.
    change_weight : float
        Weight of the L2 norm of what light changes in a kernel.
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
        rows, columns = (natural_cubic_basis(size, knots_within(size, knot_px)) for size in info.frame_shape[1:])
        grid = len(rows), len(columns)
        radius = None if field_radius_px is None else field_radius_px / knot_px
        support = near_centers(torch.tensor(info.field_centers), grid, radius)
        return Bases(torch.kron(rows, columns), natural_cubic_basis(lags, time_splines), grid, support)

    built_output = OUTPUTS.build(output or {"name": "softplus"}, at="output")
    inputs = Inputs(stimulus, opto, running, pupil, history_lags, history_splines, history_weight)
    penalty = Penalty(l1_weight, l2_weight, 0.0, change_weight)
    return build_reference(data_info, seed, bases, rank, inputs, penalty, built_output)


@MODELS.register("ln")
def ln(
    data_info: Mapping[str, DataInfo],
    seed: int,
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

    built_output = OUTPUTS.build(output or {"name": "softplus"}, at="output")
    inputs = Inputs(True, opto, running, pupil, history_lags, history_splines, history_weight)
    penalty = Penalty(l1_weight, l2_weight, laplace_weight, change_weight)
    return build_reference(data_info, seed, bases, rank, inputs, penalty, built_output)

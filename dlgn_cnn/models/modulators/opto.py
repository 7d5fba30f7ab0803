"""The light while feedback is suppressed: scales each unit's drive, or adds to it as published kernels do."""

from functools import partial

import torch

from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.kernels import CausalKernels
from dlgn_cnn.models.modulators import MODULATORS
from dlgn_cnn.models.modulators.gain_offset import GainAndOffset


@MODULATORS.register("opto_gain")
class OptoGain(GainAndOffset):
    """The light scales each unit's drive: exp(gain * opto) * drive + offset * opto (as Olsen et al. 2012).

    It starts at identity.

    Parameters
    ----------
    units : int
        Number of units; supplied by the model.
    info : DataInfo
        Supplied by the model; not used.
    generator : Generator
        Supplied by the model; not used.
    offset : bool
        Whether the drive is scaled around a level that each unit learns, so that its baseline may stay; otherwise
        around a drive of zero, baseline included.
    taps : int
        Length in frames of the causal kernels through which gain and offset follow the light.
    basis : str
        ``raised_cosine``, bumps over log time, or ``taps``, a weight for each tap.
    functions : int
        Number of bumps.
    laplace_weight : float
        Weight of the kernels' curvature over lags.
    l2_weight : float
        Weight of their mean square.
    """

    def __init__(
        self,
        units: int,
        info: DataInfo,
        generator: torch.Generator,
        offset: bool = True,
        taps: int = 1,
        basis: str = "taps",
        functions: int = 10,
        laplace_weight: float = 0.0,
        l2_weight: float = 0.0,
    ) -> None:
        kernels = partial(CausalKernels, units, 1, taps, basis, functions, laplace_weight, l2_weight)
        super().__init__(kernels, True, offset)


@MODULATORS.register("opto_kernel")
class OptoKernel(GainAndOffset):
    """The light through a causal kernel for each unit, added to its drive (Schmors et al. 2025).

    Published kernels have 50 taps at 60 Hz, are deepest 83 to 333 ms after the light and back at zero by 450 ms.
    Kernels start at zero. Before a window's first frame the light is taken to have been as it is there; a window's
    first frames, which a core loses or the loss leaves out, count.

    Parameters
    ----------
    units : int
        Number of units; supplied by the model.
    info : DataInfo
        Supplied by the model; not used.
    generator : Generator
        Supplied by the model; not used.
    taps : int
        Length of the kernels in frames, the present one included.
    basis : str
        ``raised_cosine``, bumps over log time, or ``taps``, a weight for each tap.
    functions : int
        Number of bumps.
    laplace_weight : float
        Weight of the kernels' curvature over lags.
    l2_weight : float
        Weight of their mean square.
    """

    def __init__(
        self,
        units: int,
        info: DataInfo,
        generator: torch.Generator,
        taps: int = 50,
        basis: str = "raised_cosine",
        functions: int = 10,
        laplace_weight: float = 0.0,
        l2_weight: float = 0.0,
    ) -> None:
        kernels = partial(CausalKernels, units, 1, taps, basis, functions, laplace_weight, l2_weight)
        super().__init__(kernels, gain=False, offset=True)

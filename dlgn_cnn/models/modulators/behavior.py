"""Behavior: running and the pupil's size change how strongly a unit is driven."""

from collections.abc import Sequence
from functools import partial

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.kernels import CausalKernels
from dlgn_cnn.models.modulators import MODULATORS, Signals
from dlgn_cnn.models.modulators.gain_offset import GainAndOffset
from dlgn_cnn.models.standardize import Standardize
from dlgn_cnn.values import choice

ROWS = ("running", "pupil_size")


@MODULATORS.register("behavior")
class BehaviorModulator(GainAndOffset):
    """Gain and offset of each unit's drive from running and pupil size (Erisken et al. 2014; Schmors et al. 2025).

    drive -> exp(gain) * drive + offset, each linear in the signals, which are taken in standard deviations from their
    mean in the training tier. A missing value counts as the mean, which changes nothing. It starts at identity.

    Parameters
    ----------
    units : int
        Number of units; supplied by the model.
    info : DataInfo
        The session; supplied by the model.
    generator : Generator
        Supplied by the model; not used.
    signals : list of str
        Any of running and pupil_size.
    gain, offset : bool
        Which of the two there are.
    taps : int
        Length in frames of the causal kernels through which they follow the signals (50 in Schmors et al., whose
        kernels are offsets).
    basis : str
        ``raised_cosine``, bumps over log time, or ``taps``, a weight for each tap.
    functions : int
        Number of bumps.
    laplace_weight : float
        Weight of the kernels' curvature over lags.
    l2_weight : float
        Weight of their mean square.

    Raises
    ------
    ConfigError
        If a signal is unknown or given twice, or there is neither gain nor offset.
    """

    def __init__(
        self,
        units: int,
        info: DataInfo,
        generator: torch.Generator,
        signals: Sequence[str] = ROWS,
        gain: bool = True,
        offset: bool = True,
        taps: int = 1,
        basis: str = "taps",
        functions: int = 10,
        laplace_weight: float = 0.0,
        l2_weight: float = 0.0,
    ) -> None:
        for name in signals:
            choice("a signal of behavior", name, ROWS)
        if not signals or len(set(signals)) < len(signals):
            raise ConfigError(f"behavior with signals {list(signals)}: name one or more, each once")
        kernels = partial(CausalKernels, units, len(signals), taps, basis, functions, laplace_weight, l2_weight)
        super().__init__(kernels, gain, offset)
        self.rows = [ROWS.index(name) for name in signals]
        self.standardize = Standardize(
            [info.behavior_mean[row] for row in self.rows], [info.behavior_std[row] for row in self.rows]
        )

    def traces(self, signals: Signals) -> torch.Tensor | None:
        """The signals in standard deviations (batch, signal, time); None where behavior was not recorded."""
        return None if signals.behavior is None else self.standardize(signals.behavior[:, self.rows])[0]

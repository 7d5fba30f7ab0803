"""A reference model: the movie's drive, the light, running and pupil, one output nonlinearity."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from dlgn_cnn.errors import ConfigError, within
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.encoder import Heads
from dlgn_cnn.models.reference.opto import HistoryKernel, find_opto
from dlgn_cnn.models.reference.space_time import Bases, Penalty, SpaceTimeKernel, natural_cubic_basis
from dlgn_cnn.shapes import Behavior, Opto, Pupil, Rate, Video

FEATURES = ("running", "pupil")


@dataclass(frozen=True)
class Inputs:
    """Inputs of a reference model, and how far back: ``opto`` is how the light acts, ``history_lags`` and
    ``history_splines`` the taps of the light's and behavior's kernels and their basis functions, ``history_weight``
    that of the kernels' L2 norm in the loss.
    """

    stimulus: bool
    opto: str
    running: bool
    pupil: bool
    history_lags: int
    history_splines: int
    history_weight: float

    def __post_init__(self) -> None:
        with within("opto"):
            find_opto(self.opto, self.stimulus)
        if not (self.stimulus or self.running or self.pupil or self.opto != "none"):
            raise ConfigError("stimulus, running and pupil are false and opto is none: switch one of them on")


class ReferenceHead(nn.Module):
    """One session's kernels. Drives are relative: 1 is what doubles a unit's mean rate, to first order.

    So weights and penalties mean the same for a unit that fires at 1 Hz and one at 50 Hz.

    Parameters
    ----------
    info : DataInfo
        The session.
    inputs : Inputs
        What drives the model.
    stimulus : SpaceTimeKernel or None
        Kernels of the movie.
    output : Module
        Output nonlinearity.
    """

    bias_step: torch.Tensor
    mean_counts: torch.Tensor
    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, info: DataInfo, inputs: Inputs, stimulus: SpaceTimeKernel | None, output: nn.Module) -> None:
        super().__init__()
        units, basis = len(info.units), natural_cubic_basis(inputs.history_lags, inputs.history_splines)
        counts = torch.tensor(info.mean_counts)
        self.bias = nn.Parameter(output.inverse(counts))  # type: ignore[operator]
        self.register_buffer("mean_counts", counts, persistent=False)
        self.register_buffer("bias_step", _relative_step(output, counts), persistent=False)
        self.stimulus = stimulus
        action = find_opto(inputs.opto, inputs.stimulus)
        self.opto = None if action is None else action(units, basis, inputs.history_weight)
        chosen = {
            name: HistoryKernel(units, basis, inputs.history_weight) for name in FEATURES if getattr(inputs, name)
        }
        self.behavior = nn.ModuleDict(chosen)
        for name, values in (("mean", info.behavior_mean), ("std", info.behavior_std)):
            self.register_buffer(name, torch.tensor(values)[:, None], persistent=False)

    def forward(self, videos: Video, opto: Opto, behavior: Behavior | None) -> torch.Tensor:
        """Compute the drive; a signal that is missing is taken at its mean.

        Parameters
        ----------
        videos : Tensor, shape (batch, 1, time, height, width)
            Movies in normalized gray levels.
        opto : Tensor, shape (batch, time)
            Share of each frame in which the light is on.
        behavior : Tensor, shape (batch, 2, time) or None
            Running and pupil size, NaN where missing.

        Returns
        -------
        Tensor, shape (batch, unit, time)
            Drive.
        """
        opto = opto.to(self.bias.dtype)
        nothing = self.bias.new_zeros(1, len(opto), len(self.bias), opto.shape[1])
        drives = nothing if self.stimulus is None else self.stimulus(videos)
        total = drives[0] if self.opto is None else self.opto(drives, opto)
        if behavior is not None:
            known = torch.nan_to_num((behavior - self.mean) / self.std)
            for name, kernel in self.behavior.items():
                total = total + kernel(known[:, FEATURES.index(name)])
        return self.bias[:, None] + self.bias_step[:, None] * total

    def regularizer(self) -> torch.Tensor:
        """The sum of all penalties, each a mean over units."""
        parts = [self.stimulus, self.opto, *self.behavior.values()]
        return torch.stack([p.regularizer().to(self.bias) for p in parts if p is not None]).sum()  # type: ignore[operator]


class ReferenceModel(nn.Module):
    """A head a session and one output nonlinearity; see ``dlgn_cnn.interface.EncodingModel`` for the contract."""

    frames_lost = 0

    def __init__(self, heads: Mapping[str, ReferenceHead], output: nn.Module) -> None:
        super().__init__()
        self.heads = Heads(heads)
        self.data_keys = self.heads.data_keys
        self.output = output

    def forward(
        self,
        videos: Video,
        opto: Opto,
        data_key: str,
        behavior: Behavior | None = None,
        pupil_center: Pupil | None = None,
    ) -> Rate:
        """Predict rates.

        Parameters
        ----------
        videos : Tensor, shape (batch, 1, time, height, width)
            Movies in normalized gray levels.
        opto : Tensor, shape (batch, time)
            Share of each frame in which the light is on.
        data_key : str
            Session of the units.
        behavior : Tensor, shape (batch, 2, time), optional
            Running and pupil size, NaN where missing.
        pupil_center : Tensor, shape (batch, 2, time), optional
            Not used.

        Returns
        -------
        Tensor, shape (batch, unit, time)
            Rates in spikes a frame.

        Raises
        ------
        ModelError
            If the model was not built for the session.
        """
        return self.output(self.head(data_key)(videos, opto, behavior).float())

    def head(self, data_key: str) -> ReferenceHead:
        """One session's kernels. Raises ModelError for one that the model was not built for."""
        return self.heads.of(data_key)

    def regularizer(self, data_key: str) -> torch.Tensor:
        """The penalty that is added to the loss of a session's batch."""
        return self.head(data_key).regularizer()


def build_reference(
    data_info: Mapping[str, DataInfo],
    seed: int,
    bases: Callable[[DataInfo], Bases],
    rank: int | None,
    inputs: Inputs,
    penalty: Penalty,
    output: nn.Module,
) -> ReferenceModel:
    """Build a model whose kernels are on the bases of each session.

    Parameters
    ----------
    data_info : mapping of str to DataInfo
        The sessions.
    seed : int
        Initial weights follow from it.
    bases : callable
        From a session's ``DataInfo`` to the ``Bases`` of its kernels.
    rank : int or None
        Number of space-time products that a kernel is a sum of; None for any kernel.
    inputs : Inputs
        What drives the model.
    penalty : Penalty
        Weights in the loss.
    output : Module
        Output nonlinearity.

    Returns
    -------
    ReferenceModel
        The model.

    Raises
    ------
    ConfigError
        If the rank is below 1, or a session has videos of several channels.
    """
    generator = torch.Generator().manual_seed(seed)
    if rank is not None and rank < 1:
        raise ConfigError(f"rank {rank} of a space-time kernel: expected 1 or more, or null for a full one")
    changes, heads = getattr(find_opto(inputs.opto, inputs.stimulus), "changes", None), {}
    for key, info in data_info.items():
        if info.frame_shape[0] != 1:
            raise ConfigError(
                f"session {key} has videos of {info.frame_shape[0]} channels: a reference takes gray ones"
            )
        kernel = SpaceTimeKernel(bases(info), rank, changes, penalty, generator) if inputs.stimulus else None
        heads[key] = ReferenceHead(info, inputs, kernel, output)
    return ReferenceModel(heads, output)


def _relative_step(output: nn.Module, counts: torch.Tensor) -> torch.Tensor:
    """The change of drive (unit,) that would double each unit's mean rate, were the output straight there."""
    mean = counts.double().requires_grad_()
    (slope,) = torch.autograd.grad(output.inverse(mean).sum(), mean)  # type: ignore[operator]
    return (slope * counts).float()

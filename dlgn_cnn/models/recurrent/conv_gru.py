"""A convolutional GRU whose gates take the light."""

from collections.abc import Sequence

import torch
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.cores.layers import channels_last
from dlgn_cnn.models.receptive_field import ReceptiveExtent
from dlgn_cnn.models.recurrent import RECURRENTS
from dlgn_cnn.models.recurrent.cuda_graphs import CudaGraphs
from dlgn_cnn.models.recurrent.scan import OptoFactors, scan
from dlgn_cnn.values import choice

GATES = ("update", "reset", "candidate")
# Where the light may enter: the drive of a gate from the input or from the state.
SWITCHES = tuple(f"{gate}.{path}" for gate in GATES for path in ("input", "state"))


class OptoDrive(nn.Module):
    """Lets the light scale and shift one path's drive into the chosen gates.

    drive -> (1 + gain * opto) * drive + shift * opto, a gain and a shift a gate and channel: nothing happens in the
    dark, and input and state paths remain different hypotheses (concatenated as a channel, as in Ballas et al. 2016,
    light with the input and light with the state would be the same bias). ``switches`` says of each gate whether the
    light enters it.
    """

    def __init__(self, channels: int, switches: Sequence[bool]) -> None:
        super().__init__()
        self.gates = tuple(index for index, enters in enumerate(switches) if enters)
        self.spread = tuple(switches)
        self.gain = nn.Parameter(torch.zeros(len(self.gates), channels))
        self.shift = nn.Parameter(torch.zeros(len(self.gates), channels))

    def forward(self, opto: torch.Tensor) -> OptoFactors:
        """Opto (time, batch) to a factor and an offset of all gates' drive, each (time, batch, gate x channel, 1, 1).

        None where the light enters no gate.
        """
        if not self.gates:
            return None
        share = opto.to(self.gain.dtype)[..., None]
        spread = self.gain.new_zeros(len(self.spread), len(self.gates))
        spread[list(self.gates), list(range(len(self.gates)))] = 1.0
        gain, shift = ((spread @ part).reshape(-1) for part in (self.gain, self.shift))
        return (1 + share * gain)[..., None, None], (share * shift)[..., None, None]


@RECURRENTS.register("conv_gru")
class ConvGru(nn.Module):
    """Gated recurrent unit over feature maps (Cho et al. 2014; convolutional: Ballas et al. 2016).

    With input drive ``x`` and state drive ``s`` of each gate, both convolutions, and the light as in ``OptoDrive``::

            update = sigmoid(x_update + s_update)        reset = sigmoid(x_reset + s_reset)
            candidate = tanh(x_candidate + reset * s_candidate)
            state = update * state + (1 - update) * candidate

    Reset acts on the convolved state, so that one convolution a frame serves all three gates; the input's convolutions
    run on all frames at once.

    Parameters
    ----------
    in_channels : int
        Features of the input; supplied by the model.
    channels : int
        Features of the state.
    kernel_input, kernel_state : int
        Width of the square kernels in px, odd.
    opto : list of str
        Where the light enters: any of {update, reset, candidate} x {input, state}, written ``update.input`` (default:
        all).

    Raises
    ------
    ConfigError
        If a place is unknown, or a size is wrong.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        kernel_input: int = 3,
        kernel_state: int = 3,
        opto: Sequence[str] = SWITCHES,
    ) -> None:
        super().__init__()
        for switch in opto:
            choice("opto", switch, SWITCHES)
        if channels < 1 or min(kernel_input, kernel_state) < 1 or kernel_input % 2 == 0 or kernel_state % 2 == 0:
            raise ConfigError(
                f"{channels} channels, kernel_input {kernel_input}, kernel_state {kernel_state} of a recurrent unit: "
                "all above 0, kernels odd"
            )
        self.out_channels, width = channels, len(GATES) * channels
        self.from_input = nn.Conv2d(in_channels, width, kernel_input, padding=kernel_input // 2)
        self.from_state = nn.Conv2d(channels, width, kernel_state, padding=kernel_state // 2, bias=False)
        self.opto_input, self.opto_state = (
            OptoDrive(channels, [f"{gate}.{path}" in opto for gate in GATES]) for path in ("input", "state")
        )
        self.cuda_graphs = CudaGraphs()
        # Biases of the first gate from -2 to 2 let channels forget within one to eight frames from the start of a fit.
        with torch.no_grad():
            self.from_input.bias[:channels] = torch.linspace(-2, 2, channels)  # type: ignore[index]

    def forward(
        self, features: torch.Tensor, opto: torch.Tensor, state: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Run over all frames.

        Parameters
        ----------
        features : Tensor, shape (time, batch, feature, height, width)
            Feature maps.
        opto : Tensor, shape (time, batch)
            Share of each frame in which the light is on.
        state : Tensor, shape (batch, channel, height, width), optional
            State before the first frame (default: zero).

        Returns
        -------
        states : Tensor, shape (time, batch, channel, height, width)
            New features.
        state : Tensor, shape (batch, channel, height, width)
            The last state.
        """
        drive = self.from_input(channels_last(features.flatten(0, 1))).unflatten(0, features.shape[:2])
        weight = self.from_state.weight
        if state is None:
            state = weight.new_zeros(features.shape[1], self.out_channels, *features.shape[-2:])
        states = scan(self.cuda_graphs, drive, weight, state, self.opto_input(opto), self.opto_state(opto))
        return states, states[-1]

    def receptive_field(self, frames: int) -> ReceptiveExtent:
        """Half an input kernel, and half a state kernel more with every frame before."""
        halves = [part.kernel_size[0] // 2 for part in (self.from_input, self.from_state)]
        return ReceptiveExtent(halves[0] + (frames - 1) * halves[1])

    def regularizer(self) -> torch.Tensor:
        """No penalty: zero."""
        return self.from_state.weight.new_zeros(())

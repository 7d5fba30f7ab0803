"""A convolutional GRU whose gates take the light."""

from collections.abc import Sequence

import torch
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.cores.layers import channels_last
from dlgn_cnn.models.receptive_field import ReceptiveExtent
from dlgn_cnn.models.recurrent import RECURRENTS
from dlgn_cnn.models.recurrent.cuda_graphs import CudaGraphs
from dlgn_cnn.models.recurrent.opto import OptoDrive, check_switches, switches_of
from dlgn_cnn.models.recurrent.scan import Maps, scan, sigmoid_backward, tanh_backward, write_gates

GATES = ("update", "reset", "candidate")
SWITCHES = switches_of(GATES)


class GruCell:
    """One frame of the equations in ``ConvGru``; it keeps the gates, in the order of ``GATES``, and s_candidate."""

    kept = 2

    def forward(self, from_input: Maps, from_state: Maps, state: Maps, new_state: Maps) -> Sequence[Maps]:
        """Compute the new state: see ``scan.Cell``.

        Parameters
        ----------
        from_input, from_state : Tensor, shape (batch, gate x channel, height, width)
            Drives, which are overwritten.
        state : Tensor, shape (batch, channel, height, width)
            The state.
        new_state : Tensor
            Memory for the new state.

        Returns
        -------
        sequence of Tensor
            Gates, and the state's drive of the candidate.
        """
        channels = state.shape[1]
        both = slice(0, 2 * channels)
        update, reset = from_input[:, both].add_(from_state[:, both]).sigmoid_().chunk(2, 1)
        state_candidate = from_state[:, 2 * channels :].clone()
        candidate = from_input[:, 2 * channels :].addcmul_(reset, state_candidate).tanh_()
        torch.lerp(candidate, state, update, out=new_state)
        return from_input, state_candidate

    def backward(self, kept: Sequence[Maps], state: Maps, grad: Maps, to_input: Maps, to_state: Maps) -> Maps:
        """Compute gradients: see ``scan.Cell``.

        Parameters
        ----------
        kept : sequence of Tensor
            Result of ``forward``.
        state : Tensor
            The old state.
        grad : Tensor
            Gradient of the new state.
        to_input, to_state : Tensor
            Memory for the gradients of the drives.

        Returns
        -------
        Tensor
            Gradient of the old state, less what passes through the convolution.
        """
        gates, state_candidate = kept
        update, reset, candidate = gates.chunk(3, 1)
        through = grad * update
        to_update = sigmoid_backward(grad * (state - candidate), update)
        to_candidate = tanh_backward(grad - through, candidate)
        to_reset = sigmoid_backward(to_candidate * state_candidate, reset)
        write_gates(to_input, to_update, to_reset, to_candidate)
        write_gates(to_state, to_update, to_reset, to_candidate.mul_(reset))
        return through


CELL = GruCell()


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
        check_switches(opto, GATES)
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
        states = scan(CELL, self.cuda_graphs, drive, weight, state, self.opto_input(opto), self.opto_state(opto))
        return states, states[-1]

    def receptive_field(self, frames: int) -> ReceptiveExtent:
        """Half an input kernel, and half a state kernel more with every frame before."""
        halves = [part.kernel_size[0] // 2 for part in (self.from_input, self.from_state)]
        return ReceptiveExtent(halves[0] + (frames - 1) * halves[1])

    def regularizer(self) -> torch.Tensor:
        """No penalty: zero."""
        return self.from_state.weight.new_zeros(())

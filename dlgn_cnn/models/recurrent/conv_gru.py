"""A convolutional GRU whose gates take the light."""

from collections.abc import Sequence

import torch

from dlgn_cnn.models.recurrent import RECURRENTS
from dlgn_cnn.models.recurrent.gated import GatedUnit
from dlgn_cnn.models.recurrent.opto import switches_of
from dlgn_cnn.models.recurrent.scan import Maps, sigmoid_backward, tanh_backward, write_gates

GATES = ("update", "reset", "candidate")
SWITCHES = switches_of(GATES)


class GruCell:
    """One frame of the equations in ``ConvGru``; it keeps the gates, in the order of ``GATES``, and s_candidate."""

    kept = 2

    def forward(self, from_input: Maps, from_state: Maps, state: Maps, new_state: Maps) -> Sequence[Maps]:
        """See ``scan.Cell``."""
        channels = state.shape[1]
        both = slice(0, 2 * channels)
        update, reset = from_input[:, both].add_(from_state[:, both]).sigmoid_().chunk(2, 1)
        state_candidate = from_state[:, 2 * channels :].clone()
        candidate = from_input[:, 2 * channels :].addcmul_(reset, state_candidate).tanh_()
        torch.lerp(candidate, state, update, out=new_state)
        return from_input, state_candidate

    def backward(self, kept: Sequence[Maps], state: Maps, grad: Maps, to_input: Maps, to_state: Maps) -> Maps:
        """See ``scan.Cell``."""
        gates, state_candidate = kept
        update, reset, candidate = gates.chunk(3, 1)
        through = grad * update
        to_update = sigmoid_backward(grad * (state - candidate), update)
        to_candidate = tanh_backward(grad - through, candidate)
        to_reset = sigmoid_backward(to_candidate * state_candidate, reset)
        write_gates(to_input, to_update, to_reset, to_candidate)
        write_gates(to_state, to_update, to_reset, to_candidate.mul_(reset))
        return through


@RECURRENTS.register("conv_gru")
class ConvGru(GatedUnit):
    """Gated recurrent unit over feature maps (Cho et al. 2014; convolutional: Ballas et al. 2016).

    With input drive ``x`` and state drive ``s`` of each gate, both convolutions, and the light as in ``OptoDrive``::

        update = sigmoid(x_update + s_update)        reset = sigmoid(x_reset + s_reset)
        candidate = tanh(x_candidate + reset * s_candidate)
        state = update * state + (1 - update) * candidate

    ``light`` names where the light enters, any subset of ``{update, reset, candidate} x {input, state}`` written as
    ``"update.input"``. Reset acts on the convolved state, so that one convolution a frame serves all three gates; the
    input's convolutions run on all frames at once. ``kernel_input`` and ``kernel_state`` are in px, odd;
    the state has ``channels`` features.
    """

    gates = GATES
    cell = GruCell()

    def __init__(
        self,
        in_channels: int,
        channels: int,
        kernel_input: int = 3,
        kernel_state: int = 3,
        light: Sequence[str] = SWITCHES,
    ) -> None:
        super().__init__(in_channels, channels, kernel_input, kernel_state, light)

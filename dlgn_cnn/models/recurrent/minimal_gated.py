"""A convolutional unit with a single gate, which takes the light."""

from collections.abc import Sequence

import torch

from dlgn_cnn.models.recurrent import RECURRENTS
from dlgn_cnn.models.recurrent.gated import GatedUnit
from dlgn_cnn.models.recurrent.light import switches_of
from dlgn_cnn.models.recurrent.scan import Maps, sigmoid_backward, tanh_backward, write_gates

GATES = ("gate", "candidate")
SWITCHES = switches_of(GATES)


class MinimalCell:
    """One frame of the equations in ``MinimalGated``; it keeps gate and candidate, and s_candidate."""

    kept = 2

    def forward(self, from_input: Maps, from_state: Maps, state: Maps, new_state: Maps) -> Sequence[Maps]:
        """See ``scan.Cell``."""
        channels = state.shape[1]
        gate = from_input[:, :channels].add_(from_state[:, :channels]).sigmoid_()
        state_candidate = from_state[:, channels:].clone()
        candidate = from_input[:, channels:].addcmul_(gate, state_candidate).tanh_()
        torch.lerp(state, candidate, gate, out=new_state)
        return from_input, state_candidate

    def backward(self, kept: Sequence[Maps], state: Maps, grad: Maps, to_input: Maps, to_state: Maps) -> Maps:
        """See ``scan.Cell``."""
        gates, state_candidate = kept
        gate, candidate = gates.chunk(2, 1)
        taken = grad * gate
        to_candidate = tanh_backward(taken, candidate)
        opened = (grad * (candidate - state)).addcmul_(to_candidate, state_candidate)
        to_gate = sigmoid_backward(opened, gate)
        write_gates(to_input, to_gate, to_candidate)
        write_gates(to_state, to_gate, to_candidate.mul_(gate))
        return grad - taken


@RECURRENTS.register("minimal_gated")
class MinimalGated(GatedUnit):
    """Minimal gated unit over feature maps (Zhou et al. 2016): a GRU whose one gate both resets and updates.

    With input drive ``x`` and state drive ``s``, both convolutions, and the light as in ``LightDrive``::

        gate = sigmoid(x_gate + s_gate)
        candidate = tanh(x_candidate + gate * s_candidate)
        state = (1 - gate) * state + gate * candidate

    ``light`` names where the light enters, any subset of ``{gate, candidate} x {input, state}``, written as
    ``"gate.input"``. As in ``conv_gru`` the gate acts on the convolved state. It costs two thirds of a ``conv_gru``.
    ``kernel_input`` and ``kernel_state`` are in px, odd; the state has ``channels`` features.
    """

    gates = GATES
    cell = MinimalCell()

    def __init__(
        self,
        in_channels: int,
        channels: int,
        kernel_input: int = 3,
        kernel_state: int = 3,
        light: Sequence[str] = SWITCHES,
    ) -> None:
        super().__init__(in_channels, channels, kernel_input, kernel_state, light)

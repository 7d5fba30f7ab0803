"""What gated units over feature maps share: their convolutions, the light's two paths, and the run over frames."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.cores.layers import channels_last
from dlgn_cnn.models.receptive_field import ReceptiveExtent
from dlgn_cnn.models.recurrent.cuda_graphs import CudaGraphs
from dlgn_cnn.models.recurrent.opto import OptoDrive, check_switches
from dlgn_cnn.models.recurrent.scan import Cell, scan


class GatedUnit(nn.Module):
    """A unit whose ``gates`` are each driven by a convolution of the input and one of the state.

    The input's convolutions run on all frames and gates at once, the state's on all gates of a frame. The light scales
    and shifts the drive of those gates and paths that ``light`` names (``OptoDrive``). Raises ConfigError.
    """

    gates: ClassVar[tuple[str, ...]]
    cell: ClassVar[Cell]

    def __init__(
        self, in_channels: int, channels: int, kernel_input: int, kernel_state: int, light: Sequence[str]
    ) -> None:
        super().__init__()
        check_switches(light, self.gates)
        if channels < 1 or min(kernel_input, kernel_state) < 1 or kernel_input % 2 == 0 or kernel_state % 2 == 0:
            raise ConfigError(
                f"{channels} channels, kernel_input {kernel_input}, kernel_state {kernel_state} of a recurrent unit: "
                "all above 0, kernels odd"
            )
        self.out_channels, width = channels, len(self.gates) * channels
        self.from_input = nn.Conv2d(in_channels, width, kernel_input, padding=kernel_input // 2)
        self.from_state = nn.Conv2d(channels, width, kernel_state, padding=kernel_state // 2, bias=False)
        self.opto_input, self.opto_state = (
            OptoDrive(channels, [f"{gate}.{path}" in light for gate in self.gates]) for path in ("input", "state")
        )
        self.cuda_graphs = CudaGraphs()
        # Biases of the first gate from -2 to 2 let channels forget within one to eight frames from the start of a fit.
        with torch.no_grad():
            self.from_input.bias[:channels] = torch.linspace(-2, 2, channels)  # type: ignore[index]

    def forward(
        self, features: torch.Tensor, opto: torch.Tensor, state: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Features (time, batch, feature, height, width) and opto (time, batch) to new features and the last state.

        The state (batch, channel, height, width) starts at zero where none is given.
        """
        drive = self.from_input(channels_last(features.flatten(0, 1))).unflatten(0, features.shape[:2])
        weight = self.from_state.weight
        if state is None:
            state = weight.new_zeros(features.shape[1], self.out_channels, *features.shape[-2:])
        states = scan(self.cell, self.cuda_graphs, drive, weight, state, self.opto_input(opto), self.opto_state(opto))
        return states, states[-1]

    def receptive_field(self, frames: int) -> ReceptiveExtent:
        """Half an input kernel, and half a state kernel more with every frame before."""
        halves = [part.kernel_size[0] // 2 for part in (self.from_input, self.from_state)]
        return ReceptiveExtent(halves[0] + (frames - 1) * halves[1])

    def regularizer(self) -> torch.Tensor:
        """No penalty: zero."""
        return self.from_state.weight.new_zeros(())

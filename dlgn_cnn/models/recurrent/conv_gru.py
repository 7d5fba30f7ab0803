"""A convolutional GRU whose gates take the light."""

from collections.abc import Sequence

import torch
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.recurrent import RECURRENTS
from dlgn_cnn.registry import nearest

GATES = ("update", "reset", "candidate")
PATHS = ("input", "state")
SWITCHES = tuple(f"{gate}.{path}" for gate in GATES for path in PATHS)


class LightDrive(nn.Module):
    """Lets the light scale and shift one path's drive into the chosen gates.

    drive -> (1 + gain * light) * drive + shift * light, a gain and a shift a gate and channel: nothing happens in the
    dark, and input and state paths remain different hypotheses (concatenated as a channel, as in Ballas et al. 2016,
    light with the input and light with the state would be the same bias).
    """

    def __init__(self, channels: int, path: str, switches: Sequence[str]) -> None:
        super().__init__()
        lit = torch.tensor([float(f"{gate}.{path}" in switches) for gate in GATES])
        self.gates = tuple(index for index in range(len(GATES)) if lit[index])
        self.channels = channels
        self.gain = nn.Parameter(torch.zeros(len(self.gates), channels))
        self.shift = nn.Parameter(torch.zeros(len(self.gates), channels))

    def forward(self, opto: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Opto (time, batch) to the factor and the offset of each gate's drive, (time, batch, 3 x channel, 1, 1)."""
        spread = opto.new_zeros(len(GATES), len(self.gates))
        for row, gate in enumerate(self.gates):
            spread[gate, row] = 1.0
        gain, shift = ((spread @ part).reshape(-1) for part in (self.gain, self.shift))
        light = opto[..., None]
        return (1 + light * gain)[..., None, None], (light * shift)[..., None, None]


@RECURRENTS.register("conv_gru")
class ConvGru(nn.Module):
    """Gated recurrent unit over feature maps (Cho et al. 2014; convolutional: Ballas et al. 2016).

    With input drive ``x`` and state drive ``s`` of each gate, both convolutions, and the light as in ``LightDrive``::

        update = sigmoid(x_update + s_update)        reset = sigmoid(x_reset + s_reset)
        candidate = tanh(x_candidate + reset * s_candidate)
        state = update * state + (1 - update) * candidate

    ``light`` names where the light enters, any subset of ``{update, reset, candidate} x {input, state}`` written as
    ``"update.input"``. Reset acts on the convolved state, so that one convolution a frame serves all three gates; the
    input's convolutions run on all frames at once. ``kernel_input`` and ``kernel_state`` are in px, odd;
    the state has ``channels`` features.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        kernel_input: int = 3,
        kernel_state: int = 3,
        light: Sequence[str] = SWITCHES,
    ) -> None:
        super().__init__()
        for switch in light:
            if switch not in SWITCHES:
                raise ConfigError(f"light {switch!r} enters nowhere: {nearest(switch, SWITCHES)}")
        if channels < 1 or kernel_input % 2 == 0 or kernel_state % 2 == 0:
            raise ConfigError(f"conv_gru: {channels} channels, kernels {kernel_input}, {kernel_state}: odd, above 0")
        self.out_channels = channels
        self.from_input = nn.Conv2d(in_channels, 3 * channels, kernel_input, padding=kernel_input // 2)
        self.from_state = nn.Conv2d(channels, 3 * channels, kernel_state, padding=kernel_state // 2, bias=False)
        self.light_input = LightDrive(channels, "input", light)
        self.light_state = LightDrive(channels, "state", light)
        self._spread_time_constants()

    def _spread_time_constants(self) -> None:
        # Update biases from -2 to 2 let channels forget within one to eight frames from the start of a fit.
        with torch.no_grad():
            self.from_input.bias[: self.out_channels] = torch.linspace(-2, 2, self.out_channels)  # type: ignore[index]

    def forward(
        self, features: torch.Tensor, opto: torch.Tensor, state: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Features (time, batch, feature, height, width) and opto (time, batch) to new features and the last state.

        The state starts at zero where none is given.
        """
        time, batch = features.shape[:2]
        factor, offset = self.light_input(opto)
        drive = self.from_input(features.flatten(0, 1)).unflatten(0, (time, batch)) * factor + offset
        state_factor, state_offset = self.light_state(opto)
        if state is None:
            state = features.new_zeros(batch, self.out_channels, *features.shape[-2:])
        states = []
        for from_input, scale, shift in zip(
            drive.unbind(0), state_factor.unbind(0), state_offset.unbind(0), strict=True
        ):
            state = self._step(from_input, self.from_state(state) * scale + shift, state)
            states.append(state)
        return torch.stack(states), state

    def regularizer(self) -> torch.Tensor:
        """No penalty: zero."""
        return self.from_state.weight.new_zeros(())

    def _step(self, from_input: torch.Tensor, from_state: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        gates = torch.sigmoid(from_input[:, : -self.out_channels] + from_state[:, : -self.out_channels])
        update, reset = gates.chunk(2, 1)
        candidate = torch.tanh(from_input[:, -self.out_channels :] + reset * from_state[:, -self.out_channels :])
        return candidate + update * (state - candidate)

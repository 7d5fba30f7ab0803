"""How the light enters a recurrent unit."""

from collections.abc import Sequence

import torch
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest

PATHS = ("input", "state")
OptoFactors = tuple[torch.Tensor, torch.Tensor] | None


def switches_of(gates: Sequence[str]) -> tuple[str, ...]:
    """Every place where the light may enter: ``"gate.path"``, the drive of a gate from the input or from the state."""
    return tuple(f"{gate}.{path}" for gate in gates for path in PATHS)


def check_switches(opto: Sequence[str], gates: Sequence[str]) -> None:
    """Raise ConfigError with the choices and the nearest for a switch that a unit of these gates does not have."""
    for switch in opto:
        if switch not in switches_of(gates):
            raise ConfigError(f"opto {switch!r} enters nowhere: {nearest(switch, switches_of(gates))}")


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

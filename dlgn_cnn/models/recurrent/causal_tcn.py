"""Causal temporal convolutions over feature maps, whose drive takes the light."""

from collections.abc import Sequence

import torch
import torch.nn.functional as functional
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.cores.layers import TemporalConvolution
from dlgn_cnn.models.reach import Reach
from dlgn_cnn.models.recurrent import RECURRENTS
from dlgn_cnn.models.recurrent.light import LightDrive

Past = tuple[torch.Tensor, ...]


class CausalLayer(nn.Module):
    """One temporal convolution at each pixel: of all channels, or ``depthwise`` and then a mixture of the channels.

    ``kernel`` taps, ``dilation`` frames apart, the last on the present frame: ``memory`` earlier frames are needed.
    """

    def __init__(self, in_channels: int, channels: int, kernel: int, dilation: int, depthwise: bool) -> None:
        super().__init__()
        self.memory = dilation * (kernel - 1)
        taps, groups = (in_channels, in_channels) if depthwise else (channels, 1)
        self.over_time = TemporalConvolution(in_channels, taps, kernel, dilation, groups)
        self.mixture = nn.Conv2d(in_channels, channels, 1, bias=False) if depthwise else nn.Identity()
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features (memory + time, batch, feature, height, width) to the drive of the last ``time`` frames."""
        batch = features.shape[1]
        drive: torch.Tensor = self.mixture(self.over_time(features.flatten(0, 1), batch))
        return (drive + self.bias[:, None, None]).unflatten(0, (-1, batch))


@RECURRENTS.register("causal_tcn")
class CausalTcn(nn.Module):
    """Causal, dilated temporal convolutions at each pixel of the feature maps (Bai et al. 2018).

    Layer upon layer::

        drive = convolution over the past of the features
        features = [features +] elu((1 + gain * light) * drive + shift * light)

    with the light as in ``LightDrive`` in every layer unless ``light`` is false, and the features added where their
    number stays; each layer has ``channels``. ``kernels_time`` and ``dilations`` (both in frames) have one entry a
    layer; as they stand, a rate depends on the last 29 frames. ``depthwise`` gives each channel its own temporal
    kernel, and mixes channels thereafter. The past before the first frame is zero, so that no frame is lost. Raises
    ConfigError.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        kernels_time: Sequence[int] = (5, 5, 5),
        dilations: Sequence[int] = (1, 2, 4),
        depthwise: bool = False,
        light: bool = True,
    ) -> None:
        super().__init__()
        if len(kernels_time) != len(dilations) or min(channels, *kernels_time, *dilations, len(dilations)) < 1:
            raise ConfigError(
                f"causal_tcn: {channels} channels, kernels_time {kernels_time}, dilations {dilations}: "
                "one of each a layer, all above 0"
            )
        incoming = (in_channels, *[channels] * (len(dilations) - 1))
        self.layers = nn.ModuleList(
            CausalLayer(*shape, depthwise)
            for shape in zip(incoming, [channels] * len(dilations), kernels_time, dilations, strict=True)
        )
        self.lights = nn.ModuleList(LightDrive(channels, [light]) for _ in dilations)
        self.out_channels = channels

    def forward(
        self, features: torch.Tensor, opto: torch.Tensor, state: Past | None = None
    ) -> tuple[torch.Tensor, Past]:
        """Features (time, batch, feature, height, width) and opto (time, batch) to new features and the state.

        The state is the last frames of each layer's input, as many as the layer looks back.
        """
        past = []
        for index, (layer, light) in enumerate(zip(self.layers, self.lights, strict=True)):
            memory = int(layer.memory)  # type: ignore[arg-type]
            before = features.new_zeros(memory, *features.shape[1:]) if state is None else state[index]
            seen = _joined(before, features)
            past.append(seen[len(seen) - memory :])
            drive, lit = layer(seen), light(opto)
            response = functional.elu(drive if lit is None else lit[1] + drive * lit[0])
            features = features + response if features.shape[2] == self.out_channels else response
        return features, tuple(past)

    def reach(self, frames: int) -> Reach:
        """Its own pixel."""
        return Reach(0)

    def regularizer(self) -> torch.Tensor:
        """No penalty: zero."""
        return next(self.parameters()).new_zeros(())


def _joined(before: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
    """Both one after the other, each pixel's channels side by side in memory."""
    return torch.cat([before.movedim(2, -1), features.movedim(2, -1)]).movedim(-1, 2)

"""From config to model: the model functions that ``ModelConfig`` names."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch

from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.cores import CORES
from dlgn_cnn.models.encoder import Encoder, SessionHead
from dlgn_cnn.models.modulators import MODULATORS
from dlgn_cnn.models.outputs import OUTPUTS
from dlgn_cnn.models.readouts import READOUTS
from dlgn_cnn.models.recurrent import RECURRENTS
from dlgn_cnn.models.shifters import SHIFTERS
from dlgn_cnn.registry import Registry

MODELS = Registry(
    "model function",
    "dlgn_cnn.models",
    "dlgn_cnn.models.reference",
    given=("data_info", "dataloaders", "seed", "allowed_packages", "trained"),
)
Part = Mapping[str, Any]


@MODELS.register("encoder")
def encoder(
    data_info: Mapping[str, DataInfo],
    seed: int,
    allowed_packages: Collection[str] = (),
    *,
    core: Part,
    readout: Part,
    recurrent: Part | None = None,
    shifter: Part | None = None,
    modulators: Sequence[Part] = (),
    output: Part | None = None,
    opto_channel: bool = False,
) -> Encoder:
    """A shared core and recurrence, for each session a readout, shifter and modulators, and an output nonlinearity.

    Each part is ``{"name": ..., **its parameters}``: ``core``, ``recurrent`` and ``output`` for all sessions,
    ``readout``, ``shifter`` and ``modulators`` (in the order in which they act) built for each. With ``opto_channel``
    the light is a channel of the video too. A part's name is a registered one, or an import path of one of
    ``allowed_packages``, which the caller supplies. Initial weights follow from ``seed`` alone; initial biases are each
    unit's mean count. Raises ConfigError.
    """
    channels, height, width = next(iter(data_info.values())).frame_shape
    generator = torch.Generator().manual_seed(seed)
    allow = {"allowed_packages": allowed_packages}
    with torch.random.fork_rng(devices=[]):
        # torch's layers draw their weights from the global generator only.
        torch.manual_seed(seed)
        built_core = CORES.build(core, at="core", **allow, in_shape=(channels + opto_channel, height, width))
        channels, height, width = built_core.out_shape
        built_recurrent = (
            RECURRENTS.build(recurrent, at="recurrent", **allow, in_channels=channels) if recurrent else None
        )
        channels = built_recurrent.out_channels if built_recurrent else channels
        built_output = OUTPUTS.build(output or {"name": "softplus"}, at="output", **allow)
        heads = {
            key: SessionHead(
                READOUTS.build(
                    readout,
                    at="readout",
                    **allow,
                    in_shape=(channels, height, width),
                    units=len(info.units),
                    centers=torch.tensor(info.field_centers),
                    bias=built_output.inverse(torch.tensor(info.mean_counts)),
                    generator=generator,
                ),
                SHIFTERS.build(shifter, at="shifter", **allow, info=info, generator=generator) if shifter else None,
                [
                    MODULATORS.build(
                        part, at=f"modulators[{index}]", **allow, units=len(info.units), info=info, generator=generator
                    )
                    for index, part in enumerate(modulators)
                ],
            )
            for key, info in data_info.items()
        }
    return Encoder(built_core, built_recurrent, heads, built_output, opto_channel)

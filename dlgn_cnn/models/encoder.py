"""The encoding model: core, recurrence, a readout a session, output nonlinearity."""

from collections.abc import Mapping

import torch
from torch import nn

from dlgn_cnn.errors import ModelError
from dlgn_cnn.shapes import Behavior, Opto, Pupil, Rate, Video


class Encoder(nn.Module):
    """Shared core and recurrence, one readout a session: the movie and the light to each unit's expected spikes.

    See ``dlgn_cnn.interface.EncodingModel`` for the contract that it fulfils.
    """

    def __init__(
        self, core: nn.Module, recurrent: nn.Module | None, readouts: Mapping[str, nn.Module], output: nn.Module
    ) -> None:
        super().__init__()
        self.core = core
        self.recurrent = recurrent
        self.readouts = nn.ModuleDict({_module_name(key): readout for key, readout in readouts.items()})
        self.output = output
        self.data_keys = tuple(readouts)
        self.frames_lost = int(core.frames_lost)  # type: ignore[arg-type]

    def forward(
        self,
        videos: Video,
        opto: Opto,
        data_key: str,
        behavior: Behavior | None = None,
        pupil_center: Pupil | None = None,
    ) -> Rate:
        """Rate (batch, unit, time - frames_lost) in spikes a frame; see ``dlgn_cnn.shapes`` for the arguments.

        Raises ModelError for a session that the model was not built for.
        """
        if data_key not in self.data_keys:
            raise ModelError(f"this model has no session {data_key!r}: it has {', '.join(self.data_keys)}")
        batch, _, time = videos.shape[:3]
        frames = videos.permute(2, 0, 1, 3, 4).flatten(0, 1)
        features = self.core(frames.contiguous(memory_format=torch.channels_last)).unflatten(0, (time, batch))
        if self.recurrent is not None:
            features, _ = self.recurrent(features, opto.T)
        drive = self.readouts[_module_name(data_key)](features)
        rate: torch.Tensor = self.output(drive.float())
        return rate.permute(1, 2, 0)

    def regularizer(self, data_key: str) -> torch.Tensor:
        """The penalty that core and readout add to the loss of a session's batch."""
        penalty: torch.Tensor = self.core.regularizer() + self.readouts[_module_name(data_key)].regularizer()  # type: ignore[operator]
        return penalty


def _module_name(data_key: str) -> str:
    # A module's name may hold no dot, a mouse's may.
    return data_key.replace(".", "__dot__")

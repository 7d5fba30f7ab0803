"""The encoding model: core, recurrent unit, a readout for each session, modulation, output nonlinearity."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from dlgn_cnn.errors import ModelError
from dlgn_cnn.models.modulators import Signals
from dlgn_cnn.shapes import Behavior, Opto, Pupil, Rate, Video


class Heads(nn.Module):
    """A module for each session; ``data_keys`` are the sessions, in order."""

    def __init__(self, heads: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.data_keys = tuple(heads)
        for key, head in heads.items():
            self.add_module(_module_name(key), head)

    def of(self, data_key: str) -> Any:
        """The module of one session. Raises ModelError for a session that the model was not built for."""
        if data_key not in self.data_keys:
            raise ModelError(f"this model has no session {data_key!r}: it has {', '.join(self.data_keys)}")
        return self.get_submodule(_module_name(data_key))


def _module_name(data_key: str) -> str:
    # A module's name may hold no dot, a mouse's may.
    return data_key.replace(".", "__dot__")


class SessionHead(nn.Module):
    """Components of one session: shifter, readout and modulators, applied in this order.

    Parameters
    ----------
    readout : Module
        Reads each unit's drive.
    shifter : Module, optional
        Moves the readout's positions.
    modulators : sequence of Module
        Change the drive.
    """

    def __init__(
        self, readout: nn.Module, shifter: nn.Module | None = None, modulators: Sequence[nn.Module] = ()
    ) -> None:
        super().__init__()
        self.readout = readout
        self.shifter = shifter
        self.modulators = nn.ModuleList(modulators)

    def forward(self, features: torch.Tensor, signals: Signals) -> torch.Tensor:
        """Features (time, batch, feature, height, width) to drive (time, batch, unit)."""
        time, shift = len(features), None
        if self.shifter is not None and signals.pupil_center is not None:
            shift = self.shifter(signals.pupil_center[..., -time:])
        drive: torch.Tensor = self.readout(features, shift, signals.opto.T[-time:])
        for modulator in self.modulators:
            drive = modulator(drive, signals)
        return drive

    def regularizer(self) -> torch.Tensor:
        """The sum of its parts' penalties."""
        return penalty_of([self.readout, self.shifter, *self.modulators])


class Encoder(nn.Module):
    """Shared core and recurrent unit, a head a session: movie, light and behavior to each unit's expected spikes.

    See ``dlgn_cnn.interface.EncodingModel`` for the contract that it fulfills.

    Parameters
    ----------
    core : Module
        Turns the movie into feature maps.
    recurrent : Module or None
        Runs along their frames.
    heads : mapping of str to SessionHead
        Components of each session.
    output : Module
        From drive to rate.
    opto_channel : bool
        Whether the light is also a channel of the video: the share of each frame in which it is on, the same at every
        pixel.
    """

    def __init__(
        self,
        core: nn.Module,
        recurrent: nn.Module | None,
        heads: Mapping[str, SessionHead],
        output: nn.Module,
        opto_channel: bool = False,
    ) -> None:
        super().__init__()
        self.core = core
        self.recurrent = recurrent
        self.heads = Heads(heads)
        self.output = output
        self.opto_channel = opto_channel
        self.data_keys = self.heads.data_keys
        self.frames_lost = int(core.frames_lost)  # type: ignore[arg-type]

    def forward(
        self,
        videos: Video,
        opto: Opto,
        data_key: str,
        behavior: Behavior | None = None,
        pupil_center: Pupil | None = None,
    ) -> Rate:
        """Predict rates.

        Parameters
        ----------
        videos : Tensor, shape (batch, channel, time, height, width)
            Movies in normalized gray levels.
        opto : Tensor, shape (batch, time)
            Share of each frame in which the light is on.
        data_key : str
            Session of the units.
        behavior : Tensor, shape (batch, 2, time), optional
            Running and pupil size, NaN where missing.
        pupil_center : Tensor, shape (batch, 2, time), optional
            Pupil position, NaN where missing.

        Returns
        -------
        Tensor, shape (batch, unit, time - frames_lost)
            Rates in spikes a frame.

        Raises
        ------
        ModelError
            If the model was not built for the session.
        """
        head = self.head(data_key)
        if self.opto_channel:
            plane = opto.to(videos.dtype)[:, None, :, None, None].expand(-1, 1, -1, *videos.shape[-2:])
            videos = torch.cat([videos, plane], 1)
        features = self.core(videos)
        if self.recurrent is not None:
            features, _ = self.recurrent(features, opto.T[-len(features) :])
        drive = head(features, Signals(opto, behavior, pupil_center))
        rate: torch.Tensor = self.output(at_least_float32(drive))
        return rate.permute(1, 2, 0)

    def head(self, data_key: str) -> SessionHead:
        """The parts of one session. Raises ModelError for one that the model was not built for."""
        return self.heads.of(data_key)

    def regularizer(self, data_key: str) -> torch.Tensor:
        """The penalty that all parts add to the loss of a session's batch."""
        return penalty_of([self.core, self.recurrent, self.head(data_key)])


def penalty_of(parts: Sequence[nn.Module | None]) -> torch.Tensor:
    """The sum of the penalties of those parts that are there."""
    penalties: list[torch.Tensor] = [part.regularizer() for part in parts if part is not None]  # type: ignore[operator]
    return torch.stack(penalties).sum()


def at_least_float32(drive: torch.Tensor) -> torch.Tensor:
    """A drive of bfloat16 as float32, whose digits an output nonlinearity needs; a wider one as it is."""
    return drive.to(torch.promote_types(drive.dtype, torch.float32))

"""Ensembles: models fitted to the same sessions, whose mean rate is the prediction."""

from collections.abc import Sequence

import torch
from torch import nn

from dlgn_cnn.errors import ModelError
from dlgn_cnn.shapes import Behavior, Opto, Pupil, Rate, Video


class EnsembleModel(nn.Module):
    """The mean of its members' rates, which is what an ensemble of encoding models predicts (Franke et al. 2022).

    It fulfills ``dlgn_cnn.interface.EncodingModel``, so that scores and MEIs take it as they take a model: it has the
    sessions that all members have, and loses as many frames as the member that loses most. Raises ModelError.
    """

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        if not members:
            raise ModelError("an ensemble of no members: give one fitted model at least")
        self.members = nn.ModuleList(members)
        first, *others = ([str(key) for key in member.data_keys] for member in members)  # type: ignore[union-attr]
        self.data_keys = tuple(key for key in first if all(key in keys for keys in others))
        if not self.data_keys:
            raise ModelError(f"the members of an ensemble have no session in common: {[first, *others]}")
        self.frames_lost = max(int(member.frames_lost) for member in members)  # type: ignore[arg-type]

    def forward(
        self,
        videos: Video,
        opto: Opto,
        data_key: str,
        behavior: Behavior | None = None,
        pupil_center: Pupil | None = None,
    ) -> Rate:
        """Predict the mean rate of the members.

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
            If members have different units of the session.
        """
        rates = [member(videos, opto, data_key, behavior, pupil_center) for member in self.members]
        if len({rate.shape[1] for rate in rates}) > 1:
            counts = [rate.shape[1] for rate in rates]
            raise ModelError(f"the members of an ensemble have {counts} units of {data_key}: fit all to one dataset")
        shortest = min(rate.shape[-1] for rate in rates)
        return torch.stack([rate[..., -shortest:] for rate in rates]).mean(0)

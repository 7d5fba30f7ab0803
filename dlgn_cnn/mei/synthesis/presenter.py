"""Presentation of stimuli to models: each target's own unit responds to its own stimulus. Targets share a session."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from dlgn_cnn.mei.components.objectives import Objective
from dlgn_cnn.mei.synthesis.targets import MEIResult, Target
from dlgn_cnn.models.ensemble import EnsembleModel
from dlgn_cnn.models.local_encoder import local_encoder


@dataclass(frozen=True)
class AnimalState:
    """Running, pupil size and pupil position, held for the whole clip, in the recording's own units.

    None is unknown, which a model takes for the mean of the training tier.
    """

    running: float | None = None
    pupil_size: float | None = None
    pupil_center: Sequence[float] | None = None

    def traces(self, clips: int, frames: int, like: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """Make the traces of a state that is held for whole clips.

        Parameters
        ----------
        clips, frames : int
            Number of clips, and their length.
        like : Tensor
            Has the dtype and device of the traces.

        Returns
        -------
        behavior : Tensor, shape (clip, 2, frame), or None
            Running and pupil size; None if both are unknown.
        pupil_center : Tensor, shape (clip, 2, frame), or None
            Pupil position; None if unknown.
        """
        known = [self.running, self.pupil_size]
        behavior = None if known == [None, None] else [float("nan") if one is None else one for one in known]
        return tuple(  # type: ignore[return-value]
            None if values is None else like.new_tensor(values)[None, :, None].expand(clips, -1, frames)
            for values in (behavior, self.pupil_center)
        )


class Presenter:
    """Models and how to show them stimuli: the rate is the mean over all models, or over an ensemble's members.

    If ``window`` is given and a model allows it, only the pixels that a target's unit can see are computed
    (``dlgn_cnn.models.local_encoder``).

    Parameters
    ----------
    models : sequence of Module
        The models, or one ensemble.
    data_key : str
        Session of the targets.
    shape : tuple of int
        Frames, height and width of the clips.
    state : AnimalState, optional
        State of the animal (default: unknown).
    window : int, optional
        Number of last frames that are wanted (default: all).
    precision : str
        ``float32`` leaves the models as they are; ``bfloat16`` rounds stimuli only on their way in.
    """

    def __init__(
        self,
        models: Sequence[torch.nn.Module],
        data_key: str,
        shape: tuple[int, int, int],
        state: AnimalState | None = None,
        window: int | None = None,
        precision: str = "float32",
    ) -> None:
        # An ensemble's mean is that of its members, each of which may be a local encoder.
        self.models = list(models)
        if len(models) == 1 and isinstance(models[0], EnsembleModel):
            self.models = list(models[0].members)
        self.data_key, self.state, self.window = data_key, state or AnimalState(), window
        self.autocast = precision == "bfloat16"
        dtype = torch.bfloat16 if self.autocast else None
        self.local_encoders = [
            local_encoder(model, data_key, shape, window, dtype) if window is not None else None
            for model in self.models
        ]

    def rates(self, stimuli: torch.Tensor, targets: Sequence[Target], opto: torch.Tensor) -> torch.Tensor:
        """Predict each target's own unit's rate to its own stimulus, the mean over models.

        All targets are shown in one pass of each model.

        Parameters
        ----------
        stimuli : Tensor, shape (target, time, height, width)
            The stimuli.
        targets : sequence of Target
            One for each stimulus.
        opto : Tensor, shape (target,)
            Share of each frame in which the light is on, constant over each clip.

        Returns
        -------
        Tensor, shape (target, frame)
            Rates in spikes a frame.
        """
        clips, frames = stimuli.shape[:2]
        units = torch.tensor([target.unit_index for target in targets], device=stimuli.device)
        shares = opto.to(stimuli.dtype)[:, None].expand(-1, frames)
        traces = self.state.traces(clips, frames, stimuli)
        outputs = []
        for model, local in zip(self.models, self.local_encoders, strict=True):
            if local is not None:
                outputs.append(local.rates(stimuli, units, shares, *traces))
                continue
            with torch.autocast(stimuli.device.type, torch.bfloat16, enabled=self.autocast):
                rates = model(stimuli[:, None], shares, self.data_key, *traces)
            own = rates[torch.arange(clips, device=units.device), units]
            outputs.append(own if self.window is None else own[:, -self.window :])
        shortest = min(rates.shape[1] for rates in outputs)
        return torch.stack([rates[:, -shortest:] for rates in outputs]).mean(0)


def activate(
    objective: Objective, presenter: Presenter, stimuli: torch.Tensor, targets: Sequence[Target]
) -> torch.Tensor:
    """Compute the activation of each target by its own stimulus.

    Parameters
    ----------
    objective : Objective
        What is maximized.
    presenter : Presenter
        Shows the stimuli.
    stimuli : Tensor, shape (target, time, height, width)
        The stimuli.
    targets : sequence of Target
        One for each stimulus.

    Returns
    -------
    Tensor, shape (target,)
        Activations in float32, or float64 for a model in it.
    """
    rates = torch.stack(
        [presenter.rates(stimuli, targets, one) for one in objective.opto_of(suppression(targets, stimuli))]
    )
    return objective(rates.to(torch.promote_types(rates.dtype, torch.float32)))


@torch.no_grad()
def results(
    objective: Objective,
    presenter: Presenter,
    stimuli: torch.Tensor,
    targets: Sequence[Target],
    violation: torch.Tensor,
    histories: Sequence[Sequence[float]] | None = None,
) -> list[MEIResult]:
    """Evaluate each target's stimulus in both conditions.

    Parameters
    ----------
    objective : Objective
        What was maximized.
    presenter : Presenter
        Shows the stimuli whole.
    stimuli : Tensor, shape (target, time, height, width)
        The stimuli.
    targets : sequence of Target
        One for each stimulus.
    violation : Tensor, shape (target,)
        Departure of each from the constraint.
    histories : sequence of sequence of float, optional
        Activations on the way (default: that of the stimulus alone).

    Returns
    -------
    list of MEIResult
        One for each target.
    """
    rates, rows = in_both_conditions(presenter, stimuli, targets), torch.arange(len(targets), device=stimuli.device)
    activation = objective(
        torch.stack([rates[rows, one] for one in objective.opto_of(suppression(targets, stimuli)).long()])
    )
    histories = histories or [[float(one)] for one in activation]
    shown = zip(stimuli, activation, rates.float(), histories, violation, strict=True)
    return [
        MEIResult(one.cpu().numpy(), float(value), rate.cpu().numpy(), np.array(history, np.float32), float(off))
        for one, value, rate, history, off in shown
    ]


def in_both_conditions(presenter: Presenter, stimuli: torch.Tensor, targets: Sequence[Target]) -> torch.Tensor:
    """Predict each target's rate to its own stimulus in both conditions.

    Parameters
    ----------
    presenter : Presenter
        Shows the stimuli.
    stimuli : Tensor, shape (target, time, height, width)
        The stimuli.
    targets : sequence of Target
        One for each stimulus.

    Returns
    -------
    Tensor, shape (target, condition, frame)
        Rates in spikes a frame with feedback intact and suppressed.
    """
    conditions = (stimuli.new_zeros(len(targets)), stimuli.new_ones(len(targets)))
    return torch.stack([presenter.rates(stimuli, targets, opto) for opto in conditions], 1)


def suppression(targets: Sequence[Target], like: torch.Tensor) -> torch.Tensor:
    """1 for each target that is shown with feedback suppressed, else 0: (target,)."""
    return like.new_tensor([float(target.suppressed) for target in targets])

"""Presentation of stimuli to models: each target's own unit responds to its own stimulus."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from dlgn_cnn.mei.components.objectives import Objective
from dlgn_cnn.mei.synthesis.targets import MEIResult, Target
from dlgn_cnn.models.ensemble import EnsembleModel
from dlgn_cnn.models.local_encoder import LocalEncoder, local_encoder


@dataclass(frozen=True)
class AnimalState:
    """Running, pupil size and pupil position, held for the whole clip, in the recording's own units.

    None is unknown, which a model takes for the mean of the training tier.
    """

    running: float | None = None
    pupil_size: float | None = None
    pupil_center: tuple[float, float] | None = None

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
    data_keys : sequence of str
        Sessions of the targets.
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
        data_keys: Sequence[str],
        shape: tuple[int, int, int],
        state: AnimalState | None = None,
        window: int | None = None,
        precision: str = "float32",
    ) -> None:
        # An ensemble's mean is that of its members, each of which may be local_encoders.
        self.models = list(models[0].members) if _is_ensemble(models) else list(models)  # type: ignore[arg-type]
        self.state, self.window = state or AnimalState(), window
        self.autocast = precision == "bfloat16"
        dtype = torch.bfloat16 if self.autocast else None
        self.local_encoders: dict[tuple[int, str], LocalEncoder | None] = {
            (index, key): local_encoder(model, key, shape, window, dtype) if window is not None else None
            for index, model in enumerate(self.models)
            for key in data_keys
        }

    def rates(self, stimuli: torch.Tensor, targets: Sequence[Target], opto: torch.Tensor) -> torch.Tensor:
        """Predict each target's own unit's rate to its own stimulus, the mean over models.

        Every target of a session is shown in one pass of each model.

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
        found: list[torch.Tensor | None] = [None] * len(targets)
        for data_key in sorted({target.data_key for target in targets}):
            rows = [row for row, target in enumerate(targets) if target.data_key == data_key]
            units = torch.tensor([targets[row].unit_index for row in rows], device=stimuli.device)
            own = self._of_session(stimuli[rows], units, opto[rows], data_key)
            for position, row in enumerate(rows):
                found[row] = own[position]
        return torch.stack([rate for rate in found if rate is not None])

    def _of_session(
        self, stimuli: torch.Tensor, units: torch.Tensor, opto: torch.Tensor, data_key: str
    ) -> torch.Tensor:
        clips, frames = stimuli.shape[:2]
        shares = opto.to(stimuli.dtype)[:, None].expand(-1, frames)
        traces = self.state.traces(clips, frames, stimuli)
        outputs = []
        for index, model in enumerate(self.models):
            view = self.local_encoders[index, data_key]
            if view is not None:
                outputs.append(view.rates(stimuli, units, shares, *traces))
                continue
            with torch.autocast(stimuli.device.type, torch.bfloat16, enabled=self.autocast):
                rates = model(stimuli[:, None], shares, data_key, *traces)
            own = rates[torch.arange(clips, device=units.device), units]
            outputs.append(own if self.window is None else own[:, -self.window :])
        shortest = min(rates.shape[1] for rates in outputs)
        return torch.stack([rates[:, -shortest:] for rates in outputs]).mean(0)


def _is_ensemble(models: Sequence[torch.nn.Module]) -> bool:
    return len(models) == 1 and isinstance(models[0], EnsembleModel)


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
    opto = (torch.zeros(len(targets)), torch.ones(len(targets)))
    return torch.stack([presenter.rates(stimuli, targets, one.to(stimuli.device)) for one in opto], 1)


def suppression(targets: Sequence[Target], like: torch.Tensor) -> torch.Tensor:
    """1 for each target that is shown with feedback suppressed, else 0: (target,)."""
    return like.new_tensor([float(target.suppressed) for target in targets])

"""Responses of models to given stimuli, above all of models that took no part in the synthesis."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.mei.components.constraints import Constraint
from dlgn_cnn.mei.synthesis.checks import check
from dlgn_cnn.mei.synthesis.presenter import AnimalState, Presenter, in_both_conditions
from dlgn_cnn.mei.synthesis.targets import Target
from dlgn_cnn.shapes import Floats

Mask = np.ndarray
BATCH = 32


@torch.no_grad()
def rates_in_both_conditions(
    held_out_models: Sequence[torch.nn.Module],
    targets: Sequence[Target],
    stimuli: torch.Tensor,
    window_frames: int,
    state: AnimalState | None = None,
) -> Floats:
    """Predict each target's mean rate to its own stimulus over the last frames.

    Parameters
    ----------
    held_out_models : sequence of Module
        Models whose mean rate is taken; they should have taken no part in the synthesis.
    targets : sequence of Target
        One for each stimulus.
    stimuli : Tensor, shape (target, time, height, width)
        Stimuli on the device of the models.
    window_frames : int
        Last frames over which the rate is averaged.
    state : AnimalState, optional
        State of the animal (default: unknown).

    Returns
    -------
    ndarray, shape (target, condition)
        Mean rates in spikes a frame; the conditions are intact and suppressed.

    Raises
    ------
    ModelError
        If there are not as many stimuli as targets, and as ``check`` raises it.
    """
    if len(stimuli) != len(targets):
        raise ModelError(f"{len(stimuli)} stimuli for {len(targets)} targets: give one each")
    check(held_out_models, targets, stimuli.device)
    time, height, width = stimuli.shape[1:]
    presenter = Presenter(
        held_out_models, sorted({target.data_key for target in targets}), (time, height, width), state
    )
    chunks = [slice(first, first + BATCH) for first in range(0, len(targets), BATCH)]
    rates = torch.cat([in_both_conditions(presenter, stimuli[rows], targets[rows]) for rows in chunks])
    return np.asarray(rates[..., -window_frames:].mean(-1).float().cpu().numpy())


def contrast_response(
    held_out_models: Sequence[torch.nn.Module],
    targets: Sequence[Target],
    stimuli: torch.Tensor,
    contrasts: Sequence[float],
    window_frames: int,
    state: AnimalState | None = None,
    shown: Mask | None = None,
) -> Floats:
    """Predict mean rates to each stimulus at shares of its contrast.

    Nothing is clipped: a share above 1 may leave the screen's range.

    Parameters
    ----------
    held_out_models : sequence of Module
        Models whose mean rate is taken.
    targets : sequence of Target
        One for each stimulus.
    stimuli : Tensor, shape (target, time, height, width)
        Stimuli on the device of the models.
    contrasts : sequence of float
        Shares of each stimulus's own contrast.
    window_frames : int
        Last frames over which the rate is averaged.
    state : AnimalState, optional
        State of the animal (default: unknown).
    shown : ndarray of bool, shape (target, contrast), optional
        Which responses are predicted, for example those of ``within_range`` (default: all).

    Returns
    -------
    ndarray, shape (target, contrast, condition)
        Mean rates in spikes a frame; NaN where not shown.
    """
    wanted = np.ones((len(targets), len(contrasts)), bool) if shown is None else shown
    found = np.full((*wanted.shape, 2), np.nan, np.float32)
    for level, contrast in enumerate(contrasts):
        rows = np.flatnonzero(wanted[:, level]).tolist()
        for few in (rows[first : first + BATCH] for first in range(0, len(rows), BATCH)):
            some = [targets[row] for row in few]
            found[few, level] = rates_in_both_conditions(
                held_out_models, some, stimuli[few] * contrast, window_frames, state
            )
    return found


def within_range(stimuli: torch.Tensor, contrasts: Sequence[float], constraint: Constraint) -> Mask:
    """Tell which stimuli stay within the constraint's range at which shares of their contrast.

    All do up to 1: the mean gray lies in every range.

    Parameters
    ----------
    stimuli : Tensor, shape (target, time, height, width)
        Allowed stimuli.
    contrasts : sequence of float
        Shares of each stimulus's own contrast.
    constraint : Constraint
        Has the range.

    Returns
    -------
    ndarray of bool, shape (target, contrast)
        Whether every value lies in the range.
    """
    found = [
        torch.full((len(stimuli),), True) if contrast <= 1 else constraint.in_range(stimuli * contrast).cpu()
        for contrast in contrasts
    ]
    return np.asarray(torch.stack(found, 1).numpy())


@dataclass(frozen=True)
class Best:
    """The best of many clips for one unit in one condition.

    ``stimulus`` (time, height, width) as it was shown, ``index`` its place among those that were, ``rate`` the unit's
    mean rate over the window in spikes a frame.
    """

    stimulus: Floats
    index: int
    rate: float


@torch.no_grad()
def best_of(
    models: Sequence[torch.nn.Module],
    data_key: str,
    units: Sequence[int],
    suppressed: bool,
    batches: Iterable[torch.Tensor],
    window_frames: int,
    state: AnimalState | None = None,
) -> list[Best]:
    """Find the best of many clips for each of many units, by the mean rate of all models.

    Every clip is shown once and as it is: scale clips first.

    Parameters
    ----------
    models : sequence of Module
        Models whose mean rate decides.
    data_key : str
        Session of the units.
    units : sequence of int
        Rows of the units in the readout.
    suppressed : bool
        Whether feedback is suppressed.
    batches : iterable of Tensor, shape (clip, time, height, width)
        The clips.
    window_frames : int
        Last frames over which the rate is averaged.
    state : AnimalState, optional
        State of the animal (default: unknown).

    Returns
    -------
    list of Best
        One for each unit.

    Raises
    ------
    ConfigError
        If there are no clips.
    """
    found: list[Best | None] = [None] * len(units)
    seen = 0
    for clips in batches:
        rates = _mean_rates(models, data_key, clips, suppressed, window_frames, state or AnimalState())
        values, places = rates[:, list(units)].max(0)
        for row, (value, place) in enumerate(zip(values.tolist(), places.tolist(), strict=True)):
            best = found[row]
            if best is None or value > best.rate:
                found[row] = Best(np.asarray(clips[place].float().cpu().numpy()), seen + place, value)
        seen += len(clips)
    if not seen:
        raise ConfigError("no clip to choose the best from: none is as long as the stimulus")
    return [best for best in found if best is not None]


def _mean_rates(
    models: Sequence[torch.nn.Module],
    data_key: str,
    clips: torch.Tensor,
    suppressed: bool,
    window_frames: int,
    state: AnimalState,
) -> torch.Tensor:
    opto = clips.new_full((len(clips), clips.shape[1]), float(suppressed))
    traces = state.traces(len(clips), clips.shape[1], clips)
    rates = [model(clips[:, None], opto, data_key, *traces)[..., -window_frames:].mean(-1) for model in models]
    return torch.stack(rates).mean(0)

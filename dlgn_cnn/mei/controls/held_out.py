"""What models say to given stimuli: models that took no part in their synthesis, above all."""

from collections.abc import Sequence

import numpy as np
import torch

from dlgn_cnn.errors import ModelError
from dlgn_cnn.mei.components.constraints import Constraint
from dlgn_cnn.mei.synthesis.ascent import in_both_conditions
from dlgn_cnn.mei.synthesis.checks import check
from dlgn_cnn.mei.synthesis.presenter import AnimalState, Presenter
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
    """Each target's unit's mean rate to its own stimulus over the last frames: (target, condition: intact, suppressed).

    ``held_out_models`` should be models that took no part in the synthesis; the rate is their mean, in spikes a frame.
    ``stimuli`` (target, time, height, width) on the held-out models' device. Raises ModelError where there are not as
    many stimuli as targets.
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
    """Mean rates (target, contrast, condition) to each stimulus at shares of its contrast.

    Nothing is clipped: a share above 1 may leave the screen's range. ``shown`` (target, contrast) of bool says which
    are wanted, as ``within_range`` does; the others are NaN.
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
    """Which stimuli stay within the constraint's range at which shares of their contrast: (target, contrast) of bool.

    All do up to 1: the mean gray lies in every range.
    """
    found = [
        torch.full((len(stimuli),), True) if contrast <= 1 else constraint.in_range(stimuli * contrast).cpu()
        for contrast in contrasts
    ]
    return np.asarray(torch.stack(found, 1).numpy())

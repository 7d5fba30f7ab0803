"""Which frames are scored together: by scene, by the light, and as repeats of one another.

Repeats of a scene differ in the light if it was drawn again. Two frames of a scene count as repeats only where the
light was wholly on, or wholly off, in both, and had been for ``settle_s``: as long as the light's effect lasts. Frames
soon after the light changed, or after a trial's start, before which it is not known, have no repeat. Running and pupil
differ between repeats too, and what they do to a response counts as noise. So a model that is told of them can come out
above a ceiling: by little where there are many repeats, since its prediction is averaged over them as the response is.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from dlgn_cnn.evaluation.metrics import OPTO_ON
from dlgn_cnn.evaluation.moments import Mask, Sums, added, fit_sums, frame_sums, repeat_sums, stacked
from dlgn_cnn.shapes import Floats, Scores

CONSTANT = 1e-3  # a frame lit for all but a thousandth of its time was lit


@dataclass(frozen=True)
class ScoredTrial:
    """One presentation: ``predicted`` and ``observed`` (unit, time), ``opto`` (time,), ``settled`` (time,).

    ``scene`` is what was shown; ``settled`` says in which frames the light is as it long was.
    """

    scene: Hashable
    predicted: Floats
    observed: Floats
    opto: Floats
    settled: Mask


def settled_frames(opto: Sequence[Floats], settle_frames: int) -> list[Mask]:
    """Tell in which frames of each trial the light is as it was throughout the frames before.

    If the light of all trials never changes at all, every frame is settled.

    Parameters
    ----------
    opto : sequence of ndarray, shape (time,)
        Share of each frame in which the light was on, for each trial.
    settle_frames : int
        Number of frames before.

    Returns
    -------
    list of ndarray of bool, shape (time,)
        Whether each frame is settled.

    Examples
    --------
    >>> settled_frames([np.array([0.0, 0.0, 1.0, 1.0])], 1)
    [array([False,  True, False,  True])]
    """
    states = [np.where(share >= 1 - CONSTANT, 1, np.where(share <= CONSTANT, 0, -1)) for share in opto]
    if set(np.concatenate(states).tolist()) in ({0}, {1}):
        return [np.ones(len(state), bool) for state in states]
    return [_settled(state, settle_frames) for state in states]


def condition_frames(opto: Floats) -> dict[str, Mask]:
    """``{condition: which frames (time,) are of it}``: those lit for half of their time or more are suppressed.

    >>> condition_frames(np.array([0.0, 0.5]))["suppressed"]
    array([False,  True])
    """
    suppressed = opto >= OPTO_ON
    return {"all": np.ones(len(opto), bool), "intact": ~suppressed, "suppressed": suppressed}


def condition_sums(trials: Sequence[ScoredTrial], mean_counts: Scores) -> dict[str, Sums]:
    """``{condition: sums (scene, unit)}`` of one session's trials, in order of onset.

    Frames lit for half of their time or more are suppressed, the others intact. Repeats are trials of one scene and one
    length; in ``all`` frames too, they are repeats within one condition only. Scenes are in order of their first trial.
    """
    groups: dict[Hashable, dict[int, list[ScoredTrial]]] = {}
    for trial in trials:
        groups.setdefault(trial.scene, {}).setdefault(len(trial.opto), []).append(trial)
    by_scene = [[_group_sums(group, mean_counts) for group in scene.values()] for scene in groups.values()]
    intact, suppressed = (stacked([added([one[which] for one in scene]) for scene in by_scene]) for which in (0, 1))
    return {"all": added([intact, suppressed]), "intact": intact, "suppressed": suppressed}


def _group_sums(trials: Sequence[ScoredTrial], mean_counts: Scores) -> tuple[Sums, Sums]:
    """Sums over the intact and over the suppressed frames of trials of equal length."""
    predicted, observed, opto, settled = (
        np.stack([getattr(trial, name) for trial in trials]) for name in ("predicted", "observed", "opto", "settled")
    )
    suppressed = opto >= OPTO_ON

    def sums(chosen: Mask) -> Sums:
        p, y = (values.transpose(1, 0, 2)[:, chosen] for values in (predicted, observed))
        alike = chosen & settled
        return (
            frame_sums(p, y, mean_counts)
            | repeat_sums(observed, alike, mean_counts)
            | fit_sums(predicted, observed, alike, mean_counts)
        )

    return sums(~suppressed), sums(suppressed)


def _settled(state: np.ndarray, settle_frames: int) -> Mask:
    frames = np.arange(len(state))
    changed = np.concatenate([[True], state[1:] != state[:-1]])
    last = np.maximum.accumulate(np.where(changed, frames, 0))
    return (frames - last >= settle_frames) & (state >= 0)

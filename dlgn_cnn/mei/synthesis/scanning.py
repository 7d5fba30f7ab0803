"""The best of many stimuli for each of many units: every clip is shown once and answers for all of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.mei.synthesis.presenter import AnimalState
from dlgn_cnn.shapes import Floats


@dataclass(frozen=True)
class Best:
    """The best of many clips for one unit in one light.

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
    """The best clip of ``batches`` (clip, time, height, width) for each unit, by the mean rate of all models.

    Clips are shown as they are: scale them first. Raises ConfigError where there is none.
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
        raise ConfigError("there is no clip to choose the best from: none is as long as the stimulus")
    return [best for best in found if best is not None]


def _mean_rates(
    models: Sequence[torch.nn.Module],
    data_key: str,
    clips: torch.Tensor,
    suppressed: bool,
    window_frames: int,
    state: AnimalState,
) -> torch.Tensor:
    light = clips.new_full((len(clips), clips.shape[1]), float(suppressed))
    traces = state.traces(len(clips), clips.shape[1], clips)
    rates = [model(clips[:, None], light, data_key, *traces)[..., -window_frames:].mean(-1) for model in models]
    return torch.stack(rates).mean(0)

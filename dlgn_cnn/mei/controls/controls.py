"""Controls of a MEI that are made without a search: each is shown at the MEI's own norm and range.

A control is the nearest stimulus that the MEI's constraint allows (``scaled``); ``judging`` says what it does. Those
that are the best of many are in ``natural`` and ``gratings``.
"""

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.mei.components.constraints import Constraint


def scaled(stimuli: torch.Tensor, constraint: Constraint, mask: torch.Tensor | None = None) -> torch.Tensor:
    """The nearest allowed stimulus to each of (stimulus, time, height, width). Raises ConfigError for a gray one."""
    shown = stimuli if mask is None else stimuli * mask
    if not shown.flatten(1).any(1).all():
        raise ConfigError("a control is mean gray throughout, or is wherever it may change: no scale gives it a norm")
    return constraint.project(stimuli, mask)


def linear_field(field: torch.Tensor, frames: int, window_frames: int) -> torch.Tensor:
    """The stimulus (time, height, width) to which a linear unit answers most over its last ``window_frames`` frames.

    ``field`` (lag, height, width) is the unit's linear receptive field, lag 0 the frame of the response. The mean over
    a window is linear too: its field is the sum of the unit's, moved to each frame of the window.
    """
    clip = field.new_zeros(frames, *field.shape[1:])
    for end in range(frames - window_frames, frames):
        lags = min(len(field), end + 1)
        clip[end + 1 - lags : end + 1] += field[:lags].flip(0)
    return clip / window_frames


def phase_scrambled(stimuli: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Stimuli (stimulus, time, height, width) of the same Fourier amplitudes and random phases (Theiler et al. 1992).

    Phases are those of white noise, so that the result is real; the mean gray level keeps its sign or changes it.
    """
    noise = torch.randn(stimuli.shape, generator=generator, dtype=torch.float64)
    phases = torch.fft.rfftn(noise, dim=(1, 2, 3)).angle()
    amplitude = torch.fft.rfftn(stimuli.double().cpu(), dim=(1, 2, 3)).abs()
    scrambled = torch.fft.irfftn(torch.polar(amplitude, phases), s=stimuli.shape[1:], dim=(1, 2, 3))
    return scrambled.to(stimuli)


def moved(stimulus: torch.Tensor, from_px: tuple[float, float], to_px: tuple[float, float]) -> torch.Tensor:
    """A stimulus (time, height, width) moved by whole pixels from one place (x, y) to another, gray coming in.

    Another unit's MEI is a fair control only where this unit looks.
    """
    across, down = (round(to - start) for start, to in zip(from_px, to_px, strict=True))
    height, width = stimulus.shape[1:]
    result = torch.zeros_like(stimulus)
    if abs(down) < height and abs(across) < width:
        rows, columns = slice(max(0, down), height + min(0, down)), slice(max(0, across), width + min(0, across))
        shifted = stimulus.roll((down, across), (1, 2))
        result[:, rows, columns] = shifted[:, rows, columns]
    return result


def another_unit(units: int, generator: torch.Generator) -> list[int]:
    """For each of ``units`` units another one, drawn so that every unit stands in for exactly one.

    Raises ConfigError for a single unit.
    """
    if units < 2:
        raise ConfigError("another unit's MEI needs two units at least")
    order = torch.randperm(units, generator=generator).tolist()
    partner = dict(zip(order, order[1:] + order[:1], strict=True))
    return [partner[unit] for unit in range(units)]

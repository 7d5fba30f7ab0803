"""Stimuli that control for an MEI, in any scale: the MEI's constraint then gives each the MEI's norm and range.

Gratings and natural clips are many: ``control_set.best_of`` chooses among them.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.mei.components.constraints import Constraint


def linear_field(field: torch.Tensor, frames: int, window_frames: int) -> torch.Tensor:
    """Make the stimulus that excites a linear unit most over the last frames.

    The mean over a window is linear too: its field is the sum of the unit's, moved to each frame of the window.

    Parameters
    ----------
    field : Tensor, shape (lag, height, width)
        Linear receptive field of the unit; lag 0 is the frame of the response.
    frames : int
        Length of the stimulus.
    window_frames : int
        Last frames over which the response is averaged.

    Returns
    -------
    Tensor, shape (time, height, width)
        The stimulus, in the unit of the field.

    Examples
    --------
    >>> linear_field(torch.tensor([1.0, 2.0]).view(2, 1, 1), 4, 1).flatten()
    tensor([0., 0., 2., 1.])
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
    """Move a stimulus by whole pixels, with gray coming in.

    Another unit's MEI is a fair control only where this unit looks.

    Parameters
    ----------
    stimulus : Tensor, shape (time, height, width)
        The stimulus.
    from_px, to_px : tuple of float
        Places (x, y) in px; their difference is rounded.

    Returns
    -------
    Tensor, shape (time, height, width)
        The moved stimulus.

    Examples
    --------
    >>> moved(torch.tensor([[[1.0, 2.0, 3.0]]]), (0, 0), (1, 0))
    tensor([[[0., 1., 2.]]])
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
    """Draw another unit for each unit, so that every unit stands in for exactly one.

    Parameters
    ----------
    units : int
        Number of units, 2 or more.
    generator : Generator
        Draws the order.

    Returns
    -------
    list of int
        The partner of each unit.

    Examples
    --------
    >>> another_unit(2, torch.Generator())
    [1, 0]
    """
    order = torch.randperm(units, generator=generator).tolist()
    partner = dict(zip(order, order[1:] + order[:1], strict=True))
    return [partner[unit] for unit in range(units)]


@dataclass(frozen=True)
class Grating:
    """A sine grating that drifts in a disc: direction of drift and phase in degrees, radius in px.

    ``cycles_px`` is its spatial frequency in cycles a px, ``cycles_frame`` its temporal one in cycles a frame.
    """

    direction_deg: float
    cycles_px: float
    cycles_frame: float
    radius_px: float
    phase_deg: float = 0.0

    def clip(self, shape: tuple[int, int, int], center_px: tuple[float, float]) -> torch.Tensor:
        """The clip (time, height, width) of values in -1..1 about the center (x, y); gray outside the disc."""
        time, height, width = shape
        frame = torch.arange(time, dtype=torch.float64)[:, None, None]
        down = torch.arange(height, dtype=torch.float64)[:, None] - center_px[1]
        across = torch.arange(width, dtype=torch.float64) - center_px[0]
        angle = math.radians(self.direction_deg)
        along = across * math.cos(angle) + down * math.sin(angle)
        phase = self.cycles_px * along - self.cycles_frame * frame + self.phase_deg / 360
        return torch.sin(2 * torch.pi * phase) * (down.square() + across.square() <= self.radius_px**2)


# Directions, frequencies, radii and phases for 60 frames a second and a picture of 33x53 px of about 1 to 2 degrees:
# 0.03 to 0.25 cycles a px and 1 to 12 Hz, which cover the mouse's dLGN (Grubb & Thompson 2003).
GRATINGS = tuple(
    Grating(*values)
    for values in itertools.product(
        range(0, 360, 45), (0.03, 0.06, 0.12, 0.25), (1 / 60, 4 / 60, 12 / 60), (6.0, 60.0), (0.0, 180.0)
    )
)


def natural_clips(
    videos: Iterable[torch.Tensor], frames: int, every_frames: int, mask: torch.Tensor
) -> Iterator[torch.Tensor]:
    """Yield all windows of a session's videos, except those that are mean gray wherever they may change.

    Parameters
    ----------
    videos : iterable of Tensor, shape (time, height, width)
        Trials in normalized gray levels.
    frames : int
        Length of a window.
    every_frames : int
        Frames from the start of one window to that of the next.
    mask : Tensor of bool
        Where values may differ from the mean gray; broadcasts to a window.

    Yields
    ------
    Tensor, shape (time, height, width)
        Windows in the order of the videos.
    """
    for video in videos:
        for first in range(0, len(video) - frames + 1, every_frames):
            clip = video[first : first + frames]
            if (clip * mask).any():
                yield clip


def allowed_batches(
    clips: Iterable[torch.Tensor], constraint: Constraint, mask: torch.Tensor | None = None, size: int = 32
) -> Iterator[torch.Tensor]:
    """Yield the nearest allowed stimulus to each clip, in batches.

    Parameters
    ----------
    clips : iterable of Tensor, shape (time, height, width)
        Clips in any scale.
    constraint : Constraint
        What is allowed.
    mask : Tensor of bool, optional
        Where values may differ from the mean gray (default: everywhere).
    size : int
        Clips in a batch.

    Yields
    ------
    Tensor, shape (clip, time, height, width)
        Allowed stimuli.

    Raises
    ------
    ConfigError
        If a clip is gray wherever it may change: no scale gives it a norm.
    """
    waiting = iter(clips)
    for batch in iter(lambda: list(itertools.islice(waiting, size)), []):
        stimuli = torch.stack(batch)
        if not (stimuli if mask is None else stimuli * mask).flatten(1).any(1).all():
            raise ConfigError(
                "a control is mean gray throughout, or is wherever it may change: no scale gives it a norm"
            )
        yield constraint.project(stimuli, mask)

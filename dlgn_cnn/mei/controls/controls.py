"""Controls of an MEI, each shown at the MEI's own norm and range.

A control is the nearest stimulus that the MEI's constraint allows (``scaled``); ``held_out`` says how models respond.
Gratings and natural clips are many: ``held_out.best_of`` chooses among them.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class GratingGrid:
    """All combinations of some directions, frequencies, sizes and phases; units as in ``Grating``.

    The defaults are for 60 frames a second and a picture of 33x53 px of about 1 to 2 degrees: 0.03 to 0.25 cycles a px
    and 1 to 12 Hz, which cover the mouse's dLGN (Grubb & Thompson 2003).
    """

    directions_deg: Sequence[float] = tuple(range(0, 360, 45))
    cycles_px: Sequence[float] = (0.03, 0.06, 0.12, 0.25)
    cycles_frame: Sequence[float] = (1 / 60, 4 / 60, 12 / 60)
    radii_px: Sequence[float] = (6.0, 60.0)
    phases_deg: Sequence[float] = (0.0, 180.0)

    def __post_init__(self) -> None:
        if not self.gratings():
            raise ConfigError("a grid of gratings is empty along one of its axes: give each one value at least")

    def gratings(self) -> list[Grating]:
        """Every grating of the grid."""
        axes = (self.directions_deg, self.cycles_px, self.cycles_frame, self.radii_px, self.phases_deg)
        return [Grating(*values) for values in itertools.product(*axes)]


def grating_clips(
    grid: GratingGrid,
    shape: tuple[int, int, int],
    center_px: tuple[float, float],
    constraint: Constraint,
    mask: torch.Tensor | None = None,
    device: torch.device | None = None,
    batch_size: int = 32,
) -> Iterator[torch.Tensor]:
    """The grid's gratings at one unit's place, in the order of ``gratings``, in batches, as the constraint allows."""
    every = grid.gratings()
    for first in range(0, len(every), batch_size):
        clips = [grating.clip(shape, center_px) for grating in every[first : first + batch_size]]
        yield scaled(torch.stack(clips).float().to(device), constraint, mask)


def natural_clips(
    videos: Iterable[torch.Tensor],
    frames: int,
    every_frames: int,
    constraint: Constraint,
    mask: torch.Tensor | None = None,
    batch_size: int = 32,
) -> Iterator[torch.Tensor]:
    """All windows of ``frames`` frames of a session's videos, in batches (clip, time, height, width), as allowed.

    ``videos`` are trials (time, height, width) in normalized gray levels; a window begins every ``every_frames``.
    The ``mask`` (1, time or 1, height, width) cuts the same hole into each. A window that is mean gray is left out.
    Raises ConfigError.
    """
    if frames < 1 or every_frames < 1:
        raise ConfigError(f"windows of {frames} frames every {every_frames}: both must be 1 or more")
    waiting: list[torch.Tensor] = []
    for video in videos:
        for first in range(0, len(video) - frames + 1, every_frames):
            clip = video[first : first + frames]
            if (clip if mask is None else clip * mask[0]).any():
                waiting.append(clip)
            if len(waiting) == batch_size:
                yield scaled(torch.stack(waiting), constraint, mask)
                waiting = []
    if waiting:
        yield scaled(torch.stack(waiting), constraint, mask)

"""All controls of a set of MEIs, and what the model and models that took no part say to each, in both lights."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.mei.controls.controls import another_unit, linear_field, moved, phase_scrambled, scaled
from dlgn_cnn.mei.controls.gratings import GratingGrid, grating_clips
from dlgn_cnn.mei.controls.held_out import contrast_response, within_range
from dlgn_cnn.mei.controls.natural import natural_clips
from dlgn_cnn.mei.synthesis.config import Synthesis
from dlgn_cnn.mei.synthesis.optimize import centers_px, mask_of
from dlgn_cnn.mei.synthesis.scanning import best_of
from dlgn_cnn.mei.synthesis.targets import Target
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Floats

CONTROLS = ("mei", "natural", "grating", "linear_field", "another_unit", "phase_scrambled")
# Octaves, as in contrast-response functions of single cells; 0 is the mean gray.
CONTRASTS = (0.0, 0.125, 0.25, 0.5, 1.0, 2.0)
Videos = Mapping[str, Callable[[], Iterable[torch.Tensor]]]


@dataclass(frozen=True)
class Control:
    """One stimulus (time, height, width) for one target, and what models say to it.

    ``rates`` and ``held_out`` (condition: intact, suppressed) are mean rates over the scored window in spikes a frame,
    of the models that the MEIs were synthesized on and of those that took no part; NaN where there is none of these.
    ``ladder`` and ``held_out_ladder`` (contrast, condition) are the same at the materials' shares of its contrast, NaN
    where a value would leave the range; ``violation`` is its departure from the constraint, a share of norm or range.
    """

    name: str
    target: Target
    stimulus: Floats
    rates: Floats
    held_out: Floats
    ladder: Floats
    held_out_ladder: Floats
    violation: float
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Materials:
    """What controls are made of: the models, how the MEIs were made, and what is known of each session by data key.

    ``videos`` gives a session's clips (time, height, width) in normalized gray levels, anew whenever it is called;
    ``fields`` (lag, height, width) are linear receptive fields by session and unit's row, as far as they are known.
    ``contrasts`` are the shares of its own contrast at which each stimulus is shown.
    """

    models: Sequence[torch.nn.Module]
    config: Synthesis
    infos: Mapping[str, DataInfo]
    videos: Videos
    fields: Mapping[tuple[str, int], Floats]
    device: torch.device
    grid: GratingGrid = dataclasses.field(default_factory=GratingGrid)
    contrasts: Sequence[float] = CONTRASTS

    @property
    def window_frames(self) -> int:
        """The frames at the clip's end over which a response is averaged."""
        return int(getattr(self.config.objective, "window_frames", self.config.frames))


Made = tuple[str, int, torch.Tensor, dict[str, Any]]


def control_set(
    meis: Sequence[tuple[Target, Floats]],
    materials: Materials,
    held_out_models: Sequence[torch.nn.Module],
    generator: torch.Generator,
    progress: Progress = silent,
) -> list[Control]:
    """The MEIs themselves and every control of each, all at the MEI's norm, in its range and within its aperture.

    The best natural clip of the session and the best drifting grating are chosen on the synthesis's models in the
    target's light, as the MEI was; every stimulus is then shown at the materials' shares of its contrast, too. A
    control that there cannot be is left out: a linear field that is not known or of another size than the stimulus,
    another unit's MEI where there is one unit only or its MEI, moved, leaves the screen. Raises ModelError and
    ConfigError as ``held_out`` does.
    """
    made: list[Made] = []
    targets = [target for target, _ in meis]
    masks = _masks(targets, materials)
    stimuli = torch.as_tensor(np.stack([stimulus for _, stimulus in meis])).float().to(materials.device)
    kinds = (_meis, _natural, _gratings, _fields, _others, _scrambled)
    for done, kind in enumerate(kinds):
        made += kind(targets, stimuli, masks, materials, generator)
        progress(done + 1, len(kinds) + 1)
    found = _rated(made, targets, masks, materials, held_out_models)
    progress(len(kinds) + 1, len(kinds) + 1)
    return found


def _rated(
    made: Sequence[Made],
    targets: Sequence[Target],
    masks: torch.Tensor,
    materials: Materials,
    held_out_models: Sequence[torch.nn.Module],
) -> list[Control]:
    """Rates of the synthesis's and the held-out models to every stimulus, at its own contrast and along the ladder."""
    rows = [row for _, row, _, _ in made]
    shown, asked = torch.stack([stimulus for _, _, stimulus, _ in made]), [targets[row] for row in rows]
    contrasts, constraint = sorted({1.0, *materials.contrasts}), materials.config.constraint
    own, along = contrasts.index(1.0), [contrasts.index(contrast) for contrast in materials.contrasts]
    wanted = within_range(shown, contrasts, constraint)
    nothing = np.full((*wanted.shape, 2), np.nan, np.float32)
    state = materials.config.state
    mine, theirs = (
        contrast_response(models, asked, shown, contrasts, materials.window_frames, state, wanted)
        if models
        else nothing
        for models in (materials.models, held_out_models)
    )
    return [
        Control(
            name=name,
            target=targets[row],
            stimulus=np.asarray(stimulus.cpu().numpy()),
            rates=mine[index, own],
            held_out=theirs[index, own],
            ladder=mine[index, along],
            held_out_ladder=theirs[index, along],
            violation=float(constraint.violation(stimulus[None], masks[row : row + 1])),
            parameters=parameters,
        )
        for index, (name, row, stimulus, parameters) in enumerate(made)
    ]


def _masks(targets: Sequence[Target], materials: Materials) -> torch.Tensor:
    """Which values of each target's clip may change, (target, time, height, width)."""
    centers = {key: info.field_centers for key, info in materials.infos.items()}
    shape = materials.infos[targets[0].data_key].frame_shape[1:]
    mask = mask_of(targets, materials.config, shape, centers).to(materials.device)
    return mask.expand(len(targets), -1, -1, -1)


def _meis(targets: Any, stimuli: torch.Tensor, masks: Any, materials: Materials, generator: Any) -> Iterator[Made]:
    for row in range(len(targets)):
        yield "mei", row, stimuli[row], {}


def _natural(
    targets: Sequence[Target], stimuli: Any, masks: torch.Tensor, materials: Materials, generator: Any
) -> Iterator[Made]:
    for rows in _alike(targets, masks):
        first, mask = targets[rows[0]], masks[rows[:1]]
        frames = materials.config.frames
        videos = (video.to(materials.device) for video in materials.videos[first.data_key]())
        clips = natural_clips(videos, frames, max(1, frames // 2), materials.config.constraint, mask)
        units = [targets[row].unit_index for row in rows]
        best = best_of(
            *(materials.models, first.data_key, units, first.suppressed, clips, materials.window_frames),
            materials.config.state,
        )
        for row, one in zip(rows, best, strict=True):
            yield "natural", row, torch.as_tensor(one.stimulus).to(materials.device), {"clip": one.index}


def _alike(targets: Sequence[Target], masks: torch.Tensor) -> list[list[int]]:
    """Rows of targets that every clip can answer at once: one session, one light, one aperture."""
    groups: list[list[int]] = []
    for row, target in enumerate(targets):
        for group in groups:
            other = targets[group[0]]
            same = (other.data_key, other.suppressed) == (target.data_key, target.suppressed)
            if same and torch.equal(masks[group[0]], masks[row]):
                group.append(row)
                break
        else:
            groups.append([row])
    return groups


def _gratings(
    targets: Sequence[Target], stimuli: torch.Tensor, masks: torch.Tensor, materials: Materials, generator: Any
) -> Iterator[Made]:
    shape = (stimuli.shape[1], stimuli.shape[2], stimuli.shape[3])
    places = _places(targets, materials)
    gratings = materials.grid.gratings()
    for row, target in enumerate(targets):
        clips = grating_clips(
            *(materials.grid, shape, places[row], materials.config.constraint, masks[row : row + 1], materials.device)
        )
        (best,) = best_of(
            *(materials.models, target.data_key, [target.unit_index], target.suppressed, clips),
            *(materials.window_frames, materials.config.state),
        )
        shown = torch.as_tensor(best.stimulus).to(materials.device)
        yield "grating", row, shown, dataclasses.asdict(gratings[best.index])


def _places(targets: Sequence[Target], materials: Materials) -> list[tuple[float, float]]:
    centers = {key: info.field_centers for key, info in materials.infos.items()}
    shape = materials.infos[targets[0].data_key].frame_shape[1:]
    return [(float(x), float(y)) for x, y in centers_px(targets, shape, centers).tolist()]


def _fields(
    targets: Sequence[Target], stimuli: torch.Tensor, masks: torch.Tensor, materials: Materials, generator: Any
) -> Iterator[Made]:
    for row, target in enumerate(targets):
        known = materials.fields.get((target.data_key, target.unit_index))
        if known is not None and known.shape[1:] == stimuli.shape[2:]:
            kernel = torch.as_tensor(known).float().to(materials.device)
            yield from _allowed(
                *("linear_field", row, linear_field(kernel, stimuli.shape[1], materials.window_frames)),
                *(masks, materials, {}),
            )


def _others(
    targets: Sequence[Target],
    stimuli: torch.Tensor,
    masks: torch.Tensor,
    materials: Materials,
    generator: torch.Generator,
) -> Iterator[Made]:
    places = _places(targets, materials)
    for key, suppressed in sorted({(target.data_key, target.suppressed) for target in targets}):
        rows = [row for row, one in enumerate(targets) if (one.data_key, one.suppressed) == (key, suppressed)]
        if len(rows) < 2:
            continue
        for row, partner in zip(rows, another_unit(len(rows), generator), strict=True):
            other = rows[partner]
            shown = moved(stimuli[other], places[other], places[row])
            unit = materials.infos[key].units[targets[other].unit_index]
            yield from _allowed("another_unit", row, shown, masks, materials, {"unit": int(unit)})


def _scrambled(
    targets: Any, stimuli: torch.Tensor, masks: torch.Tensor, materials: Materials, generator: torch.Generator
) -> Iterator[Made]:
    for row, shown in enumerate(phase_scrambled(stimuli, generator)):
        yield from _allowed("phase_scrambled", row, shown, masks, materials, {})


def _allowed(
    name: str, row: int, stimulus: torch.Tensor, masks: torch.Tensor, materials: Materials, parameters: dict[str, Any]
) -> Iterator[Made]:
    """The nearest allowed stimulus; nothing where it is gray wherever it may change, which no scale gives a norm."""
    if (stimulus * masks[row]).any():
        yield name, row, scaled(stimulus[None], materials.config.constraint, masks[row : row + 1])[0], parameters


def clips_of(batches: Iterable[Any]) -> Iterator[torch.Tensor]:
    """The clips (time, height, width) of a loader's batches. Raises ConfigError for frames of more than one channel."""
    for batch in batches:
        if batch.videos.shape[1] != 1:
            raise ConfigError(f"frames of {batch.videos.shape[1]} channels: natural controls need gray movies")
        yield from batch.videos[:, 0]

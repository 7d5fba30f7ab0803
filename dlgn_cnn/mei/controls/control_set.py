"""All controls of a set of MEIs, and the response of the model and of held-out models to each in both conditions."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.mei.controls.controls import (
    GratingGrid,
    another_unit,
    grating_clips,
    linear_field,
    moved,
    natural_clips,
    phase_scrambled,
    scaled,
)
from dlgn_cnn.mei.controls.held_out import best_of, contrast_response, within_range
from dlgn_cnn.mei.synthesis.ascent import centers_px, mask_of
from dlgn_cnn.mei.synthesis.config import Synthesis
from dlgn_cnn.mei.synthesis.targets import Target
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Floats

CONTROLS = ("mei", "natural", "grating", "linear_field", "another_unit", "phase_scrambled")
# Octaves, as in contrast-response functions of single cells; 0 is the mean gray.
CONTRASTS = (0.0, 0.125, 0.25, 0.5, 1.0, 2.0)
Videos = Mapping[str, Callable[[], Iterable[torch.Tensor]]]


@dataclass(frozen=True)
class Control:
    """One stimulus (time, height, width) for one target, and the response of models to it.

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
    """Materials of controls: the models, how the MEIs were made, and what is known of each session by data key.

    ``videos`` gives a session's clips (time, height, width) in normalized gray levels, each time it is called;
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
    """Make all controls of a set of MEIs and predict the response to each in both conditions.

    All stimuli have the MEI's norm and lie in its range and within its aperture. The best natural clip of the session
    and the best drifting grating are chosen on the models of the synthesis in the target's condition, as the MEI was. A
    control that cannot be made is left out: a linear field that is not known or has another size than the stimulus,
    another unit's MEI if there is one unit only or its MEI, once moved, leaves the screen.

    Parameters
    ----------
    meis : sequence of (Target, ndarray)
        Each target with its MEI, shape (time, height, width).
    materials : Materials
        What the controls are made of.
    held_out_models : sequence of Module
        Models that took no part in the synthesis; may be empty.
    generator : Generator
        Draws phases and partners.
    progress : callable
        Called with the kinds done and their total.

    Returns
    -------
    list of Control
        The MEIs themselves first, then each kind of control.

    Raises
    ------
    ModelError, ConfigError
        As ``rates_in_both_conditions`` and ``best_of`` raise them.
    """
    targets = [target for target, _ in meis]
    stimuli = torch.as_tensor(np.stack([stimulus for _, stimulus in meis])).float().to(materials.device)
    maker = _Maker(targets, stimuli, materials, generator)
    kinds = (maker.meis, maker.natural, maker.gratings, maker.fields, maker.others, maker.scrambled)
    made: list[Made] = []
    for done, kind in enumerate(kinds):
        made += kind()
        progress(done + 1, len(kinds) + 1)
    found = _rated(made, targets, maker.masks, materials, held_out_models)
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
    shown, asked = torch.stack([stimulus for _, _, stimulus, _ in made]), [targets[row] for _, row, _, _ in made]
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


class _Maker:
    """Makes the controls of each kind: (name, row of the target, stimulus, parameters)."""

    def __init__(
        self, targets: Sequence[Target], stimuli: torch.Tensor, materials: Materials, generator: torch.Generator
    ) -> None:
        self.targets, self.stimuli, self.materials, self.generator = targets, stimuli, materials, generator
        self.config, centers = materials.config, {key: info.field_centers for key, info in materials.infos.items()}
        frame = materials.infos[targets[0].data_key].frame_shape[1:]
        self.places = [(float(x), float(y)) for x, y in centers_px(targets, frame, centers).tolist()]
        mask = mask_of(targets, self.config, frame, centers).to(materials.device)
        # Which values of each target's clip may change, (target, time, height, width).
        self.masks = mask.expand(len(targets), -1, -1, -1)

    def meis(self) -> Iterator[Made]:
        for row in range(len(self.targets)):
            yield "mei", row, self.stimuli[row], {}

    def natural(self) -> Iterator[Made]:
        frames = self.config.frames
        for rows in self._alike():
            videos = (one.to(self.materials.device) for one in self.materials.videos[self.targets[rows[0]].data_key]())
            clips = natural_clips(videos, frames, max(1, frames // 2), self.config.constraint, self.masks[rows[:1]])
            for row, (shown, index) in zip(rows, self._best(rows, clips), strict=True):
                yield "natural", row, shown, {"clip": index}

    def gratings(self) -> Iterator[Made]:
        grid, device, constraint = self.materials.grid, self.materials.device, self.config.constraint
        shape, every = (self.stimuli.shape[1], self.stimuli.shape[2], self.stimuli.shape[3]), grid.gratings()
        for row in range(len(self.targets)):
            clips = grating_clips(grid, shape, self.places[row], constraint, self.masks[row : row + 1], device)
            ((shown, index),) = self._best([row], clips)
            yield "grating", row, shown, dataclasses.asdict(every[index])

    def fields(self) -> Iterator[Made]:
        for row, target in enumerate(self.targets):
            known = self.materials.fields.get((target.data_key, target.unit_index))
            if known is not None and known.shape[1:] == self.stimuli.shape[2:]:
                kernel = torch.as_tensor(known).float().to(self.materials.device)
                shown = linear_field(kernel, self.stimuli.shape[1], self.materials.window_frames)
                yield from self._allowed("linear_field", row, shown, {})

    def others(self) -> Iterator[Made]:
        kinds = [(target.data_key, target.suppressed) for target in self.targets]
        for kind in sorted(set(kinds)):
            rows = [row for row, one in enumerate(kinds) if one == kind]
            if len(rows) < 2:
                continue
            for row, partner in zip(rows, another_unit(len(rows), self.generator), strict=True):
                other = rows[partner]
                shown = moved(self.stimuli[other], self.places[other], self.places[row])
                unit = self.materials.infos[kind[0]].units[self.targets[other].unit_index]
                yield from self._allowed("another_unit", row, shown, {"unit": int(unit)})

    def scrambled(self) -> Iterator[Made]:
        for row, shown in enumerate(phase_scrambled(self.stimuli, self.generator)):
            yield from self._allowed("phase_scrambled", row, shown, {})

    def _alike(self) -> list[list[int]]:
        """Rows of targets that every clip can be shown to at once: one session, one condition, one aperture."""
        groups: list[list[int]] = []
        for row, target in enumerate(self.targets):
            for group in groups:
                other = self.targets[group[0]]
                same = (other.data_key, other.suppressed) == (target.data_key, target.suppressed)
                if same and torch.equal(self.masks[group[0]], self.masks[row]):
                    group.append(row)
                    break
            else:
                groups.append([row])
        return groups

    def _best(self, rows: Sequence[int], clips: Iterable[torch.Tensor]) -> list[tuple[torch.Tensor, int]]:
        """The best of the clips for each of some targets of one session and condition, and its index."""
        first, units = self.targets[rows[0]], [self.targets[row].unit_index for row in rows]
        window, state = self.materials.window_frames, self.config.state
        best = best_of(self.materials.models, first.data_key, units, first.suppressed, clips, window, state)
        return [(torch.as_tensor(one.stimulus).to(self.materials.device), one.index) for one in best]

    def _allowed(self, name: str, row: int, stimulus: torch.Tensor, parameters: dict[str, Any]) -> Iterator[Made]:
        """The nearest allowed stimulus; nothing if it is gray wherever it may change: no scale gives it a norm."""
        mask = self.masks[row : row + 1]
        if (stimulus * mask[0]).any():
            yield name, row, scaled(stimulus[None], self.config.constraint, mask)[0], parameters


def clips_of(batches: Iterable[Any]) -> Iterator[torch.Tensor]:
    """The clips (time, height, width) of a loader's batches. Raises ConfigError for frames of more than one channel."""
    for batch in batches:
        if batch.videos.shape[1] != 1:
            raise ConfigError(f"frames of {batch.videos.shape[1]} channels: natural controls need gray movies")
        yield from batch.videos[:, 0]

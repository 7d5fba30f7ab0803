"""All controls of a set of MEIs, and the response of the model and of held-out models to each in both conditions."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.mei.controls import controls
from dlgn_cnn.mei.controls.controls import GRATINGS, Grating
from dlgn_cnn.mei.synthesis.ascent import centers_px, mask_of
from dlgn_cnn.mei.synthesis.checks import check
from dlgn_cnn.mei.synthesis.config import Synthesis
from dlgn_cnn.mei.synthesis.presenter import Presenter, in_both_conditions
from dlgn_cnn.mei.synthesis.targets import Target
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Floats

CONTROLS = ("mei", "natural", "grating", "linear_field", "another_unit", "phase_scrambled")
# Octaves, as in contrast-response functions of single cells; 0 is the mean gray.
CONTRASTS = (0.0, 0.125, 0.25, 0.5, 1.0, 2.0)
BATCH = 32
Made = tuple[str, int, torch.Tensor, dict[str, Any]]


@dataclasses.dataclass(frozen=True)
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
    parameters: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Materials:
    """Materials of controls: the models, how the MEIs were made, and what is known of their session.

    ``videos`` gives the session's clips (time, height, width) in normalized gray levels, each time it is called;
    ``fields`` (lag, height, width) are linear receptive fields by the unit's row, as far as they are known.
    ``contrasts`` are the shares of its own contrast at which each stimulus is shown.
    """

    models: Sequence[torch.nn.Module]
    config: Synthesis
    info: DataInfo
    videos: Callable[[], Iterable[torch.Tensor]]
    fields: Mapping[int, Floats]
    device: torch.device
    gratings: Sequence[Grating] = GRATINGS
    contrasts: Sequence[float] = CONTRASTS


@dataclasses.dataclass(frozen=True)
class Best:
    """The best of many clips for one unit in one condition.

    ``stimulus`` (time, height, width) as it was shown, ``index`` its place among those that were, ``rate`` the unit's
    mean rate over the window in spikes a frame.
    """

    stimulus: torch.Tensor
    index: int
    rate: float


def control_set(
    meis: Sequence[tuple[Target, Floats]],
    materials: Materials,
    held_out_models: Sequence[torch.nn.Module],
    generator: torch.Generator,
    progress: Progress = silent,
) -> list[Control]:
    """Make all controls of one session's MEIs and predict the response to each in both conditions.

    All stimuli have the MEI's norm and lie in its range and within its aperture. The best natural clip of the session
    and the best drifting grating are chosen on the models of the synthesis in the target's condition, as the MEI was. A
    control that cannot be made is left out: a linear field that is not known or has another size than the stimulus,
    another unit's MEI if there is one unit only or its MEI, once moved, leaves the screen.

    Parameters
    ----------
    meis : sequence of (Target, ndarray)
        Each target of the session with its MEI, shape (time, height, width).
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
        As ``contrast_response`` and ``best_of`` raise them.
    """
    targets = [target for target, _ in meis]
    stimuli = torch.as_tensor(np.stack([stimulus for _, stimulus in meis])).float().to(materials.device)
    maker = _Maker(targets, stimuli, materials, generator)
    kinds = (maker.meis, maker.natural, maker.gratings, maker.fields, maker.others, maker.scrambled)
    made: list[Made] = []
    for done, kind in enumerate(kinds, 1):
        made += kind()
        progress(done, len(kinds) + 1)
    found = _rated(made, maker, held_out_models)
    progress(len(kinds) + 1, len(kinds) + 1)
    return found


@torch.no_grad()
def contrast_response(
    models: Sequence[torch.nn.Module],
    targets: Sequence[Target],
    stimuli: torch.Tensor,
    contrasts: Sequence[float],
    config: Synthesis,
) -> Floats:
    """Predict each target's mean rate to its own stimulus, at shares of the stimulus's contrast.

    Nothing is clipped: a share above 1 of which a value would leave the constraint's range is not shown. All shares up
    to 1 are, since the mean gray lies in every range.

    Parameters
    ----------
    models : sequence of Module
        Models whose mean rate is taken, above all those that took no part in the synthesis.
    targets : sequence of Target
        One for each stimulus.
    stimuli : Tensor, shape (target, time, height, width)
        Allowed stimuli on the device of the models.
    contrasts : sequence of float
        Shares of each stimulus's own contrast.
    config : Synthesis
        Has the range, the frames that are scored, and the animal's state.

    Returns
    -------
    ndarray, shape (target, contrast, condition)
        Mean rates in spikes a frame, NaN where not shown; the conditions are intact and suppressed.

    Raises
    ------
    ModelError
        As ``check`` does.
    """
    check(models, targets, stimuli.device)
    time, height, width = stimuli.shape[1:]
    presenter = Presenter(models, targets[0].data_key, (time, height, width), config.state)
    found = np.full((len(targets), len(contrasts), 2), np.nan, np.float32)
    for level, contrast in enumerate(contrasts):
        shown = stimuli * contrast
        rows = range(len(targets)) if contrast <= 1 else config.constraint.in_range(shown).nonzero().flatten().tolist()
        for few in (list(rows[first : first + BATCH]) for first in range(0, len(rows), BATCH)):
            rates = in_both_conditions(presenter, shown[few], [targets[row] for row in few])
            found[few, level] = rates[..., -config.scored_frames :].mean(-1).float().cpu().numpy()
    return found


@torch.no_grad()
def best_of(
    models: Sequence[torch.nn.Module], targets: Sequence[Target], batches: Iterable[torch.Tensor], config: Synthesis
) -> list[Best]:
    """Find the best of many clips for each of many units in one condition, by the mean rate of all models.

    Every clip is shown once and as it is: scale clips first.

    Parameters
    ----------
    models : sequence of Module
        Models whose mean rate decides.
    targets : sequence of Target
        The units, all in one condition.
    batches : iterable of Tensor, shape (clip, time, height, width)
        The clips.
    config : Synthesis
        Has the frames that are scored, and the animal's state.

    Returns
    -------
    list of Best
        One for each target.

    Raises
    ------
    ConfigError
        If there are no clips.
    """
    found: dict[int, Best] = {}
    key, units, seen = targets[0].data_key, [target.unit_index for target in targets], 0
    for clips in batches:
        opto = clips.new_full((len(clips), clips.shape[1]), float(targets[0].suppressed))
        traces = config.state.traces(len(clips), clips.shape[1], clips)
        rates = [model(clips[:, None], opto, key, *traces)[..., -config.scored_frames :].mean(-1) for model in models]
        values, places = torch.stack(rates).mean(0)[:, units].max(0)
        for unit, value, place in zip(units, values.tolist(), places.tolist(), strict=True):
            if unit not in found or value > found[unit].rate:
                found[unit] = Best(clips[place].clone(), seen + place, value)
        seen += len(clips)
    if not seen:
        raise ConfigError("no clip to choose the best from: none is as long as the stimulus")
    return [found[unit] for unit in units]


def clips_of(batches: Iterable[Any]) -> Iterator[torch.Tensor]:
    """The clips (time, height, width) of a loader's batches. Raises ConfigError for frames of more than one channel."""
    for batch in batches:
        if batch.videos.shape[1] != 1:
            raise ConfigError(f"frames of {batch.videos.shape[1]} channels: natural controls need gray movies")
        yield from batch.videos[:, 0]


class _Maker:
    """Makes the controls of each kind: (name, row of the target, stimulus, parameters)."""

    def __init__(
        self, targets: Sequence[Target], stimuli: torch.Tensor, materials: Materials, generator: torch.Generator
    ) -> None:
        self.targets, self.stimuli, self.materials, self.generator = targets, stimuli, materials, generator
        self.config, frame, centers = materials.config, materials.info.frame_shape[1:], materials.info.field_centers
        self.places = [(x, y) for x, y in centers_px(targets, frame, centers).tolist()]
        self.masks = mask_of(targets, self.config, frame, centers).to(materials.device)

    def meis(self) -> Iterator[Made]:
        for row in range(len(self.targets)):
            yield "mei", row, self.stimuli[row], {}

    def natural(self) -> Iterator[Made]:
        frames = self.config.frames
        for rows in self._alike():
            videos = (one.to(self.materials.device) for one in self.materials.videos())
            clips = controls.natural_clips(videos, frames, max(1, frames // 2), self.masks[rows[0]])
            for row, best in zip(rows, self._best(rows, clips), strict=True):
                yield "natural", row, best.stimulus, {"clip": best.index}

    def gratings(self) -> Iterator[Made]:
        shape, gratings = (self.config.frames, *self.materials.info.frame_shape[1:]), self.materials.gratings
        for row, place in enumerate(self.places):
            clips = (grating.clip(shape, place).float().to(self.materials.device) for grating in gratings)
            (best,) = self._best([row], clips)
            yield "grating", row, best.stimulus, dataclasses.asdict(gratings[best.index])

    def fields(self) -> Iterator[Made]:
        for row, target in enumerate(self.targets):
            known = self.materials.fields.get(target.unit_index)
            if known is not None and known.shape[1:] == self.stimuli.shape[2:]:
                kernel = torch.as_tensor(known).float().to(self.materials.device)
                shown = controls.linear_field(kernel, self.stimuli.shape[1], self.config.scored_frames)
                yield from self._allowed("linear_field", row, shown, {})

    def others(self) -> Iterator[Made]:
        for suppressed in (False, True):
            rows = [row for row, target in enumerate(self.targets) if target.suppressed == suppressed]
            if len(rows) < 2:
                continue
            for row, partner in zip(rows, controls.another_unit(len(rows), self.generator), strict=True):
                other = rows[partner]
                shown = controls.moved(self.stimuli[other], self.places[other], self.places[row])
                unit = self.materials.info.units[self.targets[other].unit_index]
                yield from self._allowed("another_unit", row, shown, {"unit": int(unit)})

    def scrambled(self) -> Iterator[Made]:
        for row, shown in enumerate(controls.phase_scrambled(self.stimuli, self.generator)):
            yield from self._allowed("phase_scrambled", row, shown, {})

    def _alike(self) -> Iterable[list[int]]:
        """Rows of targets that every clip can be shown to at once: one condition, one aperture."""
        groups: dict[tuple[bool, bytes], list[int]] = {}
        for row, (target, mask) in enumerate(zip(self.targets, self.masks.cpu().numpy(), strict=True)):
            groups.setdefault((target.suppressed, mask.tobytes()), []).append(row)
        return groups.values()

    def _best(self, rows: Sequence[int], clips: Iterable[torch.Tensor]) -> list[Best]:
        """The best of the clips for each of some targets of one condition and aperture."""
        batches = controls.allowed_batches(clips, self.config.constraint, self.masks[rows[:1]])
        return best_of(self.materials.models, [self.targets[row] for row in rows], batches, self.config)

    def _allowed(self, name: str, row: int, stimulus: torch.Tensor, parameters: dict[str, Any]) -> Iterator[Made]:
        """The nearest allowed stimulus; nothing if it is gray wherever it may change: no scale gives it a norm."""
        mask = self.masks[row : row + 1]
        if (stimulus * mask[0]).any():
            yield name, row, self.config.constraint.project(stimulus[None], mask)[0], parameters


def _rated(made: Sequence[Made], maker: _Maker, held_out_models: Sequence[torch.nn.Module]) -> list[Control]:
    """Rates of the synthesis's and the held-out models to every stimulus, at its own contrast and along the ladder."""
    materials, constraint = maker.materials, maker.config.constraint
    shown, asked = torch.stack([stimulus for _, _, stimulus, _ in made]), [maker.targets[row] for _, row, _, _ in made]
    contrasts = sorted({1.0, *materials.contrasts})
    own, along = contrasts.index(1.0), [contrasts.index(contrast) for contrast in materials.contrasts]
    mine = contrast_response(materials.models, asked, shown, contrasts, maker.config)
    theirs = np.full_like(mine, np.nan)
    if held_out_models:
        theirs = contrast_response(held_out_models, asked, shown, contrasts, maker.config)
    return [
        Control(
            name=name,
            target=maker.targets[row],
            stimulus=np.asarray(stimulus.cpu().numpy()),
            rates=mine[index, own],
            held_out=theirs[index, own],
            ladder=mine[index, along],
            held_out_ladder=theirs[index, along],
            violation=float(constraint.violation(stimulus[None], maker.masks[row : row + 1])),
            parameters=parameters,
        )
        for index, (name, row, stimulus, parameters) in enumerate(made)
    ]

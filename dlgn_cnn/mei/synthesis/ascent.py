"""Synthesis: many stimuli climb at once, each for its own unit and condition, from its own random start."""

from collections.abc import Callable, Sequence

import numpy as np
import torch

from dlgn_cnn.errors import ModelError
from dlgn_cnn.mei.components.optimizers import State, norms, unit
from dlgn_cnn.mei.synthesis.checks import check, frozen, probe, working_dtype
from dlgn_cnn.mei.synthesis.config import Synthesis
from dlgn_cnn.mei.synthesis.presenter import Presenter, activate, results
from dlgn_cnn.mei.synthesis.targets import MEIResult, Target
from dlgn_cnn.runtime.progress import Progress, silent

Centers = Sequence[tuple[float, float]]


class Ascent:
    """One batch of targets under way: one forward and one backward pass of each model for each step and condition.

    Parameters
    ----------
    models : sequence of Module
        Models whose mean is excited.
    targets : sequence of Target
        One for each stimulus.
    config : Synthesis
        Options and components.
    mask : Tensor of bool, shape (target, time, height, width)
        Which values may change.
    device : device
        Where to compute.
    """

    def __init__(
        self,
        models: Sequence[torch.nn.Module],
        targets: Sequence[Target],
        config: Synthesis,
        mask: torch.Tensor,
        device: torch.device,
    ) -> None:
        self.targets, self.config, self.mask = list(targets), config.on(device), mask
        key, shape, state = targets[0].data_key, (mask.shape[1], mask.shape[2], mask.shape[3]), config.state
        self.presenter = Presenter(models, key, shape, state, config.window_frames, self.config.precision)
        self.whole = Presenter(models, key, shape, state)
        noise = torch.stack([random_start(target.seed, shape) for target in targets])
        self.violation = torch.zeros(len(targets), dtype=torch.float64, device=device)
        self.live = list(range(len(targets)))
        self._allow(noise.to(device, working_dtype(models)))
        self.state: State = config.optimizer.start(self.stimuli)
        self.best = self.stimuli.clone()
        self.best_value = np.full(len(targets), -np.inf)
        self.best_step = np.zeros(len(targets), int)
        self.history: list[list[float]] = [[] for _ in targets]

    def run(self, report: Callable[[int], None]) -> list[MEIResult]:
        """Climb until every target has stopped, and evaluate the best of each on the whole picture."""
        for step in range(self.config.steps):
            self._step(step)
            report(step + 1)
            if not self.live:
                break
        report(self.config.steps)
        return results(self.config.objective, self.whole, self.best, self.targets, self.violation, self.history)

    def _step(self, step: int) -> None:
        stimuli = self.stimuli.detach().requires_grad_(True)
        value = activate(self.config.objective, self.presenter, stimuli, [self.targets[index] for index in self.live])
        (gradient,) = torch.autograd.grad(value.sum(), stimuli)
        if not torch.isfinite(gradient).all():
            raise ModelError("the model's gradient is not finite: fit it again, or synthesize in float32")
        self._keep_best(value.detach().double().cpu().numpy(), step)
        direction = self._direction(self.config.preconditioner(gradient * self.mask, step))
        self._allow(self.config.optimizer.propose(self.stimuli, direction, self.state, step))
        self._drop_finished(step)

    def _direction(self, wanted: torch.Tensor) -> torch.Tensor:
        """The change of the stimuli, of unit norm or less.

        One step size for a whole stimulus leaves the part along the stimulus harmless: the projection removes it. An
        optimizer with a step size for each pixel would turn that part into a change of the stimulus even at the optimum
        (Adam would end on the filter's signs), so it is taken out; what is left shrinks as the optimum comes near.
        """
        if self.config.optimizer.isotropic:
            return unit(wanted)
        along = (wanted * self.stimuli).flatten(1).sum(1) / self.stimuli.flatten(1).square().sum(1)
        across = wanted - along.view(-1, 1, 1, 1) * self.stimuli
        return across / norms(wanted).clamp_min(torch.finfo(wanted.dtype).tiny)

    def _allow(self, proposals: torch.Tensor) -> None:
        """Project proposals onto the allowed stimuli."""
        self.stimuli = self.config.constraint.project(proposals, self.mask)
        off = self.config.constraint.violation(self.stimuli, self.mask).double()
        self.violation[self.live] = torch.maximum(self.violation[self.live], off)

    def _keep_best(self, value: np.ndarray, step: int) -> None:
        for row, index in enumerate(self.live):
            now = float(value[row])
            self.history[index].append(now)
            grown = now - self.best_value[index]
            if grown > 0:
                if not grown <= self.config.tolerance * abs(self.best_value[index]):
                    self.best_step[index] = step
                self.best_value[index] = now
                self.best[index] = self.stimuli[row]

    def _drop_finished(self, step: int) -> None:
        kept = [row for row, i in enumerate(self.live) if step - self.best_step[i] < self.config.patience]
        if len(kept) < len(self.live):
            self.live = [self.live[row] for row in kept]
            self.stimuli, self.mask = self.stimuli[kept], self.mask[kept]
            self.state = {name: value[kept] for name, value in self.state.items()}


def random_start(seed: int, shape: tuple[int, ...]) -> torch.Tensor:
    """White noise of a seed, drawn on the CPU: a seed means the same start on every device.

    Examples
    --------
    >>> random_start(1, (2, 3)).shape
    torch.Size([2, 3])
    """
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def synthesize(
    models: Sequence[torch.nn.Module],
    targets: Sequence[Target],
    config: Synthesis,
    frame_shape: tuple[int, int],
    device: torch.device,
    progress: Progress = silent,
    centers: Centers | None = None,
) -> list[MEIResult]:
    """Synthesize the MEI of each target, for one model or the mean of several.

    A result does not depend on the other targets.

    Parameters
    ----------
    models : sequence of Module
        Models in evaluation mode on ``device``. Their weights take no gradient while this runs and are left as they
        were.
    targets : sequence of Target
        Units of one session, each with its condition and random start.
    config : Synthesis
        Options and components.
    frame_shape : tuple of int
        Height and width in px.
    device : device
        Where to compute.
    progress : callable
        Called with steps done and their total.
    centers : sequence of tuple of float, optional
        Place of each unit's field, x, y in -1..1, for an aperture that lies there.

    Returns
    -------
    list of MEIResult
        One for each target.

    Raises
    ------
    ModelError, ConfigError
        Before the first step, if models, targets and options do not fit together.
    """
    check(models, targets, device)
    mask = mask_of(targets, config, frame_shape, centers).to(device)
    found: list[MEIResult] = []
    chunks = range(0, len(targets), config.batch_size)
    with frozen(models):
        probe(models, targets, config, frame_shape, device)
        for done, first in enumerate(chunks):
            rows = slice(first, first + config.batch_size)
            ascent = Ascent(models, targets[rows], config, mask[rows], device)
            found += ascent.run(_after(done * config.steps, len(chunks) * config.steps, progress))
    return found


def _after(done: int, total: int, progress: Progress) -> Callable[[int], None]:
    return lambda step: progress(done + step, total)


def mask_of(
    targets: Sequence[Target], config: Synthesis, frame_shape: tuple[int, int], centers: Centers | None = None
) -> torch.Tensor:
    """Tell which values of each target's clip may change.

    Parameters
    ----------
    targets : sequence of Target
        One for each stimulus.
    config : Synthesis
        Has the aperture and the free frames.
    frame_shape : tuple of int
        Height and width in px.
    centers : sequence of tuple of float, optional
        Place of each unit's field, x, y in -1..1.

    Returns
    -------
    Tensor of bool, shape (target, time, height, width)
        True where a value may change.

    Raises
    ------
    ConfigError
        If so few may change that no clip meets the constraint.
    """
    places = None if centers is None else centers_px(targets, frame_shape, centers)
    aperture = config.aperture(places, len(targets), frame_shape)
    first, end = config.free_frames or (0, config.frames)
    free = torch.zeros(config.frames, dtype=torch.bool)
    free[first:end] = True
    mask = aperture[:, None] & free[:, None, None]
    config.constraint.check(int(mask.flatten(1).sum(1).min()), mask[0].numel())
    return mask.expand(len(targets), -1, -1, -1)


def centers_px(targets: Sequence[Target], frame_shape: tuple[int, int], centers: Centers) -> torch.Tensor:
    """Look up where each target's unit has its field.

    Parameters
    ----------
    targets : sequence of Target
        The targets.
    frame_shape : tuple of int
        Height and width in px.
    centers : sequence of tuple of float
        Place of each unit's field, x, y in -1..1.

    Returns
    -------
    Tensor, shape (target, 2)
        Places x, y in px.

    Examples
    --------
    >>> centers_px([Target("Mouse", 0, False)], (3, 5), [(0.0, 1.0)])
    tensor([[2., 2.]])
    """
    height, width = frame_shape
    places = torch.tensor([centers[target.unit_index] for target in targets])
    return (places + 1) / 2 * torch.tensor([width - 1, height - 1])

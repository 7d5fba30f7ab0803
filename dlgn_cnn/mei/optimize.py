"""The synthesis: many stimuli climb at once, each for its own unit, in its own light, from its own random start."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.mei.constraints import CONSTRAINTS, Constraint
from dlgn_cnn.mei.objectives import OBJECTIVES, Objective
from dlgn_cnn.mei.optimisers import OPTIMISERS, Optimiser, State, unit
from dlgn_cnn.mei.preconditioners import PRECONDITIONERS, Preconditioner
from dlgn_cnn.mei.values import number, whole
from dlgn_cnn.progress import Progress, silent
from dlgn_cnn.registry import nearest
from dlgn_cnn.shapes import Floats

DEFAULTS: dict[str, dict[str, Any]] = {
    "objective": {"name": "mean_rate"},
    "constraint": {"name": "rms_contrast"},
    "optimiser": {"name": "momentum"},
    "preconditioner": {"name": "gaussian_blur"},
}
NUMBERS = ("frames", "steps", "patience", "tolerance", "batch_size", "precision")


@dataclass(frozen=True)
class Target:
    """What one stimulus is for: a unit (its row in the readout of ``data_key``), a light condition, a random start."""

    data_key: str
    unit_index: int
    suppressed: bool
    seed: int = 0


@dataclass(frozen=True)
class MEIConfig:
    """How to synthesise. Build it with ``from_dict``.

    ``frames`` is the clip's length; at most ``steps`` steps are made, and a target stops once its activation has not
    grown by ``tolerance`` (a share) in ``patience`` steps. ``batch_size`` targets run at once, which bounds memory.
    """

    objective: Objective
    constraint: Constraint
    optimiser: Optimiser
    preconditioner: Preconditioner
    frames: int = 40
    steps: int = 100
    patience: int = 15
    tolerance: float = 1e-3
    batch_size: int = 32
    precision: str = "float32"

    @classmethod
    def from_dict(
        cls, config: Mapping[str, Any], pixel_range: tuple[float, float], allowed_packages: Collection[str] = ()
    ) -> "MEIConfig":
        """The config of a plain JSON dict; parts are ``{"name": ..., parameters}`` and have defaults.

        ``pixel_range`` (lowest, highest normalised grey level that the screen can show) bounds the constraint where
        the config does not; a part may be imported from ``allowed_packages``. Raises ConfigError for a wrong key or
        value.
        """
        choices = (*DEFAULTS, *NUMBERS)
        for key in config:
            if key not in choices:
                raise ConfigError(f"an MEI config takes no {key!r}: {nearest(key, choices)}", key)
        low, high = pixel_range
        parts = {name: DEFAULTS[name] | dict(config.get(name, {})) for name in DEFAULTS}
        parts["constraint"] = {"low": low, "high": high} | parts["constraint"]
        precision = config.get("precision", cls.precision)
        if precision not in ("float32", "bfloat16"):
            raise ConfigError(f"precision {precision!r}: choose float32 or bfloat16")
        return cls(
            objective=OBJECTIVES.build(parts["objective"], at="objective", allowed_packages=allowed_packages),
            constraint=CONSTRAINTS.build(parts["constraint"], at="constraint", allowed_packages=allowed_packages),
            optimiser=OPTIMISERS.build(parts["optimiser"], at="optimiser", allowed_packages=allowed_packages),
            preconditioner=PRECONDITIONERS.build(
                parts["preconditioner"], at="preconditioner", allowed_packages=allowed_packages
            ),
            frames=whole("frames", config.get("frames", cls.frames), 1),
            steps=whole("steps", config.get("steps", cls.steps), 1),
            patience=whole("patience", config.get("patience", cls.patience), 1),
            tolerance=number("tolerance", config.get("tolerance", cls.tolerance), 0),
            batch_size=whole("batch_size", config.get("batch_size", cls.batch_size), 1),
            precision=precision,
        )


@dataclass(frozen=True)
class MEIResult:
    """One MEI. ``stimulus`` (time, height, width) in normalised grey levels; ``activation`` what was maximised.

    ``rates`` (condition: intact, suppressed; time) is what the model says to it in each light, in spikes a frame,
    evaluated in float32; ``history`` the activation at each step.
    """

    stimulus: Floats
    activation: float
    rates: Floats
    history: Floats

    @property
    def steps(self) -> int:
        """Steps that were made."""
        return len(self.history)


def synthesise(
    models: Sequence[torch.nn.Module],
    targets: Sequence[Target],
    config: MEIConfig,
    frame_shape: tuple[int, int],
    device: torch.device,
    progress: Progress = silent,
) -> list[MEIResult]:
    """The MEI of each target, for one model or the mean of several; a result does not depend on its neighbours.

    ``frame_shape`` is (height, width) in px. The models must be in evaluation mode on ``device``; their weights take
    no gradient while this runs and are left as they were. Raises ModelError or ConfigError before the first step.
    """
    check(models, targets, device)
    probe(models, targets, config, frame_shape, device)
    found: list[MEIResult] = []
    chunks = [targets[i : i + config.batch_size] for i in range(0, len(targets), config.batch_size)]
    with frozen(models):
        for done, chunk in enumerate(chunks):
            base = done * config.steps
            ascent = Ascent(models, chunk, config, frame_shape, device)
            found += ascent.run(lambda step, base=base: progress(base + step, len(chunks) * config.steps))
    return found


class Ascent:
    """One batch of targets under way."""

    def __init__(
        self,
        models: Sequence[torch.nn.Module],
        targets: Sequence[Target],
        config: MEIConfig,
        frame_shape: tuple[int, int],
        device: torch.device,
    ) -> None:
        self.models, self.targets, self.config, self.device = models, list(targets), config, device
        starts = [_random_start(target.seed, (config.frames, *frame_shape)) for target in targets]
        self.stimuli = config.constraint.project(torch.stack(starts).to(device))
        self.state: State = config.optimiser.start(self.stimuli)
        self.live = list(range(len(targets)))
        self.best = self.stimuli.clone()
        self.best_activation = np.full(len(targets), -np.inf)
        self.best_step = np.zeros(len(targets), int)
        self.history: list[list[float]] = [[] for _ in targets]

    def run(self, report: Any) -> list[MEIResult]:
        """Climb until every target has stopped, and evaluate the best of each."""
        for step in range(self.config.steps):
            self._step(step)
            report(step + 1)
            if not self.live:
                break
        report(self.config.steps)
        return self._results()

    def _step(self, step: int) -> None:
        shown = [self.targets[index] for index in self.live]
        stimuli = self.stimuli.detach().requires_grad_(True)
        activation = self._activation(stimuli, shown)
        (gradient,) = torch.autograd.grad(activation.sum(), stimuli)
        if not torch.isfinite(gradient).all():
            raise ModelError("the model's gradient is not finite: fit it again, or synthesise in float32")
        self._keep_best(activation.detach().float().cpu().numpy(), step)
        direction = unit(self.config.preconditioner(gradient))
        proposals = self.config.optimiser.propose(stimuli.detach(), direction, self.state, step)
        self.stimuli = self.config.constraint.project(proposals)
        self._drop_finished(step)

    def _activation(self, stimuli: torch.Tensor, targets: Sequence[Target]) -> torch.Tensor:
        suppressed = torch.tensor([float(target.suppressed) for target in targets], device=self.device)
        lights = self.config.objective.lights(suppressed)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16"):
            rates = torch.stack([respond(self.models, stimuli, targets, light) for light in lights])
        return self.config.objective(rates.float())

    def _keep_best(self, activation: Floats, step: int) -> None:
        for row, index in enumerate(self.live):
            value = float(activation[row])
            self.history[index].append(value)
            grown = value - self.best_activation[index]
            if grown > 0:
                if not grown <= self.config.tolerance * abs(self.best_activation[index]):
                    self.best_step[index] = step
                self.best_activation[index] = value
                self.best[index] = self.stimuli[row]

    def _drop_finished(self, step: int) -> None:
        kept = [row for row, i in enumerate(self.live) if step - self.best_step[i] < self.config.patience]
        if len(kept) < len(self.live):
            self.live = [self.live[row] for row in kept]
            self.stimuli = self.stimuli[kept]
            self.state = {name: value[kept] for name, value in self.state.items()}

    @torch.no_grad()
    def _results(self) -> list[MEIResult]:
        both = [
            respond(self.models, self.best, self.targets, torch.full((len(self.targets),), light, device=self.device))
            for light in (0.0, 1.0)
        ]
        rates = torch.stack(both, 1).float()
        suppressed = torch.tensor([float(target.suppressed) for target in self.targets], device=self.device)
        lights = self.config.objective.lights(suppressed).long()
        rows = torch.arange(len(self.targets), device=self.device)
        activation = self.config.objective(torch.stack([rates[rows, light] for light in lights]))
        return [
            MEIResult(
                self.best[index].cpu().numpy(),
                float(activation[index]),
                rates[index].cpu().numpy(),
                np.array(self.history[index], np.float32),
            )
            for index in range(len(self.targets))
        ]


def respond(
    models: Sequence[torch.nn.Module], stimuli: torch.Tensor, targets: Sequence[Target], light: torch.Tensor
) -> torch.Tensor:
    """Each target's own unit's rate to its own stimulus (target, time), the mean over models.

    ``stimuli`` (target, time, height, width); ``light`` (target,), constant over each clip.
    """
    opto = light[:, None].expand(-1, stimuli.shape[1])
    rates: list[torch.Tensor | None] = [None] * len(targets)
    for data_key in sorted({target.data_key for target in targets}):
        rows = [row for row, target in enumerate(targets) if target.data_key == data_key]
        units = torch.tensor([targets[row].unit_index for row in rows], device=stimuli.device)
        outputs = [model(stimuli[rows][:, None], opto[rows], data_key=data_key) for model in models]
        own = torch.stack(outputs).mean(0)[torch.arange(len(rows), device=stimuli.device), units]
        for position, row in enumerate(rows):
            rates[row] = own[position]
    return torch.stack([rate for rate in rates if rate is not None])


def check(models: Sequence[torch.nn.Module], targets: Sequence[Target], device: torch.device) -> None:
    """Raise ModelError for what would only fail, or mislead, later."""
    if not models or not targets:
        raise ModelError(f"{len(models)} models and {len(targets)} targets: an MEI needs one of each at least")
    for model in models:
        if model.training:
            raise ModelError("the model is in training mode, in which its answer is random: call model.eval() first")
        places = {parameter.device.type for parameter in model.parameters()}
        if places - {device.type}:
            raise ModelError(f"the model is on {', '.join(sorted(places))}, the synthesis on {device}: move the model")
        keys = tuple(model.data_keys)  # type: ignore[arg-type]
        for target in targets:
            if target.data_key not in keys:
                raise ModelError(f"the model has no session {target.data_key!r}: it has {', '.join(keys)}")


@torch.no_grad()
def probe(
    models: Sequence[torch.nn.Module],
    targets: Sequence[Target],
    config: MEIConfig,
    frame_shape: tuple[int, int],
    device: torch.device,
) -> None:
    """Show each session's readout one grey clip. Raises ModelError for a unit that it does not have."""
    grey = torch.zeros(1, 1, config.frames, *frame_shape, device=device)
    for model in models:
        for data_key in sorted({target.data_key for target in targets}):
            rate = model(grey, torch.zeros(1, config.frames, device=device), data_key=data_key)
            config.objective.check_frames(rate.shape[-1])
            asked = [target.unit_index for target in targets if target.data_key == data_key]
            if min(asked) < 0 or max(asked) >= rate.shape[1]:
                raise ModelError(f"session {data_key} has units 0 to {rate.shape[1] - 1}, asked for {sorted(asked)}")


@contextmanager
def frozen(models: Sequence[torch.nn.Module]) -> Iterator[None]:
    """Take the models' parameters out of the gradient, and give them back as they were."""
    wanted = [(parameter, parameter.requires_grad) for model in models for parameter in model.parameters()]
    try:
        for parameter, _ in wanted:
            parameter.requires_grad_(False)
        yield
    finally:
        for parameter, before in wanted:
            parameter.requires_grad_(before)


def _random_start(seed: int, shape: tuple[int, ...]) -> torch.Tensor:
    # Drawn on the CPU: a seed means the same start on every device.
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))

"""Options of a synthesis as a config states them, and the components that are built from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dlgn_cnn.errors import ConfigError, within
from dlgn_cnn.mei.components.apertures import APERTURES, Aperture
from dlgn_cnn.mei.components.constraints import CONSTRAINTS, Constraint
from dlgn_cnn.mei.components.objectives import OBJECTIVES, Objective
from dlgn_cnn.mei.components.optimizers import OPTIMIZERS, Optimizer
from dlgn_cnn.mei.components.preconditioners import PRECONDITIONERS, Preconditioner
from dlgn_cnn.mei.components.sinzlab import SINZLAB_ADAPTERS
from dlgn_cnn.mei.synthesis.presenter import AnimalState
from dlgn_cnn.registry import Registry, nested
from dlgn_cnn.runtime.device import check_precision, resolve
from dlgn_cnn.values import number, whole

if TYPE_CHECKING:
    import torch

Component = Mapping[str, Any]
KINDS: dict[str, Registry] = {
    "objective": OBJECTIVES,
    "constraint": CONSTRAINTS,
    "aperture": APERTURES,
    "optimizer": OPTIMIZERS,
    "preconditioner": PRECONDITIONERS,
}


@dataclass(frozen=True, kw_only=True)
class SynthesisValues:
    """The options of a synthesis that are plain values; ``SynthesisConfig`` describes them."""

    frames: int = 40
    free_frames: Sequence[int] | None = None
    steps: int = 100
    patience: int = 10
    tolerance: float = 1e-3
    batch_size: int = 32
    precision: str = "auto"
    local: bool = True
    running: float | None = None
    pupil_size: float | None = None
    pupil_center: Sequence[float] | None = None

    def __post_init__(self) -> None:
        for name in ("frames", "steps", "patience", "batch_size"):
            whole(name, getattr(self, name), 1)
        number("tolerance", self.tolerance, 0)
        check_precision(self.precision)
        free = self.free_frames
        if free is not None and (len(free) != 2 or not 0 <= free[0] < free[1] <= self.frames):
            raise ConfigError(f"free_frames is {free!r}: expected [first, end) within the clip's {self.frames} frames")
        if self.pupil_center is not None and len(self.pupil_center) != 2:
            raise ConfigError(f"pupil_center is {self.pupil_center!r}: expected [x, y]")

    @property
    def state(self) -> AnimalState:
        """The animal's state that the stimulus is shown at."""
        return AnimalState(self.running, self.pupil_size, self.pupil_center)


@dataclass(frozen=True, kw_only=True)
class Synthesis(SynthesisValues):
    """A synthesis with its components built; ``synthesis`` makes one."""

    objective: Objective
    constraint: Constraint
    aperture: Aperture
    optimizer: Optimizer
    preconditioner: Preconditioner

    @property
    def scored_frames(self) -> int:
        """The last frames of the response, over which a control's rates are averaged."""
        return int(getattr(self.objective, "window_frames", self.frames))

    @property
    def window_frames(self) -> int | None:
        """The last frames of the response, which are all that a step computes; None where it computes all of them."""
        return getattr(self.objective, "window_frames", None) if self.local else None

    def on(self, device: "torch.device", auto_precision: str = "auto") -> "Synthesis":
        """The same in a precision that is known: ``auto`` is ``auto_precision``, or else what the device is fast in."""
        return replace(self, precision=resolve(self.precision, device, auto_precision))


@dataclass(frozen=True, kw_only=True)
class SynthesisConfig(SynthesisValues):
    """Options of a synthesis by gradient ascent.

    Parameters
    ----------
    frames : int
        Length of the clip.
    free_frames : list of int, optional
        Frames [first, end) that may change, the others being mean gray (default: all).
    steps : int
        Steps at most.
    patience, tolerance : int, float
        A target stops once its activation has not grown by ``tolerance`` (a share) in ``patience`` steps.
    batch_size : int
        Targets that run at once, which bounds memory.
    precision : str
        ``float32``, ``bfloat16``, or ``auto``, which is that of the fit.
    local : bool
        Compute only the pixels and frames that a unit can see, where the model says which.
    running, pupil_size : float, optional
        The animal's state while the stimulus is shown, in the recording's units (default: the training tier's mean).
    pupil_center : list of float, optional
        Pupil position [x, y], in the recording's units (default: the training tier's mean).
    objective : mapping
        What to maximize.
    constraint : mapping
        Which stimuli are allowed.
    aperture : mapping
        Where they may differ from the mean gray.
    optimizer : mapping
        How a step is made.
    preconditioner : mapping
        How a gradient is reshaped before a step.

    Raises
    ------
    ConfigError
        For a value out of its range.

    Notes
    -----
    A component is ``{"name": ..., **its options}``. Any but objective and aperture may be
    ``{"path": ..., "kwargs": ...}``, a component written for sinzlab's mei.
    """

    objective: Component = field(default_factory=lambda: {"name": "mean_rate"})
    constraint: Component = field(default_factory=lambda: {"name": "rms_contrast"})
    aperture: Component = field(default_factory=lambda: {"name": "whole_frame"})
    optimizer: Component = field(default_factory=lambda: {"name": "momentum"})
    preconditioner: Component = field(default_factory=lambda: {"name": "gaussian_blur"})


def synthesis(fit: Mapping[str, Any] | None, pixel_range: tuple[float, float]) -> Synthesis:
    """Build the components of a synthesis.

    Parameters
    ----------
    fit : mapping, optional
        Options of ``SynthesisConfig`` (default: its own). A component without a name is the default one.
    pixel_range : tuple of float
        Lowest and highest normalized gray level that the screen can show; they bound the constraint where the config
        does not.

    Returns
    -------
    Synthesis

    Raises
    ------
    ConfigError
        For a wrong key or value.
    """
    config = nested(SynthesisConfig, fit)
    low, high = pixel_range
    bounds = {"constraint": {"low": low, "high": high}}
    with within("fit"):
        components = {kind: _component(kind, getattr(config, kind), bounds.get(kind, {})) for kind in KINDS}
    return Synthesis(**vars(config) | components)


def _component(kind: str, config: Component, bounds: dict[str, float]) -> Any:
    if "path" not in config:
        default = getattr(SynthesisConfig(), kind)
        return KINDS[kind].build(default | bounds | dict(config), at=kind)
    with within(kind):
        if kind not in SINZLAB_ADAPTERS:
            raise ConfigError(f"an {kind} of sinzlab's mei does not fit here: name one of ours", "path")
        if set(config) - {"path", "kwargs"} or "." not in str(config["path"]):
            raise ConfigError(f"given {dict(config)!r}, expected 'path', an import path, and 'kwargs' only")
        if not isinstance(kwargs := config.get("kwargs", {}), Mapping):
            raise ConfigError(f"given {kwargs!r}, expected arguments by name", "kwargs")
        return SINZLAB_ADAPTERS[kind](KINDS[kind].get(config["path"]), kwargs)

"""How to synthesise: a plain JSON dict made into parts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dlgn_cnn.errors import ConfigError, within
from dlgn_cnn.mei.components.apertures import APERTURES, Aperture
from dlgn_cnn.mei.components.constraints import CONSTRAINTS, Constraint
from dlgn_cnn.mei.components.objectives import OBJECTIVES, Objective
from dlgn_cnn.mei.components.optimisers import OPTIMISERS, Optimiser
from dlgn_cnn.mei.components.plugs import PLUGS
from dlgn_cnn.mei.components.preconditioners import PRECONDITIONERS, Preconditioner
from dlgn_cnn.mei.components.values import number, whole
from dlgn_cnn.mei.synthesis.showing import AnimalState
from dlgn_cnn.registry import Registry, nearest
from dlgn_cnn.runtime.precision import check_precision, resolve

if TYPE_CHECKING:
    import torch

DEFAULTS: dict[str, dict[str, Any]] = {
    "objective": {"name": "mean_rate"},
    "constraint": {"name": "rms_contrast"},
    "aperture": {"name": "whole_frame"},
    "optimiser": {"name": "momentum"},
    "preconditioner": {"name": "gaussian_blur"},
}
KINDS: dict[str, Registry] = {
    "objective": OBJECTIVES,
    "constraint": CONSTRAINTS,
    "aperture": APERTURES,
    "optimiser": OPTIMISERS,
    "preconditioner": PRECONDITIONERS,
}
VALUES = ("frames", "free_frames", "steps", "patience", "tolerance", "batch_size", "precision", "narrow")
STATE = ("running", "pupil_size", "pupil_center")
CHOICES = (*DEFAULTS, *VALUES, *STATE)
UNKNOWN = AnimalState()


@dataclass(frozen=True)
class MEIConfig:
    """How to synthesise. Build it with ``from_dict``.

    ``frames`` is the clip's length, of which ``free_frames`` [first, end) may change, the others being mean grey; at
    most ``steps`` steps are made, and a target stops once its activation has not grown by ``tolerance`` (a share) in
    ``patience`` steps. ``batch_size`` targets run at once, which bounds memory, in ``precision`` float32, bfloat16 or
    ``auto``. With ``narrow`` a step computes only the pixels and frames that a unit can see.
    """

    objective: Objective
    constraint: Constraint
    aperture: Aperture
    optimiser: Optimiser
    preconditioner: Preconditioner
    state: AnimalState = UNKNOWN
    frames: int = 40
    free_frames: tuple[int, int] | None = None
    steps: int = 100
    patience: int = 10
    tolerance: float = 1e-3
    batch_size: int = 32
    precision: str = "auto"
    narrow: bool = True

    @property
    def window_frames(self) -> int | None:
        """The last frames of the answer, which are all that a step computes; None where it computes all of them."""
        return getattr(self.objective, "window_frames", None) if self.narrow else None

    def on(self, device: "torch.device", auto_precision: str = "auto") -> "MEIConfig":
        """The same in a precision that is known: ``auto`` is ``auto_precision``, or else what the device is fast in."""
        return replace(self, precision=resolve(self.precision, device, auto_precision))

    @classmethod
    def from_dict(
        cls, config: Mapping[str, Any], pixel_range: tuple[float, float], allowed_packages: Collection[str] = ()
    ) -> "MEIConfig":
        """The config of a plain JSON dict; parts are ``{"name": ..., parameters}`` and have defaults.

        ``pixel_range`` (lowest, highest normalised grey level that the screen can show) bounds the constraint where
        the config does not; a part may be imported from ``allowed_packages``, and ``{"path": ..., "kwargs": ...}``
        names a component written for sinzlab's ``mei``. Raises ConfigError for a wrong key or value.
        """
        for key in config:
            if key not in CHOICES:
                raise ConfigError(f"an MEI config takes no {key!r}: {nearest(key, CHOICES)}", key)
        low, high = pixel_range
        bounds = {"constraint": {"low": low, "high": high}}
        parts: dict[str, Any] = {
            kind: _part(kind, config.get(kind, {}), kind, allowed_packages, bounds.get(kind, {})) for kind in DEFAULTS
        }
        return cls(**parts, **_values(config), state=_state(config))


def _part(kind: str, config: Any, at: str, allowed_packages: Collection[str], bounds: dict[str, float]) -> Any:
    if not isinstance(config, Mapping):
        raise ConfigError(f"given {config!r}, expected a mapping with the {kind}'s name", at)
    if "path" not in config:
        return KINDS[kind].build(
            DEFAULTS.get(kind, {}) | bounds | dict(config), at=at, allowed_packages=allowed_packages
        )
    with within(at):
        if kind not in PLUGS:
            raise ConfigError(f"an {kind} of sinzlab's mei does not fit here: name one of ours", "path")
        if set(config) - {"path", "kwargs"} or "." not in str(config["path"]):
            raise ConfigError(f"given {dict(config)!r}, expected 'path', an import path, and 'kwargs' only")
        return PLUGS[kind](KINDS[kind].get(config["path"], allowed_packages), config.get("kwargs", {}))


def _values(config: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: config.get(name, getattr(MEIConfig, name)) for name in VALUES}
    for name in ("frames", "steps", "patience", "batch_size"):
        whole(name, values[name], 1)
    values["tolerance"] = number("tolerance", values["tolerance"], 0)
    check_precision(values["precision"])
    if not isinstance(values["narrow"], bool):
        raise ConfigError(f"narrow is {values['narrow']!r}: expected true or false")
    free = values["free_frames"]
    if free is not None:
        values["free_frames"] = _span(free, values["frames"])
    return values


def _span(free: Any, frames: int) -> tuple[int, int]:
    fits = isinstance(free, list | tuple) and len(free) == 2 and all(type(one) is int for one in free)
    if not fits or not 0 <= free[0] < free[1] <= frames:
        raise ConfigError(f"free_frames is {free!r}: expected [first, end) within the clip's {frames} frames")
    return free[0], free[1]


def _state(config: Mapping[str, Any]) -> AnimalState:
    known = {name: config.get(name) for name in STATE}
    for name in ("running", "pupil_size"):
        if known[name] is not None:
            known[name] = number(name, known[name])
    center = known["pupil_center"]
    if center is not None:
        if not isinstance(center, list | tuple) or len(center) != 2:
            raise ConfigError(f"pupil_center is {center!r}: expected [x, y]")
        known["pupil_center"] = tuple(number("pupil_center", one) for one in center)
    return AnimalState(**known)

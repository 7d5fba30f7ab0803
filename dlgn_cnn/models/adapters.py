"""neuralpredictors' readouts and shifters (sinzlab, MIT; version 0.3.0) on our contracts.

Theirs know no time: a readout is built with ``in_shape``, ``outdims`` and ``bias`` and called with maps (image,
feature, height, width) and ``shift=`` (image, 2); a shifter is called with pupil positions (image, axis). A frame is
such an image. What is adapted is known by its signature alone, so that a lab's own component of that form works as
well, and nothing is imported here.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.standardize import Standardize
from dlgn_cnn.registry import supplied
from dlgn_cnn.registry.annotations import parameters_of

Component = Callable[..., Any]
SESSION = "session"


class FramewiseReadout(nn.Module):
    """A readout of single images, read frame by frame.

    Its bias starts where the mean count is met, as ours do. What it draws in training (a position an image) comes from
    torch's global generators, which are set from ``generator`` for the call and put back after it.
    """

    def __init__(self, readout: nn.Module, generator: torch.Generator) -> None:
        super().__init__()
        self.readout = readout
        self.generator = generator

    def forward(
        self, features: torch.Tensor, shift: torch.Tensor | None = None, opto: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Read each unit's drive, frame by frame.

        Parameters
        ----------
        features : Tensor, shape (time, batch, feature, height, width)
            Feature maps.
        shift : Tensor, shape (time, batch, 2), optional
            How far every unit's position moves.
        opto : Tensor, shape (time, batch), optional
            Not used.

        Returns
        -------
        Tensor, shape (time, batch, unit)
            Drive.
        """
        moved = None if shift is None else shift.flatten(0, 1)
        images = features.flatten(0, 1)
        if not self.training:
            drive = self.readout(images, shift=moved)
        else:
            with torch.random.fork_rng(devices=[images.device] if images.is_cuda else []):
                torch.manual_seed(int(torch.randint(2**62, (), generator=self.generator)))
                drive = self.readout(images, shift=moved)
        return drive.unflatten(0, features.shape[:2])

    def regularizer(self) -> torch.Tensor:
        """The readout's own penalty, summed over units."""
        penalty = self.readout.regularizer
        return _scalar(penalty(**supplied(penalty, reduction="sum")), self)  # type: ignore[operator, arg-type]


class FramewiseShifter(nn.Module):
    """A shifter of single pupil positions, applied frame by frame: a module, or a dictionary of one a session.

    It gets the positions as its authors' loaders give them: less the session's mean, over its standard deviation.
    """

    def __init__(self, shifter: nn.Module, info: DataInfo) -> None:
        super().__init__()
        self.shifter = shifter
        self.standardize = Standardize(info.pupil_mean, info.pupil_std)

    def forward(self, pupil_center: torch.Tensor) -> torch.Tensor:
        """Pupil positions (batch, axis, time), NaN where missing, to shifts (time, batch, 2), there 0."""
        looking, known = self.standardize(pupil_center)
        positions = looking.permute(2, 0, 1)
        own = self.shifter[SESSION] if isinstance(self.shifter, nn.ModuleDict) else self.shifter
        shifts = own(positions.flatten(0, 1)).unflatten(0, positions.shape[:2])
        return torch.where(known.all(1).T[..., None], shifts, 0.0)

    def regularizer(self) -> torch.Tensor:
        """The shifter's own penalty."""
        penalty = self.shifter.regularizer
        return _scalar(penalty(SESSION) if isinstance(self.shifter, nn.ModuleDict) else penalty(), self)  # type: ignore[operator]


def adapt_readout(component: Component) -> Component:
    """A readout class of neuralpredictors' form as one of ours; anything else as it is."""
    parameters = _parameters(component)
    if "outdims" not in parameters:
        return component

    def build(
        *,
        in_shape: tuple[int, int, int],
        units: int,
        centers: torch.Tensor,
        bias: torch.Tensor,
        generator: torch.Generator,
        **config: Any,
    ) -> FramewiseReadout:
        own = {"in_shape": in_shape, "outdims": units, "bias": True, "mean_activity": bias.clone()}
        readout = component(**{name: value for name, value in own.items() if name in parameters}, **config)
        return FramewiseReadout(readout, generator)

    return _declare(build, parameters, without=("in_shape", "outdims", "bias", "mean_activity"))


def adapt_shifter(component: Component) -> Component:
    """A shifter class of neuralpredictors' form as one of ours; anything else as it is.

    Theirs are modules of one session, or dictionaries of them built with ``data_keys``.
    """
    parameters = _parameters(component)
    if "info" in parameters:
        return component

    def build(*, info: DataInfo, generator: torch.Generator, **config: Any) -> FramewiseShifter:
        shifter = component(**supplied(component, data_keys=[SESSION]), **config)
        if isinstance(shifter, nn.ModuleDict):
            shifter.initialize()  # type: ignore[operator]
        return FramewiseShifter(shifter, info)

    return _declare(build, parameters, without=("data_keys",))


def _parameters(component: Component) -> dict[str, inspect.Parameter]:
    """Parameters of a component, and those of its base's constructor for a class that passes ``**kwargs`` on."""
    if not inspect.isclass(component):
        return parameters_of(component)
    found: dict[str, inspect.Parameter] = {}
    for owner in (one for one in component.__mro__ if "__init__" in vars(one)):
        own = parameters_of(vars(owner)["__init__"])
        found = own | found
        if not any(one.kind is one.VAR_KEYWORD for one in own.values()):
            break
    found.pop("self", None)
    return found


def _declare(build: Component, parameters: Mapping[str, inspect.Parameter], without: tuple[str, ...]) -> Component:
    # The signature that a config is checked against: ours, and what is left of theirs. Their **kwargs would swallow
    # every wrong key.
    ours = [one for one in parameters_of(build).values() if one.kind is not one.VAR_KEYWORD]
    theirs = [
        one.replace(kind=one.KEYWORD_ONLY)
        for name, one in parameters.items()
        if name not in without and one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
    ]
    build.__signature__ = inspect.Signature([*ours, *theirs])  # type: ignore[attr-defined]
    return build


def _scalar(penalty: Any, module: nn.Module) -> torch.Tensor:
    # Theirs may be the number 0.
    like = next(module.parameters())
    return penalty if isinstance(penalty, torch.Tensor) else like.new_tensor(float(penalty))

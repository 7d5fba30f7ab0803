"""Dry run of a model: a made-up clip goes through it, and the result of each component is checked on the way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from dlgn_cnn.errors import ConfigError, within
from dlgn_cnn.interface import DataInfo, EncodingModel
from dlgn_cnn.models.encoder import Encoder

CLIPS, FRAMES = 2, 3
Shape = tuple[int, ...]


def dry_run(model: nn.Module, data_key: str, info: DataInfo) -> None:
    """Run a model on made-up clips of a session, once in training with its gradient and once in evaluation.

    The model must not be used afterwards. A module that is not an ``EncodingModel`` is left alone.

    Parameters
    ----------
    model : Module
        The model.
    data_key : str
        Name of the session.
    info : DataInfo
        Describes the session.

    Raises
    ------
    ConfigError
        At the key of a component that fails, or returns another shape than its contract says, or a penalty that is not
        a scalar tensor.
    """
    if not isinstance(model, EncodingModel):
        return
    if type(model.frames_lost) is not int or model.frames_lost < 0:
        raise ConfigError(f"this model loses {model.frames_lost!r} frames, expected a whole number, 0 or more")
    frames, running = model.frames_lost + FRAMES, [""]
    videos, opto, behavior, pupil_center = _clips(info, frames)
    try:
        with _measured(model, data_key, len(info.units), running):
            for training in (True, False):
                rate = model.train(training)(videos, opto, data_key, behavior, pupil_center)
                _check("the model", rate, (CLIPS, len(info.units), FRAMES), "batch unit time")
                rate.sum().backward()
    except ConfigError:
        raise
    except Exception as error:
        reason = (str(error).splitlines() or [""])[0]
        problem = f"fails on {CLIPS} clips of {frames} frames: {type(error).__name__}: {reason}"
        raise ConfigError(f"this {'part' if running[0] else 'model'} {problem}", running[0]) from error


@dataclass(frozen=True)
class Duty:
    """Contract of a component: the shape of its result, from that of its first input, with these ``axes``."""

    place: str
    kind: str
    part: Any
    shape: Callable[[torch.Tensor], Shape]
    axes: str

    def check_penalty(self) -> None:
        """Raise ConfigError for a penalty that is not a scalar tensor."""
        if hasattr(self.part, "regularizer"):
            with within(self.place):
                _check(f"the {self.kind}'s penalty", self.part.regularizer(), (), "")

    def check(self, module: nn.Module, inputs: tuple[torch.Tensor, ...], returned: Any) -> None:
        """Check the result of a component; a forward hook.

        Parameters
        ----------
        module : Module
            The component.
        inputs : tuple of Tensor
            Its inputs.
        returned : object
            Its result.

        Raises
        ------
        ConfigError
            If the result has another form.
        """
        with within(self.place):
            if self.kind == "recurrent unit":
                if not isinstance(returned, tuple) or len(returned) != 2:
                    raise ConfigError(f"the {self.kind} returned a {type(returned).__name__}, not (features, state)")
                returned = returned[0]
            _check(f"the {self.kind}", returned, self.shape(inputs[0]), self.axes)
            if self.kind == "output" and not (returned >= 0).all():
                raise ConfigError(f"the output returned rates down to {returned.min():g}, expected none below 0 or NaN")


@contextmanager
def _measured(model: nn.Module, data_key: str, units: int, running: list[str]) -> Iterator[None]:
    """While open, a part of an encoder that is called leaves its place in ``running`` and has its answer checked."""
    handles = []
    for duty in _duties(model, data_key, units) if isinstance(model, Encoder) else ():
        running[0] = duty.place
        duty.check_penalty()
        note = partial(_note, running, duty.place)
        handles += [duty.part.register_forward_pre_hook(note), duty.part.register_forward_hook(duty.check)]
    running[0] = ""
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _note(running: list[str], place: str, module: nn.Module, inputs: Any) -> None:
    running[0] = place


def _duties(model: Encoder, data_key: str, units: int) -> Iterator[Duty]:
    head, lost = model.head(data_key), model.frames_lost
    maps: Shape = tuple(model.core.out_shape)  # type: ignore[arg-type]
    features, drives = "time batch feature height width", "time batch unit"
    yield Duty("core", "core", model.core, lambda x: (x.shape[2] - lost, x.shape[0], *maps), features)
    if model.recurrent is not None:
        channels: Any = model.recurrent.out_channels
        yield Duty(
            "recurrent",
            "recurrent unit",
            model.recurrent,
            lambda x: (*x.shape[:2], channels, *x.shape[3:]),
            features,
        )
    if head.shifter is not None:
        yield Duty("shifter", "shifter", head.shifter, lambda x: (x.shape[2], x.shape[0], 2), "time batch axis")
    yield Duty("readout", "readout", head.readout, lambda x: (*x.shape[:2], units), drives)
    for index, modulator in enumerate(head.modulators):
        yield Duty(f"modulators[{index}]", "modulator", modulator, lambda x: tuple(x.shape), drives)
    yield Duty("output", "output", model.output, lambda x: tuple(x.shape), drives)


def _check(what: str, returned: Any, shape: Shape, axes: str) -> None:
    expected = f"a tensor of shape {shape} ({axes})" if shape else "a scalar tensor"
    if not isinstance(returned, torch.Tensor):
        raise ConfigError(f"{what} returned a {type(returned).__name__}, expected {expected}")
    if tuple(returned.shape) != shape:
        raise ConfigError(f"{what} returned a tensor of shape {tuple(returned.shape)}, expected {expected}")


def _clips(info: DataInfo, frames: int) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    channels, height, width = info.frame_shape
    videos = torch.randn(CLIPS, channels, frames, height, width, generator=generator)
    opto = (torch.rand(CLIPS, frames, generator=generator) > 0.5).float()
    behavior, pupil_center = torch.randn(2, CLIPS, 2, frames, generator=generator)
    return videos, opto, behavior, pupil_center

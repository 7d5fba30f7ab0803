"""Dry run of a model: a made-up clip goes through it, and the result of each component is checked on the way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import nn

from dlgn_cnn.bounds import check
from dlgn_cnn.errors import ConfigError
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
    _check_kernels(model, info.frame_shape[1:])
    frames, units = model.frames_lost + FRAMES, len(info.units)
    if isinstance(model, Encoder):
        _watch_components(model, data_key, units, frames)
    videos, opto, behavior, pupil_center = _clips(info, frames)
    with _tried("model", frames):
        for training in (True, False):
            rate = model.train(training)(videos, opto, data_key, behavior, pupil_center)
            _check("the model", rate, (CLIPS, units, FRAMES), "batch unit time")
            rate.sum().backward()


def _check_kernels(model: nn.Module, size_px: tuple[int, ...]) -> None:
    """Refuse a kernel far beyond the frame: one of twice its size says as much, and this one takes forever."""
    most = 4 * max(size_px)
    for module in model.modules():
        kernel = getattr(module, "kernel_size", ())
        if isinstance(kernel, tuple) and len(kernel) > 1 and max(kernel[-2:]) > most:
            raise ConfigError(
                f"a kernel of {max(kernel[-2:])} px on frames of {size_px[0]} by {size_px[1]} px: expected up to {most}"
            )


@contextmanager
def _tried(what: str, frames: int, place: str = "") -> Iterator[None]:
    """Raise ConfigError at ``place`` for any error within the block."""
    try:
        yield
    except ConfigError as error:
        error.place = error.place or place
        raise
    except Exception as error:
        reason = (str(error).splitlines() or [""])[0]
        problem = f"this {what} fails on {CLIPS} clips of {frames} frames: {type(error).__name__}: {reason}"
        raise ConfigError(problem, place) from error


def _watch_components(model: Encoder, data_key: str, units: int, frames: int) -> None:
    head, recurrent, lost = model.head(data_key), model.recurrent, model.frames_lost
    maps: Shape = tuple(model.core.out_shape)  # type: ignore[arg-type]
    features, drives = "time batch feature height width", "time batch unit"
    watch = partial(_watch, frames)
    watch("core", "core", model.core, lambda x: (x.shape[2] - lost, x.shape[0], *maps), features)
    if recurrent is not None:
        channels: Any = recurrent.out_channels
        watch("recurrent", "recurrent unit", recurrent, lambda x: (*x.shape[:2], channels, *x.shape[3:]), features)
    if head.shifter is not None:
        watch("shifter", "shifter", head.shifter, lambda x: (x.shape[2], x.shape[0], 2), "time batch axis")
    watch("readout", "readout", head.readout, lambda x: (*x.shape[:2], units), drives)
    for index, modulator in enumerate(head.modulators):
        watch(f"modulators[{index}]", "modulator", modulator, lambda x: tuple(x.shape), drives)
    watch("output", "output", model.output, lambda x: tuple(x.shape), drives)


def _watch(frames: int, place: str, kind: str, part: Any, shape: Callable[[torch.Tensor], Shape], axes: str) -> None:
    """Check a component's penalty now, and each of its results, whose shape follows from that of its first input."""
    forward = part.forward

    def watched(*inputs: Any) -> Any:
        with _tried("part", frames, place):
            returned = found = forward(*inputs)
            if kind == "recurrent unit":
                if not isinstance(returned, tuple) or len(returned) != 2:
                    raise ConfigError(f"the {kind} returned a {type(returned).__name__}, not (features, state)")
                found = returned[0]
            _check(f"the {kind}", found, shape(inputs[0]), axes)
            if kind == "output" and not (found >= 0).all():
                raise ConfigError(f"the output returned rates down to {found.min():g}, expected none below 0 or NaN")
            return returned

    part.forward = watched
    if hasattr(part, "regularizer"):
        with _tried("part", frames, place):
            _check(f"the {kind}'s penalty", part.regularizer(), (), "")


def _check(what: str, returned: Any, shape: Shape, axes: str) -> None:
    expected = f"a tensor of shape {shape} ({axes})" if shape else "a scalar tensor"
    if not isinstance(returned, torch.Tensor):
        raise ConfigError(f"{what} returned a {type(returned).__name__}, expected {expected}")
    if tuple(returned.shape) != shape:
        raise ConfigError(f"{what} returned a tensor of shape {tuple(returned.shape)}, expected {expected}")


def _clips(info: DataInfo, frames: int) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    channels, height, width = info.frame_shape
    size = CLIPS * channels * frames * height * width * torch.float32.itemsize
    check("experiment.clip", size, "a clip of these frames", error=ConfigError)
    videos = torch.randn(CLIPS, channels, frames, height, width, generator=generator)
    opto = (torch.rand(CLIPS, frames, generator=generator) > 0.5).float()
    behavior, pupil_center = torch.randn(2, CLIPS, 2, frames, generator=generator)
    return videos, opto, behavior, pupil_center

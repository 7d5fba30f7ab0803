"""Checks before the first step of what would fail, or mislead, only later."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from dlgn_cnn.errors import ModelError
from dlgn_cnn.mei.synthesis.config import Synthesis
from dlgn_cnn.mei.synthesis.targets import Target


def check(models: Sequence[torch.nn.Module], targets: Sequence[Target], device: torch.device) -> None:
    """Refuse models that cannot be used for a synthesis.

    Parameters
    ----------
    models : sequence of Module
        The models.
    targets : sequence of Target
        The targets.
    device : device
        Where to compute.

    Raises
    ------
    ModelError
        If there is no model or no target, targets are of several sessions, a model is in training mode or on another
        device, or the session is unknown.
    """
    if not models or not targets:
        raise ModelError(f"{len(models)} models and {len(targets)} targets: an MEI needs one of each at least")
    data_key, *others = dict.fromkeys(target.data_key for target in targets)
    if others:
        raise ModelError(f"targets of {data_key}, {', '.join(others)}: synthesize for one session at a time")
    for model in models:
        if any(part.training for part in model.modules()):
            raise ModelError("the model is in training mode, in which its rates are random: call model.eval() first")
        places = {tensor.device for tensor in (*model.parameters(), *model.buffers())}
        if any(_elsewhere(place, device) for place in places):
            found = ", ".join(sorted(map(str, places)))
            raise ModelError(f"the model is on {found}, the synthesis on {device}: move the model")
        keys = tuple(model.data_keys)  # type: ignore[arg-type]
        if data_key not in keys:
            raise ModelError(f"the model has no session {data_key!r}: it has {', '.join(keys)}")


def _elsewhere(place: torch.device, device: torch.device) -> bool:
    """A device without a number is whichever of its kind is current."""
    numbers = {place.index, device.index} - {None}
    return place.type != device.type or len(numbers) > 1


def probe(
    models: Sequence[torch.nn.Module],
    targets: Sequence[Target],
    config: Synthesis,
    frame_shape: tuple[int, int],
    device: torch.device,
) -> None:
    """Show one random clip to each model.

    Parameters
    ----------
    models : sequence of Module
        The models.
    targets : sequence of Target
        The targets.
    config : Synthesis
        Options and components.
    frame_shape : tuple of int
        Height and width in px.
    device : device
        Where to compute.

    Raises
    ------
    ModelError
        If a unit does not exist, or a gradient is missing, not finite, or zero in all pixels.
    ConfigError
        If the response is too short.
    """
    noise = torch.randn(1, 1, config.frames, *frame_shape, generator=torch.Generator().manual_seed(0))
    shown = noise.to(device, working_dtype(models)).requires_grad_(True)
    data_key, asked = targets[0].data_key, sorted({target.unit_index for target in targets})
    for model in models:
        rate = model(shown, shown.new_zeros(1, config.frames), data_key=data_key)
        config.objective.check_frames(rate.shape[-1])
        if asked[0] < 0 or asked[-1] >= rate.shape[1]:
            raise ModelError(f"session {data_key} has units 0 to {rate.shape[1] - 1}, asked for {asked}")
        _check_gradient(rate[:, asked].sum(), shown, data_key)


def _check_gradient(answer: torch.Tensor, shown: torch.Tensor, data_key: str) -> None:
    gradient = None
    if answer.requires_grad:
        (gradient,) = torch.autograd.grad(answer, shown, allow_unused=True)
    if gradient is None:
        raise ModelError(
            f"no gradient comes back from the rates of session {data_key} to the stimulus: the model detaches it, or "
            "runs under torch.no_grad or inference_mode; it must be differentiable in its video"
        )
    if not torch.isfinite(answer) or not torch.isfinite(gradient).all():
        raise ModelError(
            f"the rates of session {data_key} to a random clip or their gradient are not finite: the fit has diverged, "
            "fit it again"
        )
    if not gradient.any():
        raise ModelError(
            f"the rates of session {data_key} do not change with the stimulus: all units asked for are constant"
        )


def working_dtype(models: Sequence[torch.nn.Module]) -> torch.dtype:
    """The precision in which stimuli are kept: float64 where a model's weights are, else float32."""
    wide = any(parameter.dtype == torch.float64 for model in models for parameter in model.parameters())
    return torch.float64 if wide else torch.float32


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

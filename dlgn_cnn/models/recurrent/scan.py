"""A gated unit carried over all frames of feature maps, with a backward pass of its own.

What automatic differentiation does frame by frame is done here at once or not at all: the gradient of the state's
kernels is one convolution over all frames, and the gates' derivatives are formed from what the gates were. Maps are
channels_last, on which CPUs and GPUs convolve fastest. Convolutions run in the drive's precision (bfloat16 under
autocast), states and gates in that of the weights.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import torch
import torch.nn.functional as functional
import torch.nn.grad
from torch.autograd.function import once_differentiable

from dlgn_cnn.models.recurrent.light import Light

Maps = torch.Tensor


class Cell(Protocol):
    """The equations of one frame, forwards and backwards. Maps are (batch, channel, height, width)."""

    kept: int

    def forward(self, from_input: Maps, from_state: Maps, state: Maps, new_state: Maps) -> Sequence[Maps]:
        """Write the new state into ``new_state`` and return the ``kept`` maps that ``backward`` needs.

        Both drives, (batch, gate x channel, height, width), are the cell's own to overwrite.
        """
        ...

    def backward(self, kept: Sequence[Maps], state: Maps, grad: Maps, to_input: Maps, to_state: Maps) -> Maps:
        """The new state's gradient ``grad`` to the old ``state``'s, less what passes through the convolution.

        The gradients of the two drives are written into ``to_input`` and ``to_state``, whose precision may be less.
        """
        ...


def scan(
    cell: Cell, drive: torch.Tensor, weight: torch.Tensor, state: Maps, light_input: Light, light_state: Light
) -> torch.Tensor:
    """States (time, batch, channel, height, width) of ``cell`` from ``state`` (batch, channel, height, width) on.

    ``drive`` (time, batch, gate x channel, height, width) comes from the input; ``weight`` (gate x channel, channel,
    kernel, kernel) convolves the state. Each path's drive is under its light before it reaches the cell.
    """
    lights = *(light_input or (None, None)), *(light_state or (None, None))
    states: torch.Tensor = _Scan.apply(cell, torch.is_grad_enabled(), drive, weight, state, *lights)
    return states


class _Scan(torch.autograd.Function):
    """``scan`` with each light as a factor and an offset or two Nones; ``differentiate`` or keep nothing."""

    @staticmethod
    def forward(
        ctx: Any, cell: Cell, differentiate: bool, drive: torch.Tensor, weight: torch.Tensor, state: Maps, *lights: Any
    ) -> torch.Tensor:
        kept: list[Maps] = []
        convolved: list[Maps] = []
        kernel = weight.to(drive.dtype)
        states = _empty(len(drive) + 1, state.shape, state, state.dtype)
        states[0] = state
        factors = [[None] * len(drive) if part is None else part.unbind(0) for part in lights]
        for frame, from_input in enumerate(drive.unbind(0)):
            factor_x, offset_x, factor_s, offset_s = (part[frame] for part in factors)
            from_state = _convolve(states[frame].to(drive.dtype), kernel)
            x = _under_light(from_input.to(state.dtype, copy=True), factor_x, offset_x)
            s = _under_light(from_state.to(state.dtype, copy=factor_s is not None), factor_s, offset_s)
            found = cell.forward(x, s, states[frame], states[frame + 1])
            if differentiate:
                kept += found
                convolved += [] if factor_s is None else [from_state]
        if differentiate:
            ctx.cell, ctx.drive_shape, ctx.drive_dtype = cell, drive.shape, drive.dtype
            raw_drive = None if lights[0] is None else drive
            ctx.save_for_backward(weight, states, lights[0], lights[2], raw_drive, *convolved, *kept)
        return states[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_states: torch.Tensor) -> tuple[Any, ...]:
        weight, states, factor_x, factor_s, drive, *rest = ctx.saved_tensors
        cell, (time, *shape), dtype = ctx.cell, ctx.drive_shape, ctx.drive_dtype
        kept = rest[len(rest) - time * cell.kept :]
        of_input = _PathGradient(_empty(time, shape, states, dtype), factor_x, drive)
        of_state = _PathGradient(_empty(time, shape, states, dtype), factor_s, rest)
        turned = weight.to(dtype).flip(2, 3).transpose(0, 1)
        carry = torch.zeros_like(states[0])
        for frame in reversed(range(time)):
            carry += grad_states[frame]
            to_input, to_state = of_input.drive[frame], of_state.drive[frame]
            now = kept[frame * cell.kept : (frame + 1) * cell.kept]
            carry = cell.backward(now, states[frame], carry, to_input, to_state)
            of_input.through_light(frame)
            of_state.through_light(frame)
            carry += _convolve(to_state, turned)
        to_weight = _weight_gradient(states[:-1], weight, of_state.drive) if ctx.needs_input_grad[3] else None
        return None, None, of_input.drive, to_weight, carry, *of_input.light, *of_state.light


class _PathGradient:
    """Gradients of one path: of its ``drive`` over all frames, and of its light's factor and offset."""

    def __init__(self, drive: torch.Tensor, factor: torch.Tensor | None, unlit: Sequence[Maps]) -> None:
        self.drive, self.unlit = drive, unlit
        self.factor = None if factor is None else factor.to(drive.dtype)
        self.light = (None, None) if factor is None else (torch.empty_like(factor), torch.empty_like(factor))

    def through_light(self, frame: int) -> None:
        """Turn a frame's gradient of the drive under the light into that of the drive before it."""
        to_factor, to_offset = self.light
        if self.factor is not None and to_factor is not None and to_offset is not None:
            grad = self.drive[frame]
            to_offset[frame] = grad.sum((-2, -1), keepdim=True)
            to_factor[frame] = (grad * self.unlit[frame]).sum((-2, -1), keepdim=True)
            grad *= self.factor[frame]


def _under_light(drive: Maps, factor: Maps | None, offset: Maps | None) -> Maps:
    """The drive, in its own memory."""
    if factor is None or offset is None:
        return drive
    return torch.addcmul(offset, drive, factor, out=drive)


def _convolve(maps: Maps, kernel: torch.Tensor) -> Maps:
    return functional.conv2d(maps, kernel, padding=kernel.shape[-1] // 2)


def _weight_gradient(states: torch.Tensor, weight: torch.Tensor, grad: torch.Tensor) -> torch.Tensor:
    maps = states.to(grad.dtype).flatten(0, 1)
    padding = weight.shape[-1] // 2
    found: torch.Tensor = torch.nn.grad.conv2d_weight(maps, weight.shape, grad.flatten(0, 1), padding=padding)
    return found.to(weight.dtype)


def _empty(time: int, shape: Sequence[int], like: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Memory for maps (time, *shape) of which each frame is channels_last."""
    batch, *rest = shape
    flat = torch.empty((time * batch, *rest), dtype=dtype, device=like.device, memory_format=torch.channels_last)
    return flat.unflatten(0, (time, batch))


def sigmoid_backward(grad: Maps, output: Maps) -> Maps:
    """The gradient of a sigmoid's argument, from its output."""
    found: Maps = torch.ops.aten.sigmoid_backward(grad, output)
    return found


def tanh_backward(grad: Maps, output: Maps) -> Maps:
    """The gradient of a hyperbolic tangent's argument, from its output."""
    found: Maps = torch.ops.aten.tanh_backward(grad, output)
    return found


def write_gates(target: Maps, *parts: Maps) -> None:
    """Write a map of each gate side by side into ``target`` (batch, gate x channel, height, width)."""
    for part, place in zip(parts, target.chunk(len(parts), 1), strict=True):
        place.copy_(part)

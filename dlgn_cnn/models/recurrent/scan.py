"""A convolutional GRU carried over all frames of feature maps, with a backward pass of its own.

Work that automatic differentiation does frame by frame is done here at once or not at all: the gradient of the state's
kernels is one convolution over all frames, and the gates' derivatives are formed from what the gates were. Maps are
channels_last, on which CPUs and GPUs convolve fastest. Convolutions run in the drive's precision (bfloat16 under
autocast), states and gates in that of the weights. Both passes are functions of tensors alone, which a GPU replays as
CUDA graphs.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import chain, islice
from typing import Any

import torch
import torch.nn.functional as functional
import torch.nn.grad
from torch.autograd.function import once_differentiable

from dlgn_cnn.models.recurrent.cuda_graphs import CudaGraphs
from dlgn_cnn.runtime.threads import using

Maps = torch.Tensor
OptoFactors = tuple[torch.Tensor, torch.Tensor] | None
LITTLE = 2**25  # multiplications in the convolution of a frame: about a millisecond of one thread


def scan(
    cuda_graphs: CudaGraphs,
    drive: torch.Tensor,
    weight: torch.Tensor,
    state: Maps,
    opto_input: OptoFactors,
    opto_state: OptoFactors,
) -> torch.Tensor:
    """Run the unit over all frames, each path's drive under its light: ``ConvGru`` has the equations.

    Parameters
    ----------
    cuda_graphs : CudaGraphs
        Those of the module.
    drive : Tensor, shape (time, batch, gate x channel, height, width)
        Drive of update, reset and candidate from the input.
    weight : Tensor, shape (gate x channel, channel, kernel, kernel)
        Convolves the state.
    state : Tensor, shape (batch, channel, height, width)
        State before the first frame.
    opto_input, opto_state : tuple of Tensor or None
        Factor and offset of each path, as ``OptoDrive`` returns them.

    Returns
    -------
    Tensor, shape (time, batch, channel, height, width)
        States.
    """
    opto = *(opto_input or (None, None)), *(opto_state or (None, None))
    return _Scan.apply(cuda_graphs, torch.is_grad_enabled(), drive, weight, state, *opto)


class _Scan(torch.autograd.Function):
    """``scan`` with each light as a factor and an offset or two Nones; ``differentiate`` or keep nothing."""

    @staticmethod
    def forward(
        ctx: Any,
        cuda_graphs: CudaGraphs,
        differentiate: bool,
        drive: torch.Tensor,
        weight: torch.Tensor,
        state: Maps,
        *opto: Any,
    ) -> torch.Tensor:
        with _threads_for(drive.shape, weight):
            found = cuda_graphs(_forward, (differentiate,), (drive, weight, state, *opto))
        states = found[0][0]
        if differentiate:
            ctx.cuda_graphs, ctx.fixed = cuda_graphs, (drive.shape, drive.dtype, tuple(map(len, found)))
            raw_drive = None if opto[0] is None else drive
            ctx.save_for_backward(weight, opto[0], opto[2], raw_drive, *chain.from_iterable(found))
        return states[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_states: torch.Tensor) -> tuple[Any, ...]:
        weight, _, _, _, states, *_ = ctx.saved_tensors
        with _threads_for(ctx.fixed[0], weight):
            found = ctx.cuda_graphs(_backward, ctx.fixed, (grad_states, *ctx.saved_tensors))
        (to_input,), (from_state,), (to_state,), *to_opto = found
        to_weight = _weight_gradient(states[:-1], weight, from_state) if ctx.needs_input_grad[3] else None
        return None, None, to_input, to_weight, to_state, *(part[0] if part else None for part in to_opto)


def _threads_for(shape: torch.Size, weight: torch.Tensor) -> AbstractContextManager[None]:
    """Within the block, one CPU thread where a frame of this drive's shape has little work.

    Frames come one after the other, and in each of their many small operations threads would wait for one another. How
    many there are depends on sizes alone, so that the bits do not depend on what else runs.
    """
    little = not weight.is_cuda and shape[1:].numel() * weight[0].numel() < LITTLE
    return using(1) if little else nullcontext()


def _forward(
    differentiate: bool, drive: torch.Tensor, weight: torch.Tensor, state: Maps, *opto: Any
) -> list[list[Maps]]:
    """The states from the first on; where ``differentiate``, also what ``_backward`` needs of each frame.

    That is the state's drives before light, the gates, and the state's drive of the candidate under light.
    """
    convolved: list[Maps] = []
    gates: list[Maps] = []
    candidates: list[Maps] = []
    kernel = _channels_last(weight.to(drive.dtype))
    states = _empty(len(drive) + 1, state.shape, state, state.dtype)
    states[0] = state
    factors, offsets = ([None] * len(drive) if part is None else part.unbind(0) for part in opto[2:])
    for frame, x in enumerate(_from_input(drive, state.dtype, *opto[:2])):
        from_state = _convolve(states[frame].to(drive.dtype), kernel)
        s = _under_opto(from_state, factors[frame], offsets[frame]).to(state.dtype)
        candidate = _step(x, s, states[frame], states[frame + 1])
        if differentiate:
            convolved += [] if factors[frame] is None else [from_state]
            gates.append(x)
            candidates.append(candidate)
    return [[states], convolved, gates, candidates] if differentiate else [[states]]


def _step(from_input: Maps, from_state: Maps, state: Maps, new_state: Maps) -> Maps:
    """Write the state after a frame into ``new_state``, and the gates over the drive ``from_input``.

    The state's drive of the candidate is returned.
    """
    both = slice(0, 2 * state.shape[1])
    update, reset = from_input[:, both].add_(from_state[:, both]).sigmoid_().chunk(2, 1)
    state_candidate = from_state[:, both.stop :].clone()
    candidate = from_input[:, both.stop :].addcmul_(reset, state_candidate).tanh_()
    torch.lerp(candidate, state, update, out=new_state)
    return state_candidate


def _step_back(gates: Maps, state_candidate: Maps, state: Maps, grad: Maps, to_input: Maps, to_state: Maps) -> Maps:
    """Write the gradients of both drives of a frame, from ``grad``, that of the state after it.

    The gradient of the state before it is returned, less what passes through the convolution.
    """
    update, reset, candidate = gates.chunk(3, 1)
    through = grad * update
    to_update = torch.ops.aten.sigmoid_backward(grad * (state - candidate), update)
    to_candidate = torch.ops.aten.tanh_backward(grad - through, candidate)
    to_reset = torch.ops.aten.sigmoid_backward(to_candidate * state_candidate, reset)
    _write_gates(to_input, to_update, to_reset, to_candidate)
    _write_gates(to_state, to_update, to_reset, to_candidate.mul_(reset))
    return through


def _from_input(drive: torch.Tensor, dtype: torch.dtype, *opto: torch.Tensor | None) -> Iterator[Maps]:
    """Each frame's drive from the input, under its light: all at once on a GPU, one at a time in a CPU's cache."""
    many = len(drive) if drive.is_cuda else 1
    for start in range(0, len(drive), many):
        frames = slice(start, start + many)
        factor, offset = (None if part is None else part[frames] for part in opto)
        yield from _under_opto(drive[frames], factor, offset).to(dtype, copy=factor is None).unbind(0)


def _backward(
    shape: torch.Size, dtype: torch.dtype, lengths: Sequence[int], grad_states: torch.Tensor, *saved: Any
) -> list[list[torch.Tensor]]:
    """Gradients of both drives over all frames and of the first state; then of each light's factor and offset, if any.

    ``shape`` and ``dtype`` are the drive's, ``lengths`` of the groups that ``_forward`` gave. Those that ``CudaGraphs``
    joined are for a GPU, where what need not be done frame by frame is done at once.
    """
    weight, factor_x, factor_s, drive, *rest = saved
    time, parts = len(grad_states), iter(rest)
    (states,), *groups = (list(islice(parts, length)) for length in lengths)
    at_once = len(groups[-1]) == 1
    convolved, gates, candidates = (maps[0].unflatten(0, (time, -1)) if len(maps) == 1 else maps for maps in groups)
    of_input = _PathGradient(_empty(time, shape[1:], states, dtype), factor_x, drive)
    of_state = _PathGradient(_empty(time, shape[1:], states, dtype), factor_s, convolved, apart=at_once)
    turned = _channels_last(weight.to(dtype).flip(2, 3).transpose(0, 1))
    carry = torch.zeros_like(states[0])
    for frame in reversed(range(time)):
        carry += grad_states[frame]
        to_drives = of_input.after[frame], of_state.after[frame]
        carry = _step_back(gates[frame], candidates[frame], states[frame], carry, *to_drives)
        if not at_once:
            of_state.sum_opto(frame)
            of_input.sum_opto(frame)
            of_input.through_opto(frame)
        of_state.through_opto(frame)
        carry += _convolve(of_state.drive[frame], turned)
    if at_once:
        of_state.sum_opto(slice(None))
        of_input.sum_opto(slice(None))
        of_input.through_opto(slice(None))
    to_opto = [[] if part is None else [part] for part in (*of_input.opto, *of_state.opto)]
    return [[of_input.drive], [of_state.drive], [carry], *to_opto]


class _PathGradient:
    """Gradients of one path: of the drive under its light, ``after``, and before it; of the light's factor and offset.

    ``drive`` is memory for (time, batch, gate x channel, height, width); ``after`` is the same until ``through_opto``,
    or memory ``apart``. ``before`` is what the drive was before its light.
    """

    def __init__(
        self, drive: torch.Tensor, factor: torch.Tensor | None, before: Sequence[Maps], apart: bool = False
    ) -> None:
        self.drive: torch.Tensor = drive
        self.before: Any = before
        self.after = torch.empty_like(drive) if apart and factor is not None else drive
        self.factor = None if factor is None else factor.to(drive.dtype)
        self.opto = (None, None) if factor is None else (torch.empty_like(factor), torch.empty_like(factor))

    def sum_opto(self, frames: int | slice) -> None:
        """The gradients of the light at these frames, before ``through_opto``."""
        to_factor, to_offset = self.opto
        if to_factor is not None and to_offset is not None:
            to_offset[frames] = self.after[frames].sum((-2, -1), keepdim=True)
            to_factor[frames] = (self.after[frames] * self.before[frames]).sum((-2, -1), keepdim=True)

    def through_opto(self, frames: int | slice) -> None:
        """Turn the gradient of the drive under the light into that of the drive before it."""
        if self.factor is not None:
            torch.mul(self.after[frames], self.factor[frames], out=self.drive[frames])


def _under_opto(drive: Maps, factor: Maps | None, offset: Maps | None) -> Maps:
    """The drive under its light, or itself without light."""
    return drive if factor is None or offset is None else torch.addcmul(offset, drive, factor)


def _channels_last(kernel: torch.Tensor) -> torch.Tensor:
    return kernel.contiguous(memory_format=torch.channels_last)


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


def _write_gates(target: Maps, *parts: Maps) -> None:
    """Write a map of each gate side by side into ``target`` (batch, gate x channel, height, width)."""
    for part, place in zip(parts, target.chunk(len(parts), 1), strict=True):
        place.copy_(part)

"""A pass over all frames in one launch: on a GPU a pass that comes again is captured as a CUDA graph and replayed.

A pass is a function of tensors alone. Its small kernels, thousands over a window's frames, take less time than Python
needs to launch them one by one.
"""

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from itertools import chain
from typing import Any

import torch

Inputs = Sequence[torch.Tensor | None]
Groups = list[list[torch.Tensor]]
"""Result of a pass: groups of tensors, a group of several being maps of equal shape, one a frame."""
Pass = Callable[..., Groups]
"""``pass(*fixed, *inputs)``: the same for the same ``fixed`` and inputs, which it leaves as they are; no autograd."""

CAPTURES = 8
REMEMBERED = 64


class Gpu:
    """Captures passes as CUDA graphs."""

    def serves(self, inputs: Inputs) -> bool:
        """Whether these are plain tensors on a GPU, on which no capture of the caller's own is under way."""
        given = [part for part in inputs if part is not None]
        plain = all(type(part) in (torch.Tensor, torch.nn.Parameter) and part.is_cuda for part in given)
        return plain and not torch.cuda.is_current_stream_capturing()

    def state(self, device: torch.device) -> Hashable:
        """Settings that choose kernels, whether tensors may be written to later, and the current stream."""
        cudnn = torch.backends.cudnn
        return (
            (cudnn.enabled, cudnn.benchmark, cudnn.deterministic, torch.are_deterministic_algorithms_enabled()),
            (cudnn.conv.fp32_precision, cudnn.fp32_precision, torch.backends.fp32_precision),  # type: ignore[attr-defined]
            (torch.is_autocast_enabled("cuda"), torch.get_autocast_dtype("cuda"), torch.is_inference_mode_enabled()),
            torch.cuda.current_stream(device).cuda_stream,
        )

    def has_room(self, device: torch.device, size_bytes: int) -> bool:
        """Whether it is at most half of the memory that was free when this process held the most."""
        free = torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device)
        return 2 * size_bytes <= free - torch.cuda.max_memory_allocated(device)

    def capture(self, device: torch.device, compute: Callable[[], Groups]) -> tuple[Groups, Callable[[], None]]:
        """Capture ``compute``, whose like must have run in this thread: its kernels are then loaded and chosen."""
        graph = torch.cuda.CUDAGraph()
        # On a stream of its own, as CUDA asks; threads that do something else may go on using the GPU meanwhile.
        side = torch.cuda.Stream(device)
        with torch.cuda.device(device), torch.cuda.graph(graph, stream=side, capture_error_mode="thread_local"):
            found = compute()
        return found, graph.replay


class Capture:
    """A pass in memory of its own, for inputs of one form.

    Parameters
    ----------
    machine : Gpu
        Captures the pass.
    run : callable
        The pass.
    fixed : tuple
        Arguments that are not tensors.
    inputs : sequence of Tensor or None
        Have the form.
    """

    def __init__(self, machine: Gpu, run: Pass, fixed: tuple[Any, ...], inputs: Inputs) -> None:
        places = [None if part is None else torch.empty_like(part) for part in inputs]
        self._places = places
        self._found, self._launch = machine.capture(_device(inputs), lambda: run(*fixed, *places))

    def __call__(self, inputs: Inputs) -> Groups:
        """Result of the pass for ``inputs``, copied for the caller."""
        for place, part in zip(self._places, inputs, strict=True):
            if place is not None and part is not None:
                place.copy_(part)
        self._launch()
        return [[torch.cat(maps) if len(maps) > 1 else maps[0].clone()] if maps else [] for maps in self._found]


class CudaGraphs:
    """The passes of one module, each replayed from the third time on that it comes in one form.

    The form is the pass itself, its inputs' shapes, strides, types and device, and the settings under which it runs. A
    form is captured when it comes again among the last ``REMEMBERED`` that were not captured, and no more than
    ``CAPTURES`` are: others run as they are, as the shrinking batches of a synthesis may. Nothing is lent: inputs are
    copied in and results out, so that passes may come in any order, any number of times. No error is caught.

    Memory: a capture holds its pass's inputs and results once more until the module goes. The captures of a forward
    and its backward pass take at most four times what the forward pass leaves for the backward pass. A form is not
    captured where its inputs and results were more than half of the GPU's memory that this process has not needed so
    far.

    Tools that watch torch's operations one by one, such as counters of operations, see none of a replay's.
    """

    def __init__(self, machine: Gpu | None = None) -> None:
        self._machine = machine or Gpu()
        self._captures: dict[Hashable, Capture] = {}
        self._before: deque[Hashable] = deque(maxlen=REMEMBERED)
        self._turn = threading.Lock()

    def __reduce__(self) -> tuple[type["CudaGraphs"], tuple[Gpu]]:
        """A copy of a module, in memory or in a file, begins without captures."""
        return CudaGraphs, (self._machine,)

    def __call__(self, run: Pass, fixed: tuple[Any, ...], inputs: Inputs) -> Groups:
        """Result of ``run(*fixed, *inputs)``; on a GPU the maps of a group are joined along their first axis."""
        if not self._machine.serves(inputs):
            return run(*fixed, *inputs)
        form = run, fixed, tuple(map(_form, inputs)), self._machine.state(_device(inputs))
        # Threads that share a module take turns: a replay's inputs must not change before its results are copied.
        with self._turn:
            if form in self._captures:
                return self._captures[form](inputs)
            found = run(*fixed, *inputs)
            if self._due(form, inputs, found):
                self._captures[form] = Capture(self._machine, run, fixed, inputs)
        return [maps if len(maps) < 2 else [torch.cat(maps)] for maps in found]

    def _due(self, form: Hashable, inputs: Inputs, found: Groups) -> bool:
        """Whether to capture a form that has come: it came before, and there is room for it."""
        if len(self._captures) >= CAPTURES:
            return False
        if form not in self._before:
            self._before.append(form)
            return False
        parts = [part for part in (*inputs, *chain.from_iterable(found)) if part is not None]
        return self._machine.has_room(_device(inputs), sum(part.nbytes for part in parts))


def _form(part: torch.Tensor | None) -> Hashable:
    return None if part is None else (part.shape, part.stride(), part.dtype, part.device)


def _device(inputs: Inputs) -> torch.device:
    return next(part.device for part in inputs if part is not None)

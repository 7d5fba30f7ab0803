"""How large a model that is described elsewhere may be: looked at before memory is taken for it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.nn.modules import module

from dlgn_cnn.bounds import check
from dlgn_cnn.errors import DlgnError


@contextmanager
def no_larger_than(bound: str, where: str, file_bytes: int, error: type[DlgnError]) -> Iterator[None]:
    """Within the block, building a model of more parameters than a bound of bytes raises an error.

    A layer's parameters are registered before they are filled, when they take no memory yet.

    Parameters
    ----------
    bound : str
        Name of the bound.
    where : str
        The model, as the error begins.
    file_bytes : int
        Bytes of its weights, for a bound that grows with them.
    error : type
        Class of the error.
    """
    thread, total = threading.get_ident(), 0

    def count(_: torch.nn.Module, name: str, value: torch.Tensor | None) -> None:
        nonlocal total
        if value is not None and threading.get_ident() == thread:
            total += value.nbytes
            check(bound, total, where, file_bytes, error)

    parameters = module.register_module_parameter_registration_hook(count)
    buffers = module.register_module_buffer_registration_hook(count)
    try:
        yield
    finally:
        parameters.remove()
        buffers.remove()

"""What a trainer returns besides weights, as JSON can hold it: a lab's trainer may return anything."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

TEXT_LENGTH = 200


def plain(value: Any) -> Any:
    """The value with arrays, tensors, tuples and sets as lists, and numpy's scalars as Python's.

    NaN and infinities become None, keys become text, and of anything else its text remains: a fit that took hours is
    not lost for what its trainer tells beside it.
    """
    if isinstance(value, np.ndarray | np.generic | torch.Tensor):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return repr(value)[:TEXT_LENGTH]

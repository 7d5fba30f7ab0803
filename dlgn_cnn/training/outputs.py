"""Output of a trainer besides weights, as JSON can hold it: a lab's trainer may return anything."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

TEXT_LENGTH = 200


def plain(value: Any) -> Any:
    """Convert arrays, tensors, tuples and sets to lists, and numpy's scalars to Python's.

    NaN and infinities become None, keys become text, and of anything else its text remains: a fit that took hours is
    not lost because of what its trainer tells besides.

    Examples
    --------
    >>> plain({1: (np.float64(0.5), float("nan"))})
    {'1': [0.5, None]}
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

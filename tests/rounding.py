"""How far two ways of adding the same products may lie apart: kernels, threads and memory layouts change the order."""

import torch


def rounding(products: int, size: float, dtype: torch.dtype = torch.float32) -> float:
    """Bound of the difference between two sums of the same terms, whose sizes add up to ``size``.

    Each lies within products * eps / 2 * size of the exact sum, in any order, with fused steps or without
    (Higham, Accuracy and Stability of Numerical Algorithms, 4.2).
    """
    return products * torch.finfo(dtype).eps * size


def within_rounding(one: torch.Tensor, other: torch.Tensor, products: int) -> bool:
    """Whether two results differ by no more than the order of ``products``, those on the longest path to one value.

    The largest value stands for the size of the terms. Where these cancel, they are larger than the value, but their
    errors cancel too, and grow with the square root of their number.
    """
    assert one.shape == other.shape
    assert one.isfinite().all()
    size = max(float(one.detach().abs().max()), float(other.detach().abs().max()))
    return float((one - other).detach().abs().max()) <= rounding(products, size, other.dtype)

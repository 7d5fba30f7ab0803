"""Scores of predictions against recordings."""

import numpy as np

from dlgn_cnn.errors import ModelError
from dlgn_cnn.shapes import Floats, Scores


def correlation(predicted: Floats | Scores, observed: Floats | Scores, axis: int = -1) -> Scores:
    """Pearson correlation along ``axis``; NaN where a trace is constant or holds a NaN."""
    if predicted.shape != observed.shape:
        raise ModelError(f"predicted has shape {predicted.shape}, observed {observed.shape}: expected equal shapes")
    one = predicted.astype(np.float64) - predicted.mean(axis, keepdims=True, dtype=np.float64)
    other = observed.astype(np.float64) - observed.mean(axis, keepdims=True, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((one * other).sum(axis) / np.sqrt((one**2).sum(axis) * (other**2).sum(axis)))

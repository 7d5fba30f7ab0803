"""Bootstrap intervals of measures over scenes."""

from collections.abc import Callable

import numpy as np

from dlgn_cnn.evaluation.moments import Sums
from dlgn_cnn.shapes import Scores

LEAST_DEFINED = 0.95  # of the resamples: an interval over fewer would be one over the favorable draws


def intervals(
    sums: Sums,
    measures: Callable[[Sums], dict[str, Scores]],
    generator: np.random.Generator,
    resamples: int,
    level: float = 0.95,
) -> dict[str, Scores]:
    """Percentile interval of every measure over scenes drawn with replacement.

    Whole scenes are drawn, not frames: those of a scene are alike (Efron and Tibshirani 1993). With fewer than some ten
    scenes such intervals are too narrow.

    Parameters
    ----------
    sums : dict of str to ndarray, shape (scene, unit)
        Sums of each scene.
    measures : callable
        From sums to measures by name.
    generator : Generator
        Draws the scenes.
    resamples : int
        Number of draws.
    level : float
        Level of the interval, between 0 and 1.

    Returns
    -------
    dict of str to ndarray, shape (2, unit)
        Low and high of each measure. NaN if there is one scene only, or the measure is undefined in more than a
        twentieth of the draws.
    """
    scenes = len(sums["frames"])
    drawn = generator.multinomial(scenes, np.full(scenes, 1 / scenes), size=resamples).astype(np.float64)
    found = measures({name: drawn @ one for name, one in sums.items()})
    tail = (1 - level) / 2
    return {name: _quantiles(values, (tail, 1 - tail), scenes) for name, values in found.items()}


def _quantiles(values: Scores, quantiles: tuple[float, float], scenes: int) -> Scores:
    found = np.full((2, values.shape[1]), np.nan)
    usable = (np.isfinite(values).mean(0) >= LEAST_DEFINED) & (scenes > 1)
    if usable.any():
        found[:, usable] = np.nanquantile(values[:, usable], quantiles, axis=0)
    return found

"""Measures of each unit, from the sums of ``moments``, and their intervals over scenes.

Measures take sums (..., unit) and return (..., unit). They are NaN where undefined: for a unit without a spike, a
prediction that never varies, or a ceiling where nothing was repeated or repeats agree no better than by chance.
"""

from collections.abc import Callable

import numpy as np

from dlgn_cnn.evaluation.moments import Sums
from dlgn_cnn.shapes import Scores

ROUNDING = 1e-12  # of the mean square: a variance below is a constant's, and what is left of it by rounding
LEAST_DEFINED = 0.95  # of the resamples: an interval over fewer would be one over the favorable draws


def single_trial(sums: Sums) -> dict[str, Scores]:
    """Scores of single trials, from ``frame_sums``.

    ``correlation``: Pearson of predicted and recorded response over all frames. ``bits_per_spike``: Poisson
    log-likelihood over that of the unit's mean in the training tier, in bits, over the number of spikes (Paninski,
    Pillow and Lewi 2007); 0 is no better than that mean. It does not depend on the unit in which responses are given.
    """
    n, p, y = sums["frames"], sums["p"], sums["y"]
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = sums["py"] / n - p * y / n**2
        return {
            "correlation": covariance / np.sqrt(_variance(n, p, sums["pp"]) * _variance(n, y, sums["yy"])),
            "bits_per_spike": sums["nats"] / np.where(sums["spikes"] > 0, sums["spikes"], np.nan) / np.log(2),
        }


def repeatability(sums: Sums) -> dict[str, Scores]:
    """Measures of the recording alone, from the sums over repeats.

    ``explainable``: the share of single trials' variance that is not noise (FEV of Cadena et al. 2019), where the
    signal's variance is the mean product of different repeats, less the squared mean: Sahani and Linden's (2003) signal
    power, unbiased whatever the noise's distribution, its change with the rate, or its slowness within a trial, as long
    as trials are independent. ``ceiling``: the correlation that the true rate would have with the average of these
    repeats (CCmax: Hsu et al. 2004; Schoppe et al. 2016). ``oracle``: correlation of each trial with the mean of the
    others (Walker et al. 2019). ``split_half``: correlation between the means of odd and even repeats, and
    ``reliability`` what it would be with twice as many (Spearman 1910; Brown 1910).
    """
    n, y, signal, noise = sums["cell_frames"], sums["cell_y"], signal_variance(sums), _noise(sums)
    halves = sums["half_cells"]
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = sums["alike_products"] / n - (y / n) ** 2
        others = np.sqrt(_variance(n, y, sums["others_squared"]) * _variance(n, y, sums["cell_yy"]))
        split = (sums["ab"] / halves - sums["a"] * sums["b"] / halves**2) / np.sqrt(
            _variance(halves, sums["a"], sums["aa"]) * _variance(halves, sums["b"], sums["bb"])
        )
        return {
            "repeats": n / sums["cells"],
            "explainable": signal / (signal + noise),
            "ceiling": np.sqrt(signal / _variance(n, y, sums["mean_yy"])),
            "oracle": covariance / others,
            "split_half": split,
            "reliability": 2 * split / (1 + split),
        }


def against_ceiling(sums: Sums) -> dict[str, Scores]:
    """A prediction against what repeats allow, from ``repeat_sums`` and ``fit_sums``.

    ``average_correlation``: Pearson with the average of the repeats, the prediction averaged alike.
    ``normalized_correlation``: that over the ceiling (CCnorm: Schoppe et al. 2016), an estimate of the correlation with
    the true rate. Noise enters neither its covariance nor its variances, so it needs none of the correction that its
    square does (Pospisil and Bair 2020), and it may exceed 1 by chance. ``explained``: the share of explainable
    variance that single trials' squared errors leave explained (FEVE: Cadena et al. 2019); unlike the correlations it
    punishes a wrong gain or offset, and it may be negative.
    """
    n, p, y, signal = sums["cell_frames"], sums["cell_p"], sums["cell_y"], signal_variance(sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = sums["mean_py"] / n - p * y / n**2
        spread = _variance(n, p, sums["mean_pp"])
        return {
            "average_correlation": covariance / np.sqrt(spread * _variance(n, y, sums["mean_yy"])),
            "normalized_correlation": covariance / np.sqrt(spread * signal),
            "explained": 1 - (sums["squared_error"] / n - _noise(sums)) / signal,
        }


def all_measures(sums: Sums) -> dict[str, Scores]:
    """Every measure by name, from all three kinds of sums."""
    return single_trial(sums) | repeatability(sums) | against_ceiling(sums)


def signal_variance(sums: Sums) -> Scores:
    """The variance of the true rate over the recorded frames; NaN where its estimate is not above 0."""
    n = sums["cell_frames"]
    with np.errstate(invalid="ignore", divide="ignore"):
        squared_mean = (sums["cell_y"] ** 2 - sums["grand_noise"]) / n**2
        found = sums["alike_products"] / n - squared_mean
        return np.where(found > ROUNDING * sums["cell_yy"] / n, found, np.nan)


def _noise(sums: Sums) -> Scores:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums["noise"] / sums["cell_frames"])


def _variance(count: Scores, total: Scores, squares: Scores) -> Scores:
    found = squares / count - (total / count) ** 2
    return np.where(found > ROUNDING * squares / count, found, np.nan)


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

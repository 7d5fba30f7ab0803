"""Measures from repeats: those of the recording alone, from ``repeat_sums``, and of a prediction against them."""

import numpy as np

from dlgn_cnn.evaluation.measures import measure
from dlgn_cnn.evaluation.moments import ROUNDING, Sums, variance
from dlgn_cnn.shapes import Scores


@measure("repeats", "mean number of repeats behind a frame")
def repeats(sums: Sums) -> Scores:
    """Mean number of repeats of the frames that have any."""
    return sums["cell_frames"] / sums["cells"]


@measure("explainable", "share of single trials' variance that is not noise, FEV")
def explainable(sums: Sums) -> Scores:
    """Share of single trials' variance that is not noise (FEV of Cadena et al. 2019).

    The signal's variance is the mean product of different repeats, less the squared mean: Sahani and Linden's (2003)
    signal power, unbiased whatever the noise's distribution, its change with the rate, or its slowness within a trial,
    as long as trials are independent.
    """
    signal = signal_variance(sums)
    return signal / (signal + _noise(sums))


@measure("ceiling", "of average_correlation")
def ceiling(sums: Sums) -> Scores:
    """Correlation that the true rate would have with the average of these repeats.

    It is CCmax of Hsu et al. (2004) and Schoppe et al. (2016).
    """
    averages = variance(sums["cell_frames"], sums["cell_y"], sums["mean_yy"])
    return np.asarray(np.sqrt(signal_variance(sums) / averages))


@measure("oracle", "each trial with the mean of the others")
def oracle(sums: Sums) -> Scores:
    """Correlation of each trial with the mean of the others (Walker et al. 2019)."""
    n, y = sums["cell_frames"], sums["cell_y"]
    covariance = sums["alike_products"] / n - (y / n) ** 2
    return covariance / np.sqrt(variance(n, y, sums["others_squared"]) * variance(n, y, sums["cell_yy"]))


@measure("split_half", "mean of odd with mean of even repeats")
def split_half(sums: Sums) -> Scores:
    """Correlation between the means of odd and even repeats."""
    n, a, b = sums["half_cells"], sums["a"], sums["b"]
    return (sums["ab"] / n - a * b / n**2) / np.sqrt(variance(n, a, sums["aa"]) * variance(n, b, sums["bb"]))


@measure("reliability", "split_half after Spearman and Brown")
def reliability(sums: Sums) -> Scores:
    """The correlation between halves that there would be with twice as many repeats (Spearman 1910; Brown 1910)."""
    split = split_half(sums)
    return 2 * split / (1 + split)


@measure("average_correlation", "with the average of the repeats")
def average_correlation(sums: Sums) -> Scores:
    """Pearson with the average of the repeats, the prediction averaged alike."""
    averages = variance(sums["cell_frames"], sums["cell_y"], sums["mean_yy"])
    return _covariance(sums) / np.sqrt(_spread(sums) * averages)


@measure("normalized_correlation", "average_correlation over its ceiling", interval=True)
def normalized_correlation(sums: Sums) -> Scores:
    """Average correlation over its ceiling (CCnorm: Schoppe et al. 2016), an estimate of that with the true rate.

    Noise enters neither its covariance nor its variances, so it needs none of the correction that its square does
    (Pospisil and Bair 2020), and it may exceed 1 by chance.
    """
    return _covariance(sums) / np.sqrt(_spread(sums) * signal_variance(sums))


@measure("explained", "share of explainable variance, FEVE", interval=True)
def explained(sums: Sums) -> Scores:
    """Share of explainable variance that single trials' squared errors leave explained (FEVE: Cadena et al. 2019).

    Unlike the correlations it punishes a wrong gain or offset, and it may be negative.
    """
    return 1 - (sums["squared_error"] / sums["cell_frames"] - _noise(sums)) / signal_variance(sums)


def signal_variance(sums: Sums) -> Scores:
    """The variance of the true rate over the recorded frames; NaN where its estimate is not above 0."""
    n = sums["cell_frames"]
    squared_mean = (sums["cell_y"] ** 2 - sums["grand_noise"]) / n**2
    found = sums["alike_products"] / n - squared_mean
    return np.where(found > ROUNDING * sums["cell_yy"] / n, found, np.nan)


def _noise(sums: Sums) -> Scores:
    return sums["noise"] / sums["cell_frames"]


def _covariance(sums: Sums) -> Scores:
    n = sums["cell_frames"]
    return sums["mean_py"] / n - sums["cell_p"] * sums["cell_y"] / n**2


def _spread(sums: Sums) -> Scores:
    """The variance of the averaged prediction."""
    return variance(sums["cell_frames"], sums["cell_p"], sums["mean_pp"])

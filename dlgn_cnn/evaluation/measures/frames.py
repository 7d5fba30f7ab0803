"""Measures of single trials, from ``frame_sums``."""

import numpy as np

from dlgn_cnn.evaluation.measures import measure
from dlgn_cnn.evaluation.moments import Sums, variance
from dlgn_cnn.shapes import Scores


@measure("correlation", "single-trial Pearson", interval=True)
def correlation(sums: Sums) -> Scores:
    """Pearson of predicted and recorded response over all frames."""
    n, p, y = sums["frames"], sums["p"], sums["y"]
    covariance = sums["py"] / n - p * y / n**2
    return covariance / np.sqrt(variance(n, p, sums["pp"]) * variance(n, y, sums["yy"]))


@measure("bits_per_spike", "log-likelihood over that of the mean rate in training", interval=True)
def bits_per_spike(sums: Sums) -> Scores:
    """Poisson log-likelihood over that of the unit's mean in the training tier (Paninski, Pillow and Lewi 2007).

    In bits, over the number of spikes; 0 is no better than that mean. It does not depend on the unit in which responses
    are given.
    """
    return np.asarray(sums["nats"] / np.where(sums["spikes"] > 0, sums["spikes"], np.nan) / np.log(2))

"""Agreement of a fitted model with the truth of a simulated recording."""

from typing import Any

import numpy as np
import torch

from dlgn_cnn.errors import ModelError
from dlgn_cnn.evaluation.metrics import correlation
from dlgn_cnn.evaluation.predict import predict
from dlgn_cnn.evaluation.score import BURN_IN_FRAMES
from dlgn_cnn.shapes import Scores
from dlgn_cnn.simulation.truth import Truth


def compare(model: torch.nn.Module, loaders: Any, model_omi: Scores, truth: Truth) -> dict[str, float]:
    """Predict the test tier of a one-session dataset and compare with the simulated rates.

    The first ``BURN_IN_FRAMES`` of each trial are left out, as in every score.

    Parameters
    ----------
    model : torch.nn.Module
        The fitted model.
    loaders : mapping
        ``{tier: {session: loader}}``.
    model_omi : ndarray, shape (unit,)
        The model's opto effect in the order of its readout, as ``opto_effects`` gives it.
    truth : Truth
        Truth of the session.

    Returns
    -------
    dict of str to float
        Two figures: how well the rates agree, and how well the opto effects do.

    Raises
    ------
    ModelError
        If the model has several sessions.
    """
    if len(loaders["test"]) != 1:
        raise ModelError(f"the truth is that of one session, the model has {', '.join(loaders['test'])}")
    ((data_key, loader),) = loaders["test"].items()
    rows = [list(truth.units).index(unit) for unit in loader.data_info.units]
    found = predict(model, loader, data_key, BURN_IN_FRAMES)
    trials = [trial.trial for trial in loader.trials]
    true_rate = np.concatenate([truth.rate_hz[trial][rows, BURN_IN_FRAMES:] for trial in trials], -1)
    rate = np.nanmedian(correlation(found.predicted, true_rate)[truth.driven[rows]])
    effect = correlation(model_omi, truth.omi[rows].astype(float))
    return {
        "test correlation with the noise-free rate, median unit that the movie drives": float(rate),
        "correlation over units of the light's predicted and true effect (OMI)": float(effect),
    }

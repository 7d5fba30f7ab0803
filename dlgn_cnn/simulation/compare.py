"""Agreement of a fitted model with the truth of a simulated recording."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from dlgn_cnn.errors import ModelError
from dlgn_cnn.evaluation.metrics import correlation
from dlgn_cnn.evaluation.predict import predict
from dlgn_cnn.evaluation.score import BURN_IN_FRAMES
from dlgn_cnn.shapes import Scores
from dlgn_cnn.simulation.truth import Truth

ROWS = {
    "rate_correlation": "test correlation with the noise-free rate, median unit that the movie drives",
    "opto_correlation": "correlation over units of the light's predicted and true effect (OMI)",
}


@dataclass(frozen=True)
class Agreement:
    """``rate_correlation`` (unit,) with the noise-free rate on the test tier; predicted and true OMI (unit,)."""

    rate_correlation: Scores
    driven: np.ndarray
    omi_model: Scores
    omi_truth: Scores

    def figures(self) -> dict[str, float]:
        """The two figures that sum it up, named as in ``ROWS``."""
        return {
            "rate_correlation": float(np.nanmedian(self.rate_correlation[self.driven])),
            "opto_correlation": float(correlation(self.omi_model, self.omi_truth)),
        }

    def rows(self, targets: Mapping[str, float]) -> Sequence[tuple[str, str, str]]:
        """(name, value, target) for people."""
        found = self.figures()
        return [(ROWS[name], f"{found[name]:.3f}", f"at least {targets[name]}") for name in targets]


def compare(model: torch.nn.Module, loaders: Any, model_omi: Scores, truth: Truth) -> Agreement:
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
    Agreement
        Correlations with the noise-free rate, and the true opto effects.

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
    true_omi = truth.omi[rows].astype(float)
    return Agreement(correlation(found.predicted, true_rate), truth.driven[rows], model_omi, true_omi)

"""Some of a fitted model's scores, without the rest of them."""

import contextlib

from dlgn_cnn.evaluation.measures import measures
from dlgn_cnn.evaluation.metrics import correlation
from dlgn_cnn.evaluation.predict import predict
from dlgn_cnn.evaluation.score import BURN_IN_FRAMES


def score_units(model, loaders, tier, precision="float32"):
    """Correlation of each unit (unit,), by session."""
    found = {key: predict(model, one, key, BURN_IN_FRAMES, precision=precision) for key, one in loaders[tier].items()}
    return {key: correlation(one.predicted, one.observed) for key, one in found.items()}


def measured(sums):
    """Every measure by name that these sums, which may be some of all, determine."""
    found = {}
    for name, one in measures().items():
        with contextlib.suppress(KeyError, TypeError):
            found[name] = one(sums=sums)
    return found

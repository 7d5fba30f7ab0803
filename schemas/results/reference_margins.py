"""Gains of fits over the reference models: queries that the database computes whenever they are fetched.

The reference of a dataset is, among all fits of a reference model to it, the one with the best validation score, so
that the test tier chooses nothing.
"""

from typing import Any

from schemas import dataset, evaluation, model, training


def unit_margins() -> Any:
    """Every scored fit's units with ``correlation``, the reference's, ``reference``, and ``margin``, their difference.

    A query of one row a unit and fit, to restrict and join like a table; fits to a dataset without a scored reference
    are not in it, and ``margin`` is NULL where a unit fired no spike in the test tier.
    """
    references = dataset.Dataset.Unit.aggr(
        evaluation.Score.Unit * best_references(), exclude_nonmatching=True, reference="max(correlation)"
    )
    both = evaluation.Score.Unit.proj("correlation") * references
    return both.proj("correlation", "reference", margin="correlation - reference")


def mean_margins() -> Any:
    """Every scored fit with ``mean_correlation``, the reference's, ``reference``, and ``margin``, their difference."""
    references = dataset.Dataset.aggr(
        evaluation.Score * best_references(), exclude_nonmatching=True, reference="max(mean_correlation)"
    )
    both = evaluation.Score.proj("mean_correlation") * references
    return both.proj("mean_correlation", "reference", margin="mean_correlation - reference")


def best_references() -> Any:
    """The keys of each dataset's best reference fit by validation score, of those that are scored; more for a tie."""
    from dlgn_cnn.models.reference import reference_names

    named = model.ModelConfig & [{"model_fn": name} for name in reference_names()]
    fits = training.TrainedModel.proj(validation="score") & named.proj() & evaluation.Score.proj()
    best = dataset.Dataset.aggr(fits, exclude_nonmatching=True, best_validation="max(validation)")
    return (fits * best & "validation = best_validation").proj()

"""Margins of fits over the reference models, and of MEIs over their controls.

All are queries that the database computes whenever they are fetched. The reference of a dataset is, among all fits of a
reference model to it, the one with the best validation score, so that the test tier chooses nothing.
"""

from typing import Any

from schemas import dataset, evaluation, mei_control, model, optogenetics, training

# Rate of held-out models for a stimulus in the condition that it was made for.
OWN_CONDITION_HZ = "CASE WHEN opto_condition = 'intact' THEN held_out_intact_hz ELSE held_out_suppressed_hz END"


def unit_margins() -> Any:
    """Every scored fit's units with ``correlation``, the reference's, ``reference``, and ``margin``, their difference.

    A query of one row a unit and fit, to restrict and join like a table; fits to a dataset without a scored reference
    are not in it, and ``margin`` is NULL where a unit fired no spike in the test tier.
    """
    return _margins(dataset.Dataset.Unit, evaluation.Score.Unit, "correlation")


def mean_margins() -> Any:
    """Every scored fit with ``mean_correlation``, the reference's, ``reference``, and ``margin``, their difference."""
    return _margins(dataset.Dataset, evaluation.Score, "mean_correlation")


def _margins(group: Any, scores: Any, name: str) -> Any:
    references = group.aggr(scores * best_references(), exclude_nonmatching=True, reference=f"max({name})")
    return (scores.proj(name) * references).proj(name, "reference", margin=f"{name} - reference")


def best_references() -> Any:
    """The keys of each dataset's best reference fit by validation score, of those that are scored; more for a tie."""
    from dlgn_cnn.models.reference import reference_names

    named = model.ModelConfig & [{"model_fn": name} for name in reference_names()]
    fits = training.TrainedModel.proj(validation="score") & named.proj() & evaluation.Score.proj()
    best = dataset.Dataset.aggr(fits, exclude_nonmatching=True, best_validation="max(validation)")
    return (fits * best & "validation = best_validation").proj()


def held_out_margins() -> Any:
    """Each unit's MEI and the best of its controls, in the condition that both are for: a row a unit and condition.

    ``mei_hz`` and ``best_control_hz`` are the held-out models' mean rates, ``margin_hz`` the first less the second. A
    query, to restrict and join like a table; fits without held-out models are not in it.
    """
    shown = mei_control.MEIControl.proj() * dataset.Dataset.Unit.proj() * optogenetics.OptoCondition.proj()
    held_out = mei_control.MEIControl.Stimulus & "held_out_intact_hz IS NOT NULL"
    heard = held_out.proj(own_hz=OWN_CONDITION_HZ)
    meis = shown.aggr(heard & "control = 'mei'", exclude_nonmatching=True, mei_hz="max(own_hz)")
    best = shown.aggr(heard & "control != 'mei'", exclude_nonmatching=True, best_control_hz="max(own_hz)")
    return (meis * best).proj("mei_hz", "best_control_hz", margin_hz="mei_hz - best_control_hz")


def winning_units() -> Any:
    """Each unit's number of opto conditions with a margin, ``conditions``, and the least of its margins in them.

    ``winning_units() & "least_margin_hz > 0"`` are the units whose MEIs beat every control.
    """
    shown = mei_control.MEIControl.proj() * dataset.Dataset.Unit.proj()
    conditions, least = "count(margin_hz)", "min(margin_hz)"
    return shown.aggr(held_out_margins(), exclude_nonmatching=True, conditions=conditions, least_margin_hz=least)

"""Scores of fits and of their units, with the functions of their configs.

All are queries, to restrict and join like a table, that the database computes whenever they are fetched.
"""

from typing import Any

from schemas import dataset, evaluation, mei, mei_contrast, model, trainer, training


def fits() -> Any:
    """Every fit with its validation ``score`` and ``mean_correlation`` in the test tier, NULL until it is scored."""
    found = training.TrainedModel.proj("score", "parameters", "fit_seconds", "device")
    return _with_functions(found, evaluation.Score.proj("mean_correlation"))


def units() -> Any:
    """Every unit of every scored fit: its scores in the test tier, the effects on it, its MEIs and their contrast.

    ``mei_count`` counts stimuli. ``clip_effect`` and ``extent_effect`` are the largest over MEI configs, ``clip_q`` and
    ``extent_q`` the smallest, against the strongest null that there is. NULL is what is undefined or not computed yet.
    """
    whole = evaluation.Score.Condition & {"tier": "test", "opto_condition": "all"}
    return _with_functions(
        evaluation.Score.Unit.proj("correlation"),
        dataset.Dataset.Unit.proj("unit_index"),
        # Keys under other names, so that a join with rows of one condition is not by the condition of the scores.
        whole.proj("normalized_correlation", "bits_per_spike", score_tier="tier", score_condition="opto_condition"),
        evaluation.FeedbackModulation.Unit,
        _each_unit().aggr(mei.MEI.Stimulus, exclude_nonmatching=True, mei_count="count(*)"),
        _contrast("clip"),
        _contrast("extent"),
    )


def _each_unit() -> Any:
    return training.TrainedModel.proj() * dataset.Dataset.Unit.proj()


def _contrast(view: str) -> Any:
    distances = mei_contrast.MEIContrast.Distance & {"view": view, "strongest": True}
    best = {f"{view}_effect": "max(effect)", f"{view}_q": "min(q)"}
    return _each_unit().aggr(distances, exclude_nonmatching=True, **best)


def _with_functions(found: Any, *more: Any) -> Any:
    """All rows of a query with what others know of them, which leave out none, and the functions of their configs."""
    configs = (model.ModelConfig, trainer.TrainerConfig, dataset.DatasetConfig)
    for one in (*more, *(table.proj(f"{table.kind}_fn") for table in configs)):
        # The scores of a unit have tier and condition in their key, but are restricted to one of each.
        found = found.join(one, left=True, allow_nullable_pk=True)
    return found

"""Keys in bfloat16, which a worker that can only emulate it leaves to others while such workers are alive."""

import logging
from typing import Any

from schemas import ensemble, ensemble_score, evaluation, experiment, fleet, mei, trainer, training
from schemas.base.relational import Not
from schemas.monitoring import fit_precision

logger = logging.getLogger("dlgn")
Query = Any
TAKES = "(computes = '*' OR POSITION(',{},' IN computes) > 0)"  # keys of a table
OURS = "POSITION('.' IN trainer_fn) = 0"  # a lab's own trainer may not know precisions


class Left:
    """Keys that one worker leaves to others; ``native`` says whether its device multiplies bfloat16 natively."""

    def __init__(self, native: bool) -> None:
        self._native, self._said = native, False

    def without(self, table: Any, keys: Query) -> Query:
        """Keys of a table without those that are left to living workers, which is logged once."""
        name = type(table).__name__
        queries = [] if self._native else in_bfloat16(name)
        if not queries or not fleet.Worker & fleet.ALIVE & "native_bfloat16" & TAKES.format(name):
            return keys
        # A queue's columns are not told by their lineage from those of the tables that they come from.
        if not self._said and keys.restrict(queries, semantic_check=False):
            self._said = True
            logger.warning(
                "this worker can only emulate bfloat16: it leaves the keys in it to workers that multiply it natively, "
                "as long as one is alive"
            )
        return keys.restrict(Not(queries), semantic_check=False)


def in_bfloat16(name: str) -> list[Query]:
    """Queries of those keys of a computed table, by its class's name, whose computation runs models in bfloat16."""
    done = (training.TrainedModel & {"fit_precision": "bfloat16"}).proj()
    if name == training.TrainedModel.__name__:
        fits, stated = experiment.Experiment.Fit.proj(), _stated(trainer.TrainerConfig)
        auto = (experiment.Experiment & {"auto_precision": "bfloat16"}).proj()
        ours = (trainer.TrainerConfig & OURS).proj() - [*stated.values()]
        return [fits & stated["bfloat16"], fits & auto & ours]
    if name in (evaluation.Score.__name__, evaluation.FeedbackModulation.__name__, evaluation.InputGain.__name__):
        return [done]
    if name == ensemble_score.EnsembleScore.__name__:
        return [ensemble.Ensemble.Member.proj() & done]
    if name == mei.MEI.__name__:
        stated = _stated(mei.MEIConfig)
        return [stated["bfloat16"], done * (mei.MEIConfig.proj() - [*stated.values()])]
    return []


def _stated(configs: Any) -> dict[str, Query]:
    """The configs that state each precision."""
    return {one: configs.where({"fit.precision": one}).proj() for one in fit_precision.EXPLICIT}

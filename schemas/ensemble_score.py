"""Scores of ensembles."""

from typing import Any

import datajoint as dj
import numpy as np

from dlgn_cnn.runtime import interrupts
from dlgn_cnn.training.assemble import FitSpec
from schemas import dataset, evaluation, optogenetics, provenance, training
from schemas.base.keys import Key, Row
from schemas.base.unit_rows import score_rows
from schemas.ensemble import Ensemble

schema = dj.Schema()


@schema
class EnsembleScore(provenance.Traced, dj.Computed):
    """An ensemble's scores, once all its members are fitted: columns and parts are those of ``Score``."""

    definition = """
    # scores of an ensemble
    -> Ensemble
    ---
    -> dataset.Dataset
    mean_correlation=null : float64  # over units
    """

    class Unit(dj.Part):
        """One unit's score."""

        definition = evaluation.Score.Unit.definition

    class Condition(dj.Part):
        """One unit's scores in one tier, over the frames of one opto condition or of all."""

        definition = evaluation.Score.Condition.definition

    class Member(dj.Part):
        """One fitted model behind the scores; DataJoint deletes neither without the other."""

        definition = """
        -> master
        -> training.TrainedModel
        """

    @property
    def key_source(self) -> Any:
        """The ensembles all of whose members are fitted."""
        recorded = Ensemble & dataset.Dataset.Session.proj()
        return recorded.proj() - (Ensemble.Member - training.TrainedModel.proj()).proj()

    def inputs(self, key: Key) -> dict[str, str]:
        """The stored sessions, and the weights of every member."""
        own = {"ensemble_hash": key["ensemble_hash"]}
        weights = {
            f"weights {one['model_hash'][:8]} {one['trainer_hash'][:8]} seed {one['seed']}": training.weights_of(one)
            for one in (Ensemble.Member & own).keys(order_by="KEY")
        }
        return dataset.session_digests((Ensemble & own).fetch1("dataset_hash")) | weights

    def make_fetch(self, key: Row) -> tuple[Any, ...]:
        """Each member's key, configs and weights; stores and units of the dataset."""
        row = (Ensemble & key).fetch1()
        members = (Ensemble.Member & key).keys(order_by="KEY")
        return members, training.member_fits(key["ensemble_hash"]), dataset.store_paths(row), dataset.unit_rows(row)

    @interrupts.allowed()
    def make_compute(
        self, key: Row, members: list[Row], fits: list[tuple[FitSpec, str]], stores: dict[str, str], units: list[Row]
    ) -> provenance.Found:
        """Predict validation and test tier; the ensemble's hash seeds the scenes of the intervals."""
        from dlgn_cnn.evaluation.score import score_conditions

        mean, loaders = training.restore_ensemble(fits, stores)
        generator = np.random.default_rng(int(key["ensemble_hash"], 16))
        row, parts = score_rows(score_conditions(mean, loaders, generator, precision=fits[0][0].precision), units)
        whose = {"dataset_hash": members[0]["dataset_hash"]}
        scored = {name: [whose | one for one in rows] for name, rows in parts.items()}
        return row | whose, scored | {"Member": members}

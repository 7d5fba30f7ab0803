"""Ensembles: sets of fitted models, whose mean rate is a prediction of its own and the teacher of a distillation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import datajoint as dj
import numpy as np

from dlgn_cnn import interrupts
from dlgn_cnn.config import config_hash
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.training.assemble import FitSpec
from schemas import dataset, evaluation, model, precisions, provenance, trainer, training
from schemas.hashed import transaction
from schemas.running import FIT
from schemas.score_rows import score_rows

if TYPE_CHECKING:
    from dlgn_cnn.evaluation.score import ConditionScore
    from dlgn_cnn.models.ensemble import EnsembleModel

schema = dj.Schema()
Key = Mapping[str, Any]
Row = dict[str, Any]


@schema
class Ensemble(dj.Manual):
    """A set of fits to one dataset, named by the hash of their keys: equal sets are one row."""

    definition = """
    # fitted models whose mean rate is the prediction
    ensemble_hash : char(32)  # sha256 of its members' keys, first 128 bits
    ---
    -> dataset.DatasetConfig
    members : int32
    ensemble_comment="" : varchar(256)
    """

    class Member(dj.Part):
        """One fit of an ensemble, which may still be to be done."""

        definition = """
        -> master
        -> dataset.DatasetConfig
        -> model.ModelConfig
        -> trainer.TrainerConfig
        -> trainer.Seed
        """

    @classmethod
    def add(cls, keys: Iterable[Key], comment: str = "") -> dict[str, str]:
        """Insert the ensemble of these fitted models unless it is there; its key is returned.

        Example: ``Ensemble.add(TrainedModel & {"model_hash": ...})``. Raises ConfigError for no member, for one that
        is not fitted, and for members of different datasets or precisions.
        """
        members = [{name: key[name] for name in FIT} for key in keys]
        for key in members:
            if not training.TrainedModel & key:
                raise ConfigError(f"{key} is not fitted: run dlgn populate first")
        precisions.refuse_mixed(members, training.TrainedModel(), "the members of an ensemble")
        return cls.plan(members, comment)

    @classmethod
    def plan(cls, keys: Iterable[Key], comment: str = "") -> dict[str, str]:
        """As ``add``, of fits that may still be to be done; ``EnsembleScore`` waits for them."""
        members = sorted(({name: key[name] for name in FIT} for key in keys), key=lambda one: [*one.values()])
        unique = [one for index, one in enumerate(members) if one not in members[:index]]
        _check(unique)
        key = {"ensemble_hash": config_hash("ensemble", {"members": unique})}
        if not cls() & key:
            row = {"dataset_hash": unique[0]["dataset_hash"], "members": len(unique), "ensemble_comment": comment}
            with transaction(cls.connection):
                cls.insert1(key | row)
                cls.Member.insert(key | member for member in unique)
        return key


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
        """One unit's scores in one tier, over all frames or those under one state of the light."""

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

    def make_fetch(self, key: dict[str, Any]) -> tuple[Any, ...]:
        """Each member's key, configs and weights; stores and units of the dataset."""
        row = (Ensemble & key).fetch1()
        members = (Ensemble.Member & key).keys(order_by="KEY")
        return members, member_fits(key["ensemble_hash"]), dataset.store_paths(row), dataset.unit_rows(row)

    @interrupts.allowed()
    def make_compute(
        self,
        key: dict[str, Any],
        members: list[Row],
        fits: list[tuple[FitSpec, str]],
        stores: dict[str, str],
        units: list[Row],
    ) -> tuple[dict[str, list[ConditionScore]], list[Row], list[Row]]:
        """Predict validation and test tier; the ensemble's hash seeds the scenes of the intervals."""
        from dlgn_cnn.evaluation.score import score_conditions

        mean, loaders = restore(fits, stores)
        generator = np.random.default_rng(int(key["ensemble_hash"], 16))
        precision = fits[0][0].precision
        return score_conditions(mean, loaders, generator, precision=precision), units, members

    def make_insert(
        self, key: dict[str, Any], scores: dict[str, list[ConditionScore]], units: list[Row], members: list[Row]
    ) -> None:
        """Insert what ``Score`` inserts, and what was scored."""
        data = {"dataset_hash": members[0]["dataset_hash"]}
        mean, short, full = score_rows(scores, units)
        self.insert1(key | data | {"mean_correlation": mean})
        self.Unit.insert(key | data | row for row in short)
        self.Condition.insert(key | data | row for row in full)
        self.Member.insert(key | member for member in members)


def member_fits(ensemble_hash: str, dataset_hash: str | None = None) -> list[tuple[FitSpec, str]]:
    """Each member's configs and the digest of its weights.

    Raises ConfigError for an ensemble that is not there, is of another dataset than ``dataset_hash``, or has members
    that are not fitted yet, or in two precisions.
    """
    found = (Ensemble & {"ensemble_hash": ensemble_hash}).to_dicts()
    if not found:
        raise ConfigError(
            f"there is no ensemble {ensemble_hash!r}: dlgn define names those of an "
            "experiment with ensembles: true; Ensemble.add makes one of fitted models"
        )
    if dataset_hash not in (None, found[0]["dataset_hash"]):
        raise ConfigError(
            f"ensemble {ensemble_hash} is of dataset {found[0]['dataset_hash']}, not of {dataset_hash}: "
            "name an ensemble of the dataset that is fitted"
        )
    members = Ensemble.Member & {"ensemble_hash": ensemble_hash}
    if lacking := len(members - training.TrainedModel.proj()):
        raise ConfigError(
            f"of ensemble {ensemble_hash}, {lacking} of {len(members)} members are not fitted: run dlgn populate first"
        )
    keys = [{name: key[name] for name in FIT} for key in members.keys(order_by="KEY")]
    precisions.refuse_mixed(keys, training.TrainedModel(), f"the members of ensemble {ensemble_hash}")
    return [(training.fit_spec(key), training.weights_of(key)) for key in keys]


def restore(members: list[tuple[FitSpec, str]], stores: Mapping[str, str]) -> tuple[EnsembleModel, Any]:
    """An ensemble in evaluation mode on this process's device, and the loaders of its first member; needs no database.

    Scores and MEIs take it as they take a model.
    """
    from dlgn_cnn.models.ensemble import EnsembleModel

    restored = [training.restore(spec, stores, weights) for spec, weights in members]
    return EnsembleModel([one for one, _ in restored]).eval(), restored[0][1]


def load_ensemble(key: Key) -> tuple[EnsembleModel, Any]:
    """An ensemble and loaders from an ``Ensemble`` key, for a notebook."""
    row = (Ensemble & {"ensemble_hash": key["ensemble_hash"]}).fetch1()
    return restore(member_fits(row["ensemble_hash"]), dataset.store_paths(row))


def _check(members: list[dict[str, Any]]) -> None:
    if not members:
        raise ConfigError("an ensemble of no members: give the keys of fitted models")
    if len({key["dataset_hash"] for key in members}) > 1:
        raise ConfigError("the members of an ensemble are fitted to different datasets: choose models of one dataset")

"""Ensembles: sets of fitted models, whose mean rate is a prediction of its own and the teacher of a distillation."""

from collections.abc import Iterable, Mapping
from typing import Any

import datajoint as dj

from dlgn_cnn.config import config_hash
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.ensemble import EnsembleModel
from dlgn_cnn.training.assemble import FitSpec
from schemas import dataset, training
from schemas.hashed import transaction

schema = dj.Schema()
Key = Mapping[str, Any]


@schema
class Ensemble(dj.Manual):
    """A set of models fitted to one dataset, named by the hash of its members' keys: equal sets are one row."""

    definition = """
    # fitted models whose mean rate is the prediction
    ensemble_hash : char(32)  # sha256 of its members' keys, first 128 bits
    ---
    -> dataset.Dataset
    members : int32
    ensemble_comment="" : varchar(256)
    """

    class Member(dj.Part):
        """One fitted model of an ensemble; DataJoint deletes neither without the other."""

        definition = """
        -> master
        -> training.TrainedModel
        """

    @classmethod
    def add(cls, keys: Iterable[Key], comment: str = "") -> dict[str, str]:
        """Insert the ensemble of these fitted models unless it is there; its key is returned.

        Example: ``Ensemble.add(TrainedModel & {"model_hash": ...})``. Raises ConfigError for no member, for one that
        is not fitted, and for members of different datasets.
        """
        names = training.TrainedModel.primary_key
        members = sorted(({name: key[name] for name in names} for key in keys), key=lambda one: [*one.values()])
        unique = [one for index, one in enumerate(members) if one not in members[:index]]
        _check(unique)
        key = {"ensemble_hash": config_hash("ensemble", {"members": unique})}
        if not cls() & key:
            row = {"dataset_hash": unique[0]["dataset_hash"], "members": len(unique), "ensemble_comment": comment}
            with transaction(cls.connection):
                cls.insert1(key | row)
                cls.Member.insert(key | member for member in unique)
        return key


def member_fits(ensemble_hash: str, dataset_hash: str | None = None) -> list[tuple[FitSpec, str]]:
    """Each member's configs and the digest of its weights.

    Raises ConfigError for an ensemble that is not there, or is of another dataset than ``dataset_hash``.
    """
    found = (Ensemble & {"ensemble_hash": ensemble_hash}).to_dicts()
    if not found:
        raise ConfigError(f"there is no ensemble {ensemble_hash!r}: make it from fitted models with Ensemble.add")
    if dataset_hash not in (None, found[0]["dataset_hash"]):
        raise ConfigError(
            f"ensemble {ensemble_hash} is of dataset {found[0]['dataset_hash']}, not of {dataset_hash}: "
            "name an ensemble of the dataset that is fitted"
        )
    keys = (Ensemble.Member & {"ensemble_hash": ensemble_hash}).keys(order_by="KEY")
    return [(training.fit_spec(key), training.weights_of(key)) for key in keys]


def restore(members: list[tuple[FitSpec, str]], stores: Mapping[str, str]) -> tuple[EnsembleModel, Any]:
    """An ensemble in evaluation mode on this process's device, and the loaders of its first member; needs no database.

    Scores and MEIs take it as they take a model.
    """
    restored = [training.restore(spec, stores, weights) for spec, weights in members]
    return EnsembleModel([model for model, _ in restored]).eval(), restored[0][1]


def load_ensemble(key: Key) -> tuple[EnsembleModel, Any]:
    """An ensemble and loaders from an ``Ensemble`` key, for a notebook."""
    row = (Ensemble & {"ensemble_hash": key["ensemble_hash"]}).fetch1()
    return restore(member_fits(row["ensemble_hash"]), dataset.store_paths(row))


def _check(members: list[dict[str, Any]]) -> None:
    if not members:
        raise ConfigError("an ensemble of no members: give the keys of fitted models")
    for key in members:
        if not training.TrainedModel & key:
            raise ConfigError(f"{key} is not fitted: run dlgn populate first")
    if len({key["dataset_hash"] for key in members}) > 1:
        raise ConfigError("the members of an ensemble are fitted to different datasets: choose models of one dataset")

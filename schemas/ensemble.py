"""Ensembles: sets of fits, whose mean rate is a prediction of its own."""

from collections.abc import Iterable
from typing import Any

import datajoint as dj

from dlgn_cnn.config import config_hash
from dlgn_cnn.errors import ConfigError
from schemas import dataset, model, trainer
from schemas.base.hashed_config import transaction
from schemas.base.keys import Key, fit_key

schema = dj.Schema()


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
        """Insert the ensemble of these fits unless it is there; its key is returned.

        Members may still be unfitted: ``EnsembleScore`` waits for them. ``training.add_ensemble`` asks for fitted ones.
        Raises ConfigError for no member, and for members of different datasets.
        """
        members = sorted(map(fit_key, keys), key=lambda one: [*one.values()])
        unique = [one for index, one in enumerate(members) if one not in members[:index]]
        if not unique:
            raise ConfigError("an ensemble of no members: give the keys of fitted models")
        if len({key["dataset_hash"] for key in unique}) > 1:
            raise ConfigError(
                "the members of an ensemble are fitted to different datasets: choose models of one dataset"
            )
        key = {"ensemble_hash": config_hash("ensemble", {"members": unique})}
        if not cls() & key:
            row = {"dataset_hash": unique[0]["dataset_hash"], "members": len(unique), "ensemble_comment": comment}
            with transaction(cls.connection):
                cls.insert1(key | row)
                cls.Member.insert(key | member for member in unique)
        return key

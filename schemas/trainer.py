"""Trainer configs and seeds."""

import datajoint as dj

from schemas.base.hashed_config import HashedConfig

schema = dj.Schema()


@schema
class TrainerConfig(HashedConfig, dj.Manual, kind="trainer", title="trainer function and its arguments"):
    """A trainer function and its arguments."""


@schema
class Seed(dj.Manual):
    """What all randomness of a fit follows from."""

    definition = """
    # random seed of a fit
    seed : int64
    """

"""Trainer configs and seeds."""

import datajoint as dj

from schemas.base.hashed_config import LEAF_DEFINITION, HashedConfig, config_definition

schema = dj.Schema()


@schema
class TrainerConfig(HashedConfig, dj.Manual):
    """A trainer function and its arguments."""

    kind = "trainer"
    definition = config_definition("trainer", "trainer function and its arguments")

    class Leaf(dj.Part):
        """One value of a config."""

        definition = LEAF_DEFINITION


@schema
class Seed(dj.Manual):
    """What all randomness of a fit follows from."""

    definition = """
    # random seed of a fit
    seed : int64
    """

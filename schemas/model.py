"""Model configs."""

import datajoint as dj

from schemas.base.hashed_config import LEAF_DEFINITION, HashedConfig, config_definition

schema = dj.Schema()


@schema
class ModelConfig(HashedConfig, dj.Manual):
    """A model function and its arguments."""

    kind = "model"
    definition = config_definition("model", "model function and its arguments")

    class Leaf(dj.Part):
        """One value of a config."""

        definition = LEAF_DEFINITION

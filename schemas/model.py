"""Model configs."""

import datajoint as dj

from schemas.base.hashed_config import HashedConfig

schema = dj.Schema()


@schema
class ModelConfig(HashedConfig, dj.Manual, kind="model", title="model function and its arguments"):
    """A model function and its arguments."""

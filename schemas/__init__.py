"""The tables. Importing a module declares nothing and connects to nothing: ``schemas.open_database()`` does.

Foreign keys follow the imports: session, stimulus, optogenetics, recording, dataset, model, trainer, experiment,
training, evaluation, mei.
"""

from schemas.database import open_database
from schemas.settings import Settings

__all__ = ["Settings", "open_database"]

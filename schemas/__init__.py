"""The tables. Importing a module declares nothing and connects to nothing: ``schemas.open_database()`` does.

Foreign keys follow the imports: session, stimulus, optogenetics, provenance, recording, dataset, model, trainer,
experiment, fitting, search, training, heirs, evaluation, ensemble, mei, mei_control, mei_contrast, verification.
"""

import warnings

from schemas.database import open_database
from schemas.settings import Settings

# On its import, DataJoint advises a datajoint.json; our settings are the environment's.
warnings.filterwarnings("ignore", message="No datajoint.json found", category=UserWarning)

__all__ = ["Settings", "open_database"]

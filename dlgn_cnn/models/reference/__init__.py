"""Reference models: other fits are compared with them.

A reference is a model function, registered with ``@MODELS.register("name")``, that returns a ``ReferenceModel``: linear
kernels over the past and one output nonlinearity. It is fitted by any trainer, on any dataset.
"""

from dlgn_cnn.models.build import MODELS


def reference_names() -> list[str]:
    """The names of the model functions that are registered here."""
    return [name for name in MODELS.names() if MODELS.get(name).__module__.startswith(f"{__name__}.")]

"""Registry of components: a config names a component, the registry builds it.

Import from here; the modules below hold the registry, the check of values against annotations, and import paths.
"""

from dlgn_cnn.registry.annotations import check_arguments, nearest, nested, supplied
from dlgn_cnn.registry.registry import Registry

__all__ = ["Registry", "check_arguments", "nearest", "nested", "supplied"]

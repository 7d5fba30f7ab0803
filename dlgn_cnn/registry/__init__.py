"""Registry of components: a config names a component, the registry builds it.

Import from here; the modules below hold the registry, the check of values against annotations, import paths, and
which packages may be named by them.
"""

from dlgn_cnn.registry.annotations import check_arguments, nearest, nested, supplied
from dlgn_cnn.registry.permission import allow, allowed_packages, allowing
from dlgn_cnn.registry.registry import Registry

__all__ = ["Registry", "allow", "allowed_packages", "allowing", "check_arguments", "nearest", "nested", "supplied"]

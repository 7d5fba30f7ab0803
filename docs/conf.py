"""Sphinx configuration: pages are MyST markdown; each build writes the reference and the diagram from the code."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from generators import write_all  # noqa: E402

from dlgn_cnn import __version__  # noqa: E402

project = "dlgn_cnn"
author = "the dlgn_cnn authors"
copyright = f"2026, {author}"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_param = False  # types are prose, not names to link to
napoleon_use_ivar = True
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_default_options = {"members": True, "undoc-members": True, "member-order": "bysource"}
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 100

html_theme = "furo"
html_title = "dlgn_cnn"
html_static_path = ["static"]
html_css_files = ["tables.css"]
exclude_patterns = ["build"]


def setup(app):  # noqa: D103
    app.connect("builder-inited", lambda app: write_all(Path(app.srcdir) / "reference" / "generated"))

"""``dlgn doctor``: checks with advice. A file is a group of checks and runs in a process of its own."""

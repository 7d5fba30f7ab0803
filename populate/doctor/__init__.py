"""``dlgn doctor``: what is wrong here, and what to do. A file a group of checks; each runs in a process of its own."""

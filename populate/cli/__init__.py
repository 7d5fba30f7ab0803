"""The ``dlgn`` command: one file a group of commands."""

"""The ``dlgn`` command: ``command`` adds the ``app`` of every other module of this folder, one file a group."""

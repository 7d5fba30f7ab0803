"""Workers and the ``dlgn`` command: they fill the tables and show what is in them."""

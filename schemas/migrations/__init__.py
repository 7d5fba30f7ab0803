"""Versions of the tables, and the way from each to the next.

``schemas.version.SchemaVersion`` says which one a database has. A process whose code asks for another refuses it with
a sentence, before it has read or written a row; ``dlgn migrate`` brings an older one up to date, step by step.

A step is a module ``step_0007_words.py`` here, with ``upgrade(tables)``, which brings a database from version 6 to 7.
Whoever changes a table's definition adds one, or ``tests/schemas/test_migrations.py`` fails. Steps are never edited
once released, and never import the tables' classes, which later change: they say what they do in frozen definitions,
through the methods of ``schemas.migrations.tables.Tables``, each of which looks before it acts. So a step that was
interrupted, which on MySQL leaves what it has done, is simply run again.
"""

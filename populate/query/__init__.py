"""Queries: rows of tables as results on a screen or in a file."""

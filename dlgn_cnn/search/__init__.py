"""Searching for the best config: which values a study may try, and which it tries next. No database in it."""

"""Provenance: which code and environment computed a row, and how rows are compared."""

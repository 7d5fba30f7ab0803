"""Readers: one file a raw format; each returns validated recordings."""

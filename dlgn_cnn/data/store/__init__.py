"""Stored sessions: Deep Lake datasets, local caches and remote copies."""

"""Verification: rows computed again and compared, or compared with each other."""

"""Recordings as rows: inserted, and fetched again."""

"""Reproduction: rows computed again, compared, and checked against their digests."""

"""Errors: what they mean for the user, and which can be retried."""

"""Scores, the light's effect and receptive fields."""

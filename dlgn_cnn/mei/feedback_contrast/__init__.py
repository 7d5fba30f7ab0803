"""Feedback contrast: how the MEIs of a unit differ between the two opto conditions."""

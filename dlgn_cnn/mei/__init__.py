"""Maximally exciting inputs for video, under exact constraints."""

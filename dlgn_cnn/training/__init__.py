"""Fitting: losses, one loop, trainers."""

"""Plots: functions that take data and return Axes; they never show and never fetch."""

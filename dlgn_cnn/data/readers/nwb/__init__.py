"""Neurodata Without Borders files: ``contents`` reads one through pynwb, in a process that ``reader`` watches."""

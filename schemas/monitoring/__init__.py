"""Monitoring of a fit while it runs: rows, loggers, checkpoints and progress bars."""

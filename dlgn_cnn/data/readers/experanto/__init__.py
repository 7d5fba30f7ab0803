"""Experanto folders, read and written: a folder a device, all on one clock in seconds."""

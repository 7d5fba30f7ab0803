"""Encoding models: core, recurrence, readout and their assembly. They meet ``data`` only through ``interface``."""

"""Encoding models: core, recurrence, readout and their assembly. Siblings of ``data``, met only through ``interface``."""

"""Spikes as sorters leave them, with a table of presentations next to them: Phy and Kilosort folders, and ALF (ONE)."""

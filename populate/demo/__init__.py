"""The demo: the whole path on a simulated recording."""

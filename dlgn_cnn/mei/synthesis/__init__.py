"""Synthesis: gradient ascent of many stimuli at once, and the methods that a config names."""

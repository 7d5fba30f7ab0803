"""Shared parts of the fleet's benchmarks: short fits, workers that start at once, servers that can be killed."""

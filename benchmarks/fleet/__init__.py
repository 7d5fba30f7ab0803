"""What the benchmarks of the fleet share: short fits, workers that start at once, servers that can be killed."""

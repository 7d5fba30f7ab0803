"""Models written exactly as their equations, for the benchmarks to compare with."""

"""Models as their equations are written: what the benchmarks compare with."""

"""The fleet: status and control of all workers, GPUs, SLURM and garbage collection."""

"""How much memory a fit took."""

import resource
import sys

import torch


def reset_peak(device: torch.device) -> None:
    """Begin to look for the most that tensors on a GPU take."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_memory_bytes(device: torch.device) -> int:
    """The most that was held: on a GPU by tensors since ``reset_peak``, otherwise by the process since it began."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    # Linux counts in kB, macOS in bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

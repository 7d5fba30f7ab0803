"""What a process computes with: its threads, its precision."""

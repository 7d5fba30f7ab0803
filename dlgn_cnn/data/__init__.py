"""From raw recordings to batches: what was recorded, on which clock, in which tier."""

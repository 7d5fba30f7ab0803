"""Sessions on the clock of the frames: signals, tiers and statistics of the training tier."""

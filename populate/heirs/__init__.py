"""From nnfabrik's tables into these."""

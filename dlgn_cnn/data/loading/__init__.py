"""Loading: windows of stored sessions as batches."""

"""The live page: what the tables hold, seen in a browser; it reads and never writes."""

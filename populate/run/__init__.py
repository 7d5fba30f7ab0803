"""Running: what the commands do that fill the tables."""

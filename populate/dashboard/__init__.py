"""Live page: the tables in a browser; it reads and never writes."""

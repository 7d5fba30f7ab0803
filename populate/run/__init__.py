"""Steps of a project that fill the tables."""

"""Reader of Neurodata Without Borders files."""

"""Reader of the lab's own layout: a pickled frame and a folder of scene files."""

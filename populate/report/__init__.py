"""Reports: the figures and statements of an experiment."""

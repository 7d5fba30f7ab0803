"""Begin a project, and compute on this machine."""

"""Registered components of a synthesis: objectives, constraints, optimizers and priors."""

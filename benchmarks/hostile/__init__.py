"""Generated hostile and damaged inputs: how each kind is made and read, and what none of them may reach."""

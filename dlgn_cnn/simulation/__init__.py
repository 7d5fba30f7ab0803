"""An in-silico dLGN with known truth, written in the lab's own layout."""

"""Effects of suppressed feedback on the rates of units, and their null."""

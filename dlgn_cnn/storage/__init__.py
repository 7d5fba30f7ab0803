"""Writing files so that a reader finds them whole or not at all."""

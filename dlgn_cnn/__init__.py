"""Deep encoding models of mouse dLGN: the science, with no knowledge of any database."""

__version__ = "0.1.0"

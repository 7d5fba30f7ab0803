"""Deep encoding models of mouse dLGN: the science, with no knowledge of any database."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlgn_cnn.archive.pretrained import load

__version__ = "0.1.0"
__all__ = ["__version__", "load"]


def __getattr__(name: str) -> Any:
    # ``dlgn_cnn.load`` brings torch, which nobody who only imports the package waits for.
    if name == "load":
        from dlgn_cnn.archive.pretrained import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

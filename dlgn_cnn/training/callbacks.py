"""Callbacks: one protocol for all that follow a fit, and the adapter to nnfabrik's ``cb``.

Checkpoints, rows of epochs, loggers, the progress bar and the check that gives a fit up are callbacks.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Info = Mapping[str, Any]


class Callback:
    """Follows a fit. Each method does nothing unless it is overridden; what one raises ends the fit.

    A lab's own trainer calls ``on_epoch`` alone, through ``Callbacks``.
    """

    def on_start(self, fit: Any) -> None:
        """Called before the first step with the ``Fit``, which may be put where an earlier one stopped."""

    def on_step(self, fit: Any) -> None:
        """Called wherever nothing is half done: after every step, between batches of validation, after an epoch."""

    def on_epoch(self, epoch: int, info: Info) -> None:
        """Called after every epoch.

        Parameters
        ----------
        epoch : int
            Number of the epoch, from 0. A fit that goes on from a checkpoint may repeat some.
        info : mapping
            Figures of the epoch by name, and ``max_epochs``. A lab's own trainer may tell anything.
        """

    def on_save(self, fit: Any, name: str, size_bytes: int, kept: list[str]) -> None:
        """Called when a checkpoint was saved.

        Parameters
        ----------
        fit : TrainingLoop
            The fit as it was saved.
        name : str
            The file's name, by its serial number and sha256: see ``dlgn_cnn.training.checkpoints``.
        size_bytes : int
            Size of the file.
        kept : list of str
            Names of all files that are kept.
        """

    def on_end(self) -> None:
        """Called by the owner of the callbacks once the fit has ended, or was interrupted."""


class Callbacks(Callback):
    """Several callbacks as one, in order. As a context manager it calls ``on_end`` of each.

    It is also what nnfabrik's trainers take as ``cb``: a call of it is an epoch.
    """

    def __init__(self, callbacks: Iterable[Callback]) -> None:
        self.callbacks, self._epochs = list(callbacks), 0

    def __enter__(self) -> "Callbacks":
        return self

    def __exit__(self, *error: object) -> None:
        self.on_end()

    def __call__(
        self, uid: object = None, epoch: int | None = None, model: object = None, info: Any = None, state: Any = None
    ) -> None:
        """Follow an epoch of a trainer on nnfabrik's contract.

        Parameters
        ----------
        uid, model : object
            Not used.
        epoch : int, optional
            Number of the epoch (default: one more than in the last call).
        info, state : mapping, optional
            Figures of the epoch, by either name.
        """
        told = next((one for one in (info, state) if isinstance(one, Mapping)), {})
        self.on_epoch(self._epochs if epoch is None else epoch, told)

    def on_start(self, fit: Any) -> None:
        """Tell each."""
        for one in self.callbacks:
            one.on_start(fit)

    def on_step(self, fit: Any) -> None:
        """Tell each."""
        for one in self.callbacks:
            one.on_step(fit)

    def on_epoch(self, epoch: int, info: Info) -> None:
        """Tell each."""
        self._epochs = epoch + 1
        for one in self.callbacks:
            one.on_epoch(epoch, info)

    def on_save(self, fit: Any, name: str, size_bytes: int, kept: list[str]) -> None:
        """Tell each.

        Parameters
        ----------
        fit : TrainingLoop
            The fit.
        name : str
            Name of the checkpoint's file.
        size_bytes : int
            Its size.
        kept : list of str
            Names of all checkpoints that are kept, this one too.
        """
        for one in self.callbacks:
            one.on_save(fit, name, size_bytes, kept)

    def on_end(self) -> None:
        """Tell each."""
        for one in self.callbacks:
            one.on_end()


class Called(Callback):
    """Calls a plain function on nnfabrik's contract after every epoch.

    Parameters
    ----------
    function : callable
        Called as ``function(uid=, epoch=, model=, info=)``.
    uid : object
        Identifies the fit.
    model : object
        The model being fitted.
    """

    def __init__(self, function: Callable[..., None], uid: object, model: object) -> None:
        self.function, self.uid, self.model = function, uid, model

    def on_epoch(self, epoch: int, info: Info) -> None:
        """Call ``cb(uid=, epoch=, model=, info=)``."""
        self.function(uid=self.uid, epoch=epoch, model=self.model, info=info)


def as_callback(cb: Callback | Callable[..., None] | None, uid: object, model: object) -> Callback:
    """Make a callback of what a trainer was given as ``cb``.

    Parameters
    ----------
    cb : Callback, callable or None
        A callback, a plain function on nnfabrik's contract, or nothing.
    uid : object
        Identifies the fit in calls of a plain function.
    model : object
        Given to a plain function.

    Returns
    -------
    Callback
        Follows the fit.
    """
    if cb is None:
        return Callback()
    return cb if isinstance(cb, Callback) else Called(cb, uid, model)

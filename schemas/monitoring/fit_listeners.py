"""Callbacks of a fit: rows, loggers, the check that gives it up, and checkpoints that it can be continued from."""

from __future__ import annotations

import datetime
import logging
import math
import platform
from collections.abc import Iterable, Mapping
from typing import Any

import datajoint as dj

from dlgn_cnn.config import value_sha256
from dlgn_cnn.errors import ConfigError, StoreError
from dlgn_cnn.training.assemble import FitSpec
from dlgn_cnn.training.callbacks import Callback, Callbacks, Info
from dlgn_cnn.training.loggers import LoggedFit, loggers
from schemas import search
from schemas.base.keys import Key, Row, fit_key
from schemas.connection.background_writer import BackgroundWriter
from schemas.connection.in_force import settings_in_force
from schemas.connection.server import own_connection
from schemas.fitting import Checkpoint, Epoch
from schemas.monitoring import progress

logger = logging.getLogger("dlgn")
BYTES = "peak_memory_bytes"
FIGURES = (BYTES, "loss", "penalty", "validation_loss", "validation_correlation", "learning_rate", "samples_per_s",
           "seconds")  # fmt: skip


def checkpoint_folder(key: Key, stores: Mapping[str, str]) -> str:
    """Where the checkpoints of a fit lie below the store: a name that the fit and its data's content decide."""
    return f"checkpoints/{value_sha256({'key': fit_key(key), 'stores': dict(stores)})[:32]}"


def background_writer() -> BackgroundWriter:
    """Return a writer to the database in force; while a fit is only recomputed to be compared, it drops everything."""
    recomputing = settings_in_force().scratch is not None
    return BackgroundWriter(None if recomputing else lambda: own_connection(Epoch.connection))


class GivenUp(Exception):
    """Raised within a fit whose trial is hopeless; ``epoch`` is the one that was found to be, from 0."""

    def __init__(self, epoch: int) -> None:
        super().__init__(f"given up after epoch {epoch}: worse than the study's other trials")
        self.epoch = epoch


class Watch(Callback):
    """Asks after each epoch, in the background writer's thread, whether all studies that ask for a fit give it up."""

    def __init__(self, key: Key, fitted: Any, writer: BackgroundWriter) -> None:
        self._key, self._fitted, self._writer = key, fitted, writer
        self._hopeless: int | None = None
        self._blind = False  # whether this process cannot tell

    def on_epoch(self, epoch: int, info: Info) -> None:
        """Ask about an epoch, after which there are more. Raises GivenUp as ``on_step``."""
        if info.get("max_epochs") != epoch + 1:
            self._writer.send(lambda connection: self._ask(connection, epoch))
        self.on_step(None)

    def on_step(self, fit: Any) -> None:
        """Raise GivenUp where the answer is known to be yes."""
        if self._hopeless is not None:
            raise GivenUp(self._hopeless)

    def _ask(self, connection: Any, epoch: int) -> None:
        if self._hopeless is not None or self._blind:
            return
        try:
            if search.is_hopeless(self._key, self._fitted, connection):
                self._hopeless = epoch
        except ConfigError as error:  # the same after each epoch, as where Optuna is not installed
            self._blind = True
            logger.warning("whether its study gives this fit up cannot be told here, and it runs to its end: %s", error)


class Rows(Callback):
    """Makes a row of every epoch, with those figures that the trainer gave, and of every checkpoint."""

    def __init__(self, key: Key, folder: str, writer: BackgroundWriter) -> None:
        self._key, self._folder, self._writer = key, folder, writer

    def on_epoch(self, epoch: int, info: Info) -> None:
        """Replace the row of this epoch and of those after it."""
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        row = {**fit_key(self._key), "epoch": epoch, "ended": now, **_figures(info)}
        self._writer.send(lambda connection: _replace_epochs(connection, row))

    def on_save(self, fit: Any, name: str, size_bytes: int, kept: list[str]) -> None:
        """Replace the rows of checkpoints whose files are gone.

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
        row = {
            **fit_key(self._key),
            "serial": int(name[:8]),
            "path": f"{self._folder}/{name}",
            "sha256": name[9:73],
            "size_bytes": size_bytes,
            "epoch": fit.epoch,
            "step": fit.step,
            "best_epoch": fit.best_epoch,
            "saved": datetime.datetime.now(datetime.UTC).replace(tzinfo=None),
            "host": platform.node()[:64],
        }
        serials = [int(one[:8]) for one in kept]
        self._writer.send(lambda connection: _replace_checkpoints(connection, row, serials))


def callbacks(key: Key, spec: FitSpec, folder: str, fitted: Any, writer: BackgroundWriter) -> Callbacks:
    """All that follow a fit: rows, loggers, progress bar, the check that gives it up, and checkpoints.

    Parameters
    ----------
    key : mapping
        The fit's key.
    spec : FitSpec
        The fit's configs.
    folder : str
        Where its checkpoints lie below the store.
    fitted : Table
        ``TrainedModel``.
    writer : BackgroundWriter
        Takes what is written to the database.

    Returns
    -------
    Callbacks
        A trainer's ``cb``; leave its context when the fit has ended.
    """
    from dlgn_cnn.training.checkpoints import Checkpoints

    settings = settings_in_force()
    told = Callbacks([Rows(key, folder, writer), *loggers(settings.loggers, _logged(key, spec))])
    saving = Checkpoints(settings.written(folder), settings.checkpoint_s, told)
    bar = progress.EpochBar(f"fit {key['model_hash'][:8]} seed {key['seed']}")
    return Callbacks([told, bar, Watch(key, fitted, writer), saving])


def _logged(key: Key, spec: FitSpec) -> LoggedFit:
    """The fit as loggers know it."""
    hashes = (key[f"{kind}_hash"][:8] for kind in ("dataset", "model", "trainer"))
    calls = {"dataset": spec.dataset, "model": spec.model, "trainer": spec.trainer}
    config = {name: {"fn": function, **config} for name, (function, config) in calls.items()}
    return LoggedFit(
        "-".join([*hashes, f"seed{spec.seed}"]), settings_in_force().home / "logs", config | {"seed": spec.seed}
    )


def discard_checkpoints(key: Key, folder: str, writer: BackgroundWriter) -> None:
    """Remove the rows and files of a fit that would fail again from where they are."""
    _remove({folder})
    writer.send(lambda other: (dj.FreeTable(other, Checkpoint().full_table_name) & fit_key(key)).delete_quick())


def remove_useless_checkpoints(fitted: Any, asked: Any, folder: str) -> None:
    """Remove the checkpoints of a fit that has ended, and of all fits that are done or that no experiment asks for.

    Call it after the fit's row is committed: before, the fit may still be lost. Errors are only logged.

    Parameters
    ----------
    fitted : Table
        ``TrainedModel``.
    asked : Table
        ``Experiment.Fit``.
    folder : str
        The checkpoints' folder of the fit that has ended, below the store.
    """
    try:
        useless = [*(Checkpoint & fitted.proj()).to_dicts(), *(Checkpoint - asked.proj()).to_dicts()]
        _remove({folder} | {row["path"].rpartition("/")[0] for row in useless})
        for row in useless:
            (Checkpoint & fit_key(row)).delete_quick()
    except Exception as error:
        logger.warning("checkpoints of fits that are done are left for the next fit to remove: %s", error)


def _remove(folders: Iterable[str]) -> None:
    """Remove folders of checkpoints; those that cannot be removed are one line in the log."""
    from dlgn_cnn.training.checkpoints import CheckpointFolder

    left: list[Exception] = []
    for folder in folders:
        try:
            CheckpointFolder(settings_in_force().written(folder)).clear()
        except (OSError, StoreError) as error:
            left.append(error)
    if left:
        logger.warning("useless checkpoints are left behind in %d folders: %s", len(left), left[0])


def _figures(info: Info) -> dict[str, Any]:
    """What a callback was told that a row can hold; a lab's own trainer may tell anything."""
    found = {name: info[name] for name in FIGURES if isinstance(info.get(name), int | float)}
    finite = {name: value for name, value in found.items() if math.isfinite(value)}
    return {name: int(value) if name == BYTES else float(value) for name, value in finite.items()}


def _replace_epochs(connection: Any, row: Row) -> None:
    """Insert an epoch and remove what an earlier run left of it and of those after it."""
    table = dj.FreeTable(connection, Epoch().full_table_name)
    with connection.transaction:
        (table & fit_key(row) & f"epoch >= {row['epoch']}").delete_quick()
        table.insert1(row)


def _replace_checkpoints(connection: Any, row: Row, kept: list[int]) -> None:
    """Insert a checkpoint and remove the rows of files that are gone."""
    table = dj.FreeTable(connection, Checkpoint().full_table_name)
    with connection.transaction:
        others = ", ".join(str(serial) for serial in kept if serial != row["serial"]) or "-1"
        (table & fit_key(row) & f"serial not in ({others})").delete_quick()
        table.insert1(row)

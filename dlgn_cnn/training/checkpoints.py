"""Checkpoints of one fit in one folder, of this machine or of an object store: the last two are kept.

They are saved while the fit runs, and it goes on from the first sound one. A file is a snapshot as safetensors with its
other facts as JSON in the header, so that loading one can run no code. It is named by its serial number and by the
sha256 of its bytes, and is there whole or not at all. It holds the best epoch's weights besides the last ones.
"""

import contextlib
import hashlib
import json
import logging
import re
import time
from collections.abc import Callable
from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError

from dlgn_cnn.errors import DlgnError, StoreAway, StoreError
from dlgn_cnn.runtime import interrupts
from dlgn_cnn.runtime.outages import Outage
from dlgn_cnn.storage.object_store import ObjectStore
from dlgn_cnn.storage.rights import present_folder
from dlgn_cnn.training.callbacks import Callback
from dlgn_cnn.training.fit import TrainingLoop
from dlgn_cnn.training.snapshot import Snapshot, can_capture, capture, restore

logger = logging.getLogger("dlgn")
EVERY_S = 60.0
KEPT = 2
NAME = re.compile(r"(\d{8})-([0-9a-f]{64})\.safetensors")


class Damaged(StoreError):
    """A checkpoint that is not what was written, and never will be."""


class CheckpointFolder:
    """The files of one fit's checkpoints; ``folder`` is made with the first."""

    def __init__(self, folder: Path | ObjectStore) -> None:
        self.place = folder if isinstance(folder, ObjectStore) else ObjectStore(folder)

    def names(self) -> list[str]:
        """The files that are there, oldest first. Raises StoreError where a store cannot be asked."""
        return sorted(name for name in self.place.sizes() if NAME.fullmatch(name))

    def write(self, snapshot: Snapshot) -> str:
        """Save a snapshot and remove all but the last two; the file's name is returned. Raises OSError, StoreError."""
        data = safetensors.torch.save(snapshot.tensors, {"facts": json.dumps(snapshot.facts)})
        before = self.names()
        serial = int(before[-1][:8]) + 1 if before else 0
        name = f"{serial:08d}-{hashlib.sha256(data).hexdigest()}.safetensors"
        self.place.write(name, data)
        for old in before[: 1 - KEPT]:
            self.remove(old)
        return name

    def read(self, name: str) -> Snapshot:
        """The snapshot in a file. Raises StoreError for one that cannot be read, Damaged for another than written."""
        data = self.place.read(name)
        found = NAME.fullmatch(name)
        if found is None or hashlib.sha256(data).hexdigest() != found[2]:
            raise Damaged(f"its {len(data)} bytes have another sha256 than its name says")
        try:
            header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
            return Snapshot(safetensors.torch.load(data), json.loads(header["__metadata__"]["facts"]))
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            raise Damaged(f"it is not a checkpoint ({error})") from error

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            self.place.delete(name)

    def clear(self) -> None:
        """Remove every file and the folder. Raises OSError, StoreError."""
        for name in self.place.sizes():
            self.remove(name)
        if self.place.local is not None and present_folder(self.place.local):
            self.place.local.rmdir()


class Checkpoints(Callback):
    """Saves a fit every so often and where it is asked to stop, and takes it up again.

    Parameters
    ----------
    folder : Path or ObjectStore
        Where the files lie.
    every_s : float
        Seconds between two checkpoints.
    follower : Callback, optional
        Told of each checkpoint that was saved.
    clock : callable
        Seconds on any clock that only goes forward.

    Notes
    -----
    What goes wrong in saving never ends a fit. It is logged when it begins to, and when checkpoints are saved again.
    """

    def __init__(
        self,
        folder: Path | ObjectStore,
        every_s: float = EVERY_S,
        follower: Callback | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.files, self.every_s, self.clock = CheckpointFolder(folder), every_s, clock
        self.follower = follower or Callback()
        self._last, self._unsaved = clock(), Outage(f"checkpoints are saved again in {self.files.place.url}", clock)

    def on_start(self, fit: TrainingLoop) -> None:
        """Go on from the last sound checkpoint."""
        self.resume(fit)

    def on_step(self, fit: TrainingLoop) -> None:
        """Save where it is time to, and before an interruption that was asked for."""
        due = interrupts.asked() is not None or self.clock() - self._last >= self.every_s
        if due and can_capture(fit):
            self.save(fit)

    def save(self, fit: TrainingLoop) -> None:
        """Save the fit as it stands; the first of several failures in a row is logged."""
        try:
            name = self.files.write(capture(fit))
            self.follower.on_save(fit, name, self.files.place.sizes()[name], self.files.names())
        except Exception as error:
            said = "no checkpoint in %s: %s: %s; the fit goes on, and it is tried again every %g s"
            self._unsaved.failed(said, self.files.place.url, type(error).__name__, error, self.every_s)
        else:
            self._unsaved.passed()
        self._last = self.clock()

    def resume(self, fit: TrainingLoop) -> bool:
        """Put a fit that has not begun where the last sound checkpoint was taken; whether there was one is returned.

        A damaged one is named in the log, removed, and the one before is tried; one that cannot be read is left there.
        Raises StoreAway where the store gives no answer, StoreError where it cannot be asked, PermissionError where a
        checkpoint may not be read: going on without it would cost all that was computed.
        """
        beginning = capture(fit)
        for name in reversed(self.files.names()):
            try:
                snapshot = self.files.read(name)
                try:
                    restore(fit, snapshot)
                except (DlgnError, KeyError, TypeError, ValueError, RuntimeError) as error:
                    restore(fit, beginning)
                    raise Damaged(str(error)) from error
            except StoreAway:
                raise  # going on without it would cost all that was computed
            except StoreError as error:
                wrong = "checkpoint %s/%s is of no use: %s; going on from the one before, or from the beginning"
                logger.warning(wrong, self.files.place.url, name, error)
                if isinstance(error, Damaged):
                    self.files.remove(name)
                continue
            logger.info("fit goes on from %s: epoch %d, step %d", name[:16], fit.epoch, fit.step)
            self._last = self.clock()
            return True
        return False

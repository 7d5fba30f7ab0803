"""Checkpoints of one fit in one folder: saved while it runs, the last two kept, the first sound one gone on from.

A file is a snapshot as safetensors with its other facts as JSON in the header, so that loading one can run no code. It
is named by its serial number and by the sha256 of its bytes, and is there whole or not at all. It holds the best
epoch's weights besides the last ones.
"""

import hashlib
import json
import logging
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError

from dlgn_cnn import interrupts
from dlgn_cnn.errors import DlgnError, StoreError
from dlgn_cnn.training.fit import Fit
from dlgn_cnn.training.snapshot import Snapshot, can_capture, capture, restore

logger = logging.getLogger("dlgn")
EVERY_S = 60.0
KEPT = 2
NAME = re.compile(r"(\d{8})-([0-9a-f]{64})\.safetensors")


@dataclass(frozen=True)
class Saved:
    """A checkpoint that was saved: its file's name, serial number and sha256, and where the fit stood."""

    name: str
    serial: int
    sha256: str
    size_bytes: int
    epoch: int
    step: int
    best_epoch: int


class CheckpointFolder:
    """The files of one fit's checkpoints; ``folder`` is made with the first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """The files that are there, oldest first."""
        return sorted(path.name for path in self.folder.glob("*.safetensors") if NAME.fullmatch(path.name))

    def write(self, snapshot: Snapshot) -> str:
        """Save a snapshot and remove all but the last two; the file's name is returned. Raises OSError."""
        data = safetensors.torch.save(snapshot.tensors, {"facts": json.dumps(snapshot.facts)})
        before = self.names()
        serial = int(before[-1][:8]) + 1 if before else 0
        name = f"{serial:08d}-{hashlib.sha256(data).hexdigest()}.safetensors"
        _put(self.folder / name, data)
        for old in before[: 1 - KEPT]:
            self.remove(old)
        return name

    def read(self, name: str) -> Snapshot:
        """The snapshot in a file. Raises StoreError for one that is not what was written."""
        try:
            data = (self.folder / name).read_bytes()
        except OSError as error:
            raise StoreError(f"it cannot be read ({error})") from error
        found = NAME.fullmatch(name)
        if found is None or hashlib.sha256(data).hexdigest() != found[2]:
            raise StoreError(f"its {len(data)} bytes have another sha256 than its name says")
        try:
            header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
            return Snapshot(safetensors.torch.load(data), json.loads(header["__metadata__"]["facts"]))
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            raise StoreError(f"it is not a checkpoint ({error})") from error

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        (self.folder / name).unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove every file and the folder."""
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                path.unlink(missing_ok=True)
            self.folder.rmdir()


class Checkpoints:
    """Saves a fit every ``every_s`` seconds and where it is asked to stop, and takes it up again.

    ``boundary`` is for ``Fit``. ``announce`` is told of each file that was saved and of all that are kept. What goes
    wrong in saving is logged and never ends a fit.
    """

    def __init__(
        self,
        folder: Path,
        every_s: float = EVERY_S,
        announce: Callable[[Saved, list[str]], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.files, self.every_s, self.clock = CheckpointFolder(folder), every_s, clock
        self.announce = announce or (lambda saved, kept: None)
        self._last = clock()

    def boundary(self, fit: Fit) -> None:
        """Save where it is time to, and raise the interruption that somebody asked for."""
        stop = interrupts.asked()
        if (stop is not None or self.clock() - self._last >= self.every_s) and can_capture(fit):
            self.save(fit)
        if stop is not None:
            raise stop

    def save(self, fit: Fit) -> None:
        """Save the fit as it stands; a failure is logged."""
        try:
            name = self.files.write(capture(fit))
            size = (self.files.folder / name).stat().st_size
            sha256 = name[9 : 9 + 64]
            saved = Saved(name, int(name[:8]), sha256, size, fit.epoch, fit.schedule.step, fit.best_epoch)
            self.announce(saved, self.files.names())
        except Exception as error:
            logger.warning("no checkpoint in %s: %s: %s", self.files.folder, type(error).__name__, error)
        self._last = self.clock()

    def resume(self, fit: Fit) -> bool:
        """Put a fit that has not begun where the last sound checkpoint was taken; whether there was one is returned.

        A damaged one is named in the log, removed, and the one before is tried.
        """
        beginning = capture(fit)
        for name, snapshot in self._sound():
            try:
                restore(fit, snapshot)
            except (DlgnError, KeyError, TypeError, ValueError, RuntimeError) as error:
                self._discard(name, error)
                restore(fit, beginning)
                continue
            logger.info("fit goes on from %s: epoch %d, step %d", name[:16], fit.epoch, fit.schedule.step)
            self._last = self.clock()
            return True
        return False

    def _sound(self) -> Iterator[tuple[str, Snapshot]]:
        for name in reversed(self.files.names()):
            try:
                snapshot = self.files.read(name)
            except StoreError as error:
                self._discard(name, error)
            else:
                yield name, snapshot

    def _discard(self, name: str, error: Exception) -> None:
        logger.warning(
            "checkpoint %s is of no use: %s; going on from the one before, or from the beginning",
            self.files.folder / name,
            error,
        )
        self.files.remove(name)


def _put(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all, whatever happens meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

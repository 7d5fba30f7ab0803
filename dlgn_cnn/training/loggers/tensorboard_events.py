"""Curves for TensorBoard."""

from typing import Any

from dlgn_cnn.training.callbacks import Callback, Info
from dlgn_cnn.training.loggers import LOGGERS, LoggedFit


@LOGGERS.register("tensorboard")
class TensorBoardLogger(Callback):
    """Events in ``tensorboard/NAME`` below the folder of logs: ``tensorboard --logdir`` shows them."""

    requires = "tensorboard"

    def __init__(self, run: LoggedFit) -> None:
        self.folder = run.folder / "tensorboard" / run.name
        self.writer: Any = None

    def on_epoch(self, epoch: int, info: Info) -> None:
        """Write the figures; those that an earlier run wrote for this epoch and later ones are purged."""
        if self.writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self.writer = SummaryWriter(str(self.folder), purge_step=epoch)
        for name, value in info.items():
            self.writer.add_scalar(name, value, epoch)
        self.writer.flush()

    def on_end(self) -> None:
        """Close the events' file."""
        if self.writer is not None:
            self.writer.close()

"""Curves for TensorBoard."""

from typing import Any

from dlgn_cnn.training.loggers import LOGGERS, Figures, LoggedFit


@LOGGERS.register("tensorboard")
class TensorBoardLogger:
    """Events in ``tensorboard/NAME`` below the folder of logs: ``tensorboard --logdir`` shows them."""

    requires = "tensorboard"

    def __init__(self, run: LoggedFit) -> None:
        self.folder = run.folder / "tensorboard" / run.name
        self.writer: Any = None

    def log(self, epoch: int, figures: Figures) -> None:
        """Write the figures; what an earlier run said of this epoch and of those after it is purged."""
        if self.writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self.writer = SummaryWriter(str(self.folder), purge_step=epoch)
        for name, value in figures.items():
            self.writer.add_scalar(name, value, epoch)
        self.writer.flush()

    def close(self) -> None:
        """Close the events' file."""
        if self.writer is not None:
            self.writer.close()

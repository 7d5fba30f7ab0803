"""No logger."""

from dlgn_cnn.training.loggers import LOGGERS, Figures, LoggedFit


@LOGGERS.register("none")
class NoLogger:
    """Leaves no trace of a fit but the rows in the tables."""

    def __init__(self, run: LoggedFit) -> None:
        self.run = run

    def log(self, epoch: int, figures: Figures) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

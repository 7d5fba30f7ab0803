"""No logger."""

from dlgn_cnn.training.loggers import LOGGERS, Figures, Run


@LOGGERS.register("none")
class NoLogger:
    """Leaves no trace of a fit but the rows in the tables."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def log(self, epoch: int, figures: Figures) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

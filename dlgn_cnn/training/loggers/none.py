"""No logger."""

from dlgn_cnn.training.callbacks import Callback
from dlgn_cnn.training.loggers import LOGGERS, LoggedFit


@LOGGERS.register("none")
class NoLogger(Callback):
    """Leaves no trace of a fit but the rows in the tables."""

    def __init__(self, run: LoggedFit) -> None:
        self.run = run

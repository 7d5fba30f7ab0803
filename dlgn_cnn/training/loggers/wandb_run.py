"""Curves for Weights & Biases."""

import os

from dlgn_cnn.training.callbacks import Callback, Info
from dlgn_cnn.training.loggers import LOGGERS, LoggedFit


@LOGGERS.register("wandb")
class WandbLogger(Callback):
    """A run in ``wandb`` below the folder of logs. Nothing leaves the machine unless WANDB_MODE is ``online``.

    ``wandb sync`` sends what was logged offline. A fit that is taken up again goes on with its run.
    """

    requires = "wandb"

    def __init__(self, run: LoggedFit) -> None:
        import wandb

        run.folder.mkdir(parents=True, exist_ok=True)
        self.run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", "dlgn_cnn"),
            id=run.name,
            name=run.name,
            dir=str(run.folder),
            config=dict(run.config),
            resume="allow",
            mode=None if os.environ.get("WANDB_MODE") else "offline",  # which it reads itself
            settings=wandb.Settings(console="off", silent=True),
        )

    def on_epoch(self, epoch: int, info: Info) -> None:
        """Log the figures at step ``epoch``."""
        self.run.log(dict(info), step=epoch)

    def on_end(self) -> None:
        """Finish the run."""
        self.run.finish()

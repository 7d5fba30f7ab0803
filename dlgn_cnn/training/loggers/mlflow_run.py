"""Curves for MLflow."""

import os
import time

from dlgn_cnn.training.callbacks import Callback, Info
from dlgn_cnn.training.loggers import LOGGERS, LoggedFit

EXPERIMENT = "dlgn_cnn"


@LOGGERS.register("mlflow")
class MlflowLogger(Callback):
    """A run of experiment ``dlgn_cnn`` where MLFLOW_TRACKING_URI says, or in ``mlflow.db`` in the folder of logs.

    A fit that is taken up again goes on with its run.
    """

    requires = "mlflow"

    def __init__(self, run: LoggedFit) -> None:
        from mlflow import MlflowClient

        run.folder.mkdir(parents=True, exist_ok=True)
        self.client = MlflowClient(os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{run.folder / 'mlflow.db'}")
        known = self.client.get_experiment_by_name(EXPERIMENT)
        experiment = self.client.create_experiment(EXPERIMENT) if known is None else known.experiment_id
        earlier = self.client.search_runs([experiment], f"attributes.run_name = '{run.name}'", max_results=1)
        found = earlier[0] if earlier else self.client.create_run(experiment, run_name=run.name)
        self.run_id = found.info.run_id
        for name, value in run.config.items():
            self.client.set_tag(self.run_id, name, str(value))

    def on_epoch(self, epoch: int, info: Info) -> None:
        """Log the figures at step ``epoch``."""
        now = int(time.time() * 1000)
        for name, value in info.items():
            self.client.log_metric(self.run_id, name, value, timestamp=now, step=epoch)

    def on_end(self) -> None:
        """The run is over for now."""
        self.client.set_terminated(self.run_id)

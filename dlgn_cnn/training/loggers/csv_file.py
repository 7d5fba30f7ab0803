"""A table of epochs as a text file."""

import csv

from dlgn_cnn.storage.atomic import whole_file
from dlgn_cnn.storage.rights import present
from dlgn_cnn.training.callbacks import Callback, Info
from dlgn_cnn.training.loggers import LOGGERS, LoggedFit


@LOGGERS.register("csv")
class CsvLogger(Callback):
    """``csv/NAME.csv`` below the folder of logs: a line an epoch, in order, each written at once."""

    def __init__(self, run: LoggedFit) -> None:
        self.path = run.folder / "csv" / f"{run.name}.csv"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.rows: list[dict[str, str]] = []
        if present(self.path):
            with self.path.open(newline="") as file:
                self.rows = list(csv.DictReader(file))

    def on_epoch(self, epoch: int, info: Info) -> None:
        """Rewrite the file, without the rows that an earlier run wrote for this epoch and later ones."""
        self.rows = [row for row in self.rows if int(row["epoch"]) < epoch]
        self.rows.append({"epoch": str(epoch)} | {name: str(info[name]) for name in info if name != "epoch"})
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        with whole_file(self.path) as temporary, temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(self.rows)

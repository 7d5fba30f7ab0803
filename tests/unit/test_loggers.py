"""Loggers: what they write, that a fit taken up again leaves no epoch twice, and that none can fail a fit."""

import csv
import sys
import types

import pytest

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.training.callbacks import Callbacks
from dlgn_cnn.training.loggers import LOGGERS, LoggedFit, check_loggers, loggers

EPOCHS = [{"epoch": epoch, "loss": 0.5 - epoch / 10, "validation_correlation": epoch / 10} for epoch in range(4)]


@pytest.fixture
def run(tmp_path) -> LoggedFit:
    return LoggedFit("abc-seed0", tmp_path / "logs", {"model": {"fn": "encoder"}, "seed": 0})


def tell(name: str, run: LoggedFit, epochs: list[dict]) -> None:
    with Callbacks(loggers([name], run)) as callback:
        for info in epochs:
            callback(uid={"seed": 0}, epoch=info["epoch"], model=None, info=info | {"note": "words", "on": True})


def taken_up_again(name: str, run: LoggedFit) -> None:
    """Stopped after epoch 2, taken up from before epoch 1."""
    tell(name, run, EPOCHS[:3])
    tell(name, run, EPOCHS[1:])


def test_there_are_five():
    assert LOGGERS.names() == ["csv", "mlflow", "none", "tensorboard", "wandb"]


def test_csv_has_a_line_an_epoch(run):
    taken_up_again("csv", run)
    with (run.folder / "csv" / "abc-seed0.csv").open(newline="") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    assert rows == EPOCHS


def test_tensorboard_reads_the_curves(run):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    taken_up_again("tensorboard", run)
    found = EventAccumulator(str(run.folder / "tensorboard" / "abc-seed0"), purge_orphaned_data=True)
    found.Reload()
    for name in ("loss", "validation_correlation"):
        scalars = found.Scalars(name)
        assert [one.step for one in scalars] == [0, 1, 2, 3]
        assert [one.value for one in scalars] == pytest.approx([epoch[name] for epoch in EPOCHS])


def test_mlflow_reads_the_curves(run, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    taken_up_again("mlflow", run)
    client = mlflow.MlflowClient(f"sqlite:///{run.folder / 'mlflow.db'}")
    (found,) = client.search_runs([client.get_experiment_by_name("dlgn_cnn").experiment_id])
    assert found.info.run_name == "abc-seed0"
    assert found.info.status == "FINISHED"
    values = {one.step: one.value for one in client.get_metric_history(found.info.run_id, "loss")}
    assert values == pytest.approx({epoch["epoch"]: epoch["loss"] for epoch in EPOCHS})


def test_wandb_works_offline(run, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.delenv("WANDB_MODE", raising=False)
    tell("wandb", run, EPOCHS)
    (folder,) = (run.folder / "wandb").glob("offline-run-*-abc-seed0")
    assert list(folder.glob("*.wandb"))


def test_wandb_is_told_what_the_fit_told(run, monkeypatch):
    """With a package in its place that notes what is said."""
    said = []
    fake = types.ModuleType("wandb")
    fake.__spec__ = types.SimpleNamespace()  # type: ignore[assignment]
    fake.Settings = lambda **options: options

    def init(**options):
        said.append({name: options[name] for name in ("id", "resume", "mode", "config")})
        log = lambda figures, step: said.append((step, figures["loss"]))  # noqa: E731
        return types.SimpleNamespace(log=log, finish=lambda: said.append("finished"))

    fake.init = init
    monkeypatch.setitem(sys.modules, "wandb", fake)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    tell("wandb", run, EPOCHS[:2])
    assert said == [
        {"id": "abc-seed0", "resume": "allow", "mode": "offline", "config": run.config},
        (0, 0.5),
        (1, 0.4),
        "finished",
    ]


def test_a_logger_that_fails_is_named_once_and_left_alone(run, monkeypatch, caplog):
    calls = []

    class Failing:
        def __init__(self, run):
            pass

        def on_epoch(self, epoch, info):
            calls.append(epoch)
            raise OSError("disk full")

        def on_end(self):
            raise OSError("disk full")

    monkeypatch.setitem(LOGGERS._components, "none", Failing)
    with Callbacks(loggers(["none", "csv"], run)) as callback:
        for info in EPOCHS:
            callback(epoch=info["epoch"], info=info)
    assert calls == [0]
    assert caplog.text.count("logger none is off for this fit: OSError: disk full") == 1
    assert len((run.folder / "csv" / "abc-seed0.csv").read_text().splitlines()) == 5


def test_a_missing_package_is_named_with_the_way_to_install_it(monkeypatch):
    monkeypatch.setattr(LOGGERS.get("wandb"), "requires", "a_package_that_is_not_there")
    with pytest.raises(ConfigError, match=r"pip install 'dlgn_cnn\[wandb\]'"):
        check_loggers(["csv", "wandb"])
    with pytest.raises(ConfigError, match="did you mean 'tensorboard'"):
        check_loggers(["tensorbord"])


def test_settings_read_loggers_and_seconds_from_the_environment():
    from schemas.connection.settings import Settings

    given = Settings.from_environment({"DLGN_LOGGERS": "csv, tensorboard", "DLGN_CHECKPOINT_S": "2.5"})
    assert (given.loggers, given.checkpoint_s) == (("csv", "tensorboard"), 2.5)
    with pytest.raises(ConfigError, match="DLGN_CHECKPOINT_S 'often'"):
        Settings.from_environment({"DLGN_CHECKPOINT_S": "often"})

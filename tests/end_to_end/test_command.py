"""The command from a recording to a report: each step once in a process of its own, as a user runs it.

What is asked of it besides is asked in this process, since starting another takes longer than most answers.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from populate.cli.command import app
from tests.factories import small_simulation
from tests.waiting import wait_until

DLGN = [sys.executable, "-c", "from populate.cli.command import main; main()"]
EXPERIMENT = """
experiment: {name}
datasets:
  - fn: stored_sessions
    config: {{sessions: [{session}], size_px: [18, 32], rate_hz: 60.0, batch_size: 4, window_frames: 40}}
models:
  - fn: encoder
    config:
      core: {{name: stacked_2d, channels: [4], kernels: [9], strides: [3]}}
      recurrent: {{name: conv_gru, channels: 4, kernel_input: 1, kernel_state: 1}}
      readout: {{name: gaussian}}
trainers:
  - fn: standard
    config: {{fit: {{max_epochs: {epochs}, patience: 1000}}}}
seeds: {seeds}
meis:
  - fn: gradient_ascent
    config: {{units: {{best: 2}}, fit: {{frames: 20, steps: 5}}}}
"""


def typed(*arguments: object) -> str:
    """What the command says in a process of its own."""
    done = subprocess.run([*DLGN, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "Warning" not in done.stderr  # packages that warn on their import do so once a process, in every command
    return done.stderr + done.stdout


def command(*arguments: object, expect: int = 0) -> str:
    """What the command says in this process; its exit status must be the one expected."""
    done = CliRunner().invoke(app, [*map(str, arguments)])
    assert done.exit_code == expect, done.output
    return done.output


def start_worker(call: list[str]) -> subprocess.Popen:
    return subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@contextlib.contextmanager
def ended(process: subprocess.Popen) -> Iterator[None]:
    """Kill the process at the end, so that what fails here holds nothing that another test waits for."""
    try:
        yield
    finally:
        process.kill()


def definition(folder: Path, name: str, session: str, seeds: list[int], epochs: int = 2) -> Path:
    file = folder / f"{name}.yaml"
    file.write_text(EXPERIMENT.format(name=name, session=session, seeds=json.dumps(seeds), epochs=epochs))
    return file


def held_by(process: subprocess.Popen) -> int:
    """How many fits a worker has reserved."""
    from schemas.training import TrainedModel

    return len(TrainedModel().jobs.reserved & {"pid": process.pid})


def epochs_ended(key: dict[str, int]) -> dict[int, object]:
    """When each epoch of a fit ended."""
    from schemas.fitting import Epoch

    return dict(zip(*(Epoch & key).to_arrays("epoch", "ended"), strict=True))


@pytest.fixture(scope="module")
def session(database, tmp_path_factory) -> str:
    """A small simulated session, ingested by the command."""
    folder = tmp_path_factory.mktemp("recording") / "session"
    small_simulation(folder, mouse="Simulated_2026_0100")
    assert "ingested session Simulated_2026_0100_s01_e01 (simulated" in typed("ingest", folder)
    assert "nothing new" in command("ingest", folder)
    return "Simulated_2026_0100_s01_e01"


@pytest.fixture(scope="module")
def first(session, tmp_path_factory) -> str:
    """What the first worker said when it computed an experiment of one fit."""
    file = definition(tmp_path_factory.mktemp("experiment"), "one", session, [0])
    assert "1 fit, 1 of them new" in typed("define", file)
    assert "1 fit, 0 of them new" in command("define", file)
    return typed("populate")


def test_a_worker_computes_everything_and_the_next_one_nothing(first):
    assert "8 computed, 0 failed" in first
    assert "0 computed, 0 failed" in command("populate")


def test_the_tables_hold_the_result(first, session):
    from schemas.dataset import Dataset
    from schemas.evaluation import FeedbackModulation, Score
    from schemas.mei import MEI
    from schemas.training import TrainedModel
    from schemas.tuning import ReceptiveField

    fit = TrainedModel().fetch1()
    assert len(fit["output"]["epochs"]) == 2
    assert [len(table()) for table in (Score.Unit, FeedbackModulation.Unit, ReceptiveField.Unit)] == [6, 6, 6]
    assert sorted(set(Dataset.Split.to_arrays("tier"))) == ["test", "train", "validation"]
    stimuli = MEI.Stimulus().to_dicts()
    assert len(stimuli) == 4
    assert {row["opto_condition"] for row in stimuli} == {"intact", "suppressed"}
    assert max(row["norm"] for row in stimuli) == pytest.approx(min(row["norm"] for row in stimuli), rel=1e-5)
    assert stimuli[0]["stimulus"].load().shape == (20, 18, 32)


def test_a_stored_model_predicts_what_was_scored(first):
    from schemas.evaluation import Score
    from schemas.training import TrainedModel, load_model
    from tests.scoring import score_units

    key, precision = TrainedModel().fetch1("KEY", "fit_precision")
    model, loaders = load_model(key)
    ((_, found),) = score_units(model, loaders, "test", precision=precision).items()
    stored = Score.Unit().to_arrays("correlation", order_by="unit")
    assert found == pytest.approx([float("nan") if value is None else value for value in stored], abs=1e-5, nan_ok=True)


def test_a_report_is_written(first, tmp_path):
    page = tmp_path / "new" / "report.html"
    assert str(page) in typed("report", page, "--experiment", "one")
    text = page.read_text()
    assert "SIMULATED" in text
    assert text.count("data:image/png") == text.count("<img") == 10
    assert "'two'" in command("report", page, "--experiment", "two", expect=1)


def test_status_counts_what_is_done(first):
    lines = [line for line in command("status").splitlines() if "TrainedModel" in line]
    assert [int(word) for word in lines[0].split() if word.isdigit()] == [1, 0, 0, 0, 0, 0]


def test_two_workers_share_and_compute_nothing_twice(first, session, tmp_path):
    from schemas.training import TrainedModel

    seeds = [1, 2, 3, 4, 5, 6]
    command("define", definition(tmp_path, "shared", session, seeds, epochs=4))
    said = typed("populate", "--workers", "2")
    fits = [said.count(f"[{worker}] TrainedModel dataset_hash") for worker in (1, 2)]
    computed = [int(number) for number in re.findall(r"^\[[12]\] (\d+) computed, 0 failed", said, re.MULTILINE)]
    assert sum(fits) == len(seeds)
    assert min(fits) > 0
    assert sum(computed) == 6 * len(seeds)
    assert len(TrainedModel & f"seed in {tuple(seeds)}") == len(seeds)


def test_one_ctrl_c_hands_back_the_keys_of_all_workers(first, session, tmp_path, monkeypatch):
    from schemas.training import TrainedModel

    monkeypatch.setenv("DLGN_CHECKPOINT_S", "0")
    command("define", definition(tmp_path, "together", session, [30, 31], epochs=1000))
    with start_worker([*DLGN, "populate", "--workers", "2"]) as workers, ended(workers):
        wait_until(lambda: all(len(epochs_ended({"seed": seed})) for seed in (30, 31)), workers)
        workers.send_signal(signal.SIGINT)
        said, _ = workers.communicate(timeout=120)
    assert workers.returncode == 130, said
    assert len(re.findall(r"^\[[12]\] TrainedModel .*handed back as pending", said, re.MULTILINE)) == 2
    assert len(TrainedModel().jobs.reserved) == len(TrainedModel().jobs.errors) == 0
    assert len(TrainedModel().jobs.pending) == 2
    _forget("together")


def test_a_killed_workers_fit_is_gone_on_with_by_the_next(first, session, tmp_path, monkeypatch):
    """The first worker is killed with SIGKILL in mid-fit, the next two are stopped: no epoch is computed again."""
    from schemas.fitting import Checkpoint
    from schemas.training import TrainedModel

    seed = {"seed": 20}
    monkeypatch.setenv("DLGN_CHECKPOINT_S", "0")
    command("define", definition(tmp_path, "killed", session, [20], epochs=1000))
    with start_worker([*DLGN, "populate"]) as worker, ended(worker):
        wait_until(lambda: max(epochs_ended(seed), default=0) > 2 and len(Checkpoint & seed), worker)
    assert held_by(worker) == 1
    for stop, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        reached = max((Checkpoint & seed).to_arrays("epoch"))
        before = {epoch: when for epoch, when in epochs_ended(seed).items() if epoch < reached}
        with start_worker([*DLGN, "populate"]) as heir, ended(heir):
            wait_until(lambda: held_by(heir) and max(epochs_ended(seed)) > reached + 1, heir)  # noqa: B023
            heir.send_signal(stop)
            said, _ = heir.communicate(timeout=120)
        assert heir.returncode == status, said
        assert "fit goes on from" in said
        assert before
        assert before.items() <= epochs_ended(seed).items()
        assert "handed back as pending" in said
        assert len(TrainedModel().jobs.reserved) == 0
        assert len(TrainedModel().jobs.errors) == 0
        assert len(TrainedModel().jobs.pending) == 1
    _forget("killed")


def test_a_fit_that_fails_says_why_and_the_others_go_on(first, session, tmp_path):
    from schemas.training import TrainedModel

    file = definition(tmp_path, "failing", session, [30])
    text = file.read_text()
    text += "\n".join(["", "# an epoch of windows longer than any trial"])
    file.write_text(text.replace("window_frames: 40", "window_frames: 4000"))
    command("define", file)
    command("define", definition(tmp_path, "going_on", session, [31]))
    said = command("populate", expect=3)
    assert "longer than every trial" in said
    assert len(TrainedModel & "seed = 31") == 1
    assert "longer than every trial" in command("status")
    assert "0 computed, 0 failed" in command("populate")
    assert "0 computed, 1 failed" in command("populate", "--retry-errors", expect=3)
    _forget("failing")


def test_a_mistake_is_one_sentence_and_exit_status_1(database, tmp_path):
    for arguments, wanted in (
        (("ingest", tmp_path), str(tmp_path)),
        (("define", tmp_path / "none.yaml"), "none.yaml"),
        (("report", tmp_path / "page.html", "--experiment", "nobody"), "nobody"),
    ):
        said = command(*arguments, expect=1)
        assert wanted in said
        assert "Traceback" not in said
    assert not list(tmp_path.iterdir())


def test_no_password_is_ever_printed(database):
    environment = os.environ | {"DLGN_DATABASE": "mysql://somebody:very-secret@127.0.0.1:9"}
    done = subprocess.run([*DLGN, "status"], capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 1
    assert "as 'somebody'" in done.stderr
    assert "very-secret" not in done.stderr + done.stdout


def _forget(name: str) -> None:
    """Withdraw an experiment, so that no worker computes it later."""
    from schemas.experiment import Experiment
    from schemas.training import TrainedModel

    (Experiment & {"experiment_name": name}).delete(prompt=False)
    TrainedModel().jobs.delete_quick()

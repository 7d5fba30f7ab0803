"""Every launcher starts the same command, and passes signals and statuses on."""

import signal
from pathlib import Path

import kubernetes_validate
import pytest
import submitit
import yaml

from dlgn_cnn.errors import ConfigError
from populate.fleet import launchers
from populate.run import workers
from populate.run.workers import supervise

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("asked", "visible", "count", "expected"),
    [
        ("all", None, 3, ["0", "1", "2"]),
        ("1", None, 3, ["1"]),
        ("all", "4,7", None, ["4", "7"]),
        ("1", "4,7", None, ["7"]),
        ("0", "GPU-8f2a,GPU-11bc", None, ["GPU-8f2a"]),
    ],
)
def test_gpus_are_those_that_are_visible(asked, visible, count, expected):
    assert launchers.chosen_gpus(asked, {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}, count) == expected


@pytest.mark.parametrize(("asked", "count"), [("2", 2), ("-1", 2), ("every", 2), ("all", 0)])
def test_a_gpu_that_is_not_there_is_an_error(asked, count):
    with pytest.raises(ConfigError, match=f"--gpus {asked}: "):
        launchers.chosen_gpus(asked, {}, count)


def stand_in(folder: Path, monkeypatch, code: str) -> None:
    """A ``populate`` in the place of ours."""
    (folder / "populate").mkdir()
    (folder / "populate" / "__init__.py").touch()
    (folder / "populate" / "__main__.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.chdir(folder)


def test_each_gpu_gets_its_workers_and_the_worst_status_is_told(tmp_path, monkeypatch):
    stand_in(
        tmp_path,
        monkeypatch,
        "import os, sys, uuid\n"
        "device = os.environ['CUDA_VISIBLE_DEVICES']\n"
        "open(f'{device}_{uuid.uuid4().hex}', 'w').write(' '.join([*sys.argv[1:], os.environ['DLGN_DEVICE']]))\n"
        "sys.exit(2 if device == 'b' else 0)\n",
    )
    assert supervise(["--table", "MEI"], launchers.environments(["a", "b"], share=2), str) == 2
    said = sorted((path.name[0], path.read_text()) for path in tmp_path.glob("[ab]_*"))
    assert said == [("a", "--table MEI cuda")] * 2 + [("b", "--table MEI cuda")] * 2


def test_a_signal_reaches_every_worker_once(tmp_path, monkeypatch):
    """The second worker signals this process, the supervisor, once the first is ready."""
    stand_in(
        tmp_path,
        monkeypatch,
        "import os, pathlib, signal, sys\n"
        "heard = []\n"
        "signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))\n"
        "device = os.environ['CUDA_VISIBLE_DEVICES']\n"
        "pathlib.Path(f'ready_{device}').touch()\n"
        "while device == 'b' and not pathlib.Path('ready_a').exists(): pass\n"
        "if device == 'b': os.kill(os.getppid(), signal.SIGTERM)\n"
        "while not heard: pass\n"
        "sys.exit(128 + signal.SIGTERM)\n",
    )
    before = signal.getsignal(signal.SIGTERM)
    assert supervise([], launchers.environments(["a", "b"]), str) == 143
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_worker_that_was_killed_is_replaced_unless_it_was_young(tmp_path, monkeypatch):
    stand_in(
        tmp_path,
        monkeypatch,
        "import os, pathlib, signal, sys\n"
        "first = not pathlib.Path('first').exists()\n"
        "pathlib.Path('first').touch()\n"
        "if first: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.exit(3)\n",
    )
    assert supervise([], [{}], str) == 128 + signal.SIGKILL
    (tmp_path / "first").unlink()
    monkeypatch.setattr(workers, "LIVED_S", 0.0)
    assert supervise([], [{}], str) == 3


def test_slurm_runs_the_command_and_requeues_the_same(tmp_path, monkeypatch):
    stand_in(
        tmp_path, monkeypatch, "import os, sys\nsys.exit(0 if os.environ['DLGN_WARNING_SIGNAL'] == 'USR2' else 1)\n"
    )
    job = launchers.WorkerJob(["--table", "MEI"])
    assert job() == 0
    again = job.checkpoint()
    assert isinstance(again, submitit.helpers.DelayedSubmission)
    assert again.function is job
    (tmp_path / "populate" / "__main__.py").write_text("raise SystemExit(1)")
    with pytest.raises(RuntimeError, match="status 1"):
        job()


def test_slurm_jobs_are_asked_for_as_they_were_named(tmp_path):
    executor = submitit.SlurmExecutor
    if executor.affinity() > 0:
        pytest.skip("this machine has SLURM")
    with pytest.raises(ConfigError, match="cannot submit"):
        launchers.submit(1, [], tmp_path, {"timeout_min": 5})
    jobs = launchers.submit(2, [], tmp_path, {"timeout_min": 5}, cluster="debug")
    assert len(jobs) == 2


def test_the_kubernetes_manifest_is_valid_and_holds_no_secret():
    manifest = yaml.safe_load((ROOT / "docker" / "kubernetes-job.yaml").read_text())
    kubernetes_validate.validate(manifest, "1.31", strict=True)
    container = manifest["spec"]["template"]["spec"]["containers"][0]
    assert container["args"] == ["populate"]
    assert container["envFrom"] == [{"secretRef": {"name": "dlgn"}}]
    assert "env" not in container


def test_a_job_whose_keys_fail_or_whose_words_are_wrong_is_not_started_again():
    from populate.errors.exit_codes import SOME_FAILED, USAGE

    manifest = yaml.safe_load((ROOT / "docker" / "kubernetes-job.yaml").read_text())
    rules = {rule["action"]: rule for rule in manifest["spec"]["podFailurePolicy"]["rules"]}
    assert rules["FailJob"]["onExitCodes"]["values"] == [USAGE, SOME_FAILED]

"""A fit goes on wherever its checkpoints can be read, and a kill (SIGKILL) costs no more than what came after them."""

import math
import os
import signal
import socket

import pytest
import s3fs
import torch

from dlgn_cnn.errors import StoreAway, StoreError
from dlgn_cnn.storage.object_store import ObjectStore
from dlgn_cnn.training.checkpoints import CheckpointFolder, Checkpoints
from dlgn_cnn.training.snapshot import capture
from dlgn_cnn.training.trainers.standard import run
from tests.unit.test_checkpoint import Stopped, new_fit, outcome, same, stop_at


def test_a_fit_goes_on_on_another_machine_from_the_bucket(s3, tmp_path):
    whole = new_fit()
    expected = outcome(whole, run(whole))
    first, second = (Checkpoints(ObjectStore(f"{s3}/fit", tmp_path / name), every_s=math.inf) for name in ("a", "b"))
    for moment in (3, 4, 5):
        with pytest.raises(Stopped):
            run(new_fit(), cb=stop_at(first, moment))
    assert [int(name[:8]) for name in second.files.names()] == [1, 2]
    fit = new_fit()
    assert same(outcome(fit, run(fit, cb=second)), expected)
    second.files.clear()
    assert first.files.names() == []
    assert not any(tmp_path.rglob("*.safetensors"))


def test_a_damaged_object_in_the_bucket_is_passed_over(s3, tmp_path):
    files = CheckpointFolder(ObjectStore(f"{s3}/damaged", tmp_path))
    fit = new_fit()
    before, last = files.write(capture(fit)), files.write(capture(fit))
    files.place.write(last, files.place.read(last)[:-1])
    assert Checkpoints(files.place).resume(new_fit())
    assert files.names() == [before]


def test_a_checkpoint_that_cannot_be_read_now_is_not_removed(tmp_path, monkeypatch, caplog):
    files = CheckpointFolder(tmp_path)
    name = files.write(capture(new_fit()))

    def refused(self, name):
        raise StoreError("not yours to read")

    with monkeypatch.context() as patched:
        patched.setattr(ObjectStore, "read", refused)
        assert not Checkpoints(tmp_path).resume(new_fit())
    assert "not yours to read" in caplog.text
    assert files.names() == [name]
    assert Checkpoints(tmp_path).resume(new_fit())


def test_a_fit_does_not_begin_anew_while_its_checkpoints_are_out_of_reach(tmp_path):
    """On s3fs's own error, for an address without a server."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    place = ObjectStore("s3://bucket/fit", tmp_path)
    place._files = s3fs.S3FileSystem(
        key="k", secret="s", endpoint_url=f"http://127.0.0.1:{port}", config_kwargs={"retries": {"max_attempts": 0}}
    )
    place._files.retries = 1
    with pytest.raises(StoreAway, match="cannot be listed"):
        Checkpoints(place).resume(new_fit())


def steps_kept(folder, killed_at: int, every_steps: int) -> int:
    """The step that a fit goes on from whose process was killed (SIGKILL) right after another one."""
    child = os.fork()
    if child == 0:
        torch.set_num_threads(1)  # a fork has none of its parent's other threads
        fit = new_fit()
        real = fit._step

        def step(batches):
            real(batches)
            if fit.step == killed_at:
                os.kill(os.getpid(), signal.SIGKILL)

        fit._step = step
        try:
            run(fit, cb=Checkpoints(folder, every_steps, clock=lambda: fit.step))
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    heir = new_fit()
    Checkpoints(folder).resume(heir)
    return heir.step


def test_a_kill_costs_at_most_the_work_of_one_interval(tmp_path):
    """By a clock that a step advances by one second: steps that are computed again are seconds of work lost."""
    every, whole = 4, new_fit()
    run(whole)
    moments = range(1, whole.step + 1)
    lost = [at - steps_kept(tmp_path / str(at), at, every) for at in moments]
    assert min(lost) >= 0
    assert max(lost) == every

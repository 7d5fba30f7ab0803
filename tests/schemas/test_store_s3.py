"""Everything but the database in an S3 bucket: arrays, datasets and weights, by the commands that a worker runs."""

import os
import subprocess
import sys

import fsspec
import pytest

from tests.factories import small_simulation

DLGN = [sys.executable, "-W", "ignore", "-c", "from populate.cli.command import main; main()"]
DATASET = """
experiment: s3
datasets:
  - fn: stored_sessions
    config: {sessions: [Simulated_2026_0700_s01_e01], size_px: [18, 32], rate_hz: 60.0, window_frames: 40}
models: [{fn: encoder, config: {core: {name: stacked_2d, channels: [4], kernels: [9]}, readout: {name: gaussian}}}]
trainers: [{fn: standard, config: {fit: {max_epochs: 1}}}]
"""


def test_a_recording_and_its_dataset_lie_in_the_bucket(database, s3, tmp_path):
    small_simulation(tmp_path / "recording", mouse="Simulated_2026_0700")
    (tmp_path / "experiment.yaml").write_text(DATASET)
    elsewhere = os.environ | {"DLGN_STORE": f"{s3}/lab"}

    def command(*arguments: object) -> None:
        done = subprocess.run([*DLGN, *map(str, arguments)], env=elsewhere, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    before = set(database.store.rglob("*"))  # of tests that ran before
    command("declare")
    command("ingest", tmp_path / "recording")
    command("define", tmp_path / "experiment.yaml")
    command("populate", "--table", "Recording", "--table", "Dataset", "--table", "ReceptiveField")
    files = fsspec.filesystem("s3")
    files.invalidate_cache()
    found = files.find(f"{s3}/lab")
    assert any(path.endswith("/manifest.json") for path in found)
    assert any(path.endswith(".npy") and "tuning/" in path for path in found)  # the receptive fields
    assert set(database.store.rglob("*")) == before


@pytest.mark.parametrize("store", ["gs://bucket/lab", "http://somewhere"])
def test_another_kind_of_store_is_refused(store):
    from dlgn_cnn.errors import ConfigError
    from schemas import Settings

    with pytest.raises(ConfigError, match=r"expected a folder, or s3://BUCKET/FOLDER"):
        Settings.from_environment({"DLGN_STORE": store})

"""A command that asks the database loads no more for it than DataJoint does."""

import json

import pytest

from dlgn_cnn.config import config_hash
from tests.factories import small_simulation
from tests.imports import CALLED, HEAVY, MAIN, loaded, refuse_heavy

SESSION = "Simulated_2026_0960_s01_e01"
MODELS = [
    {"core": {"name": "stacked_2d", "channels": [channels], "kernels": [3]}, "readout": {"name": "gaussian"}}
    for channels in (2, 3)
]
EXPERIMENT = {
    "experiment": "light",
    "datasets": [{"fn": "stored_sessions", "config": {"sessions": [SESSION], "size_px": [9, 16], "window_frames": 40}}],
    "models": [{"fn": "encoder", "config": config} for config in MODELS],
    "trainers": [{"fn": "standard", "config": {"fit": {"max_epochs": 1}}}],
    "meis": [{"fn": "gradient_ascent", "config": {"units": [1], "fit": {"frames": 20, "steps": 5}}}],
}


@pytest.fixture(scope="module")
def made(database, tmp_path_factory):
    """What the words of ``tests.imports`` name: a recording and an experiment that are known, and two rows."""
    from populate.define.define import define
    from schemas.experiment import Experiment
    from schemas.recordings.insert import ingest

    folder = tmp_path_factory.mktemp("made")
    recording, experiment = small_simulation(folder / "session", mouse="Simulated_2026_0960"), folder / "light.yaml"
    experiment.write_text(json.dumps(EXPERIMENT))
    assert ingest(recording) == [SESSION]
    define(experiment)
    assert len(Experiment.Fit & {"experiment_name": "light"}) == 2
    one, other = (f"ModelConfig:model_hash={config_hash('encoder', config)}" for config in MODELS)
    return {"folder": folder, "recording": recording, "experiment": experiment, "one": one, "other": other}


@pytest.mark.parametrize("name", CALLED[True])
def test_a_command_with_a_database_loads_what_it_may(name, made):
    refuse_heavy(name, **made)


def test_what_must_be_built_loads_what_builds_it(made):
    new = made["folder"] / "new.yaml"
    new.write_text(json.dumps({**EXPERIMENT, "models": [{"fn": "ln"}]}))
    assert "torch" in loaded(MAIN, "define", str(new), "--dry-run") & HEAVY

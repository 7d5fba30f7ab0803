"""Experiments as files: grids, Python, dry runs, and a project that ``dlgn init`` began."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dlgn_cnn.errors import ConfigError
from tests.factories import small_simulation

NAME = "Simulated_2026_0950_s01_e01"
DATASETS = [{"fn": "stored_sessions", "config": {"sessions": [NAME], "size_px": [9, 16], "window_frames": 40}}]
CORE = {"name": "stacked_2d", "channels": [2], "kernels": [3], "strides": [3]}
ENCODER = {"fn": "encoder", "config": {"core": CORE, "readout": {"name": "gaussian"}}}
GRID = {
    "core": CORE | {"channels": [{"choices": [2, 3]}]},
    "recurrent": {"choices": [None, {"name": "conv_gru", "channels": 2}]},
}
TEXT = {
    "experiment": "grid",
    "datasets": DATASETS,
    "models": [{"fn": "encoder", "config": ENCODER["config"] | GRID}, {"fn": "ln"}],
    "trainers": [{"fn": "standard", "config": {"fit": {"max_epochs": {"choices": [1, 2]}}}}],
    "seeds": [0, 1],
}


@pytest.fixture(scope="module")
def ingested(database, tmp_path_factory):
    from schemas.recordings.insert import ingest

    folder = tmp_path_factory.mktemp("recording") / "session"
    assert ingest(small_simulation(folder, mouse="Simulated_2026_0950")) == [NAME]
    return folder


def run(*words: object):
    from populate.cli.command import app

    done = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done


def shown(done) -> dict[str, str]:
    """The hashes that were printed, each with new or known."""
    return dict(re.findall(r"\b([0-9a-f]{32})  (new|known)", done.stdout))


def counts() -> list[int]:
    from schemas import dataset, experiment, model, trainer

    tables = (experiment.Experiment, experiment.Experiment.Fit, dataset.DatasetConfig, model.ModelConfig)
    return [len(table()) for table in (*tables, trainer.TrainerConfig, trainer.Seed)]


def written(path: Path, text: object) -> Path:
    path.write_text(json.dumps(text))  # JSON is YAML
    return path


def test_a_grid_is_shown_and_then_inserted_as_it_was_shown(ingested, tmp_path):
    from schemas import experiment, model

    file = written(tmp_path / "x.yaml", TEXT)
    before = counts()
    dry = run("define", file, "--dry-run")
    assert counts() == before
    assert "20 fits; a dry run" in dry.stderr
    first = run("define", file)
    assert "20 fits, 20 of them new" in first.stderr
    assert shown(first) == shown(dry)
    assert list(shown(dry).values()).count("new") == 1 + 5 + 2
    assert "core.channels[0]=3" in first.stdout
    named = {"experiment_name": "grid"}
    assert {row["model_hash"] for row in (experiment.Experiment.Fit & named).to_dicts()} <= set(shown(first))
    wide = model.ModelConfig.where({"core.channels[0]": 3, "recurrent.name": "conv_gru"})
    assert len(experiment.Experiment.Fit & named & wide.proj()) == 1 * 2 * 2
    again = run("define", file)
    assert set(shown(again).values()) == {"known"}
    assert "20 fits, 0 of them new" in again.stderr


def test_a_combination_of_known_configs_is_checked_when_it_is_new(ingested, tmp_path):
    from populate.define.define import define

    short = [{**DATASETS[0], "config": DATASETS[0]["config"] | {"window_frames": 8}}]
    slow = [
        {"fn": "encoder", "config": {**ENCODER["config"], "core": {**CORE, "name": "conv_3d", "kernels_time": [9]}}}
    ]
    one = {"experiment": "long windows", "datasets": DATASETS, "models": slow, "trainers": [{"fn": "standard"}]}
    other = {**one, "experiment": "short windows", "datasets": short, "models": [ENCODER]}
    for text in (one, other, one):
        define(written(tmp_path / "x.yaml", text))
    before = counts()
    with pytest.raises(ConfigError, match="loses 8 frames and windows have 8"):
        define(written(tmp_path / "x.yaml", {**one, "datasets": short}))
    assert counts() == before


PYTHON = """
DATASETS = {datasets!r}


def models():
    for channels in (2, 3):
        for recurrent in (None, {{"name": "conv_gru", "channels": 2}}):
            core = {core!r} | {{"channels": (channels,)}}
            yield dict(fn="encoder", config=dict(core=core, readout=dict(name="gaussian"), recurrent=recurrent))
    yield {{"fn": "ln"}}


def experiment():
    for epochs in range(1, 3):
        trainers = [{{"fn": "standard", "config": {{"fit": {{"max_epochs": epochs}}}}}}]
        name = f"python_{{epochs}}"
        yield dict(experiment=name, datasets=DATASETS, models=models(), trainers=trainers, seeds=range(2))


if __name__ == "__main__":
    raise SystemExit("run as a script")
"""


def test_a_python_file_builds_the_same_configs(ingested, tmp_path):
    from schemas import experiment

    run("define", written(tmp_path / "x.yaml", TEXT))
    file = tmp_path / "x.py"
    file.write_text(PYTHON.format(datasets=DATASETS, core=CORE))
    done = run("define", file)
    assert set(shown(done).values()) == {"known"}
    assert done.stderr.count("10 fits, 10 of them new") == 2

    def fits(*names):
        rows = (experiment.Experiment.Fit & [{"experiment_name": name} for name in names]).to_dicts()
        return {tuple(value for name, value in row.items() if name != "experiment_name") for row in rows}

    assert fits("python_1", "python_2") == fits("grid")


def test_a_single_dict_does_too(ingested, tmp_path):
    file = tmp_path / "x.py"
    file.write_text(f"experiment = {TEXT!r}")
    assert "experiment grid: 20 fits" in run("define", file, "--dry-run").stderr


def test_what_a_file_names_is_never_run(ingested, tmp_path, monkeypatch):
    """A Python file next to a config that names it, and next to a Python file that names it in a config."""
    from populate.cli.command import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "named_by_a_config.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\ndef build(): pass\n")
    text = TEXT | {"models": [{"fn": "named_by_a_config.build"}]}
    (tmp_path / "x.py").write_text(f"experiment = {text!r}")
    for file in (written(tmp_path / "x.yaml", text), tmp_path / "x.py"):
        done = CliRunner().invoke(app, ["define", str(file)])
        assert done.exit_code == 1
        assert "which is not allowed" in done.stderr
    assert not (tmp_path / "ran").exists()


def test_a_project_is_begun_once_and_its_experiment_can_be_defined(ingested, tmp_path, monkeypatch):
    folder = tmp_path / "project"
    first = run("init", folder)
    assert sorted(path.name for path in folder.iterdir()) == ["dlgn.env", "experiment.yaml"]
    assert f"cd {folder}" in first.stderr
    (folder / "experiment.yaml").write_text((folder / "experiment.yaml").read_text() + "# mine\n")
    kept = {path.name: path.read_text() for path in folder.iterdir()}
    monkeypatch.chdir(folder)
    assert run("init").stderr.count("exists and is not changed") == 2
    assert {path.name: path.read_text() for path in folder.iterdir()} == kept
    assert "2 fits" in run("define", "experiment.yaml", "--dry-run").stderr


def test_a_password_is_used_and_written_nowhere(served, tmp_path, monkeypatch):
    import schemas
    from populate.cli.command import app
    from schemas import Settings

    opened = []
    monkeypatch.setattr(schemas, "open_database", opened.append)
    monkeypatch.delenv("DLGN_DATABASE", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    url = "mysql://ada:very-secret@dbhost:3307"
    done = run("init", tmp_path, "--database", url, "--prefix", "ada_", "--store", "/lab/share")
    assert (opened[0].database, opened[0].prefix, str(opened[0].store)) == (url, "ada_", "/lab/share")
    assert "elsewhere export DLGN_DATABASE_PASSWORD_HOST=dbhost:3307 DLGN_DATABASE_PASSWORD=..." in done.stderr
    everything = done.output + "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert "very-secret" not in everything
    for name in ("DLGN_PREFIX", "DLGN_STORE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    assert Settings.from_environment().database == "mysql://ada@dbhost:3307"
    assert Settings.from_environment().prefix == "ada_"
    other = CliRunner().invoke(app, ["init", str(tmp_path), "--prefix", "bob_"])
    assert other.exit_code == 1
    assert "says ada_ for DLGN_PREFIX, given bob_: edit it" in other.stderr


PLAIN = """experiment: {name}
datasets:
  - {{fn: stored_sessions, config: {{sessions: [{session}], size_px: [9, 16], window_frames: 40}}}}
models:
  - {{fn: ln, config: {{lags: 10}}}}
trainers:
  - fn: standard
    config:
      fit:
        max_epochs: 2
{more}"""


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("twice", "        max_epochs: 3", "line 11: 'max_epochs' stands here twice"),
        ("twice", "models:\n  - {fn: ln, config: {lags: 20}}", "line 11: 'models' stands here twice"),
        ("on", "", 'given on, which YAML reads as a truth value (True): to make it a name, put it in quotes, as "on"'),
        ("no", "", "given no, which YAML reads as a truth value (False)"),
        ("010", "", 'given 010, which YAML reads as a number (8): to make it a name, put it in quotes, as "010"'),
        ("1e3", "", None),  # text, as YAML 1.1 has it
        ("1.5", "", "given 1.5, which YAML reads as a number (1.5)"),
        ("2026-11-30", "", "given 2026-11-30, which YAML reads as a date"),
        ("~", "", "given ~, which YAML reads as nothing"),
        ("x" * 300, "", "of 300 characters, expected up to 64: shorten it"),
    ],
)
def test_yaml_that_means_another_thing_than_it_says_is_refused_by_a_dry_run(
    ingested, tmp_path, caplog, name, more, said
):
    from populate.cli.command import app

    file, before = tmp_path / "odd.yaml", counts()
    file.write_text(PLAIN.format(name=name, session=NAME, more=more))
    done = CliRunner().invoke(app, ["define", str(file), "--dry-run"])
    assert counts() == before
    if said is None:
        assert done.exit_code == 0, caplog.text
    else:
        assert done.exit_code == 1
        assert str(file) in caplog.text
        assert said in caplog.text

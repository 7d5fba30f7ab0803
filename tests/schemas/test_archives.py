"""Published archives: complete on another machine, in another kind of database, and back; and refused when broken."""

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import numpy as np
import pytest
import torch

from dlgn_cnn.archive.manifest import MANIFEST
from dlgn_cnn.archive.reading import open_archive
from dlgn_cnn.errors import ArchiveError, ConfigError
from dlgn_cnn.storage.files import file_sha256
from tests.archives import told
from tests.factories import small_simulation

ROOT = Path(__file__).resolve().parents[2]
ENCODER = {
    "core": {"name": "stacked_2d", "channels": [2], "kernels": [5], "strides": [3]},
    "readout": {"name": "gaussian"},
}
DECLARED = {"optogenetics.OptoCondition": 3}  # rows that come with the tables
SECRET = "password-of-nobody"


@pytest.fixture(scope="module")
def fits(database, tmp_path_factory):
    """Two fits, one seed of which is scored and has MEIs, and an ensemble of both; the first fit's key and another."""
    from schemas import dataset, evaluation, experiment, mei, model, trainer, training, tuning
    from schemas.recordings.insert import ingest

    names = ingest(small_simulation(tmp_path_factory.mktemp("t") / "session", mouse="Simulated_2026_0700"))
    options = {"size_px": [18, 32], "window_frames": 40, "batch_size": 2, "validation_share": 0.34}
    key = dataset.DatasetConfig.add("stored_sessions", {"sessions": names, **options})
    dataset.Dataset.populate(key)
    key = (
        key
        | model.ModelConfig.add("encoder", ENCODER, "für alle")
        | trainer.TrainerConfig.add("standard", {"fit": {"max_epochs": 1}})
    )
    experiment.Experiment.insert1({"experiment_name": "published"})
    for seed in (0, 1):
        trainer.Seed.insert1({"seed": seed}, skip_duplicates=True)
        experiment.Experiment.Fit.insert1({"experiment_name": "published", **key, "seed": seed})
    config = {"units": {"best": 1}, "fit": {"steps": 2, "objective": {"window_frames": 4}}}
    mei.MEIPlan.insert1({"experiment_name": "published", **mei.MEIConfig.add("gradient_ascent", config)})
    training.TrainedModel.populate(key)
    keys = (training.TrainedModel & key).keys(order_by="seed")
    training.add_ensemble(keys)
    tuning.ReceptiveField.populate({"dataset_hash": key["dataset_hash"]})
    for table in (evaluation.Score, evaluation.FeedbackModulation, mei.MEI):
        table.populate(keys[0])
    return keys


@pytest.fixture(scope="module")
def published(fits, tmp_path_factory):
    """The whole as a zip file, and what ``publish`` said."""
    from populate.archive.publish import Wanted, publish

    path = tmp_path_factory.mktemp("archive") / "all.zip"
    wanted = Wanted(names=("first=seed = 0",), license="CC0-1.0", citation="Nobody (2026)", report=False)
    return path, publish(path, wanted)


def elsewhere(home: Path, place: str, folder: Path, database: str | None, prefix: str) -> dict:
    folder.mkdir(parents=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DLGN_")}
    environment = kept | {"DLGN_HOME": str(home), "DLGN_PREFIX": prefix, "DLGN_DEVICE": "cpu", "PYTHONPATH": str(ROOT)}
    environment |= {"DLGN_DATABASE": database} if database else {}
    command = [sys.executable, "-W", "ignore", "-m", "tests.archives", "load", place, str(folder)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "told.json").read_text())


def assert_same(found: dict, expected: dict):
    assert set(found) == set(expected)
    for name, values in expected.items():
        if name.startswith("scores"):
            assert found[name] == values
        else:
            assert len(found[name]) == len(values) > 0
            np.testing.assert_allclose(np.ravel(found[name]), np.ravel(values), rtol=0, atol=1e-6)


def test_it_is_complete_on_another_machine_and_back(fits, published, database, tmp_path):
    """From the database of this run, MySQL if there is one, to a clean embedded one, and back next to the first."""
    path, said = published
    expected = told(fits)
    assert len(expected["scores " + f"{fits[0]['model_hash']}-0"]) > 5
    there = elsewhere(tmp_path / "h", str(path), tmp_path / "there", None, "clean_")
    assert there["first"] | DECLARED == said.rows
    assert there["again"] == said.rows
    assert set(there["second"].values()) == {0}
    assert there["known"] == said.rows
    assert there["waiting"] == 1  # the score that was never computed, and no fit
    assert_same(there["told"], expected)
    home = tmp_path / "h2"
    prefix = f"b{uuid.uuid4().hex[:8]}_"
    back = elsewhere(home, str(tmp_path / "there" / "again.zip"), tmp_path / "back", database.database, prefix)
    assert back["first"] | DECLARED == said.rows
    assert_same(back["told"], expected)
    if database.database:
        _drop_schemas(database.database, prefix)


def _drop_schemas(url: str, prefix: str):
    from urllib.parse import urlsplit

    import pymysql

    from schemas.declaration.modules import SCHEMAS

    place = urlsplit(url)
    with (
        pymysql.connect(
            host=place.hostname, port=place.port, user=place.username, password=place.password, autocommit=True
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SET FOREIGN_KEY_CHECKS = 0")
        for name in SCHEMAS:
            cursor.execute(f"DROP DATABASE IF EXISTS `{prefix}{name}`")


def test_a_second_load_into_the_same_database_adds_nothing(published):
    from populate.archive.load import load

    path, said = published
    found = load(str(path))
    assert sum(found.new.values()) == 0
    assert found.known == said.rows
    assert found.archive.sha256 == said.sha256


def test_rows_come_with_all_that_they_were_made_from_and_no_more(published, fits):
    from schemas import dataset, stimulus

    path, said = published
    files = open_archive(path).manifest.files
    assert said.rows["training.TrainedModel"] == 2
    assert said.rows["mei.MEI.Stimulus"] == 2
    assert said.rows["ensemble.Ensemble.Member"] == 2
    assert said.rows["fitting.Epoch"] == 2
    assert said.rows["stimulus.Presentation"] == len(stimulus.Presentation())
    assert said.rows["dataset.Dataset.Split"] == len(dataset.Dataset.Split & fits[0])
    assert not any(name.startswith(("fleet.", "search.")) for name in said.rows)
    assert sum(name.startswith("weights/") for name in files) == 2
    assert sum(name.startswith("stimuli/") for name in files) == len(stimulus.Scene())
    assert {name.rpartition(".")[2] for name in files} == {"jsonl", "json", "npy", "safetensors", "avi"}


def test_its_models_by_name_are_those_of_the_tables(published, fits):
    import dlgn_cnn
    from schemas import ensemble, training

    path, _ = published
    built, loaders = training.load_model(fits[0])
    mean, _ = training.load_ensemble(ensemble.Ensemble.keys()[0])
    by_name = {"first": built, fits[1]["model_hash"][:8] + "-1": training.load_model(fits[1])[0], "ensemble-": mean}
    for name, expected in by_name.items():
        model = dlgn_cnn.load(f"{path}#{name}")
        for data_key, loader in loaders["test"].items():
            for batch in loader:
                shown = (batch.videos, batch.opto, data_key, batch.behavior, batch.pupil_center)
                with torch.no_grad():
                    np.testing.assert_allclose(model(*shown), expected(*shown), rtol=0, atol=1e-6)
    info = dlgn_cnn.load(f"{path}#first").published["sessions"][data_key]
    assert info["video_mean"] == loader.data_info.video_mean


def test_it_holds_no_secret_and_no_path_of_this_machine(published, database):
    path, _ = published
    archive = open_archive(path)
    text = b"".join(archive.read(name) for name in archive.manifest.files if name.endswith((".json", ".jsonl")))
    for secret in (str(database.home), str(Path.home()), database.database or SECRET):
        assert secret.encode() not in text
    assert archive.manifest.license == "CC0-1.0"
    assert archive.manifest.citation == "Nobody (2026)"


@pytest.mark.parametrize("name", ["some", "some.zip"])
def test_a_part_of_it_says_what_it_lacks(fits, tmp_path, name):
    from populate.archive.load import load
    from populate.archive.publish import Wanted, publish

    wanted = Wanted(where="seed = 1", downstream=False, datasets=False, stimuli=False, report=False)
    said = publish(tmp_path / name, wanted)
    assert said.rows["training.TrainedModel"] == 1
    assert "evaluation.Score" not in said.rows
    assert any("datasets" in sentence for sentence in said.manifest.left_out)
    files = open_archive(tmp_path / name).manifest.files
    assert not any(one.startswith(("datasets/", "stimuli/")) for one in files)
    assert sum(load(str(tmp_path / name)).new.values()) == 0
    with pytest.raises(ArchiveError, match="there already"):
        publish(tmp_path / name, wanted)


def test_what_hangs_on_a_table_that_is_left_out_is_left_out_with_it(fits, tmp_path):
    from populate.archive.publish import Wanted, publish

    said = publish(tmp_path / "a", Wanted(experiment="published", without=("Score",), report=False))
    assert "mei.MEI" not in said.rows
    assert said.rows["evaluation.FeedbackModulation"] == 1


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"where": "seed = 7"}, "no row"),
        ({"where": "no_column = 7"}, "no_column"),
        ({"table": "TrainedModels"}, "did you mean"),
        ({"experiment": "publisht"}, "did you mean 'published'"),
        ({"names": ("a=seed = 7",)}, "a chosen fit"),
        ({"without": ("Scores",)}, "did you mean"),
    ],
)
def test_what_cannot_be_published_is_said_and_nothing_is_left(fits, tmp_path, wanted, words):
    from populate.archive.publish import Wanted, publish

    with pytest.raises(ConfigError, match=words):
        publish(tmp_path / "a.zip", Wanted(**({"report": False} | wanted)))
    assert list(tmp_path.iterdir()) == []


def test_a_row_with_other_content_is_named_and_nothing_is_inserted(published, fits, database):
    from populate.archive.load import load
    from schemas import evaluation, mei, training

    path, said = published
    before = (training.TrainedModel & fits[0]).fetch1("score")
    (mei.MEI & fits[0]).delete(prompt=False)
    training.TrainedModel.update1({**fits[0], "fit_seconds": 1e6, "device": "another"})  # no content
    training.TrainedModel.update1({**fits[0], "score": before + 0.5})
    with pytest.raises(ArchiveError, match=r"training\.TrainedModel .*'seed': 0.* another score"):
        load(str(path))
    assert len(mei.MEI & fits[0]) == 0
    training.TrainedModel.update1({**fits[0], "score": before})
    assert load(str(path)).new["mei.MEI.Stimulus"] == said.rows["mei.MEI.Stimulus"]
    assert len(evaluation.Score & fits[0]) == 1


def tampered(path: Path, folder: Path, name: str, before: str, after: str) -> Path:
    """The archive with some text of one file replaced, and its manifest made to fit again."""
    shutil.unpack_archive(path, folder)
    file = folder / name
    text, count = re.subn(before, after, file.read_text(), count=1)
    assert count
    file.write_text(text)
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"][name] = {"size": file.stat().st_size, "sha256": file_sha256(file)}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return folder


TAMPERED = {
    "a store that leads out": ("rows/dataset.Dataset.Session.jsonl", '"datasets/', '"datasets/../../', "leads out"),
    "another store": ("rows/dataset.Dataset.Session.jsonl", '"datasets/', '"elsewhere/', "leads out"),
    "a path to a file": ("rows/recording.RawFile.jsonl", '"raw_path":"', '"raw_path":"/etc/', "leads out"),
    "a scene elsewhere": ("rows/stimulus.Scene.jsonl", '"stimuli/', '"../stimuli/', "leads out"),
    "another config": ("rows/model.ModelConfig.jsonl", '"gaussian"', '"factorized"', "does not match its hash"),
    "code of another package": ("rows/model.ModelConfig.jsonl", '"gaussian"', '"mylab.Readout"',
                                "names 'mylab.Readout'.*--allow-packages mylab"),
    "a leaf of another value": ("rows/model.ModelConfig.Leaf.jsonl", "gaussian", "factorized", "not those"),
    "weights that it has not": ("rows/training.TrainedModel.jsonl", '("weights_sha256":".)(.)(.{62})', r"\1\3\2",
                                "holds no weights"),
    "another dataset's digest": ("rows/dataset.Dataset.Session.jsonl", '("rows_digest":".)(.)(.{62})', r"\1\3\2",
                                 "holds no datasets"),
    "a row of other columns": ("rows/session.Mouse.jsonl", '"opsin"', '"opsins"', "columns"),
    "a value of another kind": ("rows/session.Mouse.jsonl", '"simulated":true', '"simulated":"yes"', "expected bool"),
    "a line that is none": ("rows/session.Mouse.jsonl", r"\{", "[", "is not JSON"),
    "a table of a later version": (MANIFEST, '"session.Mouse"', '"session.Mice"', "upgrade dlgn_cnn"),
}  # fmt: skip


def test_a_tampered_archive_is_refused_and_nothing_is_inserted_and_the_true_one_loads_whole(
    published, fits, tmp_path, caplog
):
    from populate.archive.load import load
    from schemas import dataset, experiment, mei, model, session, stimulus, trainer, training

    path, said = published
    experiment.Experiment().delete(prompt=False)
    for table in (dataset.DatasetConfig, model.ModelConfig, session.Mouse, stimulus.Movie, mei.MEIConfig):
        table().delete(prompt=False)
    for table in (trainer.TrainerConfig, trainer.Seed):
        table().delete(prompt=False)
    for index, (name, before, after, words) in enumerate(TAMPERED.values()):
        folder = tampered(path, tmp_path / str(index), name, before, after)
        with pytest.raises((ArchiveError, ConfigError), match=words):
            load(str(folder))
        assert len(session.Mouse()) == len(model.ModelConfig()) == 0
    assert not (tmp_path.parent / "datasets").exists()
    found = load(str(path))
    assert {name: found.new[name] + found.known[name] for name in found.new} == said.rows
    kept = {*DECLARED, *(name for name in said.rows if name.startswith("provenance."))}  # what was not deleted
    assert {name for name, count in found.known.items() if count} <= kept
    assert len(training.TrainedModel()) == 2

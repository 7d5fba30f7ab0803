"""Recomputed rows give the same result, and every change to stored data is found and named."""

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from dlgn_cnn.errors import ConfigError
from tests.factories import small_simulation
from tests.schemas.test_transformed import ENCODER

ROOT = Path(__file__).resolve().parents[2]
TABLES = (
    "Recording", "Dataset", "ReceptiveField", "TrainedModel", "Score", "FeedbackModulation", "InputGain",
    "EnsembleScore", "MEI", "MEIControl", "MEIContrast",
)  # fmt: skip


@pytest.fixture(scope="module")
def computed(database, tmp_path_factory):
    """A small pipeline from a raw file to MEIs and their controls, computed by a worker; the keys of its fits."""
    from populate.worker.worker import work
    from schemas import dataset, ensemble, experiment, mei, model, trainer, training
    from schemas.recordings.insert import ingest

    (name,) = ingest(small_simulation(tmp_path_factory.mktemp("v") / "session", mouse="Simulated_2026_0700"))
    options = {"size_px": [18, 32], "window_frames": 40, "batch_size": 2, "validation_share": 0.34}
    keys = dataset.DatasetConfig.add("stored_sessions", {"sessions": [name], **options})
    keys |= model.ModelConfig.add("encoder", ENCODER) | trainer.TrainerConfig.add(
        "standard", {"fit": {"max_epochs": 2}}
    )
    experiment.Experiment.insert1({"experiment_name": "verified"})
    for seed in (0, 1):
        trainer.Seed.insert1({"seed": seed})
        experiment.Experiment.Fit.insert1({"experiment_name": "verified", **keys, "seed": seed})
    options = {"units": [1], "seeds": [0, 1], "controls": True, "fit": {"steps": 3}}
    mei.MEIPlan.insert1({"experiment_name": "verified", **mei.MEIConfig.add("gradient_ascent", options)})
    ensemble.Ensemble.add([{**keys, "seed": seed} for seed in (0, 1)])
    assert work().failed == 0
    return list(training.TrainedModel().keys(order_by="seed"))


def verified(kind, key, fast=False):
    from populate.verify.verify import verify

    return verify(kind, key, fast)


def tables():
    from schemas.declaration.computed_tables import computed_tables

    return {table.__name__: table for table in computed_tables()}


def key_of(name):
    return tables()[name]().keys(order_by="KEY", limit=1)[0]


def test_every_row_of_a_pipeline_is_computed_anew_bit_for_bit(computed):
    """On one thread, as the documentation promises; on more, within the tolerance."""
    from schemas.verification import Verification

    exact = torch.get_num_threads() == 1

    assert set(TABLES) <= set(tables())
    before = contents()
    for name in TABLES:
        rows = list(tables()[name]().keys())
        assert rows
        found = [verified(tables()[name], key) for key in rows]
        assert {one.verdict for one in found} <= ({"equal"} if exact else {"equal", "close"}), name
        assert all(one.verdict == "close" or (one.deviation, one.findings) == (0.0, []) for one in found), name
        kept = (Verification & {"verified_table": name}).to_dicts(order_by="verified")
        assert [row["verdict"] for row in kept[-len(found) :]] == [one.verdict for one in found]
    assert ({row["tolerance"] for row in Verification().to_dicts()} == {0.0}) == exact
    assert contents() == before


def contents():
    """How many rows every table has but that of verdicts, and what lies in the store."""
    from schemas.connection.in_force import settings_in_force

    store = settings_in_force().store
    files = {str(path.relative_to(store)): path.stat().st_mtime_ns for path in store.rglob("*") if path.is_file()}
    from schemas import fitting

    rows = {name: len(table()) for name, table in tables().items()} | {"epochs": fitting.Epoch().to_dicts()}
    return rows, files


def test_fast_checks_digests_alone(computed, monkeypatch):
    from populate.verify import verify as verify_rows

    monkeypatch.setattr(verify_rows, "recompute", None)
    for name in TABLES:
        assert verified(tables()[name], key_of(name), fast=True).verdict == "sound", name


def test_a_tampered_weight_is_found_and_named(computed):
    from schemas.connection.in_force import settings_in_force
    from schemas.training import TrainedModel, weights_of

    file = settings_in_force().weights.local / f"{weights_of(computed[0])}.safetensors"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    try:
        for fast in (True, False):
            found = verified(TrainedModel, computed[0], fast)
            assert found.verdict == "damaged"
            assert file.name in found.findings[0]
        assert verified(tables()["Score"], computed[0]).verdict == "failed"
        assert verified(TrainedModel, computed[1], True).verdict == "sound"
    finally:
        file.write_bytes(whole)


def test_a_tampered_row_of_a_stored_dataset_is_found_and_named(computed):
    from schemas.dataset import Dataset, absolute, store_paths

    key = key_of("Dataset")
    (folder,) = absolute(store_paths(key)).values()
    file = max((path for path in (folder / "rows").rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    whole = file.read_bytes()
    middle = len(whole) // 2
    file.write_bytes(whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :])
    try:
        found = verified(Dataset, key, fast=True)
        assert found.verdict == "damaged"
        assert str(folder) in found.findings[0]
        assert "is damaged" in found.findings[0] or "cannot be read" in found.findings[0]
    finally:
        file.write_bytes(whole)
    assert verified(Dataset, key, fast=True).verdict == "sound"


def test_statistics_that_no_digest_covers_are_found_when_they_are_taken_anew(computed):
    from schemas.dataset import Dataset, absolute, store_paths

    key = key_of("Dataset")
    (folder,) = absolute(store_paths(key)).values()
    text = (folder / "manifest.json").read_text()
    manifest = json.loads(text)
    manifest["statistics"]["mean_counts"][0] *= 2
    (folder / "manifest.json").write_text(json.dumps(manifest))
    try:
        found = verified(Dataset, key)
        assert found.verdict == "differs"
        assert "mean_counts.0" in found.findings[0]
    finally:
        (folder / "manifest.json").write_text(text)


def test_a_tampered_config_is_found_and_named_and_so_is_a_leaf(computed):
    from schemas.model import ModelConfig
    from schemas.training import TrainedModel

    key = {"model_hash": computed[0]["model_hash"]}
    config = (ModelConfig & key).fetch1("model_config")
    ModelConfig.update1({**key, "model_config": config | {"more": 1}})
    try:
        found = verified(TrainedModel, computed[0], fast=True)
        assert found.verdict == "damaged"
        assert found.findings[0].startswith(f"ModelConfig {key['model_hash']}: model config")
    finally:
        ModelConfig.update1({**key, "model_config": config})
    leaf = (ModelConfig.Leaf & key & {"kind": "int"}).to_dicts(order_by="path")[0]
    ModelConfig.Leaf.update1(leaf | {"value": "77"})
    try:
        found = verified(TrainedModel, computed[0], fast=True)
        assert found.verdict == "damaged"
        assert leaf["path"] in found.findings[0]
    finally:
        ModelConfig.Leaf.update1(leaf)


def test_a_tampered_mei_is_found_and_named(computed):
    from schemas.mei import MEI

    key = key_of("MEI")
    row = (MEI.Stimulus & key).to_dicts(order_by="KEY", limit=1)[0]
    file = stored_file(row["stimulus"])
    whole = file.read_bytes()
    changed = np.load(file)
    changed[0, 0, 0] += 0.01
    np.save(file, changed)
    try:
        for fast in (True, False):
            found = verified(MEI, key, fast)
            assert found.verdict == "damaged"
            named = (
                f"MEI.Stimulus mouse={row['mouse']} series=1 experiment=1 unit=1 opto_condition={row['opto_condition']}"
            )
            assert found.findings[0].startswith(f"{named} mei_seed={row['mei_seed']} stimulus: StoreError: array")
        assert found.deviation is None
    finally:
        file.write_bytes(whole)


def stored_file(reference):
    from schemas.connection.in_force import settings_in_force

    return settings_in_force().store / reference.path


def test_a_changed_figure_is_found_without_computing_it_anew(computed):
    from schemas.evaluation import Score

    row = (Score.Unit & computed[0]).to_dicts(order_by="KEY", limit=1)[0]
    Score.Unit.update1(row | {"correlation": 0.99})
    try:
        found = verified(Score, computed[0], fast=True)
        assert found.verdict == "damaged"
        assert f"Score.Unit mouse={row['mouse']} series=1 experiment=1 unit={row['unit']} is not" in found.findings[0]
        found = verified(Score, computed[0])
        assert found.deviation == pytest.approx(abs(0.99 - row["correlation"]))
    finally:
        Score.Unit.update1(row)


def test_elsewhere_a_row_may_be_close_but_not_far(computed, monkeypatch):
    from populate.verify import verify as verify_rows
    from schemas.evaluation import Score

    monkeypatch.setattr(verify_rows, "must_be_equal", lambda table, key: False)
    kept = (Score.Provenance & computed[0]).to_dicts()
    (Score.Provenance & computed[0]).delete_quick()  # as of a row from before it was kept
    row = (Score & computed[0]).fetch1()
    for change, verdict in ((1e-6, "close"), (0.1, "differs")):
        Score.update1(row | {"mean_correlation": row["mean_correlation"] + change})
        found = verified(Score, computed[0])
        assert found.verdict == verdict
        assert found.deviation == pytest.approx(change, abs=1e-7)  # of a float32 below 1, computed again
    Score.update1(row)
    Score.Provenance.insert(kept, allow_direct_insert=True)


def test_every_computed_row_says_what_it_came_from(computed):
    import importlib.metadata
    import platform

    from schemas import provenance
    from schemas.dataset import Dataset

    for name in TABLES:
        assert len(tables()[name].Provenance()) == len(tables()[name]()), name
    row = (tables()["MEI"].Provenance & computed[0]).to_dicts()[0]
    session = (Dataset.Session & computed[0]).fetch1("rows_digest")
    weights = (tables()["TrainedModel"] & computed[0]).fetch1("weights_sha256")
    assert row["inputs"] == {"session Simulated_2026_0700_s01_e01": session, "weights": weights}
    assert row["host"] == platform.node()
    assert row["duration_s"] > 0
    found = (provenance.Environment & {"environment_hash": row["environment_hash"]}).fetch1()
    assert found["python"] == f"CPython {platform.python_version()}"
    assert found["torch"] == torch.__version__
    assert found["threads"] == torch.get_num_threads()
    packages = {one["package"]: one["package_version"] for one in provenance.Environment.Package().to_dicts()}
    assert packages["numpy"] == np.__version__
    assert packages["datajoint"] == importlib.metadata.version("datajoint")
    assert (provenance.Code & {"code_hash": row["code_hash"]}).fetch1("git_commit") == head()


def head() -> str | None:
    """The commit of this checkout by git itself."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def test_diff_names_the_leaf_the_seed_and_the_data(computed):
    from schemas.model import ModelConfig
    from schemas.reproduction.diff import differences
    from schemas.training import TrainedModel

    found = differences(TrainedModel, *computed)
    assert [(one.part, one.name, one.one, one.other) for one in found] == [("key", "seed", "0", "1")]
    (weights,) = [one for one in differences(tables()["Score"], *computed) if one.part == "data"]
    assert (weights.name, weights.one != weights.other) == ("weights", True)
    changed = {**ENCODER, "core": {**ENCODER["core"], "channels": [2, 3]}}
    other = computed[0] | ModelConfig.add("encoder", changed)
    leaf = differences(ModelConfig, computed[0], other)[-1]
    assert (leaf.part, leaf.name, leaf.one, leaf.other) == ("model config", "config.core.channels[1]", None, "3")


def test_the_commands_take_rows_by_their_first_letters(computed, capsys):
    from typer.testing import CliRunner

    from populate.cli.command import app

    run = CliRunner().invoke
    short = f"Score:seed=0,model_hash={computed[0]['model_hash'][:4]}"
    found = run(app, ["verify", short, "--fast", "--json"])
    assert found.exit_code == 0, found.output
    (verdict,) = json.loads(found.stdout)
    assert (verdict["verdict"], verdict["row"].startswith("Score:dataset_hash=")) == ("sound", True)
    assert "1 sound" in run(app, ["verify", "Score", "--where", "seed = 1", "--fast"]).stdout
    found = run(app, ["diff", short, "Score:seed=1", "--json"])
    assert {"part": "key", "name": "seed", "one": "0", "other": "1"} in json.loads(found.stdout)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Scores", "choose from .*did you mean 'Score'"),
        ("Score", "names 2 rows: say more, as Score:dataset_hash="),
        ("Score:seed=9", "names no row"),
        ("Score:sed=0", "did you mean 'seed'"),
        ("Score:model_hash=x'", "expected the first letters of a hash"),
        ("Score:seed", "expected TABLE or TABLE:NAME=VALUE"),
    ],
)
def test_a_row_that_is_not_one_is_refused(computed, text, message):
    from populate.query.named_rows import the_one

    with pytest.raises(ConfigError, match=message):
        the_one(text, tables().values())


def test_uncommitted_code_computes_nothing_where_that_is_asked(computed, monkeypatch):
    from dlgn_cnn.provenance.environment import CodeState
    from populate.worker.worker import work
    from schemas import provenance

    monkeypatch.setattr(provenance, "settings_in_force", lambda: SimpleNamespace(require_clean=True))
    for commit, changes in (("a" * 40, "b" * 64), (None, None)):
        state = CodeState("0", commit, changes, "c" * 64, ())
        monkeypatch.setattr(provenance, "running_code", lambda state=state: state)
        with pytest.raises(ConfigError, match="DLGN_REQUIRE_CLEAN is set"):
            work()
    monkeypatch.setattr(provenance, "running_code", lambda: CodeState("0", "a" * 40, None, "c" * 64, ()))
    provenance.refuse_unclean()


def test_a_condition_asks_for_the_tables_that_it_is_about():
    from populate.verify.verify import verify_rows

    with pytest.raises(ConfigError, match="--where 'seed = 0' needs the tables"):
        verify_rows([], where="seed = 0")

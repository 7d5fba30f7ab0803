"""An nnfabrik schema as DataJoint 0.14.4 laid it out, carried over: equal on both sides, once, and only read."""

import hashlib
import importlib.util
import logging
import shutil
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pymysql
import pytest
import torch
from typer.testing import CliRunner

from dlgn_cnn.errors import ConfigError, StoreError
from dlgn_cnn.registry import allowing
from populate.cli.command import app
from tests import nnfabrik_functions
from tests.rounding import within_rounding

DATA = Path(__file__).resolve().parents[1] / "data" / "nnfabrik"
SCHEMA = "nnfabrik_lab"
spec = importlib.util.spec_from_file_location("generate", DATA / "generate.py")
generate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generate)


def connect(url: str):
    place = urlsplit(url)
    return pymysql.connect(
        host=place.hostname, port=place.port, user=place.username, password=place.password, autocommit=True
    )


def execute(url: str, *statements: str) -> list:
    with connect(url) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


@pytest.fixture
def source(database):
    """URL of a MySQL server with the schema as it was frozen."""
    if not database.database or not database.database.startswith("mysql"):
        pytest.skip("nnfabrik's tables are on MySQL: set DLGN_TEST_MYSQL")
    execute(database.database, f"DROP DATABASE IF EXISTS {SCHEMA}", *(DATA / "schema.sql").read_text().splitlines())
    yield database.database
    execute(database.database, f"DROP DATABASE {SCHEMA}")


@pytest.fixture
def empty(database):
    """The tables without any row that was carried over."""
    from schemas import dataset, experiment, model, trainer

    yield
    experiment.Experiment().delete(prompt=False)
    for table in (dataset.DatasetConfig, model.ModelConfig, trainer.TrainerConfig, trainer.Seed):
        table().delete(prompt=False)


@pytest.fixture
def store(tmp_path) -> Path:
    return shutil.copytree(DATA / "store", tmp_path / "store")


def original(number: int) -> dict[str, torch.Tensor]:
    """The state dict of a fit as nnfabrik's users read it."""
    files = [torch.load(path, weights_only=True) for path in (DATA / "store").rglob("*.pth.tar")]
    model, dataset, _, seed = generate.FITS[number]
    built = nnfabrik_functions.stacked_core_model(
        nnfabrik_functions.static_loaders(**{"seed": seed, **generate.DATASETS[dataset]}), seed, batch_norm=model != 1
    ).state_dict()
    same = [one for one in files if set(one) == set(built) and all(torch.equal(one[k], built[k]) for k in built)]
    assert len(same) == (2 if number in (0, 4) else 1)
    return same[0]


def test_one_corrupt_blob_loses_only_its_row_and_says_so(source, empty, store):
    """Here two, a file of one fit and the output of another; of the others nothing is missing."""
    from populate.nnfabrik.carry import carry
    from schemas import training

    query = f"SELECT HEX(model_state) FROM {SCHEMA}.__trained_model__model_storage WHERE seed = 2"
    ((code,),) = execute(source, query)
    (file,) = store.rglob(f"{code.lower()}.*")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    where = "model_hash = (SELECT model_hash FROM model WHERE INSTR(model_config, 'input_kern'))"
    execute(source, f"USE {SCHEMA}", f"UPDATE __trained_model SET output = LEFT(output, 40) WHERE {where}")
    report = carry(source, SCHEMA, {"minio": str(store)})
    assert report.new["__trained_model"] == len(training.TrainedModel()) == 2
    assert len(report.lost) == 4  # these two, and the model with an array in its config, with its fit
    assert sum("is damaged: it has another md5" in lost.reason and "seed 2" in lost.row for lost in report.lost) == 1
    assert sum("its blob is damaged" in lost.reason for lost in report.lost) == 1


def test_rows_and_state_dicts_are_equal_on_both_sides_and_a_second_run_adds_nothing(
    source, store, database, monkeypatch
):
    from populate.nnfabrik.carry import carry
    from schemas import dataset, experiment, model, trainer, training

    before = execute(source, f"CHECKSUM TABLE {', '.join(f'{SCHEMA}.{name}' for name in tables(source))}")
    report = carry(source, SCHEMA, {"minio": str(store)})
    assert dict(report.new) == {
        "model": 2, "dataset": 2, "trainer": 2, "seed": 2, "__trained_model": 4, "experiments": 1
    }  # fmt: skip
    reasons = [(lost.table, "array" in lost.reason or "model was not imported" in lost.reason) for lost in report.lost]
    assert reasons == [("model", True), ("__trained_model", True)]
    configs = [{"hidden_channels": 3, "elu_offset": 0.0, "batch_norm": True}, {"batch_norm": False, "input_kern": 3}]
    key = {"model_hash": model.ModelConfig.add("tests.nnfabrik_functions.stacked_core_model", configs[0])["model_hash"]}
    assert len(model.ModelConfig()) == 2
    key |= trainer.TrainerConfig.add(
        "tests.nnfabrik_functions.standard_trainer", {"max_iter": 2, "lr_init": 0.01, "scheduler": None}
    )
    key |= dataset.DatasetConfig.add(
        "tests.nnfabrik_functions.static_loaders", {"sessions": generate.SESSIONS, "size": [6, 8], "seed": 1000}
    )
    assert len(dataset.DatasetConfig()) == len(trainer.TrainerConfig()) == 2
    with allowing({"tests"}):
        for number, seed in enumerate((1, 2)):
            row = (training.TrainedModel & key & {"seed": seed}).fetch1()
            assert row["score"] == pytest.approx(np.float32(0.1 * number), rel=1e-6)
            assert row["output"] == {
                "validation_corr": pytest.approx(0.1 * number),
                "loss": [2.0, 1.0],
                "epochs": [1, 2],
            }
            built, loaders = training.load_model(key | {"seed": seed})
            state = original(number)
            assert set(built.state_dict()) == set(state)
            assert all(torch.equal(built.state_dict()[name].cpu(), value) for name, value in state.items())
            assert row["parameters"] == sum(one.numel() for one in built.parameters())
            again = nnfabrik_functions.stacked_core_model(loaders, seed=0, **configs[0])
            again.load_state_dict(state)
            batch = next(iter(loaders["test"]["21067-10-18"]))
            rates = (one.eval()(*batch, data_key="21067-10-18") for one in (built, again))
            assert within_rounding(*rates, nnfabrik_functions.PRODUCTS)
    assert len(experiment.Experiment.Fit & {"experiment_name": "stacked cores"}) == 2
    assert len(experiment.Experiment.Fit & {"experiment_name": SCHEMA}) == 4
    origin = (training.ImportedFit & key & {"seed": 1}).fetch1()
    assert origin["fit_comment"] == "adam.stacked.static"
    assert origin["source_key"]["model_hash"] == generate._hash({**configs[0], "elu_offset": np.float64(0)})
    assert (origin["fabrikant"], str(origin["fitted"])) == ("lab", generate.TIME)
    second = carry(source, SCHEMA, {"minio": str(store)})
    assert sum(second.new.values()) == 0
    assert dict(second.known) == dict(report.new)
    assert len(training.TrainedModel() & training.ImportedFit()) == 4
    assert execute(source, f"CHECKSUM TABLE {', '.join(f'{SCHEMA}.{name}' for name in tables(source))}") == before


def tables(source: str) -> list[str]:
    return [f"`{name}`" for (name,) in execute(source, f"SHOW TABLES IN {SCHEMA}")]


class Harmful:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_the_command_says_what_it_left_and_ends_with_2(source, caplog):
    with caplog.at_level(logging.INFO, "dlgn"):
        done = CliRunner().invoke(app, ["import-nnfabrik", source, "--schema", SCHEMA])
    assert done.exit_code == 2
    assert "model: 0 new, 2 were here" in caplog.text
    assert "__trained_model: 0 new, 4 were here" in caplog.text
    assert "2 rows were not imported" in done.stderr
    assert "config.grid is an array" in " ".join(done.stderr.split())


def test_the_source_cannot_be_written_to(source):
    from populate.nnfabrik.source import opened

    with opened(source, SCHEMA) as found:
        with pytest.raises(pymysql.err.MySQLError) as caught:
            found._all(f"DELETE FROM {SCHEMA}.seed")
        assert caught.value.args[0] == 1792


@pytest.mark.parametrize(
    ("url", "words"),
    [("postgres://x@y", "mysql://"), ("mysql://nobody:x@127.0.0.1:1", "refused"), (None, "not one of")],
)
def test_a_source_that_is_none_is_said(source, url, words):
    from populate.nnfabrik.carry import carry

    with pytest.raises(ConfigError, match=words):
        carry(url or source, "information_schema" if url is None else SCHEMA, {})


class Frozen:
    """The source without a server: what ``States`` asks of it, out of the frozen rows."""

    schema = SCHEMA

    def __init__(self) -> None:
        self.paths = {path.name.split(".")[0]: path for path in (DATA / "store").rglob("*.pth.tar")}

    def state(self, table, key):
        return bytes.fromhex(key["state"]), key.get("comment", ":attach@minio:")

    def row(self, table, key):
        path = self.paths[key["hash"].hex()]
        return {"size": path.stat().st_size, "attachment_name": path.name.partition(".")[2]}


def test_states_are_read_without_a_server_in_the_new_and_the_old_format_of_torch():
    from populate.nnfabrik.states import States

    source = Frozen()
    with closing(States(source, {"minio": str(DATA / "store")})) as states:
        for code, path in source.paths.items():
            found, expected = states.read("t", {"state": code}), torch.load(path, weights_only=True)
            assert set(found) == set(expected)
            assert all(torch.equal(found[name], value) for name, value in expected.items())
    with closing(States(source, {"minio": "/nowhere"})) as states, pytest.raises(StoreError, match="cannot be read"):
        states.read("t", {"state": code})
    with closing(States(source, {})) as states, pytest.raises(ConfigError, match="--store minio=PLACE"):
        states.read("t", {"state": code})


def test_a_state_that_would_run_code_is_refused_and_so_is_one_that_is_gone(tmp_path):
    from populate.nnfabrik.states import States

    torch.save({"w": Harmful(tmp_path / "ran")}, tmp_path / "state")
    content, name = (tmp_path / "state").read_bytes(), "abc.pth.tar"
    code = hashlib.md5(f"{name}\0".encode() + content).hexdigest()
    path = tmp_path / SCHEMA / code[:2] / code[2:4] / f"{code}.{name}"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    source = Frozen()
    source.paths = {code: path}
    with closing(States(source, {"minio": str(tmp_path)})) as states:
        with pytest.raises(ConfigError, match="cannot be read"):
            states.read("t", {"state": code})
        assert not (tmp_path / "ran").exists()
        path.rename(tmp_path / "gone")
        source.row = lambda table, key: {"size": len(content), "attachment_name": name}
        with pytest.raises(StoreError, match="cannot be read"):
            states.read("t", {"state": code})
        source.row = lambda table, key: {"size": len(content), "attachment_name": "../x"}
        with pytest.raises(ConfigError, match="leads out"):
            states.read("t", {"state": code})


def test_blobs_are_unpacked_and_what_is_none_is_refused():
    from datajoint import blob

    from populate.nnfabrik.source import storage, unpacked

    assert unpacked(blob.pack({"a": (1, 2.5, None), "b": np.arange(3)}))["a"] == (1, 2.5, None)
    for data in (b"", b"xyz", b"dj0\0\x04\xff", b"ZL123\0" + b"\xff" * 8, blob.pack({"a": "x" * 5000})[:-3]):
        with pytest.raises(ConfigError, match="blob"):
            unpacked(data)
    assert [storage(one) for one in (":attach@minio:", ":blob@s3:x", ":attach:", "plain", ":filepath@f:")] == [
        ("attach", "minio"), ("blob", "s3"), ("attach", None), ("blob", None), ("filepath", "f")
    ]  # fmt: skip

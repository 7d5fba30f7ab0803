"""How ``schema.sql`` and ``store`` were made: by DataJoint 0.14.4, in tables with the columns of nnfabrik 0.2.1.

    python generate.py states FOLDER                  # with torch: the state dicts, and what they hold
    python generate.py rows HOST PORT FOLDER          # with datajoint==0.14.4 and numpy<2, on an empty MySQL server

The columns, their types and their order are nnfabrik's, as it declares them itself on Python 3.9; all rows are our own.
"""

import hashlib
import json
import sys
from pathlib import Path

SCHEMA = "nnfabrik_lab"
HEIRS = "tests.nnfabrik_functions"
SESSIONS = {"21067-10-18": 4, "22846-10-16": 3}
TIME = "2021-07-14 10:20:30"
DATASETS = [{"sessions": SESSIONS, "size": (6, 8), "seed": 1000}, {"sessions": {"21067-10-18": 4}, "normalize": False}]
FITS = [(0, 0, 0, 1), (0, 0, 0, 2), (1, 0, 0, 1), (0, 1, 1, 1), (2, 0, 0, 1)]  # model, dataset, trainer, seed


def states(folder):
    import torch

    from tests import nnfabrik_functions

    folder.mkdir(parents=True, exist_ok=True)
    for number, (model, dataset, _, seed) in enumerate(FITS):
        built = nnfabrik_functions.stacked_core_model(
            nnfabrik_functions.static_loaders(**{"seed": seed, **DATASETS[dataset]}), seed, batch_norm=model != 1
        )
        old = {"_use_new_zipfile_serialization": False} if number == 1 else {}
        torch.save(built.state_dict(), folder / f"{number}.pth.tar", **old)


def rows(host, port, folder):
    import datajoint as dj
    import numpy as np

    dj.config.update({"database.host": f"{host}:{port}", "database.user": "dlgn", "database.password": "dlgn"})
    store = folder / "store"
    store.mkdir(exist_ok=True)
    dj.config["stores"] = {"minio": {"protocol": "file", "location": str(store)}}
    dj.conn().query(f"DROP DATABASE IF EXISTS {SCHEMA}")
    tables = _tables(dj)
    tables["Fabrikant"].insert1(("lab", "The Lab", "lab@example.org", "Some Lab", "dlgn"))
    tables["Seed"].insert([(1,), (2,)])
    models = [
        {"hidden_channels": 3, "elu_offset": np.float64(0), "batch_norm": True},
        {"batch_norm": np.bool_(False), "input_kern": np.int64(3)},
        {"hidden_channels": 3, "grid": np.arange(6.0).reshape(2, 3)},
    ]
    trainer = f"{HEIRS}.standard_trainer"
    trainers = [(trainer, {"max_iter": 2, "lr_init": 1e-2, "scheduler": None}), (trainer, {})]
    keys = {
        "model": [_config(tables, "Model", f"{HEIRS}.stacked_core_model", one, "stacked") for one in models],
        "dataset": [_config(tables, "Dataset", f"{HEIRS}.static_loaders", one, "static") for one in DATASETS],
        "trainer": [_config(tables, "Trainer", *one, "adam") for one in trainers],
    }
    for number, (model, dataset, trainer, seed) in enumerate(FITS):
        key = {**keys["model"][model], **keys["dataset"][dataset], **keys["trainer"][trainer], "seed": seed}
        file = folder / (_hash(key) + ".pth.tar")
        file.write_bytes((folder / f"{number}.pth.tar").read_bytes())
        output = {"validation_corr": np.float32(0.1 * number), "loss": np.array([2.0, 1.0]), "epochs": (1, 2)}
        tables["TrainedModel"].insert1(
            {**key, "comment": "adam.stacked.static", "score": 0.1 * number, "output": output}
            | {"fabrikant_name": "lab", "trainedmodel_ts": TIME}
        )
        tables["TrainedModel"].ModelStorage.insert1({**key, "model_state": str(file)})
        file.unlink()
    experiment = {"experiment_name": "stacked cores", "experiment_fabrikant": "lab", "experiment_comment": "two seeds"}
    tables["Experiments"].insert1({**experiment, "experiment_ts": TIME})
    tables["Experiments"].Restrictions.insert1(
        {"experiment_name": "stacked cores", **keys["model"][0], **keys["dataset"][0], **keys["trainer"][0]}
        | {"experiment_restriction_ts": TIME}
    )
    (folder / "schema.sql").write_text("\n".join(_dump(dj.conn())) + "\n")


def _config(tables, kind, function, config, comment):
    name = kind.lower()
    key = {f"{name}_fn": function, f"{name}_hash": _hash(config)}
    rest = {"config": config, "fabrikant": "lab", "comment": comment, "ts": TIME}
    tables[kind].insert1(key | {f"{name}_{column}": value for column, value in rest.items()})
    return key


def _tables(dj):
    schema, own = dj.schema(SCHEMA), {}

    def declare(name, definition, base=dj.Manual, **parts):
        members = {"definition": definition} | {
            part: type(part, (dj.Part,), {"definition": text}) for part, text in parts.items()
        }
        own[name] = schema(type(name, (base,), members), context=own)

    declare(
        "Fabrikant",
        "fabrikant_name: varchar(32)\n---\nfull_name='': varchar(128)\nemail: varchar(64)\n"
        "affiliation: varchar(32)\ndj_username: varchar(64)",
    )
    for name, length in (("Model", 128), ("Dataset", 64), ("Trainer", 64)):
        kind = name.lower()
        declare(
            name,
            f"{kind}_fn: varchar({length})\n{kind}_hash: varchar(64)\n---\n{kind}_config: longblob\n"
            f"-> Fabrikant.proj({kind}_fabrikant='fabrikant_name')\n{kind}_comment='': varchar(256)\n"
            f"{kind}_ts=CURRENT_TIMESTAMP: timestamp",
        )
    declare("Seed", "seed: int")
    declare(
        "Experiments",
        "experiment_name: varchar(100)\n---\n-> Fabrikant.proj(experiment_fabrikant='fabrikant_name')\n"
        "experiment_comment='': varchar(2000)\nexperiment_ts=CURRENT_TIMESTAMP: timestamp",
        Restrictions="-> master\n-> Dataset\n-> Trainer\n-> Model\n---\n"
        "experiment_restriction_ts=CURRENT_TIMESTAMP: timestamp",
    )
    computed = type("Base", (dj.Computed,), {"make": lambda self, key: None, "_allow_insert": True})
    declare(
        "TrainedModel",
        "-> Model\n-> Dataset\n-> Trainer\n-> Seed\n---\ncomment='': varchar(768)\nscore: float\noutput: longblob\n"
        "-> [nullable] Fabrikant\ntrainedmodel_ts=CURRENT_TIMESTAMP: timestamp",
        base=computed,
        ModelStorage="# states\n-> master\n---\nmodel_state: attach@minio",
    )
    return own


def _hash(value):
    """nnfabrik's: md5 of the text of the leaves, keys sorted."""
    digest = hashlib.md5()
    if isinstance(value, str):
        digest.update(value.encode())
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            digest.update(str(key).encode())
            digest.update(_hash(value[key]).encode())
    elif hasattr(value, "__iter__"):
        for one in value:
            digest.update(_hash(one).encode())
    else:
        digest.update(str(value).encode())
    return digest.hexdigest()


def _dump(connection):
    yield f"CREATE DATABASE `{SCHEMA}`;"
    yield f"USE `{SCHEMA}`;"
    yield "SET FOREIGN_KEY_CHECKS = 0;"
    for (name,) in connection.query(f"SHOW TABLES IN `{SCHEMA}`").fetchall():
        if name == "~log":
            continue
        yield connection.query(f"SHOW CREATE TABLE `{SCHEMA}`.`{name}`").fetchone()[1].replace("\n", " ") + ";"
        for row in connection.query(f"SELECT * FROM `{SCHEMA}`.`{name}`").fetchall():
            yield f"INSERT INTO `{name}` VALUES ({', '.join(map(_literal, row))});"
    yield "SET FOREIGN_KEY_CHECKS = 1;"


def _literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    return str(value) if isinstance(value, (int, float)) else json.dumps(str(value))


if __name__ == "__main__":
    if sys.argv[1] == "states":
        states(Path(sys.argv[2]))
    else:
        rows(sys.argv[2], sys.argv[3], Path(sys.argv[4]).resolve())

"""What another machine does with an archive: run as a process of its own, with a database of its own.

python -m tests.archives load PLACE FOLDER     # load twice, publish again as FOLDER/again.zip, and say what it got
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np


def told(keys: list[dict[str, Any]]) -> dict[str, Any]:
    """Scores and test predictions of fits, as plain values."""
    from dlgn_cnn.evaluation.predict import predict
    from schemas import evaluation, mei, training

    found: dict[str, Any] = {}
    for key in keys:
        built, loaders = training.load_model(key)
        name = f"{key['model_hash']}-{key['seed']}"
        found[f"predicted {name}"] = np.concatenate(
            [predict(built, loader, data_key).predicted.ravel() for data_key, loader in loaders["test"].items()]
        ).tolist()
        if scores := (evaluation.Score.Condition & key).to_dicts(order_by="KEY"):
            found[f"scores {name}"] = [list(row.values()) for row in scores]
        if stimuli := (mei.MEI.Stimulus & key).to_dicts(order_by="KEY"):
            found[f"stimuli {name}"] = [np.asarray(row["stimulus"].load()).ravel().tolist() for row in stimuli]
    return found


def main(place: str, folder: Path) -> None:
    import schemas

    schemas.open_database()
    from populate.archive.load import load
    from populate.archive.publish import Wanted, publish
    from schemas import evaluation, training

    first, second = load(place), load(place)
    keys = training.TrainedModel.keys(order_by="KEY")
    waiting = sum(len(table().key_source - table().proj()) for table in (training.TrainedModel, evaluation.Score))
    again = publish(folder / "again.zip", Wanted(report=False))
    said = {"first": first.new, "second": second.new, "known": second.known, "again": again.rows, "waiting": waiting}
    (folder / "told.json").write_text(json.dumps(said | {"told": told(keys)}))


if __name__ == "__main__":
    main(sys.argv[2], Path(sys.argv[3]))

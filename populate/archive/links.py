"""What a row needs and names in no foreign key: fitted models in a config, and held-out models of a result."""

from collections.abc import Callable, Iterator
from typing import Any

from schemas import mei, model, training
from schemas.mei_contrast import shuffled_twins

Row = dict[str, Any]
Linked = Iterator[tuple[str, list[Row]]]
FITS = "training.TrainedModel"


def of_fits(keys: list[Row]) -> Linked:
    """The fit that a transferred model's config names as its source."""
    for digest in {key["model_hash"] for key in keys}:
        source = model.ModelConfig.load({"model_hash": digest})[1].get("source")
        if isinstance(source, dict) and set(source) == set(training.TrainedModel.primary_key):
            yield FITS, (training.TrainedModel & source).keys()


def of_contrasts(keys: list[Row]) -> Linked:
    """The MEIs of fits to shuffled labels of the light that are a contrast's null."""
    for key in keys:
        alike = {name: key[name] for name in ("model_hash", "trainer_hash", "mei_hash")}
        for twin in shuffled_twins(key["dataset_hash"]):
            yield "mei.MEI", (mei.MEI & alike & {"dataset_hash": twin}).keys()


def of_controls(keys: list[Row]) -> Linked:
    """The held-out fits, from other seeds, that a control was shown to."""
    for key in keys:
        alike = {name: key[name] for name in ("dataset_hash", "model_hash", "trainer_hash")}
        yield FITS, (training.TrainedModel & alike).keys()


LINKS: dict[str, Callable[[list[Row]], Linked]] = {
    FITS: of_fits,
    "mei_contrast.MEIContrast": of_contrasts,
    "mei_control.MEIControl": of_controls,
}

"""What a caller supplies reaches the trainer that asks for it by name; a lab's own is called as always."""

import pytest

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import allowing
from dlgn_cnn.training.assemble import FitSpec, run_trainer
from tests.science.test_fit import Gain

CALLS: list[dict] = []
LAB, ASKING, OPEN = (f"{__name__}.{name}" for name in ("lab_trainer", "asking_trainer", "open_trainer"))


def lab_trainer(model, dataloaders, seed, uid, cb, max_iter=3):
    CALLS.append({"seed": seed, "uid": uid, "max_iter": max_iter})
    return 0.5, {}, model.state_dict()


def asking_trainer(model, dataloaders, seed, uid, cb, auto_precision="auto"):
    CALLS.append({"cb": cb, "auto_precision": auto_precision})
    return 0.5, {}, model.state_dict()


def open_trainer(model, dataloaders, seed, uid, cb, **config):
    CALLS.append(config)
    return 0.5, {}, model.state_dict()


def spec(trainer: str, config: dict | None = None) -> FitSpec:
    calls = ("stored_sessions", {"sessions": []}), ("encoder", {}), (trainer, config or {})
    return FitSpec(*calls, 7, precision="bfloat16")


@pytest.mark.parametrize(
    ("trainer", "config", "expected"),
    [
        (LAB, {"max_iter": 5}, {"seed": 7, "uid": "key", "max_iter": 5}),
        (ASKING, {}, {"cb": None, "auto_precision": "bfloat16"}),
        (OPEN, {"anything": 1}, {"anything": 1}),
    ],
)
def test_a_trainer_is_given_what_it_asks_for(trainer, config, expected):
    CALLS.clear()
    with allowing({__name__.split(".")[0]}):
        run_trainer(spec(trainer, config), Gain(), {}, "key", None)
    (call,) = CALLS
    assert call == expected


@pytest.mark.parametrize("trainer", [ASKING, "standard"])
def test_what_is_supplied_is_no_part_of_a_config(trainer):
    with allowing({__name__.split(".")[0]}), pytest.raises(ConfigError, match="takes no 'cb'"):
        run_trainer(spec(trainer, {"cb": 1}), Gain(), {}, "key", None)

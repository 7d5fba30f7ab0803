"""Ensembles and transfer on models whose answers are known."""

import pytest
import torch

from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.interface import EncodingModel
from dlgn_cnn.models.build import transferred
from dlgn_cnn.models.ensemble import EnsembleModel
from dlgn_cnn.training.fit import TrainingLoop
from dlgn_cnn.training.fit_config import FitConfig
from dlgn_cnn.training.losses import LOSSES
from tests.contract.test_components import EXAMPLES, INFO, batch, build
from tests.science.test_fit import KEY, Gain, batches

ENCODER = {
    "core": {"name": "stacked_2d", **EXAMPLES["stacked_2d"]},
    "recurrent": {"name": "conv_gru", **EXAMPLES["conv_gru"]},
    "readout": {"name": "gaussian"},
}
SOURCE = {"dataset_hash": "d", "model_hash": "m", "trainer_hash": "t", "seed": 0}


def test_an_ensemble_predicts_the_mean_of_its_members():
    members = [build("core", "stacked_2d", seed).eval() for seed in (0, 1, 2)]
    ensemble = EnsembleModel(members).eval()
    assert isinstance(ensemble, EncodingModel)
    for key in INFO:
        rates = torch.stack([member(*batch(key)) for member in members])
        assert torch.allclose(ensemble(*batch(key)), rates.mean(0))
    assert ensemble.data_keys == members[0].data_keys


def test_members_that_lose_frames_are_aligned_at_the_last_one():
    class Shorter(Gain):
        frames_lost = 7

        def forward(self, *arguments, **others):
            return super().forward(*arguments, **others)[..., 7:] + 2

    (one, *_) = batches(1, 0)
    ensemble = EnsembleModel([Gain(), Shorter()])
    assert ensemble.frames_lost == 7
    assert torch.allclose(ensemble(one.videos, one.opto, KEY), torch.full((4, 2, 43), 2.0))


def test_members_without_a_session_in_common_are_refused():
    other = Gain()
    other.data_keys = ("another",)
    with pytest.raises(ModelError, match="no session in common"):
        EnsembleModel([Gain(), other])
    with pytest.raises(ModelError, match="no members"):
        EnsembleModel([])


def moved(freeze: bool, parts=("core", "recurrent")):
    donor = build("core", "stacked_2d", seed=5)
    asked = []

    def trained(key):
        asked.append(key)
        return donor.state_dict()

    model = transferred(INFO, 0, trained, source=SOURCE, model=ENCODER, parts=parts, freeze=freeze)
    assert asked == [SOURCE] * len(parts)
    return donor, model


def test_a_transferred_core_has_the_weights_of_its_source_and_the_rest_is_new():
    donor, model = moved(True)
    for part in ("core", "recurrent"):
        for name, value in getattr(model, part).state_dict().items():
            assert torch.equal(value, getattr(donor, part).state_dict()[name])
    assert any(not torch.equal(v, donor.state_dict()[n]) for n, v in model.heads.state_dict(prefix="heads.").items())


@pytest.mark.parametrize("freeze", [True, False])
def test_frozen_parts_stay_and_the_rest_is_fitted(freeze):
    _, model = moved(freeze)
    key = next(iter(INFO))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    videos, opto, *_ = batch(key, size=4)
    one = type(batches(1, 0)[0])(videos, torch.ones(4, 3, 11), opto, torch.zeros(4, 2, 11), torch.zeros(4, 2, 11))
    fit = TrainingLoop(
        model, {"train": {key: [one]}, "validation": {}}, LOSSES.get("poisson"), FitConfig(burn_in_frames=0)
    )
    fit.train_epoch()
    changed = {name.split(".")[0] for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == ({"heads"} if freeze else {"core", "recurrent", "heads"})
    assert model.core.training != freeze


def test_a_source_of_another_shape_is_refused():
    other = {**ENCODER, "core": {**ENCODER["core"], "channels": [4, 6]}}
    donor = build("core", "stacked_2d")
    with pytest.raises(ConfigError, match="make them alike"):
        transferred(INFO, 0, lambda key: donor.state_dict(), source=SOURCE, model=other)
    with pytest.raises(ConfigError, match="'heads'"):
        transferred(INFO, 0, None, source=SOURCE, model=ENCODER, parts=["heads"])

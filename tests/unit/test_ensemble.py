"""Ensembles, distillation and transfer on models whose answers are known."""

import pytest
import torch

from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.interface import EncodingModel
from dlgn_cnn.models.ensemble import EnsembleModel
from dlgn_cnn.models.transfer import transferred
from dlgn_cnn.training.fit import Fit, FitConfig
from dlgn_cnn.training.losses import LOSSES
from dlgn_cnn.training.trainers.distill import Expected, distill
from tests.contract.test_parts import EXAMPLES, INFO, batch, build
from tests.science.test_fit import KEY, Gain, batches, loaders

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


def teacher() -> Gain:
    known = Gain()
    known.offset.data, known.gain.data = torch.tensor([-1.0, 0.7]), torch.tensor([0.2, 0.4])
    return known


def test_a_student_of_the_teacher_alone_becomes_the_teacher():
    """The teacher is within the student's class, so that the optimum is the teacher, whatever the counts."""
    student, fit = Gain(), {"max_epochs": 12, "patience": 12, "learning_rate": 0.05, "burn_in_frames": 0}
    names = []

    def teachers(name):
        names.append(name)
        return teacher()

    last = []
    distill(
        student, loaders(), 0, None, lambda uid, epoch, model, info: last.append(model.gain.detach().clone()),
        teachers=teachers, teacher="some", share=1.0, fit=fit,
    )  # fmt: skip
    assert names == ["some"]
    assert last[-1].numpy() == pytest.approx([0.2, 0.4], abs=0.01)


def test_the_loss_of_a_mixture_is_the_mixture_of_the_losses():
    (one, *_) = batches(1, 0)
    rate, taught = torch.rand(4, 2, 50) + 0.1, teacher()(one.videos, one.opto, KEY)
    mixed = Expected(teacher(), 0.3)(KEY, one)
    loss = LOSSES.get("poisson")
    expected = 0.7 * loss(rate, one.responses) + 0.3 * loss(rate, taught)
    assert loss(rate, mixed).item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_distillation_without_its_teacher_is_refused():
    with pytest.raises(ConfigError, match="nobody supplied"):
        distill(Gain(), loaders(), 0, teacher="some")
    with pytest.raises(ConfigError, match="share 2"):
        distill(Gain(), loaders(), 0, teachers=lambda name: teacher(), teacher="some", share=2)
    with pytest.raises(ConfigError, match="'max_epochs'"):
        distill(Gain(), loaders(), 0, teachers=lambda name: teacher(), teacher="some", fit={"max_epoch": 2})


def test_a_teacher_of_other_units_is_refused():
    (one, *_) = batches(1, 0)
    wrong = Expected(lambda *videos, **others: torch.zeros(4, 3, 50), 0.5)
    with pytest.raises(ConfigError, match="same dataset"):
        wrong(KEY, one)


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
    fit = Fit(model, {"train": {key: [one]}, "validation": {}}, LOSSES.get("poisson"), FitConfig(burn_in_frames=0))
    fit._train()
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

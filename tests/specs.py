"""A fit's three configs, checked as ``dlgn define`` checks them one by one."""

from dlgn_cnn.errors import within
from dlgn_cnn.training.assemble import FitSpec
from dlgn_cnn.training.checks import check_dataset, check_model, check_trainer


def check_spec(spec: FitSpec) -> None:
    """Refuse a fit whose functions are unknown or whose configs they do not take. Raises ConfigError."""
    with within("dataset"):
        foreseen = check_dataset(spec.dataset)
    with within("model"):
        check_model(spec.model, foreseen)
    with within("trainer"):
        check_trainer(spec.trainer)

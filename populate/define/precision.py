"""Meaning of precision ``auto`` for the fits of an experiment: fixed when it is defined, the same for shared fits."""

from typing import Any

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.training.assemble import asks
from dlgn_cnn.training.trainers import TRAINERS
from schemas import experiment, training
from schemas.base.relational import U
from schemas.connection.in_force import settings_in_force
from schemas.monitoring import fit_precision

Entries = dict[str, list[Any]]  # datasets, models and trainers of a plan, each with ``key``, ``fn`` and ``config``


def fixed_precision(name: str, entries: Entries) -> tuple[str, str]:
    """Meaning of ``auto`` for an experiment's fits, and the reason in words; nothing is inserted.

    A known experiment keeps its precision. A new one takes the precision in which this process's device is fast, unless
    fits of precision ``auto`` like its own, from any seed, were planned or computed in the other: seeds are compared
    and averaged, which two precisions must not be. Raises ConfigError if such fits are in both, or in another precision
    than the experiment.
    """
    auto = [entry.key for entry in entries["trainers"] if _means_auto(entry)]
    found = _of_fits_alike(name, entries, auto)
    kept = (experiment.Experiment & {"experiment_name": name}).to_arrays("auto_precision")
    if len(kept):
        found, why = {str(kept[0]): "its own definition"} | found, "as it was first defined"
    else:
        why = f"as in {next(iter(found.values()), '')}"
    if len(found) > 1:
        said = " and ".join(f"{one} by {whose}" for one, whose in sorted(found.items()))
        raise ConfigError(
            f"precision auto of experiment {name!r} already means {said}: state a precision in its trainers' configs, "
            "which makes them other fits"
        )
    if found:
        return next(iter(found)), why
    if not auto:
        return "float32", "and none of its fits asks"
    return experiment.native_precision(), "which this machine is fast in"


def _means_auto(entry: Any) -> bool:
    """Whether a trainer computes in the precision of ``auto``: a lab's own may know nothing of precisions."""
    if fit_precision.stated_in(entry.config) is not None:
        return False
    return "." not in entry.fn or asks(TRAINERS, entry.fn, "auto_precision", settings_in_force().allowed_packages)


def _of_fits_alike(name: str, entries: Entries, auto: list[Any]) -> dict[str, str]:
    """Precisions of planned and computed fits of precision ``auto``, from any seed, and where they are from."""
    parts = [[entry.key for entry in entries[part]] for part in ("datasets", "models")]

    def among(fits: Any) -> Any:
        for keys in (*parts, auto):
            fits = fits & keys
        return fits

    asked = among(experiment.Experiment.Fit - {"experiment_name": name})
    done = among(training.TrainedModel)
    found = {row["fit_precision"]: "fits that are there" for row in (U("fit_precision") & done).to_dicts()}
    for row in (experiment.Experiment & asked.proj()).to_dicts():
        found[row["auto_precision"]] = f"experiment {row['experiment_name']!r}"
    return found

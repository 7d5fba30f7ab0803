"""Precision that each fit was or will be computed in; fits that are compared must share one."""

from collections.abc import Iterable, Mapping
from typing import Any

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.runtime.device import PRECISIONS
from schemas import experiment, trainer
from schemas.base.keys import Key, fit_key

EXPLICIT = PRECISIONS[1:]


def stated_in(config: Mapping[str, Any]) -> str | None:
    """The precision that a trainer's config states; None where that is ``auto``."""
    fit = config.get("fit")
    found = fit.get("precision") if isinstance(fit, Mapping) else None
    return found if found in EXPLICIT else None


def of_fit(key: Key, fitted: Any) -> str:
    """What a fit was computed in or, where it is still to be done, what its ``auto`` means.

    Parameters
    ----------
    key : mapping
        The fit's key; other columns are left alone.
    fitted : Table
        ``TrainedModel``.

    Returns
    -------
    str
        ``float32`` or ``bfloat16``; ``auto`` for a fit that no experiment asks for.

    Raises
    ------
    ConfigError
        Where experiments ask for the fit in two precisions.
    """
    fit = fit_key(key)
    found = (fitted & fit).to_arrays("fit_precision")
    return str(found[0]) if len(found) else stated_in(trainer.TrainerConfig.load(fit)[1]) or _asked(fit)


def _asked(fit: Key) -> str:
    rows = (experiment.Experiment & (experiment.Experiment.Fit & fit).proj()).to_dicts()
    named = {row["auto_precision"]: row["experiment_name"] for row in rows}
    if len(named) > 1:
        said = " and ".join(f"{name!r} in {one}" for one, name in sorted(named.items()))
        raise ConfigError(
            f"a fit with precision auto is asked for by experiments {said}: state a precision in the trainer's config "
            "of one of them"
        )
    return next(iter(named), "auto")


def refuse_mixed(keys: Iterable[Key], fitted: Any, what: str) -> None:
    """Refuse to compare or average fits that were computed in two precisions.

    Parameters
    ----------
    keys : iterable of mapping
        Keys of the fits.
    fitted : Table
        ``TrainedModel``.
    what : str
        What the fits are, as "the members of an ensemble".

    Raises
    ------
    ConfigError
        If their precisions differ.
    """
    found = {of_fit(key, fitted): key for key in keys}
    if len(found) > 1:
        said = ", ".join(
            f"{one} (model {key['model_hash'][:8]}, trainer {key['trainer_hash'][:8]}, seed {key['seed']})"
            for one, key in sorted(found.items())
        )
        raise ConfigError(f"{what} were fitted in two precisions, {said}: fit all of them in one")

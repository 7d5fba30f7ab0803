"""Options of MEI configs: those of the tables, those of the method, and checks of both."""

from collections.abc import Mapping
from typing import Any

from dlgn_cnn.errors import ConfigError, within
from dlgn_cnn.registry.annotations import parameters_of
from dlgn_cnn.values import finite
from schemas.connection.in_force import settings_in_force

OWN = ("units", "seeds", "members", "controls", "contrasts")


def method_options(config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an MEI config that the method gets: all but what the tables take themselves."""
    return {name: value for name, value in config.items() if name not in OWN}


def contrasts_of(config: Mapping[str, Any]) -> tuple[float, ...]:
    """Shares of its own contrast at which each control is shown. Raises ConfigError for anything else."""
    from dlgn_cnn.mei.controls.control_set import CONTRASTS

    given = config.get("contrasts", CONTRASTS)
    known = isinstance(given, list | tuple) and all(finite(one) and one >= 0 for one in given)
    if not known or list(given) != sorted(set(given)):
        raise ConfigError(
            f"given {given!r}, expected shares of the MEI's contrast from the lowest, as {list(CONTRASTS)}", "contrasts"
        )
    return tuple(map(float, given))


def check_mei(method: str, config: Mapping[str, Any]) -> None:
    """Refuse an MEI config whose method is unknown or does not take it. Raises ConfigError."""
    from dlgn_cnn.mei.synthesis.methods import METHODS

    with within("fn"):
        function = METHODS.get(method)
    with within("config"):
        if not isinstance(config, Mapping):
            raise ConfigError(f"given {config!r:.80}, expected mapping")
        if type(config.get("controls", False)) is not bool:
            raise ConfigError(f"given {config['controls']!r}, expected true or false", "controls")
        contrasts_of(config)
        if type(config.get("members", 1)) is not int or config.get("members", 1) < 1:
            raise ConfigError(f"given {config['members']!r}, expected a number of fits, 1 or more", "members")
        options, given = method_options(config), [one for one in METHODS.given if one in parameters_of(function)]
        METHODS.check_arguments(method, function, options, given)
        METHODS.check_values(function, options)

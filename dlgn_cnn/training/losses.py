"""Observation models: losses with their parameters, given or fitted, one value for each unit of every session.

A loss is a negative log-likelihood for each unit and frame, so that its scale does not depend on batch, window or
population. It is a function of rate and counts, both (batch, unit, time) in spikes a frame, and of its own parameters,
one value for all units or one for each (unit,). The rate is the expected count under every loss. A parameter's default
is where a fit of it starts; ``CONSTRAINTS`` holds its bounds. Terms that depend on counts alone are left out.
"""

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as functional
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import Registry, nearest
from dlgn_cnn.shapes import Counts, Observed, Rate

LOSSES = Registry("loss", "dlgn_cnn.training", given=("rate", "counts"))
SMALLEST_RATE = 1e-6
ROUNDING = 1e-3  # by which a count may miss a whole number, where bins meet edges that were rounded
Parameter = float | torch.Tensor
LEARNED = "learned"
Constraint = tuple[Callable[[torch.Tensor], torch.Tensor], Callable[[float], float], tuple[float, float]]
# From a free number to the parameter, back, and the open range that the parameter lies in.
CONSTRAINTS: dict[str, Constraint] = {"dispersion": (torch.exp, math.log, (0.0, math.inf))}


@LOSSES.register("poisson")
def poisson(rate: Rate, counts: Counts) -> torch.Tensor:
    """Mean Poisson negative log-likelihood, without the term that depends on counts alone.

    Parameters
    ----------
    rate, counts : Tensor, shape (batch, unit, time)
        Expected and recorded spikes a frame.

    Returns
    -------
    Tensor, scalar
        Nats for each unit and frame.

    Examples
    --------
    >>> poisson(torch.ones(1, 1, 2), torch.ones(1, 1, 2))
    tensor(1.)
    """
    return functional.poisson_nll_loss(rate.clamp_min(SMALLEST_RATE), counts, log_input=False, eps=0.0)


@LOSSES.register("squared_error")
def squared_error(rate: Rate, counts: Counts) -> torch.Tensor:
    """Half the mean squared error: Gaussian noise of one size, for responses that are not counts, as fluorescence.

    Parameters
    ----------
    rate, counts : Tensor, shape (batch, unit, time)
        Expected and recorded response a frame.

    Returns
    -------
    Tensor, scalar
        Half a squared response for each unit and frame.

    Examples
    --------
    >>> squared_error(torch.zeros(1, 1, 2), torch.full((1, 1, 2), 3.0))
    tensor(4.5000)
    """
    return functional.mse_loss(rate, counts) / 2


@LOSSES.register("negative_binomial")
def negative_binomial(rate: Rate, counts: Counts, dispersion: Parameter = 0.1) -> torch.Tensor:
    """Mean negative binomial negative log-likelihood: variance = rate + dispersion * rate^2 (Goris et al. 2014).

    For counts that vary more than a Poisson process of the same rate, for example if the gain fluctuates from trial to
    trial.

    Parameters
    ----------
    rate, counts : Tensor, shape (batch, unit, time)
        Expected and recorded spikes a frame.
    dispersion : float or Tensor, shape (unit,)
        Variance of the gain, above 0; toward 0 the loss becomes Poisson's.

    Returns
    -------
    Tensor, scalar
        Nats for each unit and frame, without the terms that depend on counts alone.
    """
    safe, spread = rate.clamp_min(SMALLEST_RATE), _per_unit(dispersion, rate)
    size = 1 / spread
    # Two large numbers that nearly cancel where the dispersion is small: their difference needs 64 bits.
    ways = torch.lgamma(counts.double() + size.double()) - torch.lgamma(size.double()) - counts * size.double().log()
    excess = torch.log1p(spread * safe)
    return (size * excess + counts * (excess - safe.log()) - ways.to(rate.dtype)).mean()


def _per_unit(value: Parameter, rate: Rate) -> torch.Tensor:
    """A parameter (unit,) or a number, shaped to go with (batch, unit, time)."""
    return torch.as_tensor(value, dtype=rate.dtype, device=rate.device)[..., None]


def over_observed(
    loss: Callable[..., torch.Tensor], rate: Rate, counts: Counts, observed: Observed | None, **parameters: Any
) -> torch.Tensor:
    """A loss over the frames in which each unit was observed; counts elsewhere change neither it nor its gradients.

    A loss is a mean of terms of one unit and frame each, so it is asked for the observed ones as if each were a unit.

    Parameters
    ----------
    loss : callable
        Function of rate, counts and parameters.
    rate, counts : Tensor, shape (batch, unit, time)
        Expected and recorded spikes a frame.
    observed : Tensor of bool, shape (batch, unit, time), or None
        Whether the unit was observed; None for always.
    **parameters : float or Tensor, shape (unit,)
        Parameters of the loss.

    Returns
    -------
    Tensor, scalar
        Nats for each unit and observed frame; 0 where nothing was observed.

    Examples
    --------
    >>> rate, counts = torch.ones(1, 1, 2), torch.tensor([[[1.0, 99.0]]])
    >>> over_observed(poisson, rate, counts, torch.tensor([[[True, False]]]))
    tensor(1.)
    """
    if observed is None:
        return loss(rate, counts, **parameters)
    if not observed.any():
        return rate[observed].sum()
    units = observed.nonzero()[:, 1]
    own = {
        name: value[units.to(value.device)] if isinstance(value, torch.Tensor) else value
        for name, value in parameters.items()
    }
    return loss(rate[observed][None, :, None], counts[observed][None, :, None], **own)


class ObservationModel(nn.Module):
    """A loss with its parameters: call it with rate, counts and the session's name.

    Parameters
    ----------
    loss : callable
        Function of rate, counts and parameters.
    given : mapping, optional
        Parameters by name: a number for all units, ``{session: [a value a unit]}``, or ``"learned"`` (default:
        learned). A learned parameter has a value for each unit of every session, fitted with the model from the
        function's default on.
    units : mapping of str to int, optional
        Number of units of each session.

    Raises
    ------
    ConfigError
        If a parameter has no bounds in ``CONSTRAINTS``, or a value lies outside of them.
    """

    def __init__(
        self,
        loss: Callable[..., torch.Tensor],
        given: Mapping[str, Any] | None = None,
        units: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__()
        given, units = given or {}, units or {}
        self.loss, self.sessions = loss, tuple(sorted(units))
        self.fixed: dict[str, Any] = {}
        self.learned: list[str] = []
        self.free = nn.ParameterDict()
        for name, parameter in list(inspect.signature(loss).parameters.items())[2:]:
            if name not in CONSTRAINTS:
                raise ConfigError(f"a loss has a parameter {name!r}: say in losses.CONSTRAINTS what values it may have")
            value = given.get(name, LEARNED)
            if value != LEARNED:
                self.fixed[name] = _checked(name, value, units)
                continue
            self.learned.append(name)
            start = CONSTRAINTS[name][1](parameter.default)
            for index, session in enumerate(self.sessions):
                self.free[f"{name}_{index}"] = nn.Parameter(torch.full((units[session],), start))

    def forward(self, rate: Rate, counts: Counts, data_key: str, observed: Observed | None = None) -> torch.Tensor:
        """Mean negative log-likelihood of counts.

        Parameters
        ----------
        rate, counts : Tensor, shape (batch, unit, time)
            Expected and recorded spikes a frame.
        data_key : str
            Session of the units.
        observed : Tensor of bool, shape (batch, unit, time), optional
            Whether the unit was observed (default: always).

        Returns
        -------
        Tensor, scalar
            Nats for each unit and frame.
        """
        return over_observed(self.loss, rate, counts, observed, **self._of(data_key))

    def values(self) -> dict[str, dict[str, list[float]]]:
        """The fitted parameters, ``{parameter: {session: [a value a unit]}}``; empty where none was fitted."""
        return {
            name: {session: self._of(session)[name].detach().tolist() for session in self.sessions}
            for name in self.learned
        }

    def _of(self, data_key: str) -> dict[str, Any]:
        values = {name: one[data_key] if isinstance(one, dict) else one for name, one in self.fixed.items()}
        for name in self.learned:
            values[name] = CONSTRAINTS[name][0](self.free[f"{name}_{self.sessions.index(data_key)}"])
        return values


OF_COUNTS = (poisson, negative_binomial)


def check_counts(loss: Callable[..., torch.Tensor], counts: Counts, data_key: str) -> None:
    """Refuse responses that are not whole numbers under a loss that is a probability of counts.

    Parameters
    ----------
    loss : callable
        The loss.
    counts : Tensor, shape (batch, unit, time)
        Recorded responses; those that are not finite are not looked at.
    data_key : str
        Their session, which the error names.

    Raises
    ------
    ConfigError
        If one of them is not a whole number, within ``ROUNDING``.
    """
    if loss not in OF_COUNTS:
        return
    parts = counts[(counts - counts.round()).abs() > ROUNDING]
    parts = parts[parts.isfinite()]
    if len(parts):
        raise ConfigError(
            f"session {data_key} has responses that are not whole numbers, as {parts[0].item():.4g}, and the loss "
            f"{loss.__name__} is a probability of spike counts: give spikes, or counts in bins of the dataset's "
            "rate_hz, or give the trainer standard loss: squared_error; with fit: {non_integer_responses: true} any "
            "trainer fits these"
        )


def loss_of(config: str | Mapping[str, Any]) -> tuple[Callable[..., torch.Tensor], dict[str, Any]]:
    """The loss that a config names, and the parameters that it gives. Raises ConfigError if unknown."""
    part = as_component(config)
    loss, given = LOSSES.get(part.get("name", "")), {k: part[k] for k in part if k != "name"}
    choices = list(inspect.signature(loss).parameters)[2:]
    for name in given:
        if name not in choices:
            advice = nearest(name, choices) if choices else "it has no parameters"
            raise ConfigError(f"loss {part['name']!r} takes no {name!r}: {advice}", name)
    return loss, given


def as_component(config: str | Mapping[str, Any]) -> dict[str, Any]:
    """A component's config if its bare name was given: ``"poisson"`` is ``{"name": "poisson"}``.

    Examples
    --------
    >>> as_component("poisson")
    {'name': 'poisson'}
    """
    return {"name": config} if isinstance(config, str) else dict(config)


def _checked(name: str, value: Any, units: Mapping[str, int]) -> float | dict[str, torch.Tensor]:
    low, high = CONSTRAINTS[name][2]
    wanted = f"a number in {low:g}..{high:g}, {{session: [one a unit]}} of all sessions, or {LEARNED!r}"
    of_sessions = isinstance(value, Mapping)
    rows = value if of_sessions else {"": [value]}
    if of_sessions and {session: len(row) for session, row in rows.items()} != dict(units):
        raise ConfigError(f"{name} is given for {sorted(rows)} (units: {dict(units)}): give {wanted}")
    for row in rows.values():
        for one in row:
            if isinstance(one, bool) or not isinstance(one, int | float) or not low < one < high:
                raise ConfigError(f"{name} {one!r}: give {wanted}")
    return {session: torch.tensor(row, dtype=torch.float32) for session, row in rows.items()} if of_sessions else value


def units_of(loaders: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Number of units of each session, from its loader's ``data_info`` or a first batch of a lab's own loader."""
    return {
        key: len(loader.data_info.units) if hasattr(loader, "data_info") else next(iter(loader)).responses.shape[1]
        for key, loader in loaders["train"].items()
    }

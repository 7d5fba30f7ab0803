"""Catalogue of the registered components that a config can name: parameters, meaning, and the paper followed."""

import dataclasses
import inspect
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from dlgn_cnn.data.loading.loaders import DATASETS
from dlgn_cnn.data.loading.transforms import TRANSFORMS
from dlgn_cnn.data.readers import READERS
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.mei.components.apertures import APERTURES
from dlgn_cnn.mei.components.constraints import CONSTRAINTS
from dlgn_cnn.mei.components.objectives import OBJECTIVES
from dlgn_cnn.mei.components.optimizers import OPTIMIZERS
from dlgn_cnn.mei.components.preconditioners import PRECONDITIONERS
from dlgn_cnn.mei.synthesis.methods import METHODS
from dlgn_cnn.models.build import MODELS
from dlgn_cnn.models.cores import CORES
from dlgn_cnn.models.modulators import MODULATORS
from dlgn_cnn.models.outputs import OUTPUTS
from dlgn_cnn.models.readouts import READOUTS
from dlgn_cnn.models.recurrent import RECURRENTS
from dlgn_cnn.models.shifters import SHIFTERS
from dlgn_cnn.registry import Registry, nearest
from dlgn_cnn.registry.annotations import parameters_of, spell
from dlgn_cnn.training.loggers import LOGGERS
from dlgn_cnn.training.losses import LOSSES
from dlgn_cnn.training.schedules import SCHEDULES
from dlgn_cnn.training.trainers import TRAINERS

REGISTRIES: tuple[Registry, ...] = (
    *(MODELS, CORES, RECURRENTS, READOUTS, SHIFTERS, MODULATORS, OUTPUTS),
    *(TRAINERS, LOSSES, SCHEDULES, LOGGERS),
    *(READERS, DATASETS, TRANSFORMS),
    *(METHODS, OBJECTIVES, CONSTRAINTS, APERTURES, OPTIMIZERS, PRECONDITIONERS),
)
# A paper as docstrings cite it: (Lurz et al. 2021), Hoefling et al. (2024), Loshchilov and Hutter 2017. Sensorium 2023
# is a competition, and the "Science" of iScience no author.
_PAPER = re.compile(
    r"\b(?!Sensorium )[A-Z][\w’'-]+(?:,? (?:and|&) [A-Z][\w’'-]+)?(?: et al\.)?,? \(?(?:19|20)\d\d[a-z]?\b"
)


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One argument that a config may set: type in words, default (none if ``required``), and meaning."""

    name: str
    type: str
    required: bool
    default: Any
    meaning: str


@dataclasses.dataclass(frozen=True)
class ComponentEntry:
    """A registered component: ``meaning`` is the first sentence of its docstring ``text``, ``papers`` those it cites"""

    kind: str
    name: str
    parameters: tuple[Parameter, ...]
    meaning: str
    papers: tuple[str, ...]
    text: str


def catalogue() -> list[ComponentEntry]:
    """Every component of every registry, by kind and name."""
    return [describe(registry, name) for registry in REGISTRIES for name in registry.names()]


def find(name: str) -> list[ComponentEntry]:
    """Components of that name, of any kind. Raises ConfigError, with the nearest name, if there is none."""
    every = catalogue()
    found = [entry for entry in every if entry.name == name]
    if not found:
        raise ConfigError(f"there is no component called {name!r}: {nearest(name, {entry.name for entry in every})}")
    return found


def describe(registry: Registry, name: str) -> ComponentEntry:
    """The entry of one registered component."""
    component = registry.get(name)
    fit, options = registry.fit(component), registry.options(component)
    documented = [one for one in dict.fromkeys((component, _inherited(component), *options)) if one is not None]
    parts = [_sections(one) for one in documented]
    meanings = {name: text for part in reversed(parts) for name, text in _meanings(part).items()}
    without = (*registry.given, *(["fit"] if fit else []))
    own = _described(registry.parameters(component).values(), meanings, without)
    if fit:
        parts.append(_sections(fit))
        below = _described(_with_defaults(fit), _meanings(parts[-1]))
        own += [dataclasses.replace(one, name=f"fit.{one.name}") for one in below]
    text = "\n\n".join(filter(None, (part.get(name) for name in ("", "References") for part in parts)))
    cited = _PAPER.findall(" ".join(text.split()))
    papers = tuple(dict.fromkeys(f"{found})" if "(" in found else found for found in cited))
    return ComponentEntry(registry.kind, name, tuple(own), first_sentence(text), papers, text)


def _sections(documented: Any) -> dict[str, str]:
    """The sections of a docstring by name, as numpydoc divides it; what stands before them is called ""."""
    head, *rest = re.split(r"^(\w[\w ]*)\n-{3,}\n", inspect.cleandoc(documented.__doc__ or ""), flags=re.MULTILINE)
    return {"": head.strip(), **{name: text.strip() for name, text in zip(rest[::2], rest[1::2], strict=True)}}


def _meanings(sections: dict[str, str]) -> dict[str, str]:
    """Meaning of each parameter that a docstring describes."""
    found = re.findall(r"^(\S[^:\n]*?)(?: :.*)?\n((?:(?: .*)?(?:\n|$))*)", sections.get("Parameters", ""), re.MULTILINE)
    return {name.strip(): " ".join(text.split()) for names, text in found for name in names.split(",")}


def first_sentence(text: str) -> str:
    """The first sentence of a docstring's first paragraph, on one line."""
    paragraph = " ".join(text.split("\n\n")[0].split())
    # The full stop of "et al." ends no sentence.
    found = re.match(r"(.+?(?<!et al)(?<! vs)\.)(?: |$)", paragraph)
    return found.group(1) if found else paragraph


def _with_defaults(options: Any) -> list[inspect.Parameter]:
    """The parameters of a dataclass, with the default that a factory makes."""
    made = {one.name: one.default_factory for one in dataclasses.fields(options) if callable(one.default_factory)}
    return [one.replace(default=made[name]()) if name in made else one for name, one in parameters_of(options).items()]


def _described(
    parameters: Iterable[inspect.Parameter], meanings: Mapping[str, str], without: Collection[str] = ()
) -> list[Parameter]:
    return [
        Parameter(
            one.name, spell(one.annotation), one.default is one.empty, _plain(one.default), meanings.get(one.name, "")
        )
        for one in parameters
        if one.name not in without and one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
    ]


def _inherited(component: Any) -> type | None:
    """The class of this package whose constructor a class inherits, which describes the parameters."""
    owners = [one for one in getattr(component, "__mro__", ()) if "__init__" in vars(one)]
    return owners[0] if owners and owners[0].__module__.startswith("dlgn_cnn.") else None


def _plain(default: Any) -> Any:
    if default is inspect.Parameter.empty:
        return None
    return list(default) if isinstance(default, tuple) else default

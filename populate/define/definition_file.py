"""Definition files: YAML, or Python that builds the same keys.

The rule about code: a Python file is run only if the command line names that very file, with the rights of the user, as
``python FILE`` would run it. Nothing that a file names is run: components named by import path must be those of allowed
packages, in a config that Python built as in one that YAML holds.
"""

import runpy
import traceback
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from dlgn_cnn.bounds import check
from dlgn_cnn.errors import ConfigError, DlgnError, within
from dlgn_cnn.registry import nearest
from dlgn_cnn.storage import yaml_text
from dlgn_cnn.storage.rights import present_file, raise_if_forbidden
from schemas.base.names import check_length, check_name, longest
from schemas.declaration.computed_tables import config_tables
from schemas.experiment import Experiment
from schemas.search import Study

KEYS = ("experiment", "comment", "datasets", "models", "trainers", "seeds", "ensembles", "meis")
REQUIRED = ("experiment", "datasets", "models", "trainers")
FORM = "{fn: NAME, config: {...}}"
Call = tuple[str, dict[str, Any]]
MOST = {  # characters; a study has an experiment of its name and comment
    "experiment": longest(Experiment, "experiment_name"),
    "study": min(longest(Study, "study_name"), longest(Experiment, "experiment_name")),
    "comment": min(longest(Study, "study_comment"), longest(Experiment, "experiment_comment")),
    "fn": min(longest(table, f"{kind}_fn") for kind, table in config_tables().items()),
}
NAME = "experiment"  # a Python file assigns this: a dict, several, or a function that returns or yields them


def read_definitions(path: Path) -> list[dict[str, Any]]:
    """The experiments of a file: one of YAML, or as many as a Python file builds. Raises ConfigError."""
    if path.suffix != ".py":
        return [read_yaml(path, NAME, KEYS, REQUIRED)]
    found = [_plain(one) for one in _built(path)]
    if not found:
        raise ConfigError(f"experiment {path} built none: let {NAME!r} hold or yield one dict or more")
    for one in found:
        _check_texts(one, NAME, f"{NAME} {path}")
        check_keys(one, f"{NAME} {path}", KEYS, REQUIRED)
    return found


def read_yaml(path: Path, kind: str, keys: Sequence[str], required: Sequence[str]) -> dict[str, Any]:
    """The parsed YAML of an experiment or a study.

    Parameters
    ----------
    path : Path
        The file.
    kind : str
        What it holds, in messages.
    keys, required : sequence of str
        Keys that it may have, and that it must have.

    Returns
    -------
    dict
        Its keys and values.

    Raises
    ------
    ConfigError
        If it cannot be read, has other keys, or a name that its table cannot hold.
    """
    try:
        check("yaml.bytes", path.stat().st_size, error=ConfigError)
        source = path.read_text()
        text, node = yaml_text.load(source)
    except ConfigError as error:
        raise ConfigError(f"{kind} {path} cannot be read: {error}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = "" if mark is None else f"line {mark.line + 1}: "
        said = error.problem or error.context
        raise ConfigError(f"{kind} {path} cannot be read: {line}{said}; correct the YAML there") from error
    except Exception as error:  # a tag, as !!float, fails as Python does
        raise_if_forbidden(error)
        said = " ".join(str(getattr(error, "strerror", None) or error).split())
        raise ConfigError(f"{kind} {path} cannot be read: {said}; correct the path or the file") from error
    _check_texts(text, kind, f"{kind} {path}", _written(source, node, kind))
    return check_keys(text, f"{kind} {path}", keys, required)


def _check_texts(text: Any, kind: str, what: str, written: str | None = None) -> None:
    """Refuse a name or a comment that the tables cannot hold; ``written`` is the name as YAML has it."""
    if not isinstance(text, dict):
        return
    if kind in text and (text[kind] is not None or written):
        check_name(text[kind], what, MOST[kind], written)
    check_length(str(text.get("comment") or ""), f"{what}: comment", MOST["comment"])


def _written(source: str, top: yaml.Node | None, key: str) -> str:
    """The value of a key at the top of a YAML file as it is written there; empty if nothing is."""
    found = [value for name, value in top.value if name.value == key] if isinstance(top, yaml.MappingNode) else []
    return source[found[-1].start_mark.index : found[-1].end_mark.index] if found else ""


def check_keys(text: Any, what: str, keys: Sequence[str], required: Sequence[str]) -> dict[str, Any]:
    """Return a definition after a check of its keys.

    Parameters
    ----------
    text : object
        The definition as parsed.
    what : str
        Its name in messages.
    keys, required : sequence of str
        Keys that it may have, and that it must have.

    Returns
    -------
    dict
        The definition.

    Raises
    ------
    ConfigError
        For another type than a dict, an unknown key, and a missing one.
    """
    if not isinstance(text, dict):
        raise ConfigError(f"{what} holds no keys: expected {', '.join(keys)}")
    for key in text:
        if key not in keys:
            raise ConfigError(f"{what} has {key!r}: {nearest(str(key), keys)}")
    missing = [key for key in required if not text.get(key)]
    if missing:
        raise ConfigError(f"{what} lacks {', '.join(missing)}: add {'it' if len(missing) == 1 else 'them'}")
    return text


def read_call(entry: Any, place: str) -> Call:
    """Function and arguments of an entry that is written as ``FORM``. Raises ConfigError."""
    named = isinstance(entry, dict) and set(entry) <= {"fn", "config"} and isinstance(entry.get("fn"), str)
    config = (entry.get("config") or {}) if named else None
    if not isinstance(config, dict):
        raise ConfigError(f"given {entry!r}, expected {FORM}", place)
    with within(place):
        check_length(entry["fn"], "fn", MOST["fn"])
    return entry["fn"], config


def _built(path: Path) -> list[Any]:
    """Run a Python file that the user named, and collect its definitions."""
    if not present_file(path):
        raise ConfigError(f"experiment {path} cannot be read: there is no such file; correct the path")
    try:
        namespace = runpy.run_path(str(path), run_name="dlgn_experiment")
        if NAME not in namespace:
            raise ConfigError(f"experiment {path} assigns no {NAME!r}: a dict, or a function that yields dicts")
        found = namespace[NAME]
        made = found() if callable(found) else found
        return [made] if isinstance(made, Mapping) else list(made)
    except DlgnError:
        raise
    except (Exception, SystemExit) as error:
        raise ConfigError(f"experiment {path}{_line(error, path)}: {type(error).__name__}: {error}") from error


def _line(error: BaseException, path: Path) -> str:
    """Where in the user's own file it happened."""
    if isinstance(error, SyntaxError):
        return f" line {error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f" line {lines[-1]}" if lines else ""


def _plain(value: Any) -> Any:
    """Dicts and lists in place of other mappings, of tuples, ranges and generators; anything else as it is."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | set | frozenset):
        return [_plain(one) for one in value]
    return value

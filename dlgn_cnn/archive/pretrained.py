"""Fitted models from an archive: ready modules by name, with no database."""

import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from dlgn_cnn.archive.manifest import MODELS_FILE
from dlgn_cnn.archive.places import is_copied, split_place
from dlgn_cnn.archive.reading import Archive, open_archive
from dlgn_cnn.errors import ArchiveError, DlgnError, ModelError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.build import MODELS
from dlgn_cnn.models.ensemble import EnsembleModel
from dlgn_cnn.models.sizes import no_larger_than
from dlgn_cnn.registry import allowing, nearest
from dlgn_cnn.training.assemble import call_model, loaders_name

SHORTEST_PREFIX = 4
Entry = Mapping[str, Any]


def load(
    place: str | Path,
    model: str | None = None,
    *,
    sha256: str | None = None,
    device: str | torch.device = "cpu",
    allowed_packages: Collection[str] = (),
    cache: Path | None = None,
) -> torch.nn.Module:
    """Load a fitted model of a published archive; no database is needed, and no code that the archive holds is run.

    Parameters
    ----------
    place : str or Path
        Path or URL of a folder or a ``.zip`` file, with the model's name after a ``#``, as in
        ``"https://lab.org/dlgn.zip#gru"``. ``#gru&sha256=DIGEST`` pins the archive as ``sha256`` does.
    model : str, optional
        The model, if ``place`` does not name it: a name that ``dlgn publish --name`` gave, or the first digits of a
        model's, weights' or ensemble's hash (default: the archive's only model).
    sha256 : str, optional
        The digest that ``dlgn publish`` says, which pins the archive.
    device : str or torch.device, default "cpu"
        Where the model is put.
    allowed_packages : collection of str, default ()
        Packages that you trust, of which the archive's configs may name components by import path, whose code runs.
        ``DLGN_ALLOW_PACKAGES`` does not count here: it is meant for configs of your own.
    cache : Path, optional
        Folder for copies of files from URLs (default: the user's cache folder).

    Returns
    -------
    torch.nn.Module
        An ``EncodingModel`` in evaluation mode: its ``data_keys`` are the sessions, and it gives a rate
        (batch, unit, time) in spikes a frame. Its ``published`` holds key, config, seed and, by session, ``data_info``,
        which has the units' numbers and how gray levels are normalized.

    Raises
    ------
    ArchiveError
        If the archive cannot be read, or is another one.
    ModelError
        If there is no such model; the error lists the names.
    ConfigError
        If a part is not installed or not allowed.
    """
    where, named, pinned = split_place(str(place))
    with allowing(allowed_packages):
        try:
            built = _loaded(open_archive(where, sha256 or pinned, cache), model or named)
        except ArchiveError:
            if not is_copied(where):
                raise
            built = _loaded(open_archive(where, sha256 or pinned, cache, again=True), model or named)
    return built.to(device).eval()


def _loaded(archive: Archive, model: str | None) -> torch.nn.Module:
    entries = _entries(archive)
    entry = _chosen(entries, model, archive.place)
    built = _built(archive, entry, entries)
    built.published = dict(entry)  # type: ignore[assignment]
    return built


def _entries(archive: Archive) -> list[Entry]:
    found = archive.read_json(MODELS_FILE)
    if not isinstance(found, list) or not all(map(_is_entry, found)):
        raise ArchiveError(f"{archive.place}: its {MODELS_FILE} is not a list of models")
    return found


def _is_entry(one: Any) -> bool:
    """Whether a value describes a model by name or label, with the key of its row."""
    named = isinstance(one, dict) and "name" in one and isinstance(one["name"] or one.get("label"), str)
    return named and isinstance(one.get("key", {}), dict)


def _chosen(entries: list[Entry], model: str | None, place: str) -> Entry:
    labels = [_label(entry) for entry in entries]
    if model is None:
        if len(entries) == 1:
            return entries[0]
        raise ModelError(f"{place} holds {len(entries)} models: {nearest('', labels)}")
    found = [entry for entry in entries if model in (entry["name"], _label(entry))]
    if not found and len(model) >= SHORTEST_PREFIX:
        found = [entry for entry in entries if any(one.startswith(model) for one in (_label(entry), *_hashes(entry)))]
    if len(found) != 1:
        choices = [_label(entry) for entry in found] or labels
        raise ModelError(f"{place} has {len(found) or 'no'} models {model!r}: {nearest(model, choices)}")
    return found[0]


def _label(entry: Entry) -> str:
    """The one name of a model: what it was published as, or its hash with its seed."""
    return str(entry["name"] or entry["label"])


def _hashes(entry: Entry) -> list[str]:
    key = entry.get("key", {})
    return [str(one) for one in (key.get("model_hash"), key.get("ensemble_hash"), entry.get("weights_sha256")) if one]


def _built(archive: Archive, entry: Entry, entries: list[Entry]) -> torch.nn.Module:
    try:
        if "members" in entry:
            by_label = {one["label"]: one for one in entries}
            return EnsembleModel([_built(archive, by_label[name], []) for name in dict.fromkeys(entry["members"])])
        weights = _weights(archive, str(entry["weights_sha256"]))
        size, where = sum(one.nbytes for one in weights.values()), f"{archive.place}: model {_label(entry)}"
        with no_larger_than("archive.model", where, size, ArchiveError):
            built = _untrained(archive, entry)
        built.load_state_dict(weights)
    except DlgnError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError) as error:
        raise ArchiveError(f"{archive.place}: its model {_label(entry)} is described wrongly ({error!r})") from error
    except RuntimeError as error:
        raise ModelError(
            f"the weights of {_label(entry)} do not fit the model that this version builds: {error}; "
            f"it was published by dlgn_cnn {archive.manifest.package}"
        ) from error
    return built


def _untrained(archive: Archive, entry: Entry) -> torch.nn.Module:
    if entry["sessions"] is None:
        raise ModelError(
            f"model {_label(entry)} of {archive.place} is built from its data's loaders, which no archive holds: "
            "dlgn load puts it into a database, where its dataset function is called"
        )
    call, seed = (entry["function"], entry["config"]), int(entry["seed"])
    name = loaders_name(MODELS.get(call[0]))
    if name is not None:  # a lab's own function, which knows data_info in its own form
        return call_model(call, seed, None, **{name: None, "data_info": entry["sessions"]})
    infos = {key: DataInfo.from_json(info) for key, info in entry["sessions"].items()}
    return call_model(call, seed, None, data_info=infos)


def _weights(archive: Archive, digest: str) -> dict[str, torch.Tensor]:
    with tempfile.TemporaryDirectory() as folder:
        path = archive.copy(f"weights/{digest}.safetensors", Path(folder) / "weights.safetensors")
        try:
            return {key: value.clone() for key, value in load_file(path).items()}
        except SafetensorError as error:
            raise ArchiveError(f"{archive.place}: weights {digest} are not a safetensors file ({error})") from error

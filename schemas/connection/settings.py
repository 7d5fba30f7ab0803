"""Where things are: read from the environment and from files, never written to a row, a hash or a log."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry.permission import DEFAULT
from dlgn_cnn.runtime.threads import asked_threads
from dlgn_cnn.storage.object_store import ObjectStore
from schemas.connection.mapped_paths import on_this_host, read_paths
from schemas.connection.prefix import check_prefix
from schemas.connection.settings_file import MEANING, NAME, PASSWORD, check_setting, read_settings
from schemas.connection.tls import check_tls

__all__ = [
    "MEANING",
    "NAME",
    "PASSWORD",
    "Settings",
    "check_setting",
    "read_settings",
    "without_password",
]

EXAMPLE = "change-me"


@dataclass(frozen=True)
class Settings:
    """Places and permissions of this process.

    ``home`` holds the embedded database; ``store`` datasets, spikes and weights (on a cluster, a shared folder);
    ``database`` is a URL such as ``mysql://user@host:3306``, or None for the embedded server; ``prefix``
    begins every schema's name; ``datasets_url`` is where stored datasets go instead of ``store``, any URL that fsspec
    knows; ``store_url`` is an object store (``s3://bucket/folder``) that takes the place of the folder ``store``,
    datasets included; ``allowed_packages`` may be imported by path from a config; ``device`` is ``auto`` or
    torch's name of one. A fit is saved every ``checkpoint_s`` seconds; ``loggers`` are told of its epochs. A worker
    that gives no sign of life for ``lease_s`` loses its key to others; ``warning_signal`` is one more signal at which
    it hands its key back, as a queueing system sends before it takes a machine away. ``deterministic`` keeps torch to
    algorithms that give the same bits each time; ``require_clean`` refuses to compute with code that is not committed.
    A worker is reported as stuck once it has made no step for ``stuck_min`` minutes.
    A database must let a command in, and answer its first questions, within ``answer_s`` each. ``threads`` is how
    many a worker computes with, None for its share of the cores. ``paths`` are the folders of recordings that this host
    has under other paths than the rows say: each the stored one and the one here. ``tls`` is how the connection to the
    database is encrypted: ``prefer``, ``require``, ``verify``, or the file of an authority to verify it by.
    ``scratch`` is set while a row is recomputed to be compared: what is written goes there, and nowhere else.
    """

    home: Path
    store: Path
    database: str | None = field(default=None, repr=False)
    prefix: str = "dlgn_"
    allowed_packages: frozenset[str] = DEFAULT
    device: str = "auto"
    datasets_url: str | None = field(default=None, repr=False)
    checkpoint_s: float = 60.0
    loggers: tuple[str, ...] = ()
    store_url: str | None = field(default=None, repr=False)
    lease_s: float = 60.0
    warning_signal: str | None = None
    deterministic: bool = False
    require_clean: bool = False
    scratch: Path | None = None
    answer_s: float = 30.0
    stuck_min: float = 30.0
    threads: int | None = None
    paths: tuple[tuple[Path, Path], ...] = ()
    tls: str = "prefer"

    def here(self, stored: str) -> Path:
        """The path on this host of a recording's file, by the path that a row holds: the longest folder decides."""
        return on_this_host(stored, self.paths)

    @property
    def cache(self) -> Path:
        """This machine's copies of large datasets, which a fit cuts its windows from; may be deleted at any time."""
        return self.home / "cache"

    @property
    def weights(self) -> ObjectStore:
        """Where weights are stored by their bytes."""
        return self.below("weights")

    def below(self, folder: str) -> ObjectStore:
        """A folder of the store, wherever that is."""
        if self.store_url is None:
            return ObjectStore(self.store / folder)
        return ObjectStore(f"{self.store_url}/{folder}", self.cache / folder)

    def written(self, folder: str) -> ObjectStore:
        """Where a computation writes what is to lie in a folder of the store."""
        return self.below(folder) if self.scratch is None else ObjectStore(self.scratch / folder)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Settings from the environment (docs/reference/settings.md), or else from files of the current folder."""
        given = {**read_settings(Path.cwd()), **os.environ} if environment is None else environment
        _refuse_examples(given)
        home = _folder("DLGN_HOME", given.get("DLGN_HOME") or str(platformdirs.user_data_path("dlgn_cnn")))
        store = (given.get("DLGN_STORE") or str(home / "store")).rstrip("/")
        store_url = store if "://" in store else None
        if store_url is not None and not store_url.startswith("s3://"):
            raise ConfigError(f"DLGN_STORE {store!r}: expected a folder, or s3://BUCKET/FOLDER")
        return cls(
            home=home,
            store=home / "cache" if store_url else _folder("DLGN_STORE", store),
            database=given.get("DLGN_DATABASE") or None,
            prefix=check_prefix(given.get("DLGN_PREFIX") or cls.prefix),
            allowed_packages=cls.allowed_packages | set(_names("DLGN_ALLOW_PACKAGES", given)),
            device=given.get("DLGN_DEVICE") or "auto",
            checkpoint_s=_seconds("DLGN_CHECKPOINT_S", given, "60", "; 0 saves after every step"),
            loggers=_names("DLGN_LOGGERS", given),
            datasets_url=(given.get("DLGN_DATASETS") or "").rstrip("/") or store_url,
            store_url=store_url,
            lease_s=_seconds("DLGN_LEASE_S", given, "60"),
            warning_signal=given.get("DLGN_WARNING_SIGNAL") or None,
            deterministic=_yes("DLGN_DETERMINISTIC", given),
            require_clean=_yes("DLGN_REQUIRE_CLEAN", given),
            answer_s=_seconds("DLGN_ANSWER_S", given, "30"),
            stuck_min=_duration("DLGN_STUCK_MIN", given, "30", "minutes"),
            threads=asked_threads(given),
            paths=read_paths(given.get("DLGN_PATHS", "")),
            tls=check_tls(given.get("DLGN_TLS") or "prefer"),
        )


def _refuse_examples(given: Mapping[str, str]) -> None:
    """Raise ConfigError where a secret is still the one of ``.env.example``, which everybody knows."""
    for name, value in given.items():
        if name.startswith(("DLGN_", "AWS_", "JUPYTER_")) and (value == EXAMPLE or f":{EXAMPLE}@" in value):
            raise ConfigError(f"{name} still has the example's secret, which everybody can read: set one of your own")


def _folder(name: str, text: str) -> Path:
    try:
        return Path(text).expanduser().resolve()
    except RuntimeError as error:  # links that lead to each other; a ~user who is unknown
        raise ConfigError(f"{name} {text!r} is not a path of a folder ({error}): correct it") from error


def _seconds(name: str, given: Mapping[str, str], default: str, zero: str = "") -> float:
    """Read seconds; 0 is refused unless ``zero`` says what it means."""
    return _duration(name, given, default, "seconds", zero)


def _duration(name: str, given: Mapping[str, str], default: str, unit: str, zero: str = "") -> float:
    text = given.get(name) or default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not (0 < value < 1e6 or (zero and value == 0)):
        raise ConfigError(f"{name} {text!r}: expected {unit}, as {default}{zero}")
    return value


def _names(name: str, given: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(one.strip() for one in given.get(name, "").split(",") if one.strip())


def _yes(name: str, given: Mapping[str, str]) -> bool:
    text = (given.get(name) or "0").lower()
    if text not in ("0", "1", "false", "true", "no", "yes"):
        raise ConfigError(f"{name} {text!r}: expected 1 or 0")
    return text in ("1", "true", "yes")


def without_password(database: str) -> str:
    """The URL of a database that may be shown and written down."""
    url = urlsplit(database)
    user, at, place = url.netloc.rpartition("@")
    return url._replace(netloc=f"{user.partition(':')[0]}{at}{place}").geturl()

"""Whether configs are those that their hashes and leaves say: what a file's digest is for files."""

from collections.abc import Collection
from typing import Any

from dlgn_cnn.config import leaves
from dlgn_cnn.errors import ArchiveError
from populate.archive.catalog import Catalog
from schemas.base.hashed_config import HashedConfig

PATH_LENGTH, TEXT_LENGTH = 180, 2000  # longer leaves have no row


def check_configs(catalog: Catalog, names: Collection[str]) -> None:
    """Raise ConfigError or ArchiveError for a config in these tables that is not the one that was hashed."""
    for name in names:
        table = catalog.tables[name]
        if issubclass(type(table), HashedConfig) and f"{name}.Leaf" in names:
            for key in table.proj().to_dicts():
                _check(table, key)


def _check(table: Any, key: dict[str, Any]) -> None:
    config = table.load(key)[1]
    stored = {(row["path"], row["kind"], row["value"]) for row in (table.Leaf & key).to_dicts()}
    expected = {(one.path, one.kind, one.text) for one in leaves(config)}
    lacking = [one for one in expected - stored if len(one[0]) <= PATH_LENGTH and len(one[2]) <= TEXT_LENGTH]
    if lacking or stored - expected:
        raise ArchiveError(f"the values of config {key} are not those of the config: the archive was altered")

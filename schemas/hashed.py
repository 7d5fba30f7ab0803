"""Hashed configs: what the tables of dataset, model, trainer and MEI configs share."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from dlgn_cnn.config import HASH_VERSION, canonical_json, config_hash, leaves
from dlgn_cnn.errors import ConfigError

LEAF_DEFINITION = """
    # one value of the config, for queries
    -> master
    path : varchar(180)  # where it stands, as core.channels.0
    ---
    kind : enum('null', 'bool', 'int', 'float', 'str', 'list', 'dict')
    value : varchar(2000)  # its JSON text
    number=null : float64  # its value where it is a number or a bool
"""


class HashedConfig:
    """Mixin of a Manual table whose rows are (``*_hash``, ``*_fn``, ``*_config``, comment), nnfabrik's contract.

    The hash is the key: sha256 of function and config as canonical, type-sensitive JSON. A part table ``Leaf`` holds
    one row a value, so that a config can be restricted by any of them.
    """

    kind: str

    @classmethod
    def add(cls, function: str, config: Mapping[str, Any], comment: str = "") -> dict[str, str]:
        """Insert a config unless it is there; its key is returned. Raises ConfigError for what JSON cannot carry."""
        key = {f"{cls.kind}_hash": config_hash(function, config)}
        if cls() & key:
            return key
        with transaction(cls.connection):  # type: ignore[attr-defined]
            names = {"fn": function, "config": dict(config), "comment": comment, "hash_version": HASH_VERSION}
            cls.insert1(key | {f"{cls.kind}_{name}": value for name, value in names.items()})  # type: ignore[attr-defined]
            rows = [dict(path=x.path, kind=x.kind, value=x.text, number=x.number) for x in leaves(config)]
            cls.Leaf.insert([{**key, **row} for row in rows])  # type: ignore[attr-defined]
            cls.insert_links(key, config)
            cls.load(key)
        return key

    @classmethod
    def insert_links(cls, key: Mapping[str, str], config: Mapping[str, Any]) -> None:
        """Insert what else a row of this table refers to; overridden where a config names rows."""

    @classmethod
    def load(cls, key: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Function name and config of a row. Raises ConfigError where they are no longer what was hashed."""
        restriction = {f"{cls.kind}_hash": key[f"{cls.kind}_hash"]}
        function, config = (cls() & restriction).fetch1(f"{cls.kind}_fn", f"{cls.kind}_config")
        if config_hash(function, config) != restriction[f"{cls.kind}_hash"]:
            raise ConfigError(
                f"{cls.kind} config {restriction} does not match its hash: the database returned "
                f"{canonical_json(config)}; write numbers of 1e16 or more as integers, and never update a config"
            )
        return function, config

    @classmethod
    def where(cls, values: Mapping[str, Any]) -> Any:
        """The rows whose config has all these values: ``ModelConfig.where({"recurrent.channels": 16})``."""
        found = cls()
        for path, value in values.items():
            leaf = next(iter(leaves(value)))
            found = found & (cls.Leaf & {"path": path, "kind": leaf.kind, "value": leaf.text}).proj()  # type: ignore[attr-defined]
        return found


def transaction(connection: Any) -> AbstractContextManager[Any]:
    """A transaction, or the one that is already open: DataJoint has no nested ones."""
    return nullcontext() if connection.in_transaction else connection.transaction


def config_definition(kind: str, title: str) -> str:
    """The definition of a table of hashed configs."""
    return f"""
    # {title}
    {kind}_hash : char(32)  # sha256 of function and config, first 128 bits
    ---
    {kind}_fn : varchar(128)  # registered name, or import path of an allowed package
    {kind}_config : json  # its arguments
    {kind}_comment="" : varchar(256)
    {kind}_hash_version=1 : int16  # of the way from function and config to the hash
    """

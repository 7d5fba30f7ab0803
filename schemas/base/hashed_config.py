"""Hashed configs: what the tables of dataset, model, trainer and MEI configs share."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import datajoint as dj

from dlgn_cnn.config import HASH_VERSION, ConfigLeaf, canonical_json, config_hash, leaves
from dlgn_cnn.errors import ConfigError
from schemas.base.restriction import restrict

PATH, TEXT = 180, 2000
DEFINITION = """
    # {title}
    {kind}_hash : char(32)  # sha256 of function and config, first 128 bits
    ---
    {kind}_fn : varchar(128)  # registered name, or import path of an allowed package
    {kind}_config : json  # its arguments
    {kind}_comment="" : varchar(256)
    {kind}_hash_version=1 : int16  # of the way from function and config to the hash
"""
LEAF_DEFINITION = """
    # one value of the config, for queries
    -> master
    path : varchar(180)  # as core.channels[0]
    ---
    kind : enum('null', 'bool', 'int', 'float', 'str', 'list', 'dict')
    value : varchar(2000)  # its JSON text
    number=null : float64  # its value where it is a number or a bool
"""


def added_part(master: type, name: str, definition: str, text: str) -> Any:
    """Make a part table that a mixin adds to a table.

    Parameters
    ----------
    master : type
        The table's class.
    name, definition, text : str
        The part's name, its definition for DataJoint, and its docstring.

    Returns
    -------
    type
        The part table, to be set as an attribute of the master.
    """
    place = {"__module__": master.__module__, "__qualname__": f"{master.__qualname__}.{name}"}
    return type(name, (dj.Part,), {"definition": definition, "__doc__": text, **place})


class HashedConfig:
    """Mixin of a Manual table whose rows are (``*_hash``, ``*_fn``, ``*_config``, comment), nnfabrik's contract.

    A table names its ``kind`` and a ``title`` as arguments of its class, and ``columns`` of its own, which
    ``derived`` fills. The hash is the key: sha256 of function and config as canonical, type-sensitive JSON. This mixin
    adds a part table ``Leaf`` with one row a value, so that a config can be restricted by any of them.
    """

    kind: str
    definition: str
    Leaf: Any

    def __init_subclass__(cls, kind: str, title: str, columns: str = "") -> None:
        super().__init_subclass__()
        cls.kind, cls.definition = kind, DEFINITION.format(kind=kind, title=title) + columns
        cls.Leaf = added_part(cls, "Leaf", LEAF_DEFINITION, "One value of a config.")

    @classmethod
    def add(cls, function: str, config: Mapping[str, Any], comment: str = "") -> dict[str, str]:
        """Insert a config unless it is there.

        Parameters
        ----------
        function : str
            Registered name, or import path of an allowed package.
        config : mapping
            Its arguments.
        comment : str
            Kept with the row; not hashed.

        Returns
        -------
        dict
            The row's key.

        Raises
        ------
        ConfigError
            If JSON cannot carry the config, or a row of its leaves has no room for a value.
        """
        key = {f"{cls.kind}_hash": config_hash(function, config)}
        if cls() & key:
            return key
        with transaction(cls.connection):  # type: ignore[attr-defined]
            names = {"fn": function, "config": dict(config), "comment": comment, "hash_version": HASH_VERSION}
            row = key | {f"{cls.kind}_{name}": value for name, value in names.items()}
            cls.insert1(row | cls.derived(config))  # type: ignore[attr-defined]
            rows = [dict(path=x.path, kind=x.kind, value=x.text, number=x.number) for x in _fitting(config)]
            cls.Leaf.insert([{**key, **row} for row in rows])
            cls.insert_links(key, config)
            cls.load(key)
        return key

    @classmethod
    def derived(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Columns of this table alone, which its config decides; overridden where there are any."""
        return {}

    @classmethod
    def insert_links(cls, key: Mapping[str, str], config: Mapping[str, Any]) -> None:
        """Insert what else a row of this table refers to; overridden where a config names rows."""

    @classmethod
    def load(cls, key: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return function name and config of a row. Raises ConfigError if they are no longer what was hashed."""
        restriction = {f"{cls.kind}_hash": key[f"{cls.kind}_hash"]}
        function, config = restrict(cls(), restriction).fetch1(f"{cls.kind}_fn", f"{cls.kind}_config")
        if config_hash(function, config) != restriction[f"{cls.kind}_hash"]:
            raise ConfigError(
                f"{cls.kind} config {restriction} does not match its hash: the database returned "
                f"{canonical_json(config)}; write numbers of 1e16 or more as integers, and never update a config"
            )
        return function, config

    @classmethod
    def where(cls, values: Mapping[str, Any]) -> Any:
        """The rows whose config has all these values: ``ModelConfig.where({"recurrent.channels": 16})``.

        A value may be of any JSON type, and has to be the whole one: ``{"core.kernels": [7, 5]}`` finds neither
        ``[7, 5, 5]`` nor ``[7.0, 5]``, ``{"x": []}`` no other list, and ``{"x": None}`` no config without an ``x``.
        """
        found, part = cls(), cls.Leaf
        for path, value in values.items():
            below = list(leaves(value, path))
            for leaf in below:
                same = f"{_is(found, 'path', leaf.path)} AND kind = '{leaf.kind}' AND {_is(found, 'value', leaf.text)}"
                found = found & (part & same).proj()
            if [leaf.path for leaf in below] != [path]:
                others = " AND ".join(f"NOT {_is(found, 'path', leaf.path)}" for leaf in below)
                start = f"LEFT(path, {len(path) + 1})"
                within = " OR ".join(_is(found, start, f"{path}{mark}") for mark in ".[")
                found = found - (part & f"({within}) AND {others}").proj()
        return found


def _is(table: Any, expression: str, text: str) -> str:
    """SQL that holds where an expression is exactly this text, whatever is in it: DataJoint's own escapes of ``%`` and
    backslashes are MySQL's, and PostgreSQL reads them as they stand.
    """
    mysql = table.connection.adapter.backend == "mysql"
    # MySQL has had no MD5 of its own since 9.6.
    digest = f"SHA2({expression}, 256)" if mysql else f"ENCODE(SHA256(CONVERT_TO({expression}, 'UTF8')), 'hex')"
    return f"{digest} = '{hashlib.sha256(text.encode()).hexdigest()}'"


def _fitting(config: Mapping[str, Any]) -> Iterator[ConfigLeaf]:
    """The leaves of a config. Raises ConfigError for one that its row has no room for."""
    for leaf in leaves(config):
        if len(leaf.path) > PATH or len(leaf.text) > TEXT:
            raise ConfigError(
                f"config value at {leaf.path[:PATH]} takes {len(leaf.path)} characters to name and {len(leaf.text)} to "
                f"write: expected up to {PATH} and {TEXT}; name a file instead, or nest less"
            )
        yield leaf


def transaction(connection: Any) -> AbstractContextManager[Any]:
    """A transaction, or the one that is already open: DataJoint has no nested ones."""
    return nullcontext() if connection.in_transaction else connection.transaction

"""Folders that hosts have under different paths: a row's path becomes the one here when the file is opened."""

import os
from collections.abc import Sequence
from pathlib import Path

from dlgn_cnn.errors import ConfigError

FORM = "/STORED/FOLDER=/FOLDER/HERE, separated by commas"
Paths = Sequence[tuple[Path, Path]]  # the folder that rows name, and the one here


def read_paths(text: str) -> tuple[tuple[Path, Path], ...]:
    """The pairs of folders in ``DLGN_PATHS``.

    Raises ConfigError for another form, a relative path, and a folder that is given twice.

    >>> read_paths("/mnt/lab=/data/lab")[0][1].as_posix()
    '/data/lab'
    """
    found: dict[Path, Path] = {}
    for pair in filter(None, map(str.strip, text.split(","))):
        stored, given, here = map(str.strip, pair.partition("="))
        if not given or "=" in here or not os.path.isabs(stored) or not os.path.isabs(here):
            raise ConfigError(f"DLGN_PATHS {pair!r}: expected {FORM}, both from the root")
        folder = Path(os.path.normpath(stored))
        if folder in found:
            raise ConfigError(f"DLGN_PATHS gives {stored} twice, as {found[folder]} and {here}: leave one")
        found[folder] = Path(os.path.normpath(here))
    return tuple(found.items())


def on_this_host(stored: str, paths: Paths) -> Path:
    """The path here of a stored path: its longest folder that is mapped, by whole names, is replaced once.

    >>> on_this_host("/mnt/lab/a.avi", read_paths("/mnt/lab=/data, /mnt=/other")).as_posix()
    '/data/a.avi'
    >>> on_this_host("/mnt/laboratory/a.avi", read_paths("/mnt/lab=/data")).as_posix()
    '/mnt/laboratory/a.avi'
    """
    path = Path(stored)
    fitting = [pair for pair in paths if path.is_relative_to(pair[0])]
    if not fitting:
        return path
    folder, here = max(fitting, key=lambda pair: len(pair[0].parts))
    return here / path.relative_to(folder)

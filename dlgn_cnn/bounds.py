"""Bounds on what a file of others may ask for: one table, one setting that raises all of them, one sentence.

A bound is looked at before what it bounds is unpacked, wherever a header says how much that will be. Several grow with
the file, so that a small file can never ask for much, and a large recording always has what it needs.
"""

import math
import os
import re
from dataclasses import dataclass

from dlgn_cnn.errors import ConfigError, DlgnError, RecordingError

SETTING = "DLGN_BOUNDS"
MB = 2**20


@dataclass(frozen=True)
class Bound:
    """One bound: the most of it, how much more for every byte of the file, and what it counts.

    A ``fixed`` one is raised by a factor of four at most, since more would end the process.
    """

    most: int
    counts: str
    per_byte: int = 0
    fixed: bool = False


BOUNDS: dict[str, Bound] = {
    "recording.presentations": Bound(200_000, "presentations of scenes"),
    "recording.scenes": Bound(100_000, "scenes"),
    "recording.scene_seconds": Bound(7200, "seconds of one scene"),
    "recording.units": Bound(100_000, "units"),
    "pickle.bytes": Bound(2**35, "bytes of the file"),
    "pickle.opcodes": Bound(2**28, "steps of the pickle's program"),
    "pickle.remembered": Bound(2**27, "values that it refers back to"),
    "pickle.depth": Bound(40, "values within values", fixed=True),
    "pickle.elements": Bound(2**20, "values of cells, shared ones each time that they are used", per_byte=64),
    "pickle.seconds": Bound(600, "seconds to read it"),
    "parquet.values": Bound(2**22, "values of all columns", per_byte=64),
    "parquet.unpacked": Bound(32 * MB, "bytes of all columns", per_byte=100),
    "parquet.seconds": Bound(60, "seconds to describe its columns, and one more for each MB"),
    "csv.cells": Bound(2**24, "cells of a table in text"),
    "arrays.members": Bound(10_000, "arrays of an `.npz` file"),
    "arrays.unpacked": Bound(32 * MB, "bytes of an `.npz` file's arrays", per_byte=100),
    "experanto.json": Bound(32 * MB, "bytes of an Experanto folder's JSON"),
    "hdf5.objects": Bound(100_000, "groups, data sets and links of an HDF5 file"),
    "hdf5.depth": Bound(64, "groups within groups", fixed=True),
    "hdf5.unpacked": Bound(32 * MB, "bytes of one data set", per_byte=100),
    "hdf5.frames": Bound(2**27, "pixels of all scenes, those in several scenes each time", per_byte=1000),
    "hdf5.sent": Bound(256 * MB, "bytes of all that is read, as times and numbers of 8 bytes", per_byte=800),
    "hdf5.memory": Bound(900 * MB, "bytes of memory of the process that reads it", per_byte=400),
    "hdf5.computing": Bound(5, "seconds of computing to read it, and one more for each MB"),
    "hdf5.seconds": Bound(120, "seconds to read it, and one more for each MB"),
    "mat.unpacked": Bound(32 * MB, "bytes of a MATLAB file's compressed variables", per_byte=100),
    "mat.sent": Bound(256 * MB, "bytes of all that is read", per_byte=800),
    "mat.memory": Bound(900 * MB, "bytes of memory of the process that reads it", per_byte=400),
    "mat.computing": Bound(5, "seconds of computing to read it, and one more for each MB"),
    "mat.seconds": Bound(120, "seconds to read it, and one more for each MB"),
    "deeplake.cells": Bound(10**6, "rows times columns that are read"),
    "deeplake.sent": Bound(64 * MB, "bytes of the cells that are read", per_byte=300),
    "deeplake.seconds": Bound(120, "seconds to open and copy it, and one more for each MB"),
    "deeplake.idle": Bound(6, "seconds in which the process that opens it neither computed, read nor answered"),
    "deeplake.memory": Bound(768 * MB, "bytes of memory of the process that opens it", per_byte=4),
    "movie.pixels": Bound(2**24, "pixels of a frame, twice as many as 4K video has"),
    "movie.decoded": Bound(2**32, "pixels of all frames", per_byte=50_000),
    "movie.frames": Bound(200_000, "frames", per_byte=1),
    "yaml.bytes": Bound(MB, "bytes of an experiment's or a study's file"),
    "yaml.depth": Bound(40, "lists and mappings within each other", fixed=True),
    "yaml.elements": Bound(100_000, "values, those behind an alias each time that it is used"),
    "experiment.configs": Bound(10_000, "configs that choices make, of one part of an experiment"),
    "experiment.fits": Bound(100_000, "fits"),
    "experiment.model": Bound(512 * MB, "bytes of its parameters"),
    "experiment.clip": Bound(512 * MB, "bytes"),
    "archive.members": Bound(10**6, "files of an archive"),
    "archive.unpacked": Bound(64 * MB, "bytes of a `.zip` archive's files", per_byte=100),
    "archive.json": Bound(256 * MB, "bytes of its manifest, and of its list of models"),
    "archive.line": Bound(64 * MB, "bytes of one row"),
    "archive.elements": Bound(4_000_000, "values of its manifest, of its list of models, or of one row"),
    "archive.model": Bound(64 * MB, "bytes of a model's parameters", per_byte=2),
    "query.seconds": Bound(600, "seconds in `dlgn query`, on PostgreSQL"),
    "settings.bytes": Bound(64 * 2**10, "bytes of a file of settings"),
}


def limit(name: str, file_bytes: int = 0) -> int:
    """The bound of this name, for a file of so many bytes, times the factor in the environment.

    Parameters
    ----------
    name : str
        One of ``BOUNDS``.
    file_bytes : int, default 0
        Size of the file, for a bound that grows with it.

    Returns
    -------
    int
        The most that is let through.

    Raises
    ------
    ConfigError
        If the factor is not a whole number from 1 to 9999.
    """
    bound, text = BOUNDS[name], os.environ.get(SETTING) or "1"
    if not re.fullmatch(r"[1-9]\d{0,3}", text):
        raise ConfigError(f"{SETTING} is {text!r}, expected a whole number from 1 to 9999, such as 4")
    factor = min(int(text), 4) if bound.fixed else int(text)
    return factor * max(bound.most, bound.per_byte * file_bytes)


def check(
    name: str, found: float, where: object = "it", file_bytes: int = 0, error: type[DlgnError] = RecordingError
) -> None:
    """Raise an error, which names the bound and how to raise it, if a file asks for more than it.

    Parameters
    ----------
    name : str
        One of ``BOUNDS``.
    found : float
        What the file asks for; a part of one counts as one.
    where : object, default "it"
        What asks, as the error begins.
    file_bytes : int, default 0
        Size of the file, for a bound that grows with it.
    error : type, default RecordingError
        Class of the error.
    """
    most = limit(name, file_bytes)
    if found > most:
        asked = math.ceil(found) if math.isfinite(found) else found
        raise error(
            f"{where} asks for {asked} {BOUNDS[name].counts}, beyond the bound {name} of {most}: if you trust the "
            f"file, set {SETTING}=4, which multiplies all bounds"
        )

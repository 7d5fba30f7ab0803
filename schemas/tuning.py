"""Tuning of units: linear receptive fields."""

from typing import Any

import datajoint as dj

from dlgn_cnn.data.store.session_store import read_fields, read_info
from dlgn_cnn.runtime import interrupts
from dlgn_cnn.shapes import Floats
from schemas import dataset, provenance
from schemas.base import array_codec
from schemas.base.keys import Key, Row, unit_key

schema = dj.Schema()


@schema
class ReceptiveField(provenance.Traced, dj.Computed):
    """Linear receptive fields from the training tier of a dataset."""

    definition = """
    # linear receptive fields
    -> dataset.Dataset
    """

    class Unit(dj.Part):
        """One unit's field; lag 0 is the spike's own frame."""

        definition = """
        -> master
        -> dataset.Dataset.Unit
        ---
        field : <array@main>  # (lag, height, width)
        """

    def inputs(self, key: Key) -> dict[str, str]:
        """The stored sessions."""
        return dataset.session_digests(key["dataset_hash"])

    def make_fetch(self, key: Row) -> tuple[Any, ...]:
        """Stores and units."""
        return dataset.store_paths(key), dataset.unit_rows(key)

    @interrupts.allowed()
    def make_compute(self, key: Row, stores: dict[str, str], units: list[Row]) -> tuple[dict[str, Floats], list[Row]]:
        """The fields that were stored with each session, a regularized regression of counts on the movie."""
        found = {}
        for name, folder in dataset.absolute(stores).items():
            known = read_info(folder).units
            own = sorted((row["unit_index"], row["unit"]) for row in units if row["session_name"] == name)
            found[name] = read_fields(folder)[[known.index(unit) for _, unit in own]]
        array_codec.upload((schema.database, field) for fields in found.values() for field in fields)
        return found, units

    def make_insert(self, key: Row, fields: dict[str, Floats], units: list[Row]) -> None:
        """Insert a row a unit."""
        self.insert1(key)
        self.Unit.insert(
            key | unit_key(unit) | {"field": fields[unit["session_name"]][unit["unit_index"]]} for unit in units
        )

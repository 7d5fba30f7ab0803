"""Tuning of units: linear receptive fields."""

from typing import Any

import datajoint as dj

from dlgn_cnn.data.store.session_store import read_fields, read_info
from dlgn_cnn.runtime import interrupts
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
    def make_compute(self, key: Row, stores: dict[str, str], units: list[Row]) -> provenance.Found:
        """The fields that were stored with each session, a regularized regression of counts on the movie."""
        rows: list[Row] = []
        for name, folder in dataset.absolute(stores).items():
            known, fields = read_info(folder).units, read_fields(folder)
            own = (unit for unit in units if unit["session_name"] == name)
            rows += [unit_key(unit) | {"field": fields[known.index(unit["unit"])]} for unit in own]
        array_codec.upload({schema.database: rows})
        return {}, {"Unit": rows}

"""The light: its protocol, its pulses, and the conditions that results are of."""

from collections.abc import Iterator, Mapping
from typing import Any

import datajoint as dj

from dlgn_cnn.errors import ConfigError
from schemas import session

schema = dj.Schema()


@schema
class OptoProtocol(dj.Manual):
    """How the light was given."""

    definition = """
    # how the light was given
    opto_protocol : varchar(32)
    ---
    wavelength_nm=null : float32
    power_mw=null : float32
    target="V1 layer 6" : varchar(64)
    """


@schema
class OptoCondition(dj.Lookup):
    """The two conditions that everything is compared between, and ``all``, for scores over the frames of both."""

    definition = """
    # state of the feedback
    opto_condition : varchar(16)
    ---
    opto_on=null : bool  # null for all
    """
    contents = (("intact", False), ("suppressed", True), ("all", None))


class OneCondition:
    """Mixin of a table of stimuli, named first: each is made for one condition, none for ``all``."""

    def _insert(self, rows: Any, **options: Any) -> None:
        """Insert rows as DataJoint does. Raises ConfigError for a stimulus of all conditions."""
        if isinstance(rows, Iterator | list | tuple):
            rows = list(rows)
            if any(isinstance(row, Mapping) and row.get("opto_condition") == "all" for row in rows):
                raise ConfigError(
                    "opto_condition 'all' of an MEI: only scores are of all conditions; give intact or suppressed"
                )
        super().insert(rows, **options)  # type: ignore[misc]

    insert: Any = _insert  # also of the class, as DataJoint allows


@schema
class OptoEpoch(dj.Manual):
    """One pulse of light, on the session's clock."""

    definition = """
    # pulse of light
    -> session.Session
    opto_epoch : int32
    ---
    on_s : float64
    off_s : float64
    -> [nullable] OptoProtocol
    """


@schema
class OptoDesign(dj.Manual):
    """How a session's light was drawn: what its nulls permute (``dlgn_cnn.data.sessions.opto_design``)."""

    definition = """
    # design of the light
    -> session.Session
    ---
    opto_kind : enum('none', 'blocks', 'per_trial', 'pulses', 'unknown')
    opto_period_s=null : float64  # between two draws; null where none is repeated
    opto_share=null : float64  # of draws that were lit
    opto_stated="" : varchar(64)  # the option that stated it; empty: inferred from epochs and presentations
    """

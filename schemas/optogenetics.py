"""The light: its protocol, its pulses and the two conditions."""

import datajoint as dj

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
    """The two conditions that everything is compared between."""

    definition = """
    # state of the feedback
    opto_condition : varchar(16)
    ---
    opto_light : int16  # 0 off, 1 on
    """
    contents = (("intact", 0), ("suppressed", 1))


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

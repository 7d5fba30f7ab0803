"""Mice, sessions and units."""

import datajoint as dj

schema = dj.Schema()


@schema
class Mouse(dj.Manual):
    """An animal, or an in-silico one."""

    definition = """
    # animal
    mouse : varchar(64)  # the lab's name of it, such as Ntsr1Cre_2019_0007
    ---
    genotype="" : varchar(64)
    opsin="" : varchar(64)  # what makes layer 6 sensitive to light
    simulated : bool  # true: no animal, an in-silico dLGN
    """


@schema
class Session(dj.Manual):
    """One recording session."""

    definition = """
    # recording session
    -> Mouse
    series : int16
    experiment : int16
    ---
    session_name : varchar(96)  # MOUSE_sSERIES_eEXPERIMENT
    session_date=null : date
    unique index (session_name)
    """


@schema
class Unit(dj.Manual):
    """A spike-sorted unit."""

    definition = """
    # spike-sorted unit
    -> Session
    unit : int32
    ---
    brain_area="dLGN" : varchar(32)
    quality=null : float32  # the sorter's measure, where the lab has one
    """

"""Places of files: the signatures of processes that write there, and the marks of files that no row refers to.

``schemas.base.store_registry`` signs, ``dlgn gc`` marks. All times are those of the server's clock, in UTC.
"""

import datajoint as dj

schema = dj.Schema()


@schema
class Signature(dj.Manual):
    """One signature of a process, which lies under the same token in every place that the process writes to."""

    definition = """
    # signature of a process in the places of files
    token : char(32)  # random
    ---
    host : varchar(255)
    pid : int32
    signed=CURRENT_TIMESTAMP(3) : datetime(3)  # UTC
    expires : datetime(3)  # UTC; until then no file is deleted, since the process may be about to refer to it
    """


@schema
class Mark(dj.Manual):
    """One file that no row referred to when ``dlgn gc`` looked; it is deleted if that is still so a day later."""

    definition = """
    # file that no row refers to
    file_hash : char(64)  # sha256 of its place and name
    ---
    kind : varchar(16)
    file_name : varchar(1024)
    changed : varchar(40)  # when it was written, by the clock of its place
    marked=CURRENT_TIMESTAMP(3) : datetime(3)  # UTC
    """

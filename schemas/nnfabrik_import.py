"""What came from elsewhere: fits that a lab had in nnfabrik's tables."""

import datajoint as dj

from schemas import training

schema = dj.Schema()


@schema
class ImportedFit(dj.Manual):
    """A fitted model that ``dlgn import-nnfabrik`` carried over: where it was, and under which key.

    Of such a fit nobody knows how long it took: ``fit_seconds`` of its ``TrainedModel`` row is 0, ``device`` unknown.
    """

    definition = """
    # fit that was carried over from nnfabrik's tables
    -> training.TrainedModel
    ---
    source_schema : varchar(64)
    source_table : varchar(64)
    source_key : json  # nnfabrik's: function names and md5 hashes of configs
    source_state : char(32)  # DataJoint's md5 of the stored state dict
    fabrikant="" : varchar(64)
    fit_comment="" : varchar(768)
    fitted : datetime  # UTC, when the row was inserted there
    """

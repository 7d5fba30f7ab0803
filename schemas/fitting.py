"""Fits under way: an epoch a row, and where the last checkpoints lie; readable by others while the fit runs."""

import datajoint as dj

from schemas import dataset, model, trainer

schema = dj.Schema()


@schema
class Epoch(dj.Manual):
    """One epoch of a fit, inserted when it ends; a fit that begins again replaces the rows from where it does."""

    definition = """
    # an epoch of a fit that runs or is done
    -> dataset.Dataset
    -> model.ModelConfig
    -> trainer.TrainerConfig
    -> trainer.Seed
    epoch : int32  # from 0
    ---
    loss=null : float64  # of training, nats a unit and frame, without the penalty
    penalty=null : float64  # of the regularizers
    validation_loss=null : float64  # nats a unit and frame
    validation_correlation=null : float64  # mean single-trial Pearson over units
    learning_rate=null : float64
    samples_per_s=null : float64  # windows trained on a second
    peak_memory_bytes=null : int64
    seconds=null : float64  # training and validation
    ended : datetime  # UTC
    """


@schema
class Checkpoint(dj.Manual):
    """A file that a fit can go on from: the last ones, which hold the best weights too; gone when it is done."""

    definition = """
    # a file that a fit under way can go on from
    -> dataset.Dataset
    -> model.ModelConfig
    -> trainer.TrainerConfig
    -> trainer.Seed
    serial : int32
    ---
    path : varchar(255)  # below the store
    sha256 : char(64)
    size_bytes : int64
    epoch : int32  # the epoch that was running, from 0
    step : int64  # optimizer steps done
    best_epoch : int32  # -1 before the first
    saved : datetime  # UTC
    host : varchar(64)
    """

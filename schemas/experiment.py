"""Experiments: the fits that somebody wants, by name."""

import datajoint as dj

from schemas import dataset, model, trainer
from schemas.connection.in_force import settings_in_force

schema = dj.Schema()


@schema
class Experiment(dj.Manual):
    """A named set of fits. ``TrainedModel`` fits exactly these, never the cross product of all configs."""

    definition = """
    # named set of fits
    experiment_name : varchar(64)
    ---
    experiment_comment="" : varchar(256)
    auto_precision="float32" : enum('float32', 'bfloat16')  # what auto means for its fits, fixed when it is defined
    """

    class Fit(dj.Part):
        """One combination of dataset, model, trainer and seed."""

        definition = """
        -> master
        -> dataset.DatasetConfig
        -> model.ModelConfig
        -> trainer.TrainerConfig
        -> trainer.Seed
        """


def native_precision() -> str:
    """What ``auto`` means on the device of this process, for an experiment that it defines."""
    from dlgn_cnn.runtime.device import pick_device, resolve

    return resolve("auto", pick_device(settings_in_force().device))

"""Experiments: the fits that somebody wants, by name."""

import datajoint as dj

from schemas import dataset, model, trainer

schema = dj.Schema()


@schema
class Experiment(dj.Manual):
    """A named set of fits. ``TrainedModel`` fits exactly these, never the cross product of all configs."""

    definition = """
    # named set of fits
    experiment_name : varchar(64)
    ---
    experiment_comment="" : varchar(256)
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

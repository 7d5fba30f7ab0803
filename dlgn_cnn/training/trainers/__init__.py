"""Trainers: one file each, on the contract ``trainer_fn(model, dataloaders, seed, uid, cb, **config)``.

A trainer returns ``(score, output, state_dict)``: the validation score, a JSON-able record of the fit, and the
weights of the best epoch. ``cb(uid=, epoch=, model=, info=)`` is called after every epoch.
A trainer with an argument ``checkpoints`` is given a ``dlgn_cnn.training.checkpoints.Checkpoints``, or None.
One with ``auto_precision`` is given what ``auto`` means; ``output["precision"]`` says what it fitted in.
"""

from dlgn_cnn.registry import Registry

TRAINERS = Registry(
    "trainer",
    "dlgn_cnn.training.trainers",
    given=("model", "dataloaders", "seed", "uid", "cb", "allowed_packages", "checkpoints", "auto_precision"),
)

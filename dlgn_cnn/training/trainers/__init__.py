"""Trainers: one file each, on the contract ``trainer_fn(model, dataloaders, seed, uid, cb, **config)``.

A trainer returns ``(score, output, state_dict)``: the validation score, a JSON-able record of the fit, and the
weights of the best epoch. It calls ``cb(uid=, epoch=, model=, info=)`` after every epoch. One that uses
``standard.run`` hands ``cb`` on, whose other methods (``dlgn_cnn.training.callbacks``) save the fit and take it up
again.
One with ``auto_precision`` is given what ``auto`` means; ``output["precision"]`` says what it fitted in.
"""

from dlgn_cnn.registry import Registry

TRAINERS = Registry(
    "trainer",
    "dlgn_cnn.training.trainers",
    given=("model", "dataloaders", "seed", "uid", "cb", "auto_precision"),
)

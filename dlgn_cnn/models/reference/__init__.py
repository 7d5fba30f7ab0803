"""Reference models: one file each; every other fit is worth what it gains over them.

A reference is a model function, registered with ``@MODELS.register("name")``, that returns a ``ReferenceModel``: linear
kernels over the past and one output nonlinearity, nothing hidden. It is fitted by any trainer, on any dataset.
"""

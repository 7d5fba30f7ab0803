"""Published archives: a folder or ``.zip`` file of rows, arrays and weights in open formats, checked by digest.

``manifest.json`` names every file with its size and sha256, and every table with its columns and number of rows;
``rows/TABLE.jsonl`` has a row a line; ``arrays/SHA256.npy``, ``weights/SHA256.safetensors``,
``datasets/DIGEST.safetensors`` and ``stimuli/SHA256`` are what rows refer to; ``models.json`` says how each model is
built. Nothing in an archive is a pickle, and reading one runs no code of its own: models are built from known parts.
"""

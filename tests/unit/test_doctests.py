"""Examples in docstrings run and give what they say."""

import doctest
import importlib

import numpy as np
import pytest
import torch

from tests.unit.test_architecture import MODULES

WITH_EXAMPLES = sorted(name for name, path in MODULES.items() if ">>> " in path.read_text())
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_give_what_they_say(name):
    torch.manual_seed(0)
    given = {"np": np, "torch": torch}
    found = doctest.testmod(importlib.import_module(name), extraglobs=given, optionflags=OPTIONS)
    assert found.attempted > 0
    assert found.failed == 0

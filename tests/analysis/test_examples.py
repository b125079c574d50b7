"""Every example in a docstring of ``analysis`` gives what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import analysis

MODULES = sorted(module.name for module in pkgutil.walk_packages(analysis.__path__, "analysis."))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_the_module_run(name: str):
    assert doctest.testmod(importlib.import_module(name)).failed == 0

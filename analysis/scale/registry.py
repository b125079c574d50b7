"""The sections of a scale validation in their order, found in ``analysis.scale.sections``."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from itertools import pairwise

from analysis.scale import sections as folder
from analysis.scale.study import Section


@cache
def sections() -> tuple[type[Section], ...]:
    """Every section, in the order in which it is computed and written.

    Raises TypeError for a module that does not define exactly one, and for two of one percent.
    """
    found = [_of(f"{folder.__name__}.{one.name}") for one in pkgutil.iter_modules(folder.__path__)]
    ordered = sorted(found, key=lambda kind: kind.percent)
    for before, kind in pairwise(ordered):
        if before.percent == kind.percent:
            raise TypeError(f"{before.name} and {kind.name} both begin at {kind.percent} percent")
    return tuple(ordered)


def _of(name: str) -> type[Section]:
    own = [
        kind
        for kind in vars(import_module(name)).values()
        if isinstance(kind, type) and issubclass(kind, Section) and kind.__module__ == name
    ]
    if len(own) != 1:
        raise TypeError(f"{name} defines {len(own)} sections; a module of sections defines one")
    return own[0]

"""The parts and criteria of every section, from the module here that bears its name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from analysis.scale.registry import sections
from surveyapp.reports.validation.part import Criterion, Part

PACKAGE = "surveyapp.reports.validation"


@cache
def parts() -> tuple[Part[Any], ...]:
    """The parts of all sections, chapter by chapter. Raises as ``drawings``."""
    found = [part for module in drawings().values() for part in module.PARTS]
    return tuple(sorted(found, key=lambda part: part.place))


@cache
def criteria() -> Mapping[str, Criterion]:
    """The criteria of all sections by measure. Raises as ``drawings``."""
    found = [one for module in drawings().values() for one in getattr(module, "CRITERIA", ())]
    return {one.measure: one for one in found}


def criterion(measure: str) -> Criterion:
    """What the report calls a measure. Raises LookupError for one without a criterion."""
    found = criteria().get(measure)
    if found is None:
        raise LookupError(
            f"nothing says what {measure!r} is called: "
            f"give the module in {PACKAGE} whose section concludes it a Criterion in CRITERIA"
        )
    return found


@cache
def drawings() -> Mapping[str, ModuleType]:
    """The module that draws each section, by the section's name.

    Raises ModuleNotFoundError for a section without one, and AttributeError where it has no PARTS.
    """
    found = {}
    for kind in sections():
        module = import_module(f"{PACKAGE}.{kind.name}")
        if not hasattr(module, "PARTS"):
            raise AttributeError(f"{module.__name__} needs PARTS: what {kind.__name__} shows")
        found[kind.name] = module
    return found

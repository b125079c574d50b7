"""The tables of a stored analysis: the report's own, shown on a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from surveyapp.reports import validation_tables as made
from surveyapp.reports.document import Table
from surveyapp.reports.validation_criteria import criteria
from surveyapp.reports.validation_general import general
from surveyapp.reports.validation_invariance import invariance
from surveyapp.reports.validation_threats import threats


def validation_tables(result: Mapping[str, Any]) -> list[Table]:
    """The tables of a scale validation, those of sections that could not be computed left out.

    They are the very tables of the validation report, so that page and paper cannot differ.
    """
    return list(_tables(result))


def _tables(result: Mapping[str, Any]) -> Iterator[Table]:
    if result["conclusions"]:
        yield criteria(result["conclusions"], 1)
    if result["reliability"]:
        yield made.reliability(result["reliability"], 2)
    if result["rivals"]:
        yield made.fits(result["rivals"], 3)
    if result["cfa"]:
        yield made.loadings(result["cfa"], 4)
    if result["fornell_larcker"]:
        yield made.discriminant(result["fornell_larcker"], result["htmt"], 5)
    if result["htmt_intervals"] and result["htmt_intervals"]["pairs"]:
        yield made.htmt_intervals(result["htmt_intervals"], 6)
    numbers = made.Numbers()  # pages show none
    for section in (general, invariance, threats):
        yield from (block for block in section(result, numbers) if isinstance(block, Table))
    yield made.items(result["items"], 7)

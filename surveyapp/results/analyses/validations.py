"""Stored scale validations as they were computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.errors import UnreadableDocument
from analysis.json_values import from_json
from analysis.scale.document import ScaleValidation
from surveyapp.errors import Conflict
from surveyapp.results.analyses.fieldwork import NAME, Fieldwork


def read_validation(result: Mapping[str, Any]) -> ScaleValidation:
    """The validation that an analysis holds. Raises Conflict for one that cannot be read."""
    try:
        return ScaleValidation.from_dict({k: v for k, v in result.items() if k != NAME})
    except UnreadableDocument as error:
        raise Conflict(str(error)) from error


def read_fieldwork(result: Mapping[str, Any]) -> Fieldwork | None:
    """How the answers of a stored analysis came about; None where that is not kept with it."""
    found = result.get(NAME)
    return None if found is None else from_json(Fieldwork, found, NAME)

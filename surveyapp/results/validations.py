"""Stored scale validations as they were computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.errors import UnreadableDocument
from analysis.scale.document import ScaleValidation
from surveyapp.errors import Conflict


def read_validation(result: Mapping[str, Any]) -> ScaleValidation:
    """The validation that an analysis holds. Raises Conflict for one that cannot be read."""
    try:
        return ScaleValidation.from_dict(result)
    except UnreadableDocument as error:
        raise Conflict(str(error)) from error

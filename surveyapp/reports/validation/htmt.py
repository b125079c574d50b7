"""HTMT's criterion; its values stand above the diagonal of the table of ``fornell_larcker``."""

from __future__ import annotations

from typing import Any

from surveyapp.reports.validation.part import DISCRIMINANT, Criterion, Part

PARTS: tuple[Part[Any], ...] = ()
CRITERIA = (Criterion("htmt", "HTMT", DISCRIMINANT, 10, subjects="pairs"),)

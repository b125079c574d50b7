"""HTMT's criterion; its values stand above the diagonal of the table of ``fornell_larcker``."""

from __future__ import annotations

from typing import Any

from surveyapp.i18n.words import msg
from surveyapp.reports.validation.part import DISCRIMINANT, PAIRS, Criterion, Part

PARTS: tuple[Part[Any], ...] = ()
CRITERIA = (Criterion("htmt", msg("HTMT"), DISCRIMINANT, 10, subjects=PAIRS),)

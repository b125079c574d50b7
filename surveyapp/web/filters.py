"""Filters that stand in the address of a page, so that a view can be kept, shared and gone back to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import request

from surveyapp.errors import Invalid
from surveyapp.store.models import EVERYBODY
from surveyapp.web.ids import LARGEST
from surveyapp.web.installation import installation
from surveyapp.whole import whole_number

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")  # what follows the last month is still a date


@dataclass(frozen=True)
class Filters:
    """One segment (EVERYBODY: all) and whole months; None leaves an end open."""

    segment_id: int
    since: date | None
    until: date | None

    @property
    def active(self) -> bool:
        return self.segment_id != EVERYBODY or self.since is not None or self.until is not None

    @property
    def arguments(self) -> dict[str, str]:
        """What a link carries on to another page with the same filters."""
        return {
            name: request.args[name] for name in ("segment", "from", "to") if request.args.get(name)
        }


def filters_asked() -> Filters:
    """The filters in the address; Invalid names a value that is none."""
    return Filters(number_asked("segment") or EVERYBODY, _month_asked("from"), _month_asked("to"))


def dashboard_options(filters: Filters) -> dict[str, Any]:
    """What every dashboard is asked with: the filters and this installation's rules."""
    settings = installation().settings
    return {
        "segment_id": filters.segment_id,
        "since": filters.since,
        "until": filters.until,
        "minimum_cell": settings.minimum_cell,
        "library": installation().library,
    }


def number_asked(name: str, *, largest: int = LARGEST) -> int | None:
    """A whole number in the address, None where it is absent."""
    text = request.args.get(name, "").strip()
    if not text:
        return None
    number = whole_number(text, largest=largest)
    if number is None:
        raise Invalid(f"{name}={text[:20]} is not a number; choose from the list.")
    return number


def _month_asked(name: str) -> date | None:
    text = request.args.get(name, "").strip()
    if not text:
        return None
    found = _MONTH.fullmatch(text)
    if found is None:
        raise Invalid(f"{text[:20]!r} is not a month; write it as 2026-03.")
    return date(int(found[1]), int(found[2]), 1)

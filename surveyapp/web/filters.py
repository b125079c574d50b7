"""What stands in the address of a page, so that a view can be kept, shared and gone back to."""

from __future__ import annotations

from typing import Any

from flask import request

from surveyapp.errors import Invalid
from surveyapp.results.scope import Scope, read_scope
from surveyapp.web.ids import LARGEST
from surveyapp.web.installation import installation
from surveyapp.whole import whole_number


def scope_asked(journey_id: int) -> Scope:
    """The answers that the address asks for; Invalid names a value that is none."""
    return read_scope(journey_id, request.args)


def dashboard_rules() -> dict[str, Any]:
    """What every dashboard is asked with beside its scope: this installation's rules."""
    return {
        "minimum_cell": installation().settings.minimum_cell,
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

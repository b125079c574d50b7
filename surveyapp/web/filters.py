"""What stands in the address of a page, so that a view can be kept, shared and gone back to."""

from __future__ import annotations

from typing import Any

from flask import request
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.results.answers.answered import recent_months
from surveyapp.results.scope import Period, Scope, read_scope
from surveyapp.web.ids import LARGEST
from surveyapp.web.installation import installation
from surveyapp.whole import whole_number


def scope_asked(session: Session, journey_id: int) -> Scope:
    """The answers that the address asks for, those of the recent months where it names none.

    Raises NotFound for an unknown journey; Invalid names a value that is none.
    """
    return read_scope(journey_id, request.args, default=recent_default(session, journey_id))


def recent_default(session: Session, journey_id: int) -> Period:
    """The months of a page or report for which nobody chose any. Raises NotFound."""
    found = installation()
    default = found.settings.period_months
    return recent_months(session, journey_id, found.now(), default=default)


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

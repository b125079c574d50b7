"""The form that gives somebody access to a journey."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import SelectField

from surveyapp.auth.permissions import MEANINGS
from surveyapp.store.models import Journey
from surveyapp.web.forms import StaffForm, choices

EVERY = "all"
GRANTS = choices((grant, f"{grant.capitalize()}: {meaning}") for grant, meaning in MEANINGS.items())


class GrantForm(StaffForm):
    journey = SelectField("Journey")
    grant = SelectField("Grant", choices=GRANTS)

    @property
    def chosen(self) -> int | None:
        """The chosen journey's id; None for all of them."""
        return None if self.journey.data == EVERY else int(self.journey.data)


def grant_form(journeys: Sequence[Journey]) -> GrantForm:
    """The form of somebody's page: all journeys, or one of these."""
    form = GrantForm()
    each = ((str(journey.id), journey.name) for journey in journeys)
    form.journey.choices = choices([(EVERY, "All journeys"), *each])
    return form

"""The form of a planned action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.auth.accounts import Account
from surveyapp.journeys.action_plan import ActionText
from surveyapp.journeys.change_register import LONGEST_TEXT, LONGEST_TITLE
from surveyapp.store.models import Journey, Opportunity, PlannedAction, RegisteredChange
from surveyapp.web.change_form import place_choices
from surveyapp.web.day_field import DayField
from surveyapp.web.forms import StaffForm, choices

STATES = {"open": "Open", "doing": "In progress", "done": "Done", "dropped": "Dropped"}


class ActionForm(StaffForm):
    title = StringField(
        "What is to be done",
        [InputRequired("Enter what is to be done."), Length(max=LONGEST_TITLE)],
    )
    place = SelectField("Where", default="")
    owner_id = SelectField("Owner", default="")
    due_on = DayField("Due", [Optional()])
    state = SelectField("State", choices=choices(STATES.items()), default="open")
    driver = TextAreaField(
        "Reason",
        [Optional(), Length(max=LONGEST_TEXT)],
        description="What it rests on: a low score, a driver, or what customers say.",
    )
    change_id = SelectField(
        "What came of it",
        default="",
        description="A registered change, whose scores before and after are the action's measured"
        " effect.",
    )

    opportunity_id = SelectField(
        "Opportunity", default="", description="What it is to realise, of the opportunities."
    )

    def offer(
        self,
        journey: Journey,
        staff: Sequence[Account],
        changes: Sequence[RegisteredChange],
        opportunities: Sequence[Opportunity],
    ) -> ActionForm:
        """Fill the lists to choose from; itself."""
        self.place.choices = choices([("", "Whole journey"), *place_choices(journey)])
        self.owner_id.choices = choices(
            [("", "Nobody yet"), *((str(each.id), each.name) for each in staff)]
        )
        self.change_id.choices = choices(
            [("", "No change yet"), *((str(each.id), each.title) for each in changes)]
        )
        self.opportunity_id.choices = choices(
            [("", "None"), *((str(each.id), each.title) for each in opportunities)]
        )
        return self

    def text(self) -> ActionText:
        """What was typed, as the plan takes it."""
        kind, _, number = (self.place.data or "").partition("-")
        return ActionText(
            title=self.title.data or "",
            stage_id=int(number) if kind == "stage" else None,
            touchpoint_id=int(number) if kind == "touchpoint" else None,
            owner_id=int(self.owner_id.data) if self.owner_id.data else None,
            due_on=self.due_on.data,
            state=self.state.data or "",
            driver=self.driver.data or "",
            change_id=int(self.change_id.data) if self.change_id.data else None,
            opportunity_id=int(self.opportunity_id.data) if self.opportunity_id.data else None,
        )


def stored(action: PlannedAction) -> dict[str, Any]:
    """An action's values as the form holds them."""
    place = ""
    if action.stage_id:
        place = f"stage-{action.stage_id}"
    if action.touchpoint_id:
        place = f"touchpoint-{action.touchpoint_id}"
    return {
        **{name: getattr(action, name) for name in ("title", "due_on", "state", "driver")},
        "place": place,
        "owner_id": str(action.owner_id or ""),
        "change_id": str(action.change_id)
        if action.change and not action.change.removed_at
        else "",
        "opportunity_id": str(action.opportunity_id or ""),
    }

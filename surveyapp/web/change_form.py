"""The form of a registered change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from wtforms import SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput

from surveyapp.auth.accounts import Account
from surveyapp.journeys.change_register import LONGEST_TEXT, LONGEST_TITLE, ChangeText
from surveyapp.store.models import Journey, RegisteredChange
from surveyapp.web.day_field import DayField
from surveyapp.web.forms import StaffForm, choices

_STAGE, _TOUCHPOINT = "stage-", "touchpoint-"


class ChangeForm(StaffForm):
    title = StringField(
        "What was changed",
        [InputRequired("Enter what was changed."), Length(max=LONGEST_TITLE)],
        description="In a few words, such as New sign-in to the app. Charts of scores name it.",
    )
    started_on = DayField(
        "First day",
        [InputRequired("Enter the day of the change as year, month and day.")],
        description="From which day on customers met it.",
    )
    ended_on = DayField(
        "Last day",
        [Optional()],
        description="Of something temporary, such as a campaign. Leave empty for what stays.",
    )
    places = SelectMultipleField(
        "Where",
        description="Leave all empty for a change of the journey as a whole.",
        option_widget=CheckboxInput(),
    )
    maker_id = SelectField("Made by", default="")
    made_by = StringField(
        "Or made by somebody else",
        [Optional(), Length(max=LONGEST_TITLE)],
        description="A team or partner, such as the app's developers.",
    )
    cost = StringField(
        "Cost",
        [Optional(), Length(max=LONGEST_TITLE)],
        description="In money, work or both, such as EUR 40,000 and three weeks of two people.",
    )
    description = TextAreaField("Description", [Optional(), Length(max=LONGEST_TEXT)])
    expected = TextAreaField(
        "Expected effect",
        [Optional(), Length(max=LONGEST_TEXT)],
        description="Which score should become better and by how much. Written before the answers"
        " are in, it keeps everybody honest.",
    )

    def offer(self, journey: Journey, staff: Sequence[Account]) -> ChangeForm:
        """Fill the lists to choose from; itself."""
        self.places.choices = choices(place_choices(journey))
        self.maker_id.choices = choices(
            [("", "Nobody with an account"), *((str(each.id), each.name) for each in staff)]
        )
        return self

    def text(self) -> ChangeText:
        """What was typed, as the register takes it."""
        chosen = self.places.data or []
        return ChangeText(
            title=self.title.data or "",
            started_on=self.started_on.data,
            ended_on=self.ended_on.data,
            stage_ids=_ids(chosen, _STAGE),
            touchpoint_ids=_ids(chosen, _TOUCHPOINT),
            maker_id=int(self.maker_id.data) if self.maker_id.data else None,
            made_by=self.made_by.data or "",
            cost=self.cost.data or "",
            description=self.description.data or "",
            expected=self.expected.data or "",
        )


def place_choices(journey: Journey) -> Iterator[tuple[str, str]]:
    """(value, label) of each stage, followed by its touchpoints."""
    for stage in journey.stages:
        yield f"{_STAGE}{stage.id}", f"{stage.name}: the whole stage"
        for point in stage.touchpoints:
            yield f"{_TOUCHPOINT}{point.id}", f"{stage.name}: {point.name}"


def stored(change: RegisteredChange) -> dict[str, Any]:
    """A change's values as the form holds them."""
    names = ("title", "started_on", "ended_on", "made_by", "cost", "description", "expected")
    return {
        **{name: getattr(change, name) for name in names},
        "maker_id": str(change.maker_id or ""),
        "places": [
            f"{_STAGE}{each.stage_id}" if each.stage_id else f"{_TOUCHPOINT}{each.touchpoint_id}"
            for each in change.places
        ],
    }


def _ids(chosen: Sequence[str], kind: str) -> list[int]:
    return [int(each.removeprefix(kind)) for each in chosen if each.startswith(kind)]

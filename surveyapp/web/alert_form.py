"""The form of an alert: what it waits for, and whom it tells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import (
    BooleanField,
    FloatField,
    SelectField,
    SelectMultipleField,
    TextAreaField,
    URLField,
)
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput

from surveyapp.auth.accounts import Account
from surveyapp.closed_loop.alert_rules import (
    CHATS,
    DIGESTS,
    DIRECTIONS,
    KINDS,
    OUTSIDE,
    AlertRule,
    way,
)
from surveyapp.results.targets.targets import place_names
from surveyapp.results.view_models import Definition
from surveyapp.store.models import Journey
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.whole_number_field import WholeNumberField

APART = " "  # no code of a place holds one
_COMPARISONS = (("before", "The period before"), ("year", "The same months of the year before"))
_OUTSIDE = ("emails", "chat", "chat_url")


class AlertForm(StaffForm):
    what = SelectField("Score and place")
    kind = SelectField("Alert when", choices=choices(KINDS.items()))
    direction = SelectField("Direction", choices=choices(DIRECTIONS.items()))
    value = FloatField(
        "Threshold",
        [Optional()],
        description="For a threshold alone: 0 to 100, for NPS -100 to 100.",
    )
    upper = FloatField(
        "Upper limit",
        [Optional()],
        description="For a threshold in both directions: the one above is the lower limit then.",
    )
    whole = BooleanField(
        "Only when the whole 95% interval has crossed the threshold",
        description="Then a crossing that may be due to chance is not told.",
    )
    weighted = BooleanField(
        "Weighted by population shares",
        description="Of all customers: the score, its change or its control limits are watched as if the answers"
        " had the known shares.",
    )
    months = WholeNumberField(
        "Complete months",
        [InputRequired("Enter a number of months.")],
        description="The last ones, judged together once a month is over; control limits take one.",
        default=1,
    )
    comparison = SelectField(
        "Compared with", choices=choices(_COMPARISONS), description="For a significant change."
    )
    minimum_n = WholeNumberField(
        "Minimum number of answers",
        [InputRequired("Enter a number of answers.")],
        default=30,
    )
    people = SelectMultipleField("Tell these people", option_widget=CheckboxInput())
    digest = SelectField("By email", choices=choices(DIGESTS.items()))
    escalate_to = SelectField(
        "If nobody acknowledges it, tell", description="Once, by email at once."
    )
    escalate_hours = WholeNumberField("After so many hours", [Optional()])
    emails = TextAreaField(
        "Other email addresses",
        [Optional(), Length(max=5000)],
        description="One per line, of people without an account.",
    )
    chat = SelectField("Chat", choices=choices(CHATS.items()))
    chat_url = URLField(
        "URL of the chat's incoming webhook",
        [Optional(), Length(max=2000)],
        description="Slack: incoming webhook. Teams: Workflows, post to a channel when a webhook"
        " request is received. Begins with https://.",
    )

    def offer(
        self,
        journey: Journey,
        asked: Mapping[str, Mapping[str, Definition]],
        staff: Sequence[Account],
        *,
        anywhere: bool,
        weights: bool,
    ) -> AlertForm:
        """Fill the lists to choose from; itself. Without ``anywhere``, only people with access; ``weights``:
        whether it asks for them."""
        if not weights:
            del self["weighted"]
        names = place_names(journey)
        self.what.choices = choices(
            (f"{place}{APART}{scale}", f"{names[place]}: {each.label}")
            for place, scales in asked.items()
            for scale, each in scales.items()
        )
        people = [(str(each.id), each.name) for each in staff]
        self.people.choices = choices(people)
        self.escalate_to.choices = choices([("", "Nobody"), *people])
        if not anywhere:
            for name in _OUTSIDE:
                del self[name]
        return self

    def rule(self, before: AlertRule) -> AlertRule:
        """What was typed; what the form does not ask stays as in ``before``."""
        place, _, scale = self.what.data.partition(APART)
        typed: dict[str, Any] = {
            **{name: getattr(before, name) for name in AlertRule.__dataclass_fields__},
            "place": place,
            "scale": scale,
            "people": [int(each) for each in self.people.data or []],
            "escalate_to": int(self.escalate_to.data) if self.escalate_to.data else None,
            "value": 0.0 if self.value.data is None else self.value.data,
            "outside": self.direction.data == OUTSIDE,
            "direction": "below" if self.direction.data == OUTSIDE else self.direction.data,
        }
        names = ("kind", "upper", "whole", "months", "comparison", "minimum_n", "digest")
        typed |= {name: self[name].data for name in (*names, "escalate_hours")}
        if "weighted" in self:
            typed["weighted"] = self.weighted.data
        if "chat" in self:
            typed |= {"chat": self.chat.data, "chat_url": self.chat_url.data or ""}
            typed["emails"] = re.split(r"[\s,;]+", self.emails.data or "")
        return AlertRule(**typed)


def filled(rule: AlertRule) -> dict[str, Any]:
    """What the form shows of a rule."""
    value: float | int | None = None
    if rule.kind == "threshold":
        value = int(rule.value) if float(rule.value).is_integer() else rule.value
    return {
        **{name: getattr(rule, name) for name in AlertRule.__dataclass_fields__},
        "what": f"{rule.place}{APART}{rule.scale}",
        "value": value,
        "direction": way(rule),
        "people": [str(each) for each in rule.people],
        "escalate_to": str(rule.escalate_to or ""),
        "emails": "\n".join(rule.emails),
    }

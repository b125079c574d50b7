"""The form of a pain point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.auth.accounts import Account
from surveyapp.comments.pain_points import LONGEST, LONGEST_WHY, WHYS, PainPointText
from surveyapp.results.comments.affected_shares import Rule
from surveyapp.store.models import Journey, PainPoint
from surveyapp.web.change_form import place_choices
from surveyapp.web.forms import StaffForm, choices

SEVERITIES = {
    "abandons": "Customers give up",
    "workaround": "Customers find a way around",
    "trivial": "Trivial",
    "": "Not judged yet",
}
_WHY = "Why does it happen?"
_AGAIN = "And why is that?"


def _why(place: int) -> StringField:
    label = f"{place}. {_WHY if place == 1 else _AGAIN}"
    return StringField(label, [Optional(), Length(max=LONGEST_WHY)])


class PainPointForm(StaffForm):
    title = StringField("Pain point", [InputRequired("Enter a title."), Length(max=LONGEST)])
    severity = SelectField("Severity", choices=choices(SEVERITIES.items()), default="")
    place = SelectField("Where", default="")
    theme = SelectField(
        "Theme",
        default="",
        description="Of the code book. Comments coded with it are proposed as evidence.",
    )
    affected = SelectField(
        "Affected customers",
        default="",
        description="By which answers customers count as affected, at the touchpoint above or, without"
        " one, at the journey's end.",
    )
    why1, why2, why3, why4, why5 = (_why(place) for place in range(1, WHYS + 1))
    owner_id = SelectField("Owner", default="")
    solved = BooleanField("Solved")

    def offer(
        self,
        journey: Journey,
        themes: Sequence[str],
        rules: Sequence[Rule],
        staff: Sequence[Account],
    ) -> PainPointForm:
        """Fill the lists to choose from; what is stored stays among them. Itself."""
        self.place.choices = choices([("", "Whole journey"), *place_choices(journey)])
        stored_theme, stored_rule = (
            field.object_data or "" for field in (self.theme, self.affected)
        )
        known = sorted({*themes, stored_theme} - {""})
        self.theme.choices = choices([("", "None"), *((each, each) for each in known)])
        offered = {"": "Not measured", "theme": "Coded comments of the theme"}
        offered |= {f"{rule.by} {rule.key}": rule.label for rule in rules}
        offered.setdefault(stored_rule, stored_rule.partition(" ")[2])
        self.affected.choices = choices(offered.items())
        self.owner_id.choices = choices(
            [("", "Nobody yet"), *((str(each.id), each.name) for each in staff)]
        )
        return self

    def text(self) -> PainPointText:
        """What was typed, as the list takes it."""
        kind, _, number = (self.place.data or "").partition("-")
        by, _, key = (self.affected.data or "").partition(" ")
        fields = (self[f"why{place}"] for place in range(1, WHYS + 1))
        return PainPointText(
            title=self.title.data or "",
            theme=self.theme.data or "",
            severity=self.severity.data or "",
            stage_id=int(number) if kind == "stage" else None,
            touchpoint_id=int(number) if kind == "touchpoint" else None,
            affected_by=by,
            affected_key=key,
            whys=[field.data or "" for field in fields],
            owner_id=int(self.owner_id.data) if self.owner_id.data else None,
            state="solved" if self.solved.data else "open",
        )


def place_of(row: Any) -> str:
    """A record's stage or touchpoint as a form's choice has it."""
    if row.touchpoint_id:
        return f"touchpoint-{row.touchpoint_id}"
    return f"stage-{row.stage_id}" if row.stage_id else ""


def stored(point: PainPoint) -> dict[str, Any]:
    """A pain point's values as the form holds them."""
    whys = {f"why{place}": text for place, text in enumerate(point.whys, start=1)}
    return {
        **{name: getattr(point, name) for name in ("title", "severity", "theme")},
        **whys,
        "place": place_of(point),
        "affected": f"{point.affected_by} {point.affected_key}".strip(),
        "owner_id": str(point.owner_id or ""),
        "solved": point.state == "solved",
    }

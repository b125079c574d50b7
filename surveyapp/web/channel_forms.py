"""The forms of the page about ways into a survey."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.store.models import SurveyRow
from surveyapp.surveys.channels import read_channels
from surveyapp.web.forms import StaffForm


class EmbedForm(StaffForm):
    embed_origins = TextAreaField(
        "Pages that embed the survey",
        [Optional(), Length(max=5000)],
        description="One origin per line, such as https://www.northbank.example. Browsers refuse"
        " to embed it in any other page.",
    )


class KioskForm(StaffForm):
    kiosk = BooleanField("Allow this survey on a kiosk")
    kiosk_seconds = IntegerField(
        "Seconds to show the thank-you page",
        [InputRequired("Enter a number of seconds.")],
        description="3 to 120.",
    )
    kiosk_idle_seconds = IntegerField(
        "Seconds of inactivity before it restarts",
        [InputRequired("Enter a number of seconds.")],
        description="30 to 900. A warning is shown 20 seconds before.",
    )


class EndForm(StaffForm):
    end_url = StringField(
        "Redirect URL",
        [Optional(), Length(max=500)],
        description="https only. The thank-you page shows a link; customers are not redirected"
        " automatically.",
    )


class ConsentForm(StaffForm):
    text = TextAreaField(
        "Consent text",
        [Optional(), Length(max=5000)],
        description="What the answers are used for. Saving a different text creates a new version.",
    )
    box = BooleanField(
        "Customers must tick a box to agree",
        description="When off, customers agree by submitting. The box is never ticked in advance.",
    )


class DrawForm(StaffForm):
    draw = TextAreaField(
        "Prize",
        [Optional(), Length(max=1000)],
        description="Shown on the thank-you page with a link to enter. Leave empty for no prize draw.",
    )


class WinnersForm(StaffForm):
    count = IntegerField("Winners", [InputRequired("Enter the number of winners.")], default=1)


class EntriesForm(StaffForm):
    beside = ("entry",)


def forms_of(survey: SurveyRow) -> dict[str, StaffForm]:
    """Every form as the survey has it, whatever was sent to one of them."""
    ways = read_channels(survey.channels)

    def form(kind: type[StaffForm], **data: Any) -> StaffForm:
        return kind(formdata=None, data=data)

    return {
        "embed": form(EmbedForm, embed_origins="\n".join(ways.embed_origins)),
        "kiosk": form(
            KioskForm,
            kiosk=ways.kiosk,
            kiosk_seconds=ways.kiosk_seconds,
            kiosk_idle_seconds=ways.kiosk_idle_seconds,
        ),
        "end": form(EndForm, end_url=ways.end_url),
        "consent": form(ConsentForm, text=survey.consent, box=survey.consent_box),
        "draw": form(DrawForm, draw=survey.draw),
        "winners": form(WinnersForm, count=1),
    }

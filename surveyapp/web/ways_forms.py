"""The forms of the page about ways into a survey."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.fielding.ways import read_ways
from surveyapp.store.models import Deployment
from surveyapp.web.forms import StaffForm


class EmbedForm(StaffForm):
    embed_origins = TextAreaField(
        "Pages that may show the survey",
        [Optional(), Length(max=5000)],
        description="One origin a line, such as https://www.northbank.example. Every other page is"
        " refused by the browser.",
    )


class KioskForm(StaffForm):
    kiosk = BooleanField("This survey may be answered on a kiosk")
    kiosk_seconds = IntegerField(
        "Seconds that the thanks are shown",
        [InputRequired("Give a number of seconds.")],
        description="3 to 120.",
    )
    kiosk_idle_seconds = IntegerField(
        "Seconds without a touch until it begins anew",
        [InputRequired("Give a number of seconds.")],
        description="30 to 900. It asks first, 20 seconds before.",
    )


class EndForm(StaffForm):
    end_url = StringField(
        "Address",
        [Optional(), Length(max=500)],
        description="https only. Customers follow a link; nobody is sent there unasked.",
    )


class ConsentForm(StaffForm):
    text = TextAreaField(
        "Consent text",
        [Optional(), Length(max=5000)],
        description="What the answers are used for. Saving another text makes the next version.",
    )
    box = BooleanField(
        "Customers tick a box to agree",
        description="Off: they agree by sending. The box is never ticked beforehand.",
    )


class DrawForm(StaffForm):
    draw = TextAreaField(
        "What may be won",
        [Optional(), Length(max=1000)],
        description="Shown under the thanks, with a link to take part. Empty: there is no draw.",
    )


class WinnersForm(StaffForm):
    count = IntegerField("Winners", [InputRequired("Give a number of winners.")], default=1)


class EntriesForm(StaffForm):
    beside = ("entry",)


def forms_of(deployment: Deployment) -> dict[str, StaffForm]:
    """Every form as the deployment has it, whatever was sent to one of them."""
    ways = read_ways(deployment.ways)

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
        "consent": form(ConsentForm, text=deployment.consent, box=deployment.consent_box),
        "draw": form(DrawForm, draw=deployment.draw),
        "winners": form(WinnersForm, count=1),
    }

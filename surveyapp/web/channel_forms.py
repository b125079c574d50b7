"""The forms of the page about a survey's channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms import BooleanField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.surveys.settings.channels import Channels
from surveyapp.surveys.survey import Survey
from surveyapp.web.forms import StaffForm
from surveyapp.web.setting_fields import setting
from surveyapp.web.whole_number_field import WholeNumberField

_SECONDS = "Enter a number of seconds."


class EmbedForm(StaffForm):
    embed_origins = setting(Channels, "embed_origins")


class KioskForm(StaffForm):
    kiosk = setting(Channels, "kiosk")
    kiosk_seconds = setting(Channels, "kiosk_seconds", required=_SECONDS)
    kiosk_idle_seconds = setting(Channels, "kiosk_idle_seconds", required=_SECONDS)


class EndForm(StaffForm):
    end_url = setting(Channels, "end_url")


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
    count = WholeNumberField("Winners", [InputRequired("Enter the number of winners.")], default=1)


class EntriesForm(StaffForm):
    beside = ("entry",)


_FORMS: Mapping[str, type[StaffForm]] = {
    "embed": EmbedForm,
    "kiosk": KioskForm,
    "end": EndForm,
    "consent": ConsentForm,
    "draw": DrawForm,
    "winners": WinnersForm,
}


def forms_of(survey: Survey) -> dict[str, StaffForm]:
    """Every form as the survey has it, whatever was sent to one of them."""
    stored = _stored(survey)
    return {name: kind(formdata=None, data=stored[name]) for name, kind in _FORMS.items()}


def form_sent(survey: Survey, name: str) -> StaffForm:
    """The form that was sent, which knows what is stored."""
    return _FORMS[name](data=_stored(survey)[name])


def _stored(survey: Survey) -> dict[str, dict[str, Any]]:
    channels = survey.channels
    return {
        "embed": {"embed_origins": "\n".join(channels.embed_origins)},
        "kiosk": {
            "kiosk": channels.kiosk,
            "kiosk_seconds": channels.kiosk_seconds,
            "kiosk_idle_seconds": channels.kiosk_idle_seconds,
        },
        "end": {"end_url": channels.end_url},
        "consent": {"text": survey.consent, "box": survey.consent_box},
        "draw": {"draw": survey.draw},
        "winners": {"count": 1},
    }

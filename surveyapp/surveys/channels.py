"""Changes to the channels of a survey, and where a survey may lead to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.store.audit import record
from surveyapp.store.models import SurveyRow
from surveyapp.surveys.settings.channels import Channels


def change_channels(
    session: Session,
    survey: SurveyRow,
    raw: Mapping[str, Any],
    *,
    end_hosts: Collection[str],
    user_id: int | None,
) -> Channels:
    """Allow these channels from now on; what ``raw`` does not name stays.

    ``end_hosts`` are the hosts that a survey may lead to. Raises Invalid as ``Channels.read`` does,
    and for an end elsewhere.
    """
    channels = Channels.read({**survey.channels, **raw})
    if channels.end_url and not leads_to(channels.end_url, end_hosts):
        allowed = ", ".join(sorted(end_hosts)) or "none; set SURVEYAPP_END_HOSTS to allow hosts"
        raise Invalid(
            f"Surveys cannot redirect to {urlsplit(channels.end_url).hostname}; allowed: {allowed}.",
            field="end_url",
        )
    survey.channels = channels.written()
    record(session, user_id, "change channels", f"survey {survey.code}", **survey.channels)
    session.flush()
    return channels


def leads_to(url: str, hosts: Collection[str]) -> bool:
    """Whether an address lies on one of these hosts; asked again whenever it is shown."""
    return urlsplit(url).hostname in hosts

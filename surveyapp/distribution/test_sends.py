"""A test send: the message as customers get it, to a member of staff, with links that lead to no survey."""

from __future__ import annotations

import secrets

from sqlalchemy.orm import Session

from surveyapp.distribution.outgoing import TEST
from surveyapp.errors import Conflict, Invalid
from surveyapp.installation import Installation
from surveyapp.store.audit import record
from surveyapp.store.models import OutgoingMessage
from surveyapp.surveys.survey import Survey


def send_test(
    session: Session,
    survey: Survey,
    *,
    to: str,
    language: str,
    reminder: bool,
    installation: Installation,
    user_id: int,
) -> None:
    """Have a test message sent as soon as a worker comes by. Raises Invalid, Conflict without mail."""
    if not installation.settings.smtp_url:
        raise Conflict(
            "No mail server is configured. Ask whoever runs this server to set SURVEYAPP_SMTP_URL."
        )
    if language not in survey.offered(installation.library):
        raise Invalid(f"The survey is not available in {language[:20]!r}.", field="language")
    session.add(
        OutgoingMessage(
            key=f"test {survey.id} {secrets.token_hex(8)}",
            kind=TEST,
            survey_id=survey.id,
            content={"to": to, "language": language, "number": int(reminder)},
        )
    )
    record(session, user_id, "send test message", f"survey {survey.code}")

"""A journey's reply templates: texts from which a reply to the customer of a case begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid, NotFound
from surveyapp.store.audit import record
from surveyapp.store.models import Journey, ReplyTemplate
from surveyapp.surveys.settings.distribution import MessageText

MOST = 100
LONGEST_NAME, LONGEST_SUBJECT, LONGEST_TEXT = 120, 200, 5000
AGENT = "{agent}"  # is filled with the name of whoever replies


def templates_of(session: Session, journey_id: int) -> list[ReplyTemplate]:
    """The templates of a journey by name and language."""
    query = select(ReplyTemplate).where(ReplyTemplate.journey_id == journey_id)
    return list(session.scalars(query.order_by(ReplyTemplate.name, ReplyTemplate.language)))


def template_of(session: Session, journey_id: int, template_id: int) -> ReplyTemplate:
    """A template of this journey. Raises NotFound."""
    found = session.get(ReplyTemplate, template_id)
    if found is None or found.journey_id != journey_id:
        raise NotFound("This journey has no such reply template; it may have been removed.")
    return found


def add_template(
    session: Session, journey: Journey, raw: Mapping[str, Any], *, user_id: int
) -> ReplyTemplate:
    """A new template. Raises Invalid, naming the field."""
    template = ReplyTemplate(journey_id=journey.id)
    if len(templates_of(session, journey.id)) >= MOST:
        raise Invalid(f"A journey has at most {MOST} reply templates.", field="name")
    _set(session, template, raw)
    session.add(template)
    said = {"name": template.name, "language": template.language}
    record(session, user_id, "add reply template", f"journey {journey.code}", **said)
    session.flush()
    return template


def change_template(
    session: Session,
    journey: Journey,
    template: ReplyTemplate,
    raw: Mapping[str, Any],
    *,
    user_id: int,
) -> None:
    """Change a template; replies that were sent keep their words. Raises Invalid."""
    _set(session, template, raw)
    said = {"name": template.name, "language": template.language}
    record(session, user_id, "change reply template", f"journey {journey.code}", **said)
    session.flush()


def remove_template(
    session: Session, journey: Journey, template: ReplyTemplate, *, user_id: int
) -> None:
    """Take a template away; replies that were sent stay."""
    said = {"name": template.name, "language": template.language}
    record(session, user_id, "remove reply template", f"journey {journey.code}", **said)
    session.delete(template)


def _set(session: Session, template: ReplyTemplate, raw: Mapping[str, Any]) -> None:
    name = " ".join(str(raw.get("name") or "").split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(f"Enter a name of at most {LONGEST_NAME} characters.", field="name")
    language = str(raw.get("language") or "")
    subject, text = (str(raw.get(each) or "") for each in ("subject", "text"))
    # An invitation's rules for placeholders, and one placeholder that only a reply has.
    MessageText(subject=subject.replace(AGENT, ""), text=text.replace(AGENT, ""))
    for field, value in (("subject", subject), ("text", text)):
        if not value.strip():
            raise Invalid(f"Enter the {field} of the reply.", field=field)
    _check_free(session, template, name, language)
    template.name, template.language = name, language
    template.subject, template.text = subject.strip(), text.replace("\r\n", "\n").strip()


def _check_free(session: Session, template: ReplyTemplate, name: str, language: str) -> None:
    with session.no_autoflush:
        taken = session.scalar(
            select(ReplyTemplate.id).where(
                ReplyTemplate.journey_id == template.journey_id,
                ReplyTemplate.name == name,
                ReplyTemplate.language == language,
            )
        )
    if taken is not None and taken != template.id:
        raise Invalid(
            f"There is a template {name!r} in this language already; choose another name.",
            field="name",
        )

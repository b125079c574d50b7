"""Mail to people whom a comment on a map mentions: who, where and a link, never what it says."""

from __future__ import annotations

from sqlalchemy.orm import Session

from surveyapp.installation import Installation
from surveyapp.journeys.map_comments import Written
from surveyapp.store.models import Journey, OutgoingMessage

KIND = "mention"


def tell_mentioned(
    session: Session, journey: Journey, written: Written, *, author: str, installation: Installation
) -> int:
    """Write the mails in the caller's transaction, one a person; how many. None without a mail server."""
    if not installation.settings.smtp_url:
        return 0
    thread = written.comment.thread_id or written.comment.id
    base = installation.settings.base_url.rstrip("/")
    address = f"{base}/journeys/{journey.id}/map-comments#comment-{thread}"
    text = "\n".join(
        (
            f"{author} mentions you in a comment on the map of {journey.name}.",
            "",
            f"Where: {written.where}",
            f"Read and answer: {address}",
            "",
        )
    )
    now = installation.now()
    session.add_all(
        OutgoingMessage(
            key=f"mention {written.comment.id} {person.id}",
            kind=KIND,
            channel="email",
            content={
                "to": person.email,
                "subject": " ".join(f"{author} mentions you on the map of {journey.name}".split()),
                "text": text,
            },
            due_at=now,
            created_at=now,
        )
        for person in written.people
    )
    return len(written.people)

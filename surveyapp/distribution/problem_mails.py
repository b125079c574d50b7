"""Mail to administrators about what stays broken; what a dead worker cannot tell, alerts have to."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from surveyapp.installation import Installation
from surveyapp.operations.status import Problem, status
from surveyapp.store.inserts import insert
from surveyapp.store.models import OutgoingMessage, User

KIND = "system"
STAYS = timedelta(minutes=30)  # before anybody is told: a restart, a busy hour
_BETWEEN = timedelta(hours=23)  # two mails about the same; a round more or less makes no second one
_BY_MAIL_ITSELF = "queue Messages"  # it would wait with the others
_MESSAGES = cast(Table, OutgoingMessage.__table__)


class ProblemMails:
    """The duty; it remembers since when this worker has seen each problem."""

    def __init__(self) -> None:
        self._since: dict[str, datetime] = {}
        self._lock = Lock()

    def __call__(self, installation: Installation, now: datetime) -> int:
        """Write to every administrator about each problem that has stayed for ``STAYS``, once a day however
        many workers see it; how many mails.
        """
        if not installation.settings.smtp_url:
            return 0
        found = {each.code: each for each in status(installation).problems()}
        found.pop(_BY_MAIL_ITSELF, None)
        with self._lock:
            self._since = {code: self._since.get(code, now) for code in found}
            stayed = [found[code] for code, since in self._since.items() if now - since >= STAYS]
        if not stayed:
            return 0
        with installation.store.writing() as session:
            return sum(_written(session, each, installation, now) for each in stayed)


def _written(session: Session, problem: Problem, installation: Installation, now: datetime) -> int:
    administrators = session.scalars(
        select(User).where(User.active, User.role == "administrator").order_by(User.id)
    ).all()
    # The key holds workers back who meet on one day; a mail just before midnight counts for the next.
    yesterday = [_key(problem, user.id, now - timedelta(days=1)) for user in administrators]
    lately = set(
        session.scalars(
            select(OutgoingMessage.key).where(
                OutgoingMessage.key.in_(yesterday), OutgoingMessage.created_at > now - _BETWEEN
            )
        )
    )
    base = installation.settings.base_url.rstrip("/")
    rows = [
        {
            "key": _key(problem, user.id, now),
            "kind": KIND,
            "channel": "email",
            "content": {
                "to": user.email,
                "subject": "surveyapp needs an administrator",
                "text": f"{problem.text}\n\nThis has been so for {STAYS.seconds // 60} minutes or longer."
                f" What else is wrong: {base}/system\n",
            },
            "state": "waiting",
            "due_at": now,
            "attempts": 0,
            "error": "",
            "created_at": now,
        }
        for user, before in zip(administrators, yesterday, strict=True)
        if before not in lately
    ]
    if not rows:
        return 0
    connection = session.connection()
    once = insert(_MESSAGES, connection.dialect.name).on_conflict_do_nothing(
        index_elements=[_MESSAGES.c.key]
    )
    once = once.returning(_MESSAGES.c.id)
    return sum(connection.execute(once, row).one_or_none() is not None for row in rows)


def _key(problem: Problem, user_id: int, day: datetime) -> str:
    return f"problem {day:%Y-%m-%d} {user_id} {problem.code}"[:120]

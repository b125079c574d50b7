"""The audit log's chain of hashes: seals entries in order, and finds the first that does not fit.

Entries are sealed afterwards, by a duty: to chain them as they are written, everybody who writes one
would have to wait for whoever wrote the one before, sign-ins and customers' erasures among them.
What is sealed is what the database gives back, so that both databases agree with themselves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from surveyapp.store.models import AuditEntry, AuditSeal

BATCH = 200  # in a transaction: whoever writes meanwhile waits for its end
BEGINNING = "0" * 64  # what stands for the hash before the first
_LATE = 10_000  # entries that others commit while one transaction lasts, with room to spare
_ALONE = text("SELECT pg_try_advisory_xact_lock(23130, 2)")  # any pair that nothing else uses


@dataclass(frozen=True)
class Link:
    """A place in the chain, written ``place:hash``; kept elsewhere it shows that the chain up to there
    is the same.
    """

    place: int
    hash: str

    def __str__(self) -> str:
        return f"{self.place}:{self.hash}"


@dataclass(frozen=True)
class Misfit:
    """The first entry that does not fit; ``why`` ends a sentence that begins with it."""

    place: int
    entry_id: int
    why: str


@dataclass(frozen=True)
class Checked:
    """What a check found: how far the chain fits, the first misfit, what waits to be sealed."""

    last: Link
    misfit: Misfit | None
    unsealed: int
    oldest_unsealed: datetime | None


def hash_of(before: str, entry: AuditEntry) -> str:
    """SHA-256 over the hash before and the entry's content as JSON with sorted keys."""
    content = {
        "id": entry.id,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "user_id": entry.user_id,
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{canonical}".encode()).hexdigest()


def unsealed(session: Session, *, limit: int) -> Sequence[AuditEntry]:
    """The oldest entries that have no place in the chain yet.

    PostgreSQL numbers entries before it commits them: a lower number may appear after a higher one was
    sealed. Hence they are looked for among the latest sealed ones too; ``check`` counts them among all.
    """
    newest = session.scalar(select(func.max(AuditSeal.entry_id))) or 0
    late = AuditEntry.id > newest - _LATE
    query = select(AuditEntry).where(late, _HAS_NO_SEAL).order_by(AuditEntry.id).limit(limit)
    return session.scalars(query).all()


def seal(session: Session, *, limit: int = BATCH) -> int:
    """Give the oldest unsealed entries their places; how many, none while another worker does it."""
    if session.get_bind().dialect.name == "postgresql" and not session.scalar(_ALONE):
        return 0
    newest = select(AuditSeal).order_by(AuditSeal.place.desc()).limit(1)
    last = session.scalar(newest)
    begin, before = (last.place + 1, last.hash) if last else (1, BEGINNING)
    entries = unsealed(session, limit=limit)
    for place, entry in enumerate(entries, start=begin):
        before = hash_of(before, entry)
        session.add(AuditSeal(place=place, entry_id=entry.id, hash=before))
    return len(entries)


def check(session: Session, *, known: Link | None = None) -> Checked:
    """Recompute the whole chain. ``known`` is a link that was noted at an earlier check."""
    last, misfit = _walked(session, known)
    count, oldest = session.execute(
        select(func.count(), func.min(AuditEntry.at)).where(_HAS_NO_SEAL)
    ).one()
    return Checked(last, misfit, count, oldest)


def _walked(session: Session, known: Link | None) -> tuple[Link, Misfit | None]:
    """The last link that fits, and what is wrong with the one after it."""
    rows = session.execute(
        select(AuditSeal, AuditEntry)
        .outerjoin(AuditEntry, AuditEntry.id == AuditSeal.entry_id)
        .order_by(AuditSeal.place)
        .execution_options(yield_per=BATCH)
    )
    last = Link(0, BEGINNING)
    for sealed, entry in rows:
        why = _misfit(last, sealed, entry, known)
        if why:
            rows.close()
            return last, Misfit(sealed.place, sealed.entry_id, why)
        last = Link(sealed.place, sealed.hash)
    if known is not None and known.place > last.place:
        why = (
            f"is gone with all after it: the chain ends at place {last.place}, not at {known.place}"
        )
        return last, Misfit(last.place + 1, 0, why)
    return last, None


def _misfit(
    last: Link, sealed: AuditSeal, entry: AuditEntry | None, known: Link | None
) -> str | None:
    if sealed.place != last.place + 1:
        return f"follows place {last.place} although its own is {sealed.place}: seals were removed"
    if entry is None:
        return "was removed after it had been sealed"
    if hash_of(last.hash, entry) != sealed.hash:
        return "was changed after it had been sealed, or the one before it was"
    if known is not None and known.place == sealed.place and known.hash != sealed.hash:
        return f"has another hash than {known.hash}, which was noted: the chain was made anew"
    return None


_HAS_NO_SEAL = ~select(AuditSeal.place).where(AuditSeal.entry_id == AuditEntry.id).exists()

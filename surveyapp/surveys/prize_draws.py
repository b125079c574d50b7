"""A draw among those who have answered. Nothing joins an entry to an answer.

Who has answered gets a pass: a random number, signed. The entry is stored under that number and its
day; the number was never stored with the answers, so that only the customer's browser knew both. In
an anonymous survey it is stored later, together with others (``redemption``).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import cast

from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode
from sqlalchemy import Table, delete, func, select
from sqlalchemy import text as sql
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid
from surveyapp.installation import Installation
from surveyapp.store.audit import record
from surveyapp.store.encrypted_columns import OfRow
from surveyapp.store.epoch_keys import EpochKeys
from surveyapp.store.inserts import insert
from surveyapp.store.models import DrawEntry, PrizeDraw, PrizeDrawWinner, SurveyRow
from surveyapp.store.signing_keys import Keys
from surveyapp.surveys import epochs
from surveyapp.surveys.settings.texts import plain
from surveyapp.surveys.survey import Survey
from surveyapp.surveys.texts import change_translations

LONGEST_PASS = 120
LONGEST_ADDRESS = 254
MOST_WINNERS = 1000
LONGEST_TEXT = 1000
_BRIEF_MILLISECONDS = 500
_LOCK_NOT_AVAILABLE = "55P03"  # of PostgreSQL
_ENTRIES = cast(Table, DrawEntry.__table__)
_ADDRESS = re.compile(r"[^@\s<>(),;:\"\\\[\]]+@[^@\s<>(),;:\"\\\[\]]+\.[^@\s<>(),;:\"\\\[\]]+")


@dataclass(frozen=True)
class Drawing:
    """A draw that was held: when, among how many, and the winners' addresses that are left."""

    at: datetime
    entries: int
    winners: tuple[str, ...]


def write_pass(keys: Keys, link: str, number: str) -> str:
    """The pass of somebody who has answered; ``number`` is random, in base64."""
    return _signer(keys, link).sign(number).decode()


def read_pass(keys: Keys, link: str, text: str) -> int | None:
    """The number of a pass for this survey's draw, or None for what is none."""
    if not 0 < len(text) <= LONGEST_PASS:
        return None
    try:
        number = base64_decode(_signer(keys, link).unsign(text))
    except BadData:
        return None
    return int.from_bytes(number[:6], "big")


def enter(session: Session, *, survey_id: int, number: int, address: str, day: date) -> None:
    """Take part, once a pass and once an address; a second time changes and says nothing.

    Raises Invalid for what is no address.
    """
    values = {"id": number, "survey_id": survey_id, "address": OfRow(_read(address), number)}
    statement = insert(_ENTRIES, session.connection().dialect.name)
    session.execute(statement.values({**values, "day": day}).on_conflict_do_nothing())


def enter_later(
    session: Session, survey_id: int, number: int, address: str, keys: EpochKeys
) -> None:
    """``enter`` the draw of an anonymous survey: sealed until enough others can be stored with it, as the
    order and the time of entries would tell whose answers came before them.
    """
    address = _read(address)
    connection = session.connection()
    epochs.lock(connection, [survey_id])
    epochs.Ledger(connection, survey_id, keys).enter(number, address)


def _read(address: str) -> str:
    address = address.strip()
    fits = len(address) <= LONGEST_ADDRESS and address.isprintable()
    if not (fits and _ADDRESS.fullmatch(address)):
        raise Invalid(f"{address[:60]!r} is not an email address.", field="address")
    name, _, host = address.rpartition("@")
    return f"{name}@{host.lower()}"


def mix(installation: Installation, _now: datetime) -> int:
    """Put the entries into the order of their random numbers, where the database keeps another.

    PostgreSQL appends, so that a copy of the table would tell the order in which people came; SQLite
    keeps rows by their number. A duty that is never in a hurry, hence always 0: where somebody reads the
    table for long, such as a backup, it is left for the next time, as whoever enters would wait behind it.
    """
    if installation.store.engine.dialect.name == "postgresql":
        try:
            with installation.store.writing() as session:
                session.execute(sql(f"SET LOCAL lock_timeout = {_BRIEF_MILLISECONDS}"))
                session.execute(sql("CLUSTER draw_entries USING pk_draw_entries"))
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
    return 0


def change_draw(session: Session, survey: SurveyRow, *, text: str, user_id: int | None) -> None:
    """Offer a draw after the thanks; ``text`` says what may be won, an empty one ends the offer."""
    text = plain(text)
    if len(text) > LONGEST_TEXT:
        raise Invalid(
            f"The prize text has {len(text)} characters; use at most {LONGEST_TEXT}.", field="draw"
        )
    survey.draw = text
    if not text:
        change_translations(survey, "draw", {})
    record(session, user_id, "change draw", _subject(survey), offered=bool(text))


def entries(session: Session, survey_id: int) -> list[DrawEntry]:
    """Who takes part, by address: the order in which they came is nobody's business."""
    own = DrawEntry.survey_id == survey_id
    return sorted(session.scalars(select(DrawEntry).where(own)), key=lambda each: each.address)


def draw_winners(
    session: Session, survey: SurveyRow, *, count: int, user_id: int | None
) -> list[DrawEntry]:
    """Draw ``count`` different entries by chance that nobody can foresee, and keep who won."""
    if not 1 <= count <= MOST_WINNERS:
        raise Invalid(f"Draw 1 to {MOST_WINNERS} winners, not {count}.", field="count")
    # Numbers alone: customers who answer meanwhile wait until all have been read.
    own = DrawEntry.survey_id == survey.id
    taking_part = session.scalars(select(DrawEntry.id).where(own)).all()
    if count > len(taking_part):
        raise Conflict(f"There are {len(taking_part)} entries, too few to draw {count} winners.")
    numbers = secrets.SystemRandom().sample(taking_part, count)
    held = PrizeDraw(survey_id=survey.id, entries=len(taking_part), winners=count)
    session.add(held)
    session.flush()
    session.add_all(PrizeDrawWinner(prize_draw_id=held.id, entry_id=each) for each in numbers)
    counts = {"entries": held.entries, "winners": held.winners}
    record(session, user_id, "draw winners", _subject(survey), **counts)
    return [session.get_one(DrawEntry, number) for number in numbers]


def drawings(session: Session, survey: Survey) -> list[Drawing]:
    """The draws that were held, the last one first."""
    own = PrizeDraw.survey_id == survey.id
    winners: dict[int, list[str]] = {}
    won = (
        select(PrizeDrawWinner.prize_draw_id, DrawEntry.address)
        .join(DrawEntry, DrawEntry.id == PrizeDrawWinner.entry_id)
        .join(PrizeDraw, PrizeDraw.id == PrizeDrawWinner.prize_draw_id)
        .where(own)
    )
    for number, address in sorted(session.execute(won), key=itemgetter(1)):
        winners.setdefault(number, []).append(address)
    held = session.scalars(select(PrizeDraw).where(own).order_by(PrizeDraw.id.desc()))
    return [Drawing(each.held_at, each.entries, tuple(winners.get(each.id, ()))) for each in held]


def delete_entries(
    session: Session,
    survey: SurveyRow,
    *,
    numbers: Collection[int] | None = None,
    user_id: int | None,
) -> int:
    """Delete these entries, or all with None; how many there were."""
    own = [DrawEntry.survey_id == survey.id]
    if numbers is not None:
        own.append(DrawEntry.id.in_(numbers))
    count = session.scalar(select(func.count()).select_from(DrawEntry).where(*own)) or 0
    session.execute(delete(DrawEntry).where(*own))
    record(session, user_id, "delete draw entries", _subject(survey), entries=count)
    return count


def _signer(keys: Keys, link: str) -> Signer:
    return Signer(
        keys,
        salt=f"surveyapp draw {link}",
        key_derivation="hmac",
        digest_method=hashlib.sha256,
    )


def _subject(survey: SurveyRow) -> str:
    return f"survey {survey.code}"

"""How customers are reached: addresses checked at the door, and kept away from every answer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table, and_, case

from surveyapp.domains import ascii_domain
from surveyapp.errors import Invalid
from surveyapp.store.encrypted_columns import OfRow
from surveyapp.store.inserts import insert
from surveyapp.store.models import Contact

_CONTACTS = cast(Table, Contact.__table__)
LONGEST_EMAIL = 254
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_BETWEEN_DIGITS = re.compile(r"[\s().\-/]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True)
class Card:
    """What is known of how to reach a customer; an empty text means nothing new."""

    email: str = ""
    phone: str = ""
    language: str = ""
    zone: str = ""

    def followed_by(self, later: Card) -> Card:
        """This card with what a later one knows better."""
        known = {name: value for name, value in vars(later).items() if value}
        return replace(self, **known)


@lru_cache(maxsize=4096)
def read_email(text: str) -> str:
    """The address in small letters, a domain of other scripts in its ASCII form; Invalid otherwise."""
    local, _, domain = text.strip().rpartition("@")
    local = local.lower()
    try:
        domain = ascii_domain(domain)
    except ValueError:  # of idna, too
        domain = ""
    address = f"{local}@{domain}"
    fits = len(address) <= LONGEST_EMAIL and len(local) <= 64
    if not fits or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise Invalid(
            f"{text.strip()[:60]!r} is not an email address; write it as anna@example.org.",
            field="email",
        )
    return address


def read_phone(text: str) -> str:
    """The number as +358401234567, without what people put between digits; Invalid otherwise."""
    number = _BETWEEN_DIGITS.sub("", text)
    number = f"+{number[2:]}" if number.startswith("00") else number
    if not _PHONE.fullmatch(number):
        raise Invalid(
            f"{text.strip()[:40]!r} is not an international phone number; write it"
            " with its country code, +358401234567.",
            field="phone",
        )
    return number


def read_language(text: str) -> str:
    """The language tag; Invalid otherwise."""
    tag = text.strip()
    if len(tag) > 20 or not _LANGUAGE.fullmatch(tag):
        raise Invalid(f"{tag[:30]!r} is not a language tag; write en or pt-BR.", field="language")
    return tag


@lru_cache(maxsize=1024)
def read_zone(text: str) -> str:
    """The IANA name of a time zone; Invalid otherwise."""
    name = text.strip()
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:  # the last one is a name that nobody knows
        raise Invalid(
            f"{name[:60]!r} is not a time zone; write its IANA name, such as Europe/Helsinki.",
            field="zone",
        ) from error
    return name


def keep(connection: Connection, cards: Iterable[tuple[str, Card]], *, now: datetime) -> None:
    """Store what is newly known by (pseudonym, card), the later over the earlier.

    An empty text leaves what is there. A new address has not bounced yet.
    """
    latest: dict[str, Card] = {}
    for customer_ref, card in cards:
        latest[customer_ref] = latest.get(customer_ref, Card()).followed_by(card)
    rows = [
        {
            "customer_ref": ref,
            **vars(card),
            "email": OfRow(card.email, ref),
            "phone": OfRow(card.phone, ref),
            "bounce_reason": "",
            "updated_at": now,
        }
        for ref, card in sorted(latest.items())  # in order: two batches do not lock in a circle
        if card != Card()
    ]
    if not rows:
        return
    statement = insert(_CONTACTS, connection.dialect.name)
    new, old = statement.excluded, _CONTACTS.c
    moved = and_(new.email != "", new.email_index != old.email_index)
    known = {
        name: case((new[name] != "", new[name]), else_=old[name])
        for name in ("email", "email_index", "phone", "phone_index", "language", "zone")
    }
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[old.customer_ref],
            set_={
                **known,
                "bounced_at": case((moved, None), else_=old.bounced_at),
                "bounce_reason": case((moved, ""), else_=old.bounce_reason),
                "updated_at": new.updated_at,
            },
        ),
        rows,
    )

"""One report of an interaction, as another program or a file sends it, read and checked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from surveyapp.errors import Invalid
from surveyapp.sampling.contacts import Card, read_email, read_language, read_phone, read_zone
from surveyapp.sampling.touchpoint_codes import CodedTouchpoint, TouchpointCodes
from surveyapp.surveys.attributes import Attribute, read_attributes, read_customer_ref
from surveyapp.surveys.links import pseudonym
from surveyapp.surveys.settings.sampling import LONGEST_WORD

FIELDS = (
    *("journey", "touchpoint", "customer_ref", "at", "external_id", "run", "channel", "language"),
    *("outcome", "attributes", "email", "phone", "zone"),
)
LONGEST_REF = 200
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_AT_CURE = "write it with its UTC offset, 2026-03-29T14:05:00+03:00, or Z for UTC"


@dataclass(frozen=True)
class Refused:
    """Why a report was not taken: its place in the batch from 1, the field, what is wrong with it
    and what to do. ``field`` is empty when the whole report is meant.
    """

    place: int
    field: str
    reason: str
    cure: str


@dataclass(frozen=True)
class IncomingInteraction:
    """An interaction that can be stored. ``customer_ref`` is a pseudonym."""

    place: CodedTouchpoint
    customer_ref: str
    at: datetime
    external_id: str
    run: str | None
    channel: str
    language: str
    outcome: str
    attributes: dict[str, Attribute]
    card: Card


class Pseudonyms:
    """Customers' references as pseudonyms; each is made once."""

    def __init__(self, secret_key: str) -> None:
        self._secret_key = secret_key
        self._made: dict[str, str] = {}

    def of(self, raw: object) -> str:
        """The pseudonym of a reference. Raises Invalid for what is none."""
        if isinstance(raw, bool) or not isinstance(raw, (str, int, type(None))):
            raise Invalid("This is not a customer reference; write it as a text")
        known = read_customer_ref(raw)
        if known is None:
            raise Invalid("The customer is missing; give your reference for the customer")
        if known not in self._made:
            self._made[known] = pseudonym(self._secret_key, known)
        return self._made[known]


class Reader:
    """Reads reports for one installation at one moment."""

    def __init__(self, places: TouchpointCodes, secret_key: str, now: datetime) -> None:
        self._places = places
        self._latest = now + timedelta(days=1)
        self._pseudonyms = Pseudonyms(secret_key)

    def read(self, number: int, raw: object) -> IncomingInteraction | list[Refused]:
        """The report at this place of the batch, or everything that is wrong with it."""
        if not isinstance(raw, Mapping):
            return [refused(number, "", "This is not an event; send an object with named fields")]
        faults = [
            refused(number, str(name)[:60], f"There is no such field; use {', '.join(FIELDS)}")
            for name in raw
            if name not in FIELDS
        ]
        found: dict[str, Any] = {}
        for field, read in self._readers(raw).items():
            try:
                found[field] = read()
            except Invalid as error:
                faults.append(refused(number, error.field or field, str(error)))
        if faults:
            return faults
        found["external_id"] = found["external_id"] or _content_id(found)
        email, phone, zone = (found.pop(name) for name in ("email", "phone", "zone"))
        return IncomingInteraction(**found, card=Card(email, phone, found["language"], zone))

    def _readers(self, raw: Mapping[str, Any]) -> dict[str, Callable[[], Any]]:
        return {
            "place": lambda: self._places.find(
                text_in(raw, "journey", LONGEST_REF), text_in(raw, "touchpoint", LONGEST_REF)
            ),
            "customer_ref": lambda: self._pseudonyms.of(raw.get("customer_ref")),
            "at": lambda: moment_in(raw.get("at"), self._latest),
            "external_id": lambda: text_in(raw, "external_id", LONGEST_REF),
            "run": lambda: text_in(raw, "run", LONGEST_REF) or None,
            "channel": lambda: text_in(raw, "channel", LONGEST_WORD),
            "outcome": lambda: text_in(raw, "outcome", LONGEST_WORD),
            "language": lambda: _read_if(read_language, text_in(raw, "language", LONGEST_REF)),
            "email": lambda: _read_if(read_email, text_in(raw, "email", 400)),
            "phone": lambda: _read_if(read_phone, text_in(raw, "phone", 100)),
            "zone": lambda: _read_if(read_zone, text_in(raw, "zone", LONGEST_REF)),
            "attributes": lambda: _attributes(raw.get("attributes")),
        }


def moment_in(raw: object, latest: datetime) -> datetime:
    """The time of a report in UTC. Raises Invalid for none, or one without offset, before 1990 or in the future."""
    if raw is None or raw == "":
        raise Invalid(f"The time is missing; {_AT_CURE}")
    try:
        moment = raw if isinstance(raw, datetime) else datetime.fromisoformat(str(raw).strip())
    except ValueError:
        raise Invalid(f"{str(raw)[:40]!r} is not a time; {_AT_CURE}") from None
    if moment.tzinfo is None:
        raise Invalid(f"{str(raw)[:40]!r} has no UTC offset; {_AT_CURE}")
    if not _EARLIEST <= moment <= latest:
        raise Invalid(
            f"{str(raw)[:40]!r} is before 1990 or in the future; report events"
            " after they have happened"
        )
    return moment.astimezone(UTC)


def refused(place: int, field: str, error: str) -> Refused:
    """What was refused: a sentence on what is wrong and one on what to do, from an error that says both."""
    reason, _, cure = error.rstrip(".").rpartition("; ")
    return Refused(
        place, field, f"{reason or cure}.", f"{cure[:1].upper()}{cure[1:]}." if reason else ""
    )


def text_in(raw: Mapping[str, Any], name: str, longest: int) -> str:
    """A field's text on one line, empty without one. Raises Invalid for what is none, or is too long."""
    value = raw.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Invalid(f"The {name} is not a text; write it in quotes", field=name)
    text = str(value).strip()
    if len(text) > longest or _UNPRINTABLE.search(text):
        raise Invalid(
            f"The {name} has {len(text)} characters or unprintable ones; use a single"
            f" line of at most {longest} characters",
            field=name,
        )
    return text


def _read_if(read: Callable[[str], str], text: str) -> str:
    return read(text) if text else ""


def _attributes(raw: object) -> dict[str, Attribute]:
    if raw is None:
        return {}
    if not isinstance(raw, Mapping) or not all(isinstance(name, str) for name in raw):
        raise Invalid('The attributes are not an object; write {"region": "North"}')
    try:
        return read_attributes(raw)
    except Invalid as error:
        name = "attributes" if error.field == "attributes" else f"attributes.{error.field}"
        raise Invalid(str(error), field=name) from error


def _content_id(found: Mapping[str, Any]) -> str:
    """An id for a report without one: the same customer, moment and outcome at a touchpoint is the
    same interaction, so that a report sent again after a lost answer adds nothing.
    """
    told = (found["customer_ref"], found["at"].isoformat(), found["outcome"], found["channel"])
    return f"same {hashlib.sha256(chr(31).join(told).encode()).hexdigest()[:32]}"

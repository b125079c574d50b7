"""Asking the customers of a list: who of them is asked, who is not and why, and the messages to them.

The list is looked at twice: when it is shown to staff for their consent, and when they have given it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, insert, literal, select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid
from surveyapp.installation import Installation
from surveyapp.sampling import contacts
from surveyapp.sampling.contact_frequency import YEAR, asked_within_a_year, rests
from surveyapp.sampling.contact_history import sharing, times_asked, times_by_address
from surveyapp.sampling.contacts import Card
from surveyapp.sampling.opt_outs import address_key
from surveyapp.sampling.reasons import Reason
from surveyapp.store.audit import record
from surveyapp.store.models import (
    Campaign,
    CampaignRecipient,
    Contact,
    Invitation,
    OptOut,
    OutgoingMessage,
    SurveyRow,
)
from surveyapp.surveys import links
from surveyapp.surveys.attributes import Attribute, read_attributes, read_customer_ref
from surveyapp.surveys.queries import survey_of
from surveyapp.surveys.settings.sampling import Sampling
from surveyapp.surveys.survey import Survey

MOST_CUSTOMERS = 5000  # of one list
SAME = timedelta(days=7)  # in which the same list is a mistake, and afterwards another wave
_CARD: Mapping[str, Callable[[str], str]] = {
    "email": contacts.read_email,
    "phone": contacts.read_phone,
    "language": contacts.read_language,
    "zone": contacts.read_zone,
}
_INVITATIONS = cast(Table, Invitation.__table__)
_MESSAGES = cast(Table, OutgoingMessage.__table__)
_RECIPIENTS = cast(Table, CampaignRecipient.__table__)
_AT_ONCE = 250  # customers in a transaction, with up to four rows each


@dataclass(frozen=True)
class Recipient:
    """A customer of a list; of the organisation's own reference only the pseudonym is kept."""

    customer_ref: str
    card: Card = field(repr=False)
    attributes: Mapping[str, Attribute] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Recipients:
    """A list that has been read. ``refused`` are (place, why); ``count`` is all of them."""

    customers: tuple[Recipient, ...]
    refused: tuple[tuple[str, str], ...]
    doubles: int

    @property
    def count(self) -> int:
        return len(self.customers) + len(self.refused) + self.doubles


@dataclass(frozen=True)
class Plan:
    """Who of a list is asked, and how many are not by reason. ``already`` were, by this very list."""

    chosen: tuple[Recipient, ...]
    left_out: Mapping[Reason, int]
    already: int


def read_recipients(customers: Iterable[Mapping[str, Any]], *, secret_key: str) -> Recipients:
    """Customers {"customer_ref", "attributes"} of a file, with email, phone, language and zone among
    the attributes. Without a reference the address stands for the customer. Raises Invalid for more
    than MOST_CUSTOMERS or none."""
    known: dict[str, Recipient] = {}
    refused: list[tuple[str, str]] = []
    doubles = 0
    for place, customer in enumerate(customers, start=1):
        if place > MOST_CUSTOMERS:
            raise Invalid(f"The list has more than {MOST_CUSTOMERS:,} customers; send it in parts.")
        try:
            listed = _listed(customer, secret_key)
        except Invalid as error:
            refused.append((str(customer.get("place") or f"Customer {place}"), str(error)))
            continue
        doubles += listed.customer_ref in known
        known.setdefault(listed.customer_ref, listed)
    if not known and not refused:
        raise Invalid("The list contains no customers; give one per line.")
    return Recipients(tuple(known.values()), tuple(refused), doubles)


def plan(
    session: Session,
    survey: Survey,
    recipients: Sequence[Recipient],
    *,
    installation: Installation,
    now: datetime,
) -> Plan:
    """Who of these would be asked at ``now``. Changes nothing. Conflict for a survey that is closed."""
    _refuse_closed(survey, now)
    digest = _digest(recipients)
    planned: dict[str, list[datetime]] = {}
    parts = [
        _plan(session, survey, digest, part, planned, installation=installation, now=now)
        for part in _parts(recipients)
    ]
    return _together(parts)


def ask_all(
    installation: Installation,
    survey_id: int,
    recipients: Sequence[Recipient],
    *,
    user_id: int | None,
    now: datetime,
) -> Plan:
    """Write a message to each customer of the list who may be asked at this moment.

    A part of the list in a transaction: customers who answer meanwhile wait for one of them. The same
    list again, also after a stop half-way, asks nobody a second time within a week.
    """
    digest = _digest(recipients)
    store, secret_key = installation.store, installation.secret_key
    parts = list(_parts(recipients))
    asked: list[Plan] = []
    for place, part in enumerate(parts, start=1):
        if asked:
            store.give_way()
        with store.writing() as session:
            # Two who press the button at once ask one after the other; SQLite has one writer anyway.
            own = select(SurveyRow).where(SurveyRow.id == survey_id).with_for_update()
            survey = survey_of(session.scalars(own).one())
            _refuse_closed(survey, now)
            made = _plan(session, survey, digest, part, {}, installation=installation, now=now)
            asked.append(made)
            whole = _together(asked)
            if whole.chosen:
                campaign = _campaign(session, survey_id, digest, now.date())
                campaign.asked += len(made.chosen)
                # Asked once more on one day, those are left out who are so now.
                campaign.left_out = {reason.value: n for reason, n in whole.left_out.items()}
                _write(session, survey, campaign, made.chosen, secret_key=secret_key, now=now)
            if place == len(parts) and whole.chosen:
                _record(session, survey, whole, user_id)
    return _together(asked)


def _parts(recipients: Sequence[Recipient]) -> Iterator[Sequence[Recipient]]:
    return (recipients[start : start + _AT_ONCE] for start in range(0, len(recipients), _AT_ONCE))


def _together(parts: Sequence[Plan]) -> Plan:
    left_out: Counter[Reason] = Counter()
    for part in parts:
        left_out.update(part.left_out)
    chosen = tuple(each for part in parts for each in part.chosen)
    return Plan(chosen, dict(left_out), sum(part.already for part in parts))


def _refuse_closed(survey: Survey, now: datetime) -> None:
    if survey.state != "open" or (survey.closes_at and survey.closes_at <= now):
        raise Conflict(f"{survey.name} is not open; publish it before inviting customers.")


def _plan(
    session: Session,
    survey: Survey,
    digest: str,
    part: Sequence[Recipient],
    planned: dict[str, list[datetime]],
    *,
    installation: Installation,
    now: datetime,
) -> Plan:
    """Who of this part of the list with this digest is asked.

    ``planned`` has by address when it is written to because of this list, as far as that is not stored
    yet; it grows.
    """
    sent = set(
        session.scalars(
            select(CampaignRecipient.customer_ref)
            .join(Campaign, Campaign.id == CampaignRecipient.campaign_id)
            .join(OutgoingMessage, OutgoingMessage.id == CampaignRecipient.message_id)
            .where(
                CampaignRecipient.customer_ref.in_([each.customer_ref for each in part]),
                Campaign.survey_id == survey.id,
                Campaign.list_digest == digest,
                OutgoingMessage.created_at > now - SAME,
            )
        )
    )
    fresh = [each for each in part if each.customer_ref not in sent]
    sampling = survey.sampling
    against = _reasons(session, fresh, sampling, planned, installation, now)
    chosen = tuple(each for each in fresh if each.customer_ref not in against)
    return Plan(chosen, Counter(against.values()), len(part) - len(fresh))


def _campaign(session: Session, survey_id: int, digest: str, day: date) -> Campaign:
    """The row of this list on this day, made where there is none; whoever asks holds the survey's row,
    so that two do not make it at once.
    """
    key = {"survey_id": survey_id, "list_digest": digest, "day": day}
    campaign = session.scalar(select(Campaign).filter_by(**key))
    if campaign is None:
        campaign = Campaign(**key, asked=0)
        session.add(campaign)
        session.flush()
    return campaign


def _write(
    session: Session,
    survey: Survey,
    campaign: Campaign,
    chosen: Sequence[Recipient],
    *,
    secret_key: str,
    now: datetime,
) -> None:
    """An invitation, a waiting message and a recipient of the campaign for each.

    A customer is a recipient once, by constraint: a list that is asked again after a stop half-way
    can write nobody a second message, whatever the plan says.
    """
    if not chosen:
        return
    session.flush()
    connection = session.connection()
    contacts.keep(connection, ((each.customer_ref, each.card) for each in chosen), now=now)
    sampling = survey.sampling
    expires_at = now.replace(microsecond=0) + timedelta(days=sampling.expires_days)
    seeds = [links.new_seed() for _ in chosen]
    adding = insert(_INVITATIONS).returning(_INVITATIONS.c.id, sort_by_parameter_order=True)
    added = connection.execute(
        adding,
        [
            {
                "survey_id": survey.id,
                "token_seed": seed,
                "token_hash": links.Ticket(links.token_of(secret_key, seed)).token_hash,
                "channel": sampling.channel,
                "state": "created",
                "created_at": now,
                "expires_at": expires_at,
            }
            for seed in seeds
        ],
    )
    invitations = list(added.scalars())
    anonymous = survey.anonymity == "anonymous"
    connection.execute(
        insert(_MESSAGES),
        [
            {
                "key": f"invitation {number}",
                "kind": "invitation",
                "channel": sampling.channel,
                "survey_id": survey.id,
                "invitation_id": number,
                "customer_ref": each.customer_ref,
                # What is known of somebody must not stand beside an anonymous answer.
                "content": {} if anonymous else {"attributes": dict(each.attributes)},
                "due_at": now,
                "created_at": now,
            }
            for each, number in zip(chosen, invitations, strict=True)
        ],
    )
    # SQLite gives the numbers of many new rows one by one; by their invitations it finds them at once.
    columns = (_MESSAGES.c.id, literal(campaign.id), _MESSAGES.c.customer_ref)
    written = select(*columns).where(_MESSAGES.c.invitation_id.in_(invitations))
    names = ["message_id", "campaign_id", "customer_ref"]
    connection.execute(insert(_RECIPIENTS).from_select(names, written))


def _record(session: Session, survey: Survey, made: Plan, user_id: int | None) -> None:
    record(
        session,
        user_id,
        "ask a list",
        f"survey {survey.code}",
        asked=len(made.chosen),
        left_out=sum(made.left_out.values()),
        reasons={reason.value: n for reason, n in made.left_out.items()},
    )


def _listed(customer: Mapping[str, Any], secret_key: str) -> Recipient:
    attributes = dict(customer.get("attributes") or {})
    card = Card(
        **{
            name: read(text)
            for name, read in _CARD.items()
            if (text := str(attributes.pop(name, "") or "").strip())
        }
    )
    reference = read_customer_ref(customer.get("customer_ref")) or card.email
    if not reference:
        raise Invalid(
            "The line has neither a customer_ref nor an email address.", field="customer_ref"
        )
    return Recipient(links.pseudonym(secret_key, reference), card, read_attributes(attributes))


def _digest(recipients: Sequence[Recipient]) -> str:
    """What a list is recognised by: who stands in it, in whatever order."""
    together = "\n".join(sorted(each.customer_ref for each in recipients))
    return hashlib.sha256(together.encode()).hexdigest()[:16]


def _reasons(
    session: Session,
    recipients: Sequence[Recipient],
    sampling: Sampling,
    planned: dict[str, list[datetime]],
    installation: Installation,
    now: datetime,
) -> dict[str, Reason]:
    """Why customers of the list are not asked, by customer; who may be asked is left out."""
    refs = [each.customer_ref for each in recipients]
    known = {
        each.customer_ref: each
        for each in session.scalars(select(Contact).where(Contact.customer_ref.in_(refs)))
    }
    settings = installation.settings
    gone = _opted_out(session, recipients, known, installation.secret_key)
    days = settings.rest_days if sampling.rest_days is None else sampling.rest_days
    since = now - max(YEAR, timedelta(days=days))
    connection = session.connection()
    emails = {each.customer_ref: _email(each, known.get(each.customer_ref)) for each in recipients}
    shared = sharing(connection, emails)
    together = sorted(set(refs).union(*shared.values()))
    asked = times_asked(connection, together, since=since)
    reasons: dict[str, Reason] = {}
    for each in recipients:
        ref, contact = each.customer_ref, known.get(each.customer_ref)
        email = emails[ref]
        times = [*times_by_address(asked, shared[ref]), *planned.get(email, ())]
        if ref in gone:
            reasons[ref] = Reason.OPTED_OUT
        elif not _address(each, contact, sampling):
            reasons[ref] = Reason.NO_ADDRESS
        elif sampling.channel == "email" and _bounced(each, contact):
            reasons[ref] = Reason.BOUNCED
        elif sampling.rest != "override" and rests(times, now, timedelta(days=days)):
            reasons[ref] = Reason.RESTING
        elif 0 < settings.asks_a_year <= asked_within_a_year(times, now):
            reasons[ref] = Reason.ASKED_ENOUGH
        elif email:
            planned.setdefault(email, []).append(now)
    return reasons


def _opted_out(
    session: Session, recipients: Sequence[Recipient], known: Mapping[str, Contact], secret_key: str
) -> set[str]:
    keys: dict[str, set[str]] = {}
    for each in recipients:
        contact = known.get(each.customer_ref)
        addresses = {each.card.email, each.card.phone, contact.email if contact else ""} - {""}
        for key in (each.customer_ref, *(address_key(secret_key, a) for a in addresses)):
            keys.setdefault(key, set()).add(each.customer_ref)
    found = session.scalars(select(OptOut.key).where(OptOut.key.in_(sorted(keys))))
    return {ref for key in found for ref in keys[key]}


def _email(each: Recipient, contact: Contact | None) -> str:
    return each.card.email or (contact.email if contact else "")


def _address(each: Recipient, contact: Contact | None, sampling: Sampling) -> str:
    name = "email" if sampling.channel == "email" else "phone"
    return str(getattr(each.card, name) or (getattr(contact, name) if contact else ""))


def _bounced(each: Recipient, contact: Contact | None) -> bool:
    """Mail came back, and the list knows no newer address."""
    return (
        contact is not None
        and contact.bounced_at is not None
        and each.card.email in ("", contact.email)
    )

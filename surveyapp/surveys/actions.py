"""Changes to what is asked, where and of whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.orm import Session

from instruments.loader import InstrumentError, Library
from instruments.schema import Instrument
from surveyapp.errors import Conflict, Invalid
from surveyapp.installation import Installation
from surveyapp.journeys.codes import code_from, read_code
from surveyapp.store.audit import record
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Invitation, Journey, SurveyRow, Touchpoint
from surveyapp.surveys import links
from surveyapp.surveys.attributes import Attribute, read_attributes, read_customer_ref
from surveyapp.surveys.pins import pins
from surveyapp.surveys.survey import Survey

ANONYMITIES = ("pseudonymous", "anonymous")
STATES = ("draft", "open", "closed")
MOST_ASKS = 12
PAGINGS = ("page", "blocks")
MOST_ON_A_PAGE = 10  # questions
MOST_CUSTOMERS = 200_000  # in one list
_LONGEST_NAME = 200
_LONGEST_TEXT = 5000
_BATCH = 500  # links in one transaction, each with what a trigger notes of it
# The plain table: the customer's way goes without the cost of mapped objects.
_INVITATIONS = cast(Table, Invitation.__table__)


@dataclass(frozen=True)
class IssuedLink:
    """A single-use link for one customer. It is shown now or never: only its hash is kept."""

    customer_ref: str | None  # as the organisation gave it
    attributes: Mapping[str, Attribute]
    url: str


def create_survey(
    session: Session,
    journey: Journey,
    *,
    name: str,
    asks: Sequence[Mapping[str, Any]],
    touchpoint: Touchpoint | None = None,
    code: str = "",
    language: str = "en",
    introduction: str = "",
    consent: str = "",
    consent_version: str = "",
    anonymity: str = "pseudonymous",
    open_link: bool = True,
    paging: str | None = None,
    state: str = "open",
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    user_id: int | None,
    library: Library,
) -> SurveyRow:
    """Ask instruments at a touchpoint of ``journey``, or at its end when ``touchpoint`` is None.

    ``asks`` holds {"instrument", and if wanted "version", "key", "wording"}, in the order in which
    they are asked; version and key are pinned to the current ones, and on opening the wordings too,
    so that a later edition changes no running survey. ``paging`` is "page" or "blocks"; a long survey
    is in blocks unless it says otherwise. The code is made from the name where none is given. Raises
    Invalid for what cannot be asked, Conflict for a code in use.
    """
    if touchpoint is not None and touchpoint.stage.journey_id != journey.id:
        raise Invalid("The touchpoint belongs to another journey.", field="touchpoint")
    if opens_at and closes_at and closes_at <= opens_at:
        raise Invalid("The survey would close before it opens.", field="closes_at")
    read = _read_asks(asks, language, library)
    survey = SurveyRow(
        journey_id=journey.id,
        touchpoint_id=touchpoint.id if touchpoint else None,
        code=_free_code(session, code, name),
        name=_line(name, "name"),
        asks=_published(read, state, library),
        language=language,
        introduction=_text(introduction, "introduction"),
        consent=_text(consent, "consent"),
        consent_version=consent_version.strip()[:60] or ("1" if consent.strip() else ""),
        anonymity=_one_of(anonymity, ANONYMITIES, "anonymity"),
        open_link=open_link,
        paging=_one_of(paging or _paging(read, library), PAGINGS, "paging"),
        link=links.new_link(),
        state=_one_of(state, STATES, "state"),
        opens_at=opens_at,
        closes_at=closes_at,
    )
    session.add(survey)
    session.flush()
    record(session, user_id, "create survey", f"survey {survey.code}", journey=journey.code)
    return survey


def _paging(asks: Sequence[Mapping[str, Any]], library: Library) -> str:
    """The layout of these questions: on one page as long as they are few."""
    instruments = ((library.load(ask["instrument"], ask["version"]), ask["key"]) for ask in asks)
    count = sum(len(instrument.asked(key)) for instrument, key in instruments)
    return "page" if count <= MOST_ON_A_PAGE else "blocks"


def open_survey(
    session: Session, survey: SurveyRow, *, user_id: int | None, library: Library
) -> None:
    """Take answers from now on, in the wordings of today or of an earlier opening.

    A closing that is past is forgotten; one that is planned stays.
    """
    was_draft = survey.state == "draft"
    survey.asks = [
        _pinned(ask, library) if was_draft or ask.get("pinned") == {} else ask
        for ask in survey.asks
    ]
    survey.state = "open"
    if survey.closes_at is not None and survey.closes_at <= utc_now():
        survey.closes_at = None
    record(session, user_id, "open survey", f"survey {survey.code}")


def close_survey(session: Session, survey: SurveyRow, *, user_id: int | None) -> None:
    """Take no more answers; links say that the survey is closed.

    ``closes_at`` becomes the moment of the closing, by which it is known who had the page open.
    """
    now = utc_now()
    survey.state = "closed"
    if survey.closes_at is None or survey.closes_at > now:
        survey.closes_at = now
    record(session, user_id, "close survey", f"survey {survey.code}")


def invite(
    session: Session,
    survey: Survey,
    customers: Iterable[Mapping[str, Any]],
    *,
    installation: Installation,
    expires_at: datetime | None = None,
    user_id: int | None,
) -> list[IssuedLink]:
    """A single-use link for each of ``customers``, in their order; as ``make_links``."""
    issued, rows = make_links(survey, customers, installation=installation, expires_at=expires_at)
    for start in range(0, len(rows), _BATCH):
        session.execute(insert(Invitation), rows[start : start + _BATCH])
    record(session, user_id, "invite", f"survey {survey.code}", invitations=len(rows))
    return issued


def invite_list(
    installation: Installation,
    survey: Survey,
    customers: Iterable[Mapping[str, Any]],
    *,
    expires_at: datetime | None = None,
    user_id: int | None,
) -> list[IssuedLink]:
    """As ``invite``, for a list of any length: some links in a transaction, so that customers who
    answer meanwhile wait for one of them. What fails half-way takes back what it has stored.
    """
    issued, rows = make_links(survey, customers, installation=installation, expires_at=expires_at)
    store = installation.store
    stored: list[list[str]] = []
    try:
        for start in range(0, len(rows), _BATCH):
            if stored:
                store.give_way()
            part = rows[start : start + _BATCH]
            with store.writing() as session:
                session.execute(insert(Invitation), part)
            stored.append([row["token_hash"] for row in part])
        with store.writing() as session:
            record(session, user_id, "invite", f"survey {survey.code}", invitations=len(rows))
    except Exception:
        for hashes in stored:
            with store.writing() as session:
                session.execute(delete(Invitation).where(Invitation.token_hash.in_(hashes)))
            store.give_way()
        raise
    return issued


def make_links(
    survey: Survey,
    customers: Iterable[Mapping[str, Any]],
    *,
    installation: Installation,
    expires_at: datetime | None = None,
) -> tuple[list[IssuedLink], list[dict[str, Any]]]:
    """A single-use link for each of ``customers``, {"customer_ref", "attributes"}, in their order; and
    the invitations to be stored.

    Nothing of a customer is stored: pseudonym and attributes are signed into the link. In an
    anonymous survey the link holds no pseudonym either, and attributes that fewer of these customers
    share than the setting ``minimum_cell`` says are refused, because they would name somebody. Raises
    Invalid, naming the customer's place in the list.
    """
    if survey.state == "closed":
        raise Conflict(f"{survey.name} is closed; reopen it before inviting customers.")
    if expires_at is not None and expires_at <= installation.now():
        raise Invalid("The links would already have expired.", field="expires_at")
    read = _read_customers(customers)
    anonymous = survey.anonymity == "anonymous"
    if anonymous:
        _refuse_rare_attributes(
            [attributes for _, attributes in read], installation.settings.minimum_cell
        )
    secret_key, base_url = installation.secret_key, installation.settings.base_url
    issued: list[IssuedLink] = []
    rows: list[dict[str, Any]] = []
    for customer_ref, attributes in read:
        known = customer_ref is not None and not anonymous
        ticket = links.Ticket(
            token=links.new_token(),
            customer_ref=links.pseudonym(secret_key, customer_ref or "") if known else None,
            attributes=attributes,
            expires_at=expires_at,
        )
        signed = links.write_ticket(installation.signing_keys, survey.link, ticket)
        if len(signed) > links.LONGEST_TICKET:
            raise Invalid(
                f"The attributes of customer {len(issued) + 1} make the link"
                f" {len(signed)} characters long; leave out long ones.",
                field=_field(len(issued) + 1, "attributes"),
            )
        url = links.single_use_url(base_url, survey.link, signed)
        issued.append(IssuedLink(customer_ref, attributes, url))
        rows.append(_invitation(survey, ticket))
    return issued, rows


def _invitation(survey: Survey, ticket: links.Ticket) -> dict[str, Any]:
    return {
        "survey_id": survey.id,
        "token_hash": ticket.token_hash,
        "expires_at": ticket.expires_at,
    }


def _read_customers(
    customers: Iterable[Mapping[str, Any]],
) -> list[tuple[str | None, dict[str, Attribute]]]:
    read: list[tuple[str | None, dict[str, Attribute]]] = []
    places: dict[str, str] = {}
    for place, customer in enumerate(customers, start=1):
        if place > MOST_CUSTOMERS:
            raise Invalid(f"More than {MOST_CUSTOMERS} customers; invite them in several lists.")
        try:
            customer_ref = read_customer_ref(customer.get("customer_ref"))
            attributes = read_attributes(customer.get("attributes") or {})
        except Invalid as error:
            raise Invalid(
                f"{_place(customer, place)}: {error}", field=_field(place, error.field)
            ) from error
        if customer_ref is not None:
            if customer_ref in places:
                raise Invalid(
                    f"{_place(customer, place)}: {customer_ref} is already at"
                    f" {places[customer_ref]}; list each customer once.",
                    field=_field(place, "customer_ref"),
                )
            places[customer_ref] = _place(customer, f"position {place}").lower()
        read.append((customer_ref, attributes))
    if not read:
        raise Invalid("The list contains no customers; give one per line.")
    return read


def _field(place: int, name: str | None) -> str:
    """Where it stands in the list of customers that was sent, whose places count from 0 there."""
    return ".".join(filter(None, ("customers", str(place - 1), name)))


def _place(customer: Mapping[str, Any], otherwise: int | str) -> str:
    """Where a customer stands in the file that it comes from, else in the list."""
    known = customer.get("place")
    if known is not None:
        return str(known)
    return f"Customer {otherwise}" if isinstance(otherwise, int) else otherwise


def _refuse_rare_attributes(attributes: list[dict[str, Attribute]], minimum_cell: int) -> None:
    shared = Counter(tuple(sorted(each.items(), key=repr)) for each in attributes)
    for place, each in enumerate(attributes, start=1):
        count = shared[tuple(sorted(each.items(), key=repr))]
        if each and count < minimum_cell:
            raise Invalid(
                f"Customer {place}: only {count} of the list share these attributes, which could"
                f" identify customers in an anonymous survey; at least {minimum_cell} are needed."
                " Leave attributes out or make their values coarser.",
                field=_field(place, "attributes"),
            )


def _read_asks(
    asks: Sequence[Mapping[str, Any]], language: str, library: Library
) -> list[dict[str, Any]]:
    if not 1 <= len(asks) <= MOST_ASKS:
        raise Invalid(f"Choose 1 to {MOST_ASKS} questionnaires, not {len(asks)}.", field="asks")
    read: list[dict[str, Any]] = []
    for ask in asks:
        unknown = set(ask) - {"instrument", "version", "key", "wording"}
        if unknown:
            raise Invalid(
                f"A questionnaire has no setting {', '.join(sorted(unknown))}.", field="asks"
            )
        read.append(_read_ask(ask, language, library))
    codes = [ask["instrument"] for ask in read]
    for code in codes:
        if codes.count(code) > 1:
            raise Invalid(f"{code} is chosen twice; choose it once.", field="asks")
    return read


def _read_ask(ask: Mapping[str, Any], language: str, library: Library) -> dict[str, Any]:
    try:
        instrument = library.load(str(ask.get("instrument", "")), ask.get("version") or None)
    except InstrumentError as error:
        raise Invalid(f"This questionnaire cannot be used: {error}", field="asks") from error
    key = ask.get("key") or None
    if key is not None and key not in instrument.keys:
        known = ", ".join(instrument.keys) or "none"
        raise Invalid(
            f"{instrument.code} has no scoring key {key!r}; it has {known}.", field="asks"
        )
    if key is None and instrument.default_key is not None:
        key = instrument.default_key.code
    wording = _read_wording(instrument, ask.get("wording") or None, language)
    return {
        "instrument": instrument.code,
        "version": instrument.version,
        "key": key,
        "wording": wording,
    }


def _published(asks: list[dict[str, Any]], state: str, library: Library) -> list[dict[str, Any]]:
    """The asks of a new survey: a draft shows the current words until it is opened."""
    if state == "draft":
        return [{**ask, "pinned": {}} for ask in asks]
    return [_pinned(ask, library) for ask in asks]


def _pinned(ask: Mapping[str, Any], library: Library) -> dict[str, Any]:
    instrument = library.load(ask["instrument"], ask["version"])
    return {**ask, "pinned": pins(instrument, ask.get("wording"))}


def _read_wording(instrument: Instrument, wording: str | None, language: str) -> str | None:
    if wording is not None and wording not in instrument.wordings:
        known = ", ".join(instrument.wordings)
        raise Invalid(
            f"{instrument.code} has no wording {wording!r}; it has {known}.", field="asks"
        )
    if wording is None and language not in {w.language for w in instrument.wordings.values()}:
        known = ", ".join(sorted({w.language for w in instrument.wordings.values()}))
        raise Invalid(
            f"{instrument.code} is not available in {language!r}; it is in {known}.",
            field="language",
        )
    return wording


def _free_code(session: Session, code: str, name: str) -> str:
    taken = set(session.scalars(select(SurveyRow.code)))
    if not code.strip():
        return code_from(name, taken, fallback="survey")
    code = read_code(code)
    if code in taken:
        raise Conflict(f"The code {code!r} is already used by another survey; choose another.")
    return code


def _line(text: str, field: str) -> str:
    text = " ".join(text.split())
    if not 1 <= len(text) <= _LONGEST_NAME:
        raise Invalid(
            f"The {field} has {len(text)} characters; use 1 to {_LONGEST_NAME}.", field=field
        )
    return text


def _text(text: str, field: str) -> str:
    text = text.strip()
    if len(text) > _LONGEST_TEXT:
        raise Invalid(
            f"The {field} has {len(text)} characters; use at most {_LONGEST_TEXT}.", field=field
        )
    return text


def _one_of(value: str, known: tuple[str, ...], field: str) -> str:
    if value not in known:
        raise Invalid(
            f"{value[:40]!r} is not a valid {field}; use {', '.join(known)}.", field=field
        )
    return value

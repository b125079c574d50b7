"""What a survey's data-protection report is made of: settings and rows as they are now, no claim beyond
them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.schema import ItemKind
from surveyapp.auth import api_keys, grants, second_factors
from surveyapp.auth import queries as accounts
from surveyapp.auth.permissions import Role
from surveyapp.installation import Installation
from surveyapp.responses.collected import attribute_names, paradata_names
from surveyapp.responses.retention_rules import KeepRule, keep_rule, rule_of
from surveyapp.results import cells
from surveyapp.results.facets import WITH_FLAGGED
from surveyapp.settings import Settings
from surveyapp.store.models import EVERYBODY, Campaign
from surveyapp.surveys.survey import Survey
from surveyapp.webhooks import queries as webhooks


@dataclass(frozen=True)
class AskedItem:
    """A question as customers read it, in the survey's own language."""

    questionnaire: str
    code: str
    text: str
    kind: ItemKind


@dataclass(frozen=True)
class Recipient:
    """A program that gets data: a webhook's host and events, or an API key's name and scopes."""

    name: str
    gets: tuple[str, ...]
    of_this_journey: bool = False  # and of no other


@dataclass(frozen=True)
class Staff:
    """How many people have access, by grant, and how many of them use a second factor."""

    by_grant: Mapping[str, int]
    people: int
    with_second_factor: int


@dataclass(frozen=True)
class Facts:
    """Everything that the report says of a survey."""

    survey: Survey
    settings: Settings
    database: str
    made: date
    answers: int
    first_day: date | None
    last_day: date | None
    items: tuple[AskedItem, ...]
    attributes: tuple[str, ...]
    paradata: tuple[str, ...]
    sends: bool  # messages to customers whose addresses are kept
    webhooks: tuple[Recipient, ...]
    keys: tuple[Recipient, ...]
    staff: Staff
    rule: KeepRule | None

    @property
    def is_https(self) -> bool:
        return self.settings.base_url.startswith("https://")

    @property
    def free_texts(self) -> tuple[AskedItem, ...]:
        return tuple(each for each in self.items if each.kind is ItemKind.OPEN_TEXT)


def facts_of(
    session: Session, survey: Survey, installation: Installation, *, newest: int | None = None
) -> Facts:
    """Read the facts of a survey; the names of what is stored with answers in so many of the ``newest``, in
    all if omitted, which takes a fifth of a second for a million.
    """
    answered = cells.days(session, [survey.id], [EVERYBODY], facets=WITH_FLAGGED)[EVERYBODY]
    count, first, last = answered.get(survey.id, (0, None, None))
    row = rule_of(session, survey.id)

    return Facts(
        survey=survey,
        settings=installation.settings,
        database="SQLite" if installation.store.is_sqlite else "PostgreSQL",
        made=installation.now().astimezone(UTC).date(),
        answers=count,
        first_day=first,
        last_day=last,
        items=tuple(_items(survey, installation)),
        attributes=attribute_names(session, survey.id, newest=newest),
        paradata=paradata_names(session, survey.id, newest=newest),
        sends=survey.sampling.active or _has_campaign(session, survey),
        webhooks=tuple(
            Recipient(each.host, each.events)
            for each in webhooks.lines(session)
            if each.state == "on"
        ),
        keys=tuple(_keys(session, survey, installation.now())),
        staff=_staff(session, survey),
        rule=keep_rule(row) if row else None,
    )


def _items(survey: Survey, installation: Installation) -> list[AskedItem]:
    wordings = {ask.instrument: ask.wording for ask in survey.asks}
    filled = {"{provider}": survey.provider, "{touchpoint}": survey.touchpoint}
    found = []
    for instrument, key in survey.asked(installation.library):
        wording = instrument.wording(survey.language, wordings.get(instrument.code))
        for item in instrument.asked(key):
            text = wording.items.get(item.code, "")
            for mark, value in filled.items():
                text = text.replace(mark, value)
            found.append(AskedItem(wording.title, item.code, text, item.kind))
    return found


def _has_campaign(session: Session, survey: Survey) -> bool:
    own = select(Campaign.id).where(Campaign.survey_id == survey.id).limit(1)
    return session.scalar(own) is not None


def _keys(session: Session, survey: Survey, now: datetime) -> list[Recipient]:
    """The API keys that open this survey's journey."""
    return [
        Recipient(each.name, each.scopes, each.journey is not None)
        for each in api_keys.lines(session, now=now)
        if each.journey in {None, survey.journey}
        and each.revoked_at is None
        and (each.expires_at is None or each.expires_at > now)
    ]


def _staff(session: Session, survey: Survey) -> Staff:
    by_grant: Counter[str] = Counter()
    people = {}
    for account in accounts.accounts(session):
        if account.role is Role.ADMINISTRATOR and account.active:
            by_grant["administrator"] += 1
            people[account.id] = account
    for given in grants.given_on(session, survey.journey_id):
        if given.account.active and given.account.role is not Role.ADMINISTRATOR:
            people.setdefault(given.account.id, given.account)
            for grant in given.grants:
                by_grant[str(grant)] += 1
    second = sum(second_factors.of(session, number).is_on for number in people)
    return Staff(by_grant, len(people), second)

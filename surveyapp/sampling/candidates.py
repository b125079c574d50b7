"""The surveys that ask after interactions, and what is known of the customers concerned."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Table, and_, func, select

from surveyapp.sampling.contact_frequency import YEAR
from surveyapp.sampling.contact_history import sharing, times_asked, times_by_address
from surveyapp.sampling.opt_outs import address_key
from surveyapp.store.models import (
    Contact,
    Decision,
    Interaction,
    Journey,
    OptOut,
    Stage,
    SurveyRow,
    Touchpoint,
)
from surveyapp.surveys import queries
from surveyapp.surveys.survey import Survey

_CONTACTS = cast(Table, Contact.__table__)
_DECISIONS = cast(Table, Decision.__table__)
_INTERACTIONS = cast(Table, Interaction.__table__)


@dataclass(frozen=True)
class KnownInteraction:
    """An interaction as deciding needs it."""

    id: int
    touchpoint_id: int
    journey_run_id: int | None
    customer_ref: str
    at: datetime
    outcome: str
    channel: str
    attributes: dict[str, Any]
    external_id: str | None


@dataclass(frozen=True)
class Reached:
    """How a customer can be reached."""

    email: str = ""
    phone: str = ""
    zone: str = ""
    bounced: bool = False


@dataclass
class CustomerHistory:
    """What is known of the customers of a batch; grows with what is decided."""

    reached: dict[str, Reached] = field(default_factory=dict)
    opted_out: set[str] = field(default_factory=set)
    asked: dict[str, list[datetime]] = field(default_factory=dict)  # when, planned ones too
    sharing: dict[str, set[str]] = field(
        default_factory=dict
    )  # customers by one of the same address
    counts: dict[int, int] = field(default_factory=dict)  # asks of surveys with a quota
    runs: set[tuple[int, int]] = field(default_factory=set)  # survey, journey run: asked already

    def times_asked(self, customer_ref: str) -> list[datetime]:
        """When the customer was asked, or somebody else at the same email address."""
        return times_by_address(self.asked, self.sharing.get(customer_ref, {customer_ref}))

    def note_ask(self, survey: Survey, interaction: KnownInteraction, due_at: datetime) -> None:
        """Let what follows know of this ask."""
        self.asked.setdefault(interaction.customer_ref, []).append(due_at)
        if survey.id in self.counts:
            self.counts[survey.id] += 1
        if survey.at_end and interaction.journey_run_id is not None:
            self.runs.add((survey.id, interaction.journey_run_id))


def surveys_at(connection: Connection, touchpoints: Collection[int]) -> dict[int, list[Survey]]:
    """The active surveys that an interaction at each touchpoint may start: its own, and those at its
    journey's end that name it, or name none.
    """
    places = connection.execute(
        select(Touchpoint.id, Touchpoint.code, Stage.code, SurveyRow.id)
        .select_from(Touchpoint)
        .join(Stage, Stage.id == Touchpoint.stage_id)
        .join(Journey, Journey.id == Stage.journey_id)
        .join(
            SurveyRow,
            and_(
                SurveyRow.journey_id == Journey.id,
                func.coalesce(SurveyRow.touchpoint_id, Touchpoint.id) == Touchpoint.id,
                SurveyRow.state != "draft",
            ),
        )
        .where(Touchpoint.id.in_(sorted(touchpoints)))
        .order_by(SurveyRow.id)
    ).all()
    known = queries.surveys(connection, {number for *_, number in places})
    found: dict[int, list[Survey]] = {}
    for touchpoint, code, stage, number in places:
        survey = known[number]
        ends = survey.sampling.trigger.touchpoints
        named = not survey.at_end or not ends or code in ends or f"{stage}/{code}" in ends
        if survey.sampling.active and named:
            found.setdefault(touchpoint, []).append(survey)
    return found


def known_of(
    connection: Connection,
    batch: Sequence[KnownInteraction],
    surveys: Collection[Survey],
    *,
    secret_key: str,
    now: datetime,
) -> CustomerHistory:
    """Contacts, opt-outs and earlier asks of these customers; a few statements."""
    refs = sorted({interaction.customer_ref for interaction in batch})
    contact = _CONTACTS.c
    known = CustomerHistory()
    keys = {ref: {ref} for ref in refs}  # of an opt-out: a customer, an address -> its customers
    for ref, email, phone, zone, bounced in connection.execute(
        select(
            contact.customer_ref, contact.email, contact.phone, contact.zone, contact.bounced_at
        ).where(contact.customer_ref.in_(refs))
    ):
        known.reached[ref] = Reached(email, phone, zone, bounced is not None)
        for address in filter(None, (email, phone)):
            keys.setdefault(address_key(secret_key, address), set()).add(ref)
    found = connection.execute(select(OptOut.key).where(OptOut.key.in_(sorted(keys)))).scalars()
    known.opted_out = {ref for key in found for ref in keys[key]}
    own = _DECISIONS.c
    longest = max([YEAR, *(timedelta(days=each.sampling.rest_days or 0) for each in surveys)])
    emails = {ref: known.reached[ref].email if ref in known.reached else "" for ref in refs}
    known.sharing = sharing(connection, emails)
    together = sorted(set(refs).union(*known.sharing.values()))
    known.asked = times_asked(connection, together, since=now - longest)
    for survey in surveys:
        if survey.sampling.most is not None:
            count = select(func.count()).where(own.survey_id == survey.id, own.outcome == "ask")
            known.counts[survey.id] = connection.execute(count).scalar_one()
    known.runs = _asked_runs(connection, batch, [each.id for each in surveys if each.at_end])
    return known


def _asked_runs(
    connection: Connection, batch: Sequence[KnownInteraction], surveys: Sequence[int]
) -> set[tuple[int, int]]:
    runs = sorted(
        {
            interaction.journey_run_id
            for interaction in batch
            if interaction.journey_run_id is not None
        }
    )
    if not runs or not surveys:
        return set()
    rows = connection.execute(
        select(_DECISIONS.c.survey_id, _INTERACTIONS.c.journey_run_id)
        .join(_INTERACTIONS, _INTERACTIONS.c.id == _DECISIONS.c.interaction_id)
        .where(
            _INTERACTIONS.c.journey_run_id.in_(runs),
            _DECISIONS.c.survey_id.in_(surveys),
            _DECISIONS.c.outcome == "ask",
        )
    )
    return {(survey, run) for survey, run in rows}

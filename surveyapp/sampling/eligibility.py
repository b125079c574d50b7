"""Whether one survey asks about one interaction: pure, from what is known of customer and survey."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from surveyapp.sampling import contact_frequency
from surveyapp.sampling.candidates import (
    CustomerHistory,
    KnownInteraction,
    Reached,
)
from surveyapp.sampling.quiet_hours import quiet_hours_of
from surveyapp.sampling.reasons import Reason
from surveyapp.surveys.survey import Survey


@dataclass(frozen=True)
class Rules:
    """The installation's own: zone of customers without one, rest and asks a year (0: no limit)."""

    time_zone: str = "UTC"
    rest_days: int = 30
    asks_a_year: int = 6


@dataclass(frozen=True)
class Eligibility:
    """An ask has a ``due_at``; a skip has a reason. ``detail`` says more than the reason's sentence."""

    due_at: datetime | None = None
    reason: Reason | None = None
    detail: str = ""

    @property
    def asks(self) -> bool:
        return self.due_at is not None


def decide(
    interaction: KnownInteraction,
    survey: Survey,
    known: CustomerHistory,
    *,
    rules: Rules,
    secret_key: str,
    now: datetime,
) -> Eligibility:
    """The first reason not to ask, in the order of ``Reason``, or when to ask."""
    sampling = survey.sampling
    reached = known.reached.get(interaction.customer_ref, Reached())
    if not sampling.trigger.matches(
        interaction.channel, interaction.outcome, interaction.attributes
    ):
        return Eligibility(reason=Reason.NOT_TRIGGERED)
    if survey.state != "open":
        return Eligibility(reason=Reason.SURVEY_CLOSED)
    if now - interaction.at > timedelta(days=sampling.max_age_days):
        return Eligibility(
            reason=Reason.TOO_OLD, detail=_too_old(interaction, sampling.max_age_days, now)
        )
    if interaction.customer_ref in known.opted_out:
        return Eligibility(reason=Reason.OPTED_OUT)
    by_mail = sampling.channel == "email"
    if not (reached.email if by_mail else reached.email or reached.phone):
        return Eligibility(reason=Reason.NO_ADDRESS)
    if by_mail and reached.bounced:
        return Eligibility(reason=Reason.BOUNCED)
    if survey.at_end and (survey.id, interaction.journey_run_id) in known.runs:
        return Eligibility(reason=Reason.ALREADY_ASKED)
    if not _drawn(interaction, survey, secret_key):
        said = f"{sampling.share:.0%} of events are sampled; this one was not."
        return Eligibility(reason=Reason.SAMPLED_OUT, detail=said)
    return _when(interaction, survey, known, rules, _zone(reached.zone, rules.time_zone), now)


def _when(
    interaction: KnownInteraction,
    survey: Survey,
    known: CustomerHistory,
    rules: Rules,
    zone: ZoneInfo,
    now: datetime,
) -> Eligibility:
    sampling, quiet = survey.sampling, quiet_hours_of(survey.sampling)
    asked = known.times_asked(interaction.customer_ref)
    own = known.asked.get(interaction.customer_ref, [])
    days = rules.rest_days if sampling.rest_days is None else sampling.rest_days

    def allowed(moment: datetime) -> datetime:
        return quiet.next_allowed(moment, zone) if quiet else moment

    due = soonest = allowed(max(now, interaction.at + timedelta(minutes=sampling.delay_minutes)))
    if sampling.rest == "delay":
        due = contact_frequency.after_rest(asked, soonest, timedelta(days=days), allowed)
    elif sampling.rest == "block" and contact_frequency.rests(asked, soonest, timedelta(days=days)):
        return Eligibility(reason=Reason.RESTING, detail=_resting(asked, own, soonest, days))
    early = survey.opens_at is not None and due < survey.opens_at
    if early or (survey.closes_at is not None and due >= survey.closes_at):
        return Eligibility(reason=Reason.SURVEY_CLOSED)
    often = contact_frequency.asked_within_a_year(asked, due)
    if rules.asks_a_year and often >= rules.asks_a_year:
        said = f"The customer has been invited {often} times within a year, which is the limit."
        return Eligibility(reason=Reason.ASKED_ENOUGH, detail=said)
    if sampling.most is not None and known.counts[survey.id] >= sampling.most:
        said = f"The survey is limited to {sampling.most} invitations, and all have been sent."
        return Eligibility(reason=Reason.QUOTA_FULL, detail=said)
    if due > soonest:
        said = _resting(asked, own, soonest, days, "the invitation is sent afterwards")
        return Eligibility(due, Reason.DELAYED, said)
    return Eligibility(due)


def _zone(own: str, otherwise: str) -> ZoneInfo:
    """The customer's zone; the installation's where none is known, or by a name that is gone since."""
    try:
        return ZoneInfo(own or otherwise)
    except (KeyError, ValueError, OSError):
        return ZoneInfo(otherwise)


def _drawn(interaction: KnownInteraction, survey: Survey, secret_key: str) -> bool:
    """Whether the interaction is in the survey's sample: by lot, and the same lot each time.

    The lot knows nothing that depends on the order in which interactions arrive.
    """
    if survey.sampling.share >= 1:
        return True
    key = hmac.new(secret_key.encode(), b"surveyapp sampling", "sha256").digest()
    told = (
        survey.id,
        interaction.customer_ref,
        interaction.touchpoint_id,
        interaction.at.isoformat(),
        interaction.external_id,
    )
    digest = hmac.new(key, "\x1f".join(map(str, told)).encode(), "sha256").digest()
    return int.from_bytes(digest[:8]) < survey.sampling.share * 2**64


def _too_old(interaction: KnownInteraction, days: int, now: datetime) -> str:
    return (
        f"It happened {(now - interaction.at).days} days before; the survey covers events at most"
        f" {days} days old."
    )


def _resting(
    asked: Sequence[datetime],
    own: Sequence[datetime],
    moment: datetime,
    days: int,
    then: str = "no invitation is sent",
) -> str:
    nearest = min(asked, key=lambda each: abs(each - moment))
    who = "The customer" if nearest in own else "Another customer with the same address"
    said = "was" if nearest <= moment else "will be"
    return (
        f"{who} {said} invited on {nearest:%Y-%m-%d} and the minimum interval is"
        f" {days} days; {then}."
    )

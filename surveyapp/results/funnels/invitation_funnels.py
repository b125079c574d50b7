"""What became of invitations, by survey and by the channel of the message: asked, opened, started, completed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import case, func, not_, select
from sqlalchemy.orm import Session

from analysis.metrics import Share, share
from instruments.loader import Library
from surveyapp.journeys.calendar import Calendar, calendar_of
from surveyapp.responses.facets import Facet
from surveyapp.results.cells import MonthKey, month_key
from surveyapp.results.facets import Facets
from surveyapp.results.funnels.rates import response_rates
from surveyapp.results.journey import Ground, ground
from surveyapp.results.months import month_invited
from surveyapp.results.scope import Scope
from surveyapp.results.suppression.customer_groups import why_hidden, within
from surveyapp.results.view_models import Hidden, ResponseRate
from surveyapp.sampling.invitation_rollups import INVITATIONS
from surveyapp.sampling.invitation_steps import OPENED, STARTED, TO_BE_SENT
from surveyapp.store.models import EVERYBODY, Invitation, Journey


@dataclass(frozen=True)
class InvitationStep:
    """How many came this far, and which share of the asked that is."""

    name: str
    n: int
    share: Share


@dataclass(frozen=True)
class InvitationFunnel:
    """The invitations to a survey, or those of one ``channel`` ("" for all); no steps where hidden.

    An anonymous survey stores neither who opened nor who started, and no channel of those who answered.
    """

    code: str
    name: str
    stage: str | None  # both None at the journey's end
    touchpoint: str | None
    channel: str
    steps: tuple[InvitationStep, ...]
    hidden: Hidden = Hidden.NO

    @property
    def by_name(self) -> dict[str, InvitationStep]:
        """Its steps by their names."""
        return {step.name: step for step in self.steps}


@dataclass(frozen=True)
class _Invited:
    """Invitations alike in survey, channel and month."""

    survey_id: int
    channel: str
    month: MonthKey
    n: int
    opened: int
    started: int
    completed: int
    segments: frozenset[int] = frozenset((EVERYBODY,))

    @property
    def facet(self) -> Facet:
        return Facet(self.channel, "", flagged=False)


def count_uncounted(session: Session, journey: Journey, surveys: Sequence[int]) -> int:
    """How many invitations to these surveys would have to be counted one by one, whatever became of them."""
    others = set(surveys) - INVITATIONS.counted_surveys(session, surveys, calendar_of(journey))
    if not others:
        return 0
    own = Invitation.survey_id.in_(others)
    return session.scalar(select(func.count()).select_from(Invitation).where(own)) or 0


def invitation_funnels(
    session: Session,
    scope: Scope,
    *,
    by_channel: bool = True,
    minimum_cell: int = 5,
    library: Library,
) -> tuple[InvitationFunnel, ...]:
    """The funnel of each survey that somebody was invited to, then of each channel of its messages.

    Channels, and who started, are read from every invitation until these are counted by day; without
    ``by_channel`` the rest is counted in an index.

    Of all customers, whatever segment the scope is of, and of invitations made in its months; what is
    hidden is so by the rules of response rates, and a channel also by its own numbers. Raises NotFound.
    """
    rates = response_rates(session, scope, minimum_cell=minimum_cell, library=library)
    base = ground(session, scope.journey_id, library=library)
    anonymous = {survey.id for survey in base.surveys if survey.is_anonymous}
    invited = _invited(session, base) if by_channel else []
    found = []
    for rate in rates:
        if not rate.sent:
            continue
        if rate.hidden or rate.survey_id in anonymous or not by_channel:
            found.append(_of_rate(rate, opened=rate.survey_id not in anonymous))
            continue
        own = [each for each in invited if each.survey_id == rate.survey_id]
        found.append(_funnel(rate, "", within(own, scope.period)))
        channels = sorted({each.channel for each in within(own, scope.period)})
        for channel in channels if len(channels) > 1 else ():
            found.append(_of_channel(base, rate, own, channel, scope, minimum_cell))
    return tuple(found)


def _invited(session: Session, base: Ground) -> list[_Invited]:
    """Every invitation that was sent or handed on, of all time, counted by the database."""
    calendar = calendar_of(base.journey)
    known = INVITATIONS.counted_surveys(session, base.ids, calendar)
    found = _counted(session, known, calendar) if known else []
    others = [survey for survey in base.ids if survey not in known]
    return [*found, *_one_by_one(session, others, calendar)] if others else found


def _counted(session: Session, surveys: Collection[int], calendar: Calendar) -> list[_Invited]:
    """The same of surveys whose invitations are counted by day."""
    alike: dict[tuple[int, str, MonthKey], list[int]] = {}
    by = ("survey_id", "channel", "month", "state", "is_opened", "is_started", "is_waiting")
    for key, (n,) in INVITATIONS.numbers(session, surveys, by, calendar).items():
        survey, channel, month, state, opened, started, waits = key
        if state != "suppressed" and not waits:
            own = alike.setdefault((survey, channel, month), [0, 0, 0, 0])
            reached = (True, opened, started, state == "completed")
            for place in (place for place, came in enumerate(reached) if came):
                own[place] += n
    return [
        _Invited(*key, n, opened, started, completed)
        for key, (n, opened, started, completed) in alike.items()
        if n
    ]


def _one_by_one(session: Session, surveys: Sequence[int], calendar: Calendar) -> list[_Invited]:
    """The same of surveys whose invitations a worker has not counted yet."""
    own = Invitation
    month = month_invited(session, surveys, calendar)
    reached = [("opened", OPENED), ("started", STARTED), ("completed", own.state == "completed")]
    inner = (
        select(
            *(own.survey_id, own.channel, month.label("month")),
            *(case((came, 1), else_=0).label(name) for name, came in reached),
        )
        .where(own.survey_id.in_(surveys), own.state != "suppressed", not_(TO_BE_SENT))
        .subquery()
    )
    alike, steps = list(inner.c)[:3], [func.sum(inner.c[name]) for name, _ in reached]
    found = []
    for row in session.execute(select(*alike, func.count(), *steps).group_by(*alike)):
        survey, channel, written, *counts = row
        n, opened_by, started_by, completed_by = map(int, counts)
        when = month_key(written)
        found.append(_Invited(survey, channel, when, n, opened_by, started_by, completed_by))
    return found


def _of_channel(
    base: Ground,
    rate: ResponseRate,
    invited: Sequence[_Invited],
    channel: str,
    scope: Scope,
    minimum: int,
) -> InvitationFunnel:
    facets = Facets(channel)
    answered = [replace(each, n=each.completed) for each in invited]
    reasons = (
        why_hidden(groups, base.lying, scope.period, EVERYBODY, minimum=minimum, facets=facets)
        for groups in (invited, answered)
    )
    hidden = next(filter(None, reasons), Hidden.NO)
    if hidden:
        return _named(rate, channel, (), hidden)
    return _funnel(rate, channel, within(invited, scope.period, facets))


def _funnel(rate: ResponseRate, channel: str, invited: Sequence[_Invited]) -> InvitationFunnel:
    asked = sum(each.n for each in invited)
    counts = (
        ("Asked", asked),
        ("Opened", sum(each.opened for each in invited)),
        ("Started", sum(each.started for each in invited)),
        ("Completed", sum(each.completed for each in invited)),
    )
    steps = tuple(InvitationStep(name, n, share(n, asked)) for name, n in counts if asked)
    return _named(rate, channel, steps, Hidden.NO)


def _of_rate(rate: ResponseRate, *, opened: bool) -> InvitationFunnel:
    """What a response rate knows: who was asked and answered, and who opened, where that is stored."""
    if rate.hidden or rate.completed is None or rate.completed > rate.sent:
        return _named(rate, "", (), rate.hidden)
    between = [("Opened", rate.opened or 0)] if opened else []
    counts = [("Asked", rate.sent), *between, ("Completed", rate.completed)]
    steps = tuple(InvitationStep(name, n, share(n, rate.sent)) for name, n in counts)
    return _named(rate, "", steps, Hidden.NO)


def _named(
    rate: ResponseRate, channel: str, steps: tuple[InvitationStep, ...], hidden: Hidden
) -> InvitationFunnel:
    return InvitationFunnel(
        rate.code, rate.name, rate.stage, rate.touchpoint, channel, steps, hidden
    )

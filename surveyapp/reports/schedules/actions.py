"""Scheduling reports: begin, pause, resume, remove, and leave as a recipient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from surveyapp.auth.grants import able
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid, NotFound
from surveyapp.i18n.words import ENGLISH
from surveyapp.journeys.calendar import calendar_of
from surveyapp.journeys.queries import journey as journey_of
from surveyapp.reports.actions import KINDS as REPORTS
from surveyapp.reports.actions import PARTNER, check_weights, partner_told
from surveyapp.reports.document import Paper
from surveyapp.reports.formats.names import Format, read_formats
from surveyapp.reports.languages import check_language
from surveyapp.reports.schedules.timing import Every, next_day
from surveyapp.results.scope import Comparison, Scope
from surveyapp.store.audit import record
from surveyapp.store.mail import is_address
from surveyapp.store.models import EVERYBODY, ReportSchedule, ScheduleRecipient, Segment

KINDS = (
    "benchmark",
    "executive",
    PARTNER,
)  # reports of a scope; the others are of a stored analysis
MOST_RECIPIENTS, MOST_MONTHS = 50, 24


@dataclass(frozen=True)
class Plan:
    """What is to be sent to whom, and how often."""

    kind: str
    every: Every
    hour: int = 7
    months: int = 3
    segment_id: int | None = None
    comparison: Comparison = Comparison.BEFORE
    formats: Sequence[str] = ()
    paper: Paper = Paper.A4
    partner: str = ""
    quotes: bool = False
    weighted: bool = False  # by population shares, too
    language: str = ENGLISH.language  # what the report is written in
    user_ids: Sequence[int] = ()
    addresses: Sequence[str] = ()


def schedule_report(
    session: Session, journey_id: int, plan: Plan, *, user_id: int | None, now: datetime
) -> ReportSchedule:
    """Begin a schedule; its first report is made on the next day that it falls on.

    Raises Invalid for what cannot be planned, naming the field, NotFound for an unknown segment,
    NotAllowed for quotes of comments that the user may not read.
    """
    journey = journey_of(session, journey_id)
    _check(session, journey_id, plan)
    told = partner_told(session, journey, plan.kind, plan.partner, plan.quotes, user_id)
    today = calendar_of(journey).day(now)
    formats = [str(each) for each in read_formats(plan.formats) if each is not Format.PDF]
    made = ReportSchedule(
        journey_id=journey_id,
        segment_id=plan.segment_id,
        kind=plan.kind,
        every=str(plan.every),
        hour=plan.hour,
        months=plan.months,
        parameters={
            "compare": str(plan.comparison),
            "formats": formats,
            "paper": str(plan.paper),
            **told,
            **({"weighted": True} if plan.weighted else {}),
            "report_language": plan.language,
        },
        next_on=next_day(plan.every, today),
        created_by=user_id,
        recipients=[
            *(ScheduleRecipient(user_id=number, address="") for number in plan.user_ids),
            *(ScheduleRecipient(address=each) for each in plan.addresses),
        ],
    )
    session.add(made)
    session.flush()
    count = {"people": len(plan.user_ids), "addresses": len(plan.addresses)}
    record(session, user_id, "schedule report", f"journey {journey.code}", kind=plan.kind, **count)
    return made


def _check(session: Session, journey_id: int, plan: Plan) -> None:
    if plan.kind not in KINDS:
        raise Invalid(f"{plan.kind} cannot be scheduled; choose {' or '.join(KINDS)}", field="kind")
    check_language(plan.kind, plan.language, named=REPORTS[plan.kind])
    if not 0 <= plan.hour <= 23:
        raise Invalid(f"{plan.hour} is not an hour of the day; enter 0 to 23", field="hour")
    if not 1 <= plan.months <= MOST_MONTHS:
        raise Invalid(
            f"{plan.months} months cannot be reported on; enter 1 to {MOST_MONTHS}", field="months"
        )
    if plan.segment_id is not None and session.get(Segment, plan.segment_id) is None:
        raise NotFound(f"There is no segment number {plan.segment_id}; it may have been removed.")
    if plan.weighted:
        scope = Scope(journey_id, plan.segment_id or EVERYBODY, weighted=True)
        check_weights(session, plan.kind, scope, later=True)
    known = {account.id for account in able(session, Permission.READ_REPORTS, journey_id)}
    for number in plan.user_ids:
        if number not in known:
            raise Invalid(
                f"account {number} may not read this journey's reports; grant it access first",
                field="people",
            )
    for address in plan.addresses:
        if not is_address(address):
            raise Invalid(f"{address} is not an email address; correct it", field="addresses")
    count = len(plan.user_ids) + len(plan.addresses)
    if not count:
        raise Invalid(
            "nobody would get the report; choose people or enter addresses", field="people"
        )
    if count > MOST_RECIPIENTS:
        raise Invalid(
            f"{count} recipients are too many; a schedule has at most {MOST_RECIPIENTS}",
            field="addresses",
        )


def pause(
    session: Session, schedule: ReportSchedule, *, user_id: int | None, now: datetime
) -> None:
    """Make no report until it is resumed; again makes no difference."""
    if schedule.paused_at is None:
        schedule.paused_at = now
        record(session, user_id, "pause schedule", f"schedule {schedule.id}")


def resume(
    session: Session, schedule: ReportSchedule, *, user_id: int | None, now: datetime
) -> None:
    """Go on with the next day that it falls on; what was missed meanwhile is not made up for."""
    if schedule.paused_at is not None:
        schedule.paused_at = None
        today = calendar_of(schedule.journey).day(now)
        schedule.next_on = next_day(Every(schedule.every), today)
        record(session, user_id, "resume schedule", f"schedule {schedule.id}")


def remove(session: Session, schedule: ReportSchedule, *, user_id: int | None) -> None:
    """Delete the schedule with its recipients, history and links; reports that were made stay."""
    record(session, user_id, "remove schedule", f"schedule {schedule.id}", kind=schedule.kind)
    session.delete(schedule)
    session.flush()


def leave(session: Session, recipient: ScheduleRecipient, *, now: datetime) -> None:
    """Send this recipient nothing more; again makes no difference."""
    if recipient.left_at is None:
        recipient.left_at = now
        record(session, None, "leave schedule", f"schedule {recipient.schedule_id}")

"""What the worker does about schedules: ask for the reports that are due, and send those that are made.

A day's report is asked for in the transaction that moves the schedule on to its next day, where the day
is still the one that was read. So of several workers one asks for it, and one that is killed has either
done both or nothing; its job and its mails are rows of the same kind.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from surveyapp.auth.accounts import account_of
from surveyapp.auth.grants import may_on
from surveyapp.auth.permissions import Permission
from surveyapp.errors import SurveyappError
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.installation import Installation
from surveyapp.reports.actions import PARTNER, ask_report
from surveyapp.reports.document import Paper
from surveyapp.reports.journeys.too_few import too_few
from surveyapp.reports.schedules.mails import tell, written_for
from surveyapp.reports.schedules.timing import Every, due_at, months_of, next_day
from surveyapp.results import dashboards
from surveyapp.results.partners import of_touchpoints, touchpoints_of
from surveyapp.results.scope import Comparison, Scope
from surveyapp.results.weights.weighting import being_counted
from surveyapp.store.models import EVERYBODY, Job, Report, ReportSchedule, ScheduleRun

_AT_ONCE = 20  # schedules and runs in one round
_REMOVED = msg("The report was removed or cancelled.")
_PATIENCE = timedelta(days=1)
_ENDED = ("failed", "cancelled")


def schedules_due(installation: Installation, now: datetime) -> int:
    """Ask for what is due and send what is made; how many of both."""
    with installation.store.reading() as session:
        due = _due(session, now)
        made = list(session.scalars(_finished().limit(_AT_ONCE)))
    begun = sum(_begin(installation, number, day, now) for number, day in due)
    return begun + sum(_end(installation, number, now) for number in made)


def _due(session: Session, now: datetime) -> list[tuple[int, date]]:
    # A day begins up to 14 hours before that of UTC.
    soonest = (now + timedelta(hours=14)).date()
    query = select(ReportSchedule).where(
        ReportSchedule.next_on <= soonest, ReportSchedule.paused_at.is_(None)
    )
    found = session.scalars(query.order_by(ReportSchedule.next_on))
    due = [each for each in found if due_at(each.next_on, each.hour, each.journey.zone) <= now]
    return [(each.id, each.next_on) for each in due[:_AT_ONCE]]


def _begin(installation: Installation, schedule_id: int, day: date, now: datetime) -> bool:
    """Ask for a day's report, or note why there is none; False when another worker has, or it waits for weights."""
    with installation.store.reading() as session:
        schedule = session.get(ReportSchedule, schedule_id)
        if schedule is None or schedule.next_on != day:
            return False
        if _waits(session, schedule, day, now):
            return False
        reason, why = _why_not(installation, session, schedule, day)
        following = next_day(Every(schedule.every), day)
    with installation.store.writing() as session:
        mine = session.execute(
            update(ReportSchedule)
            .where(
                ReportSchedule.id == schedule_id,
                ReportSchedule.next_on == day,
                ReportSchedule.paused_at.is_(None),
            )
            .values(next_on=following)
            .returning(ReportSchedule.id)
        ).one_or_none()
        if mine is None:
            return False
        schedule = session.get_one(ReportSchedule, schedule_id, populate_existing=True)
        run = ScheduleRun(schedule=schedule, due_on=day, state="making", note="", created_at=now)
        session.add(run)
        if reason:
            run.state = "skipped"
        else:
            try:
                run.report = _asked(session, schedule, day)
            except SurveyappError as error:
                reason, run.state = str(error), "failed"
                why = _in_english(reason, written_for(schedule))
        run.note = reason[:500]
        session.flush()
        if run.state != "making":
            _note(run, tell(session, installation, run, schedule.recipients, now=now, why=why))
    return True


def _asked(session: Session, schedule: ReportSchedule, day: date) -> Report:
    return ask_report(
        session,
        kind=schedule.kind,
        scope=_scope(schedule, day),
        formats=schedule.parameters["formats"],
        paper=Paper(schedule.parameters["paper"]),
        partner=schedule.parameters.get("partner", ""),
        quotes=schedule.parameters.get("quotes", False),
        language=schedule.parameters.get("report_language", ENGLISH.language),
        user_id=schedule.created_by,
    )


def _scope(schedule: ReportSchedule, day: date) -> Scope:
    since, until = months_of(Every(schedule.every), day, schedule.months)
    comparison = Comparison(schedule.parameters["compare"])
    segment, weighted = schedule.segment_id or EVERYBODY, _is_weighted(schedule)
    return Scope(schedule.journey_id, segment, since, until, comparison, weighted=weighted)


def _is_weighted(schedule: ReportSchedule) -> bool:
    return bool(schedule.parameters.get("weighted"))


def _waits(session: Session, schedule: ReportSchedule, day: date, now: datetime) -> bool:
    """Whether a weighted report is made in a later round, when its answers are counted by the shares; a
    day after it was due it fails with the reason."""
    late = due_at(day, schedule.hour, schedule.journey.zone) + _PATIENCE < now
    return _is_weighted(schedule) and not late and being_counted(session, schedule.journey_id)


def _why_not(
    installation: Installation, session: Session, schedule: ReportSchedule, day: date
) -> tuple[str, str]:
    """Why there is no report of this day, for staff and in the report's language; empty where there is."""
    words = written_for(schedule)
    if schedule.creator is not None:
        account = account_of(schedule.creator)
        may = may_on(session, account, Permission.MAKE_REPORTS, schedule.journey_id)
        if not may:
            said = msg(
                "{name}, who made the schedule, may not create reports of this journey any more. Remove"
                " it, and let somebody else make a new one."
            )
            staff, told = (
                each.say(said, name=each.name(account.name)) for each in (ENGLISH, words)
            )
            return staff, told
    scope = _scope(schedule, day)
    overview = dashboards.journey_overview(
        session,
        scope,
        minimum_cell=installation.settings.minimum_cell,
        library=installation.library,
    )
    if schedule.kind == PARTNER:
        ids = touchpoints_of(schedule.journey, schedule.parameters["partner"])
        overview = of_touchpoints(overview, ids)
    return too_few(overview), too_few(overview, words)


def _finished() -> Select[int]:
    """Runs whose report is made or never will be."""
    ended = or_(
        Report.id.is_(None), Report.file_id.is_not(None), Job.id.is_(None), Job.state.in_(_ENDED)
    )
    return (
        select(ScheduleRun.id)
        .outerjoin(Report, Report.id == ScheduleRun.report_id)
        .outerjoin(Job, Job.id == Report.job_id)
        .where(ScheduleRun.state == "making", ended)
        .order_by(ScheduleRun.id)
    )


def _end(installation: Installation, run_id: int, now: datetime) -> bool:
    """Send a run's report, or note why it cannot be; False when another worker has."""
    with installation.store.writing() as session:
        mine = session.execute(
            update(ScheduleRun)
            .where(ScheduleRun.id == run_id, ScheduleRun.state == "making")
            .values(state="sent")
            .returning(ScheduleRun.id)
        ).one_or_none()
        if mine is None:
            return False
        run = session.get_one(ScheduleRun, run_id, populate_existing=True)
        schedule = session.get_one(ReportSchedule, run.schedule_id)
        words, why = written_for(schedule), ""
        if run.report is None or run.report.file_id is None:
            job = run.report.job if run.report else None
            error = (job.error if job else "")[:500]
            run.state, run.note = "failed", error or _REMOVED
            why = _in_english(error, words) if error else words.say(_REMOVED)
        _note(run, tell(session, installation, run, schedule.recipients, now=now, why=why))
    return True


def _in_english(error: str, words: Words) -> str:
    """What the program says of a failure, which it says in English."""
    if words.is_english:
        return error
    return words.say("The program says, in English: {error}", error=words.name(error))


def _note(run: ScheduleRun, told: str) -> None:
    run.note = " ".join(filter(None, (run.note, told)))[:500]

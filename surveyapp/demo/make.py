"""Make the demonstration: map, simulated answers, analyses, two PDFs, someone who may sign in."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.auth import actions as auth
from surveyapp.auth.passwords import one_time_password
from surveyapp.comments.intake import masked
from surveyapp.demo import (
    alerted,
    asked,
    became,
    commented,
    handed_over,
    passed,
    population,
    scheduled,
    study,
    talked,
)
from surveyapp.demo.bank import JOURNEYS, SEGMENTS
from surveyapp.demo.benchmarks import import_benchmarks
from surveyapp.demo.branding import brand
from surveyapp.demo.changed import register
from surveyapp.demo.compared import compare
from surveyapp.demo.developed import develop_scale
from surveyapp.demo.evidenced import show_evidence
from surveyapp.demo.lanes import fill_in
from surveyapp.demo.learnt import learn
from surveyapp.demo.modelled import model_scale
from surveyapp.demo.nested import upload_branches
from surveyapp.demo.own_questions import write_questions
from surveyapp.demo.piloted import upload_pilot
from surveyapp.demo.portraits import show_faces
from surveyapp.demo.redrawn import redraw
from surveyapp.demo.repeated import upload_panel
from surveyapp.demo.reported import report_besides
from surveyapp.demo.shared import share
from surveyapp.demo.surveys import draw_map
from surveyapp.demo.targeted import draw_target
from surveyapp.demo.targets import set_targets
from surveyapp.demo.weighted import tell_shares
from surveyapp.errors import SurveyappError
from surveyapp.installation import Installation
from surveyapp.journeys.portfolio import place_journey
from surveyapp.journeys.segment_actions import create_segment
from surveyapp.reports.actions import ask_report
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.prepared import Prepared
from surveyapp.responses.sorting import sort_batch
from surveyapp.results.analyses.actions import ask_sjq_study, ask_validation
from surveyapp.results.outcomes.actions import ask_outcome_analysis
from surveyapp.results.scope import Scope
from surveyapp.store import private, queue
from surveyapp.store.models import Invitation, Journey, Report, SurveyRow, User
from surveyapp.surveys.links import open_url, pseudonym
from surveyapp.surveys.queries import survey_of
from surveyapp.worker import run_now

SEED = 20210601
EMAIL = "demo@northbank.example"
_KINDS = ("benchmark", "validation")
_BATCH = 2000
_WHOLE_FROM = 20  # day of a month from which every place has enough answers of it
_REVIEW_DAYS = 30
_OPENED = 0.35  # of those who never answer
_RESAMPLES = 500  # of the study; 5,000, as its page asks, take some seconds more
_WORKER = "demonstration"

Progress = Callable[[int, str], None]


@dataclass(frozen=True)
class Made:
    """What the person at the terminal wants to know."""

    address: str
    email: str
    password: str
    survey: str
    shared: str  # empty where the installation allows no links
    reports: tuple[Path, ...]

    def told(self) -> str:
        lines = [
            "",
            f"  Sign in       {self.address}",
            f"                {self.email}   one-time password: {self.password}",
            f"  Answer as a customer   {self.survey}",
            *([f"  Read without an account   {self.shared}"] if self.shared else []),
            *(f"  PDF           {path}" for path in self.reports),
            "",
        ]
        return "\n".join(lines)


def make(installation: Installation, *, responses: int, progress: Progress) -> Made:
    """Everything once; called again, only the one-time password and the shared address are new."""
    with installation.store.reading() as session:
        there = (
            session.scalar(select(Journey.id).where(Journey.code == JOURNEYS[0].code)) is not None
        )
    if not there:
        progress(1, "Drawing the map")
        with installation.store.writing() as session:
            owner = _account(session, one_time_password())
        _answers(installation, responses, owner, progress)
        write_questions(installation, user_id=owner)
        progress(60, "Coding comments")
        _comments(installation, owner)
        alerted.watch(installation, JOURNEYS[0].code, owner)
        _study(installation, _between(progress, 60, 63))
        with installation.store.writing() as session:
            compared = compare(session)
            journey = session.scalars(select(Journey).where(Journey.code == JOURNEYS[0].code)).one()
            compared.append(ask_outcome_analysis(session, journey, user_id=owner).id)
            draw_target(session, journey, today=installation.now().date(), owner_id=owner)
        for job in compared:
            run_now(installation, job, worker=_WORKER, shown=_between(progress, 63, 64))
        progress(64, "Fitting models")
        run = partial(run_now, installation, worker=_WORKER, shown=_between(progress, 64, 64))
        for work in (model_scale, upload_pilot, upload_branches, upload_panel, develop_scale):
            work(installation, JOURNEYS[0].code, owner_id=owner, run=run)
    progress(64, "Validating the scale")
    files = _reports(installation, progress)
    with installation.store.writing() as session:
        password = _let_in(session)
        journey = session.scalars(select(Journey).where(Journey.code == JOURNEYS[0].code)).one()
        owner_row = session.scalars(select(User).where(User.email == EMAIL)).one()
        shared = share(session, installation, journey, owner_row)
        link = session.scalars(
            select(SurveyRow.link)
            .join(Journey)
            .where(Journey.code == JOURNEYS[0].code, SurveyRow.touchpoint_id.is_(None))
        ).first()
    base = installation.settings.base_url
    return Made(f"{base}/", EMAIL, password, open_url(base, link or ""), shared, files)


def _answers(installation: Installation, responses: int, owner_id: int, progress: Progress) -> None:
    """Map and answers in one transaction: a demonstration is there or it is not."""
    rng = np.random.default_rng(SEED)
    today = installation.now().replace(hour=12, minute=0, second=0, microsecond=0)
    youngest = _youngest(today)
    people = max(10, round(responses / population.RESPONSES_A_CUSTOMER / len(JOURNEYS)))
    with installation.store.writing() as session:
        for code, name, rule in SEGMENTS:
            segment, job = create_segment(session, name=name, rule=rule, code=code, user_id=None)
            sort_batch(session, segment.id)  # at once: there is nothing to sort yet
            claimed = queue.claim(session, job.id, worker=_WORKER)
            if claimed is not None:
                queue.finish(session, claimed)
        for place, plan in enumerate(JOURNEYS):
            surveys = draw_map(session, plan)
            if not place:
                tell_shares(session, surveys[""].journey, today=today.date(), worker=_WORKER)
            place_journey(
                session,
                surveys[""].journey,
                group=plan.group,
                tags=plan.tags,
                owner_id=owner_id,
                review_every="quarterly",
                next_review=(today + timedelta(days=_REVIEW_DAYS)).date(),
                user_id=None,
            )
            brand(session, installation, surveys.values())
            drawn = list(population.draw(plan, n=people, rng=rng, today=youngest))
            if plan.studied:
                drawn += study.draw(rng, today=youngest)
            register(session, plan, today=today, owner_id=owner_id)
            fill_in(session, plan)
            redraw(session, plan, today=today, owner_id=owner_id)
            for step, (where, survey) in enumerate(surveys.items()):
                share = (place + step / len(surveys)) / len(JOURNEYS)
                progress(5 + round(55 * share), f"Simulating {plan.name}")
                here = [ask for ask in drawn if ask.place == where]
                store_bulk(
                    session,
                    survey_of(survey),
                    _prepared(session, installation, survey, here, rng),
                    source="invitation",
                    library=BUILT_IN,
                )
        progress(60, "Asking by mail, day by day")
        asked.ask(session, installation, JOURNEYS[0], rng=rng, today=youngest, owner_id=owner_id)
        passed.pass_through(
            session,
            JOURNEYS[0],
            secret_key=installation.secret_key,
            rng=np.random.default_rng([SEED, passed.CUSTOMERS]),  # by which no answer changes
            today=youngest,
        )
        became.become(
            session, JOURNEYS[0], rng=np.random.default_rng([SEED, became.OUTCOMES]), today=youngest
        )
        handed_over.hand_over(
            session, JOURNEYS[1], rng=np.random.default_rng([SEED, len(JOURNEYS)])
        )
        first = session.scalars(select(Journey).where(Journey.code == JOURNEYS[0].code)).one()
        set_targets(session, first, today=today.date(), owner_id=owner_id)
        talked.talk(session, first.id, today=today, owner_id=owner_id)
        scheduled.schedule(session, first, now=today, owner_id=owner_id)
        wording = BUILT_IN.load("nps").wording("en").id
        import_benchmarks(session, year=today.year, wording=wording)


def _youngest(today: datetime) -> datetime:
    """When the youngest answers were given. In a month's first weeks a touchpoint has fewer of them than the
    minimum cell, which hides the month before, too: the demonstration ends with that month then.
    """
    return today if today.day >= _WHOLE_FROM else today.replace(day=1) - timedelta(days=1)


def _comments(installation: Installation, owner_id: int) -> None:
    """Code the first journey's comments, and have themes proposed."""
    with installation.store.writing() as session:
        journey = session.scalars(select(Journey).where(Journey.code == JOURNEYS[0].code)).one()
        rng = np.random.default_rng(SEED)
        commented.code(session, journey, rng=rng, owner_id=owner_id)
        learn(session, journey, owner_id=owner_id, now=installation.now())
        show_faces(installation, session, journey, owner_id=owner_id)
        few = installation.settings.minimum_cell
        show_evidence(session, journey, JOURNEYS[1].code, minimum_cell=few, owner_id=owner_id)
        job_id = commented.ask_themes(session, journey, owner_id=owner_id)
    run_now(installation, job_id, worker=_WORKER, shown=lambda _percent, _step: None)


def _taken(answers: Mapping[str, Mapping[str, Any]], rng: np.random.Generator) -> float:
    """Seconds on the page: opening it, then 2.5 to 8 seconds an item."""
    items = sum(len(given) for given in answers.values())
    return 10 + items * float(rng.uniform(2.5, 8))


def _prepared(
    session: Session,
    installation: Installation,
    survey: SurveyRow,
    asks: Sequence[population.Ask],
    rng: np.random.Generator,
) -> Iterator[Prepared]:
    """Responses, after their invitations and those that nobody answered have been written."""
    # Comments come from a generator of their own, by which no score changes.
    said, known = np.random.default_rng([SEED, survey.id]), survey_of(survey)
    for start in range(0, len(asks), _BATCH):
        batch = asks[start : start + _BATCH]
        session.execute(insert(Invitation), [_invitation(survey, ask, rng) for ask in batch])
        for ask in batch:
            if ask.answers is not None:
                answers, language, told = commented.comment(ask.answers, said)
                taken = masked(known, answers, BUILT_IN)
                yield Prepared(
                    taken.answers,
                    submitted_at=ask.at,
                    started_at=ask.at - timedelta(seconds=_taken(ask.answers, rng)),
                    attributes=ask.attributes,
                    language=language,
                    paradata=told,
                    customer_ref=pseudonym(installation.secret_key, ask.customer),
                )


def _invitation(survey: SurveyRow, ask: population.Ask, rng: np.random.Generator) -> dict[str, Any]:
    sent = ask.at - timedelta(hours=float(rng.uniform(0.1, 20)))
    opened = ask.answers is not None or rng.random() < _OPENED
    done: datetime | None = ask.at if ask.answers is not None else None
    return {
        "survey_id": survey.id,
        # Nobody holds the token that this would be the hash of.
        "token_hash": hashlib.sha256(secrets.token_bytes(16)).hexdigest(),
        "state": "completed" if done else "opened" if opened else "created",
        "created_at": sent,
        "opened_at": ask.at - timedelta(minutes=2) if opened else None,
        "completed_at": done,
    }


def _study(installation: Installation, progress: Progress) -> None:
    """Does journey quality drive loyalty? Its page then has something to show."""
    code = next(f"{plan.code}-{study.PLACE}" for plan in JOURNEYS if plan.studied)
    with installation.store.writing() as session:
        survey = session.scalars(select(SurveyRow).where(SurveyRow.code == code)).one()
        analysis = ask_sjq_study(
            session,
            journey_id=survey.journey_id,
            survey_id=survey.id,
            segment_id=None,
            bootstrap=_RESAMPLES,
            seed=SEED,
            user_id=None,
        )
        job_id = analysis.job_id
    run_now(installation, job_id, worker=_WORKER, shown=progress)


def _reports(installation: Installation, progress: Progress) -> tuple[Path, ...]:
    """A manager's and a researcher's PDF of the first journey, also laid beside the database.

    Of all time: three months have too few answers at the journey's end to find what is put in.
    """
    there = _finished(installation)
    if set(there) == set(_KINDS):
        return tuple(_lay_out(installation, there[kind]) for kind in _KINDS)
    with installation.store.writing() as session:
        journey = session.scalars(select(Journey).where(Journey.code == JOURNEYS[0].code)).one()
        end = session.scalars(
            select(SurveyRow).where(
                SurveyRow.journey_id == journey.id, SurveyRow.touchpoint_id.is_(None)
            )
        ).one()
        analysis = ask_validation(
            session,
            journey_id=journey.id,
            survey_id=end.id,
            instrument="sjq",
            key=None,
            segment_id=None,
            seed=SEED,
            group=("region",),
            user_id=None,
            cutoffs=2_000,
            esem=True,
        )
        validated, journey_id = analysis.job_id, journey.id
    run_now(installation, validated, worker=_WORKER, shown=_between(progress, 64, 75))
    with installation.store.writing() as session:
        wished = [
            ask_report(
                session,
                kind=kind,
                scope=Scope(journey.id),
                analysis_id=analysis.id,
                user_id=None,
            )
            for kind in _KINDS
        ]
        wanted = [(report.id, report.job_id) for report in wished]
    paths = []
    for place, (report_id, job_id) in enumerate(wanted):
        shown = _between(progress, 75 + 12 * place, 87 + 12 * place)
        run_now(installation, job_id, worker=_WORKER, shown=shown)
        paths.append(_lay_out(installation, report_id))
    progress(99, "For a partner and for every segment")
    report_besides(installation, journey_id, worker=_WORKER)
    progress(100, "Ready")
    return tuple(paths)


def _finished(installation: Installation) -> dict[str, int]:
    """The newest finished report of each kind about the first journey."""
    query = (
        select(Report.kind, func.max(Report.id))
        .join(Journey)
        .where(
            Journey.code == JOURNEYS[0].code, Report.file_id.is_not(None), Report.kind.in_(_KINDS)
        )
        .group_by(Report.kind)
    )
    with installation.store.reading() as session:
        return {row[0]: row[1] for row in session.execute(query)}


def _between(progress: Progress, low: int, high: int) -> Progress:
    return lambda percent, step: progress(low + (high - low) * percent // 100, step)


def _lay_out(installation: Installation, report_id: int) -> Path:
    with installation.store.reading() as session:
        file = session.get_one(Report, report_id).file
        if file is None:
            raise SurveyappError("the report has no file")
        data, name = installation.files.read(file), file.name
    target = installation.settings.home / "reports" / name
    private.make_folder(target.parent)
    private.make_file(target)
    target.write_bytes(data)
    return target.absolute()


def _let_in(session: Session) -> str:
    """A fresh one-time password for the demonstration's account, made where it is missing."""
    password = one_time_password()
    user = session.scalars(select(User).where(User.email == EMAIL)).one_or_none()
    if user is not None:
        return auth.reset_password(session, user.id, by=None)
    _account(session, password)
    return password


def _account(session: Session, password: str) -> int:
    there = session.scalars(select(User).where(User.email == EMAIL)).one_or_none()
    account = there or auth.create_user(
        session,
        email=EMAIL,
        name="Demonstration",
        role="administrator",
        password=password,
        must_change_password=True,
    )
    return account.id

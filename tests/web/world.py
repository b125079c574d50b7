"""A small installation for the tests of the staff pages: two journeys with everything in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from secrets import token_hex, token_urlsafe

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.auth import api_keys, sessions
from surveyapp.auth.accounts import account_of
from surveyapp.auth.passwords import hash_password
from surveyapp.auth.sessions import Origin
from surveyapp.installation import Installation
from surveyapp.journeys import actions as journeys
from surveyapp.journeys import removals
from surveyapp.journeys.action_plan import ActionText, plan_action
from surveyapp.journeys.change_register import ChangeText, register_change
from surveyapp.journeys.segment_actions import create_segment
from surveyapp.questionnaires import actions as own
from surveyapp.questionnaires.documents import document_of
from surveyapp.questionnaires.draft import change, copy, draft_of
from surveyapp.questionnaires.queries import draft_in
from surveyapp.responses.actions import Stored, submit
from surveyapp.responses.conflicts import Conflict, Difference
from surveyapp.responses.import_choices import ImportChoices
from surveyapp.responses.previewed_columns import ColumnPreview
from surveyapp.responses.previews import FileFacts, FilePreview, Problem
from surveyapp.responses.release import release
from surveyapp.responses.rows import Refusal
from surveyapp.responses.sorting import sort_batch
from surveyapp.results.preregistrations.fields import EMPTY
from surveyapp.results.preregistrations.preregistration_document import TEXTS
from surveyapp.results.preregistrations.preregistrations import freeze
from surveyapp.results.projects.uploads import FileReading
from surveyapp.store.columns import utc_now
from surveyapp.store.epoch_keys import EpochKeys
from surveyapp.store.models import (
    Alert,
    AlertEvent,
    Analysis,
    BenchmarkSet,
    BenchmarkValue,
    Case,
    CaseNote,
    CommentCode,
    CommentOriginal,
    Delivery,
    DriverPair,
    ImportBatch,
    ImportPreview,
    Insight,
    InterviewFinding,
    InvarianceMember,
    ItemTranslation,
    Job,
    Journey,
    JourneyInvariance,
    Judge,
    JudgingRound,
    MapComment,
    MapEvidence,
    MapVersion,
    Opportunity,
    PainPoint,
    PainPointEvidence,
    Passkey,
    Persona,
    PopulationShares,
    Preregistration,
    Project,
    ProjectModel,
    ProjectStep,
    ReplyTemplate,
    Report,
    ReportSchedule,
    Response,
    SavedView,
    ScaleConstruct,
    ScaleDevelopment,
    ScaleItem,
    ScaleItemChange,
    ScalePilot,
    ScaleVersion,
    ScheduleRecipient,
    ScheduleRun,
    ShareLink,
    Stage,
    SubJourney,
    SuggestionDismissal,
    SurveyRow,
    Target,
    User,
)
from surveyapp.surveys import actions as fielding
from surveyapp.tables.options import ReadOptions
from surveyapp.webhooks import actions as hooks
from tests.grants import on_all_journeys
from tests.responses.makers import SECRET, as_survey

PASSWORD = "quiet lake morning"
ROLES = ("administrator", "researcher", "manager")


def add_user(session: Session, role: str, **other: object) -> User:
    """An account that signs in with PASSWORD and has access to all journeys."""
    values = {
        "email": f"{role}@example.org",
        "name": role.capitalize(),
        "role": role,
        "password_hash": hash_password(PASSWORD),
        **other,
    }
    user = User(**values)
    session.add(user)
    session.flush()
    return on_all_journeys(session, user)


def session_key(installation: Installation, user: User) -> str:
    """The key of a new session of this user, which a browser's cookie holds as ``_user_id``."""
    now = installation.now()
    with installation.store.writing() as session:
        return sessions.begin(session, account_of(user), Origin("Firefox on Linux", ""), now=now)


@dataclass(frozen=True)
class Place:
    """The ids of one journey and of what hangs on it, by the names that routes give them."""

    journey_id: int
    stage_id: int
    touchpoint_id: int
    survey_id: int
    response_id: int
    analysis_id: int
    report_id: int
    segment_id: int
    job_id: int
    user_id: int
    key_id: int
    case_id: int
    alert_id: int
    webhook_id: int
    delivery_id: int
    batch_id: int
    preview_id: int
    session_id: int
    passkey_id: int
    removal_id: int
    target_id: int
    change_id: int
    code_id: int
    template_id: int
    action_id: int
    set_id: int
    pain_point_id: int
    evidence_id: int
    insight_id: int
    opportunity_id: int
    persona_id: int
    map_version_id: int
    map_comment_id: int
    project_id: int
    step_id: int
    model_id: int
    preregistration_id: int
    sub_journey_id: int
    shares_id: int
    map_evidence_id: int
    dismissal_id: int
    view_id: int
    link_id: int
    invariance_id: int
    alert_event_id: int
    questionnaire_id: int
    question_id: int
    schedule_id: int
    pair_id: int
    scale_id: int
    construct_id: int
    pool_item_id: int
    round_id: int
    judge_id: int
    version_number: int
    pilot_id: int


def make_place(installation: Installation, name: str, user: User, *, text: str = "") -> Place:
    """A journey with one stage, touchpoint, survey, response, analysis and report.

    ``text`` is put into every text that somebody can type.
    """
    with installation.store.writing() as session:
        journey = journeys.create_journey(
            session,
            name=f"{name} {text}".strip(),
            provider=f"Northbank {text}".strip(),
            goal=text,
            user_id=user.id,
        )
        stage = journeys.add_stage(
            session, journey, name=f"Apply {text}".strip(), goal=text, user_id=user.id
        )
        point = journeys.add_touchpoint(
            session,
            stage,
            name=f"Form {text}".strip(),
            channel=text[:60],
            front_stage=text,
            backstage=text,
            user_id=user.id,
        )
        survey = fielding.create_survey(
            session,
            journey,
            name=f"After the form {text}".strip(),
            touchpoint=point,
            asks=[{"instrument": "nps"}],
            consent=text,
            introduction=text,
            user_id=user.id,
            library=BUILT_IN,
        )
        segment, _ = create_segment(
            session, name=f"{name} north {text}".strip(), rule="region = North", user_id=user.id
        )
        sort_batch(session, segment.id)
        response_id = answer(
            session, survey, attributes={"region": text or "North"}, reason=text or "Fine."
        )
        session.add(
            CommentOriginal(
                response_id=response_id, item="nps-nps_reason", text=text or "Fine, says Anna."
            )
        )
        job = Job(
            kind="validate_scale", parameters={}, created_by=user.id, error=text, state="failed"
        )
        session.add(job)
        session.flush()
        analysis = Analysis(
            kind="validate_scale",
            journey_id=journey.id,
            survey_id=survey.id,
            instrument="nps",
            job_id=job.id,
        )
        file = installation.files.put(
            session, b"%PDF-1.4 test", name="report.pdf", media_type="application/pdf"
        )
        picture = installation.files.put(
            session, b"\x89PNG test", name="picture.png", media_type="image/png"
        )
        report = Report(
            kind="benchmark",
            title=f"Benchmark {text}".strip(),
            journey_id=journey.id,
            file_id=file.id,
        )
        key, _ = api_keys.make(
            session,
            name=f"{name} branches {text}".strip(),
            scopes=["read results"],
            user_id=user.id,
        )
        session.add_all([analysis, report])
        session.flush()
        case, alert = _loop(session, survey, response_id, user, text)
        return Place(
            journey.id,
            stage.id,
            point.id,
            survey.id,
            response_id,
            analysis.id,
            report.id,
            segment.id,
            job.id,
            user.id,
            key.id,
            case.id,
            alert.id,
            *_told(session, text),
            *_imported(session, installation, survey, user, text),
            session_id=_signed_in(session, user, text),
            passkey_id=_passkey(session, user, text),
            removal_id=_removed(session, stage, user, text),
            target_id=_target(session, journey, user),
            shares_id=_shares(session, journey, text),
            change_id=_changed(session, journey, user, text),
            code_id=_code(session, journey.id, text),
            template_id=_template(session, journey.id, text),
            action_id=_planned(session, journey, user, text),
            set_id=_benchmarks(session, name, text),
            **_pain_point(session, journey.id, case.id, picture.id, text),
            **_project(session, installation, journey.id, text),
            map_evidence_id=_on_map(session, installation, stage, text),
            view_id=_view(session, journey, user, text),
            link_id=_link(session, journey, user, text),
            invariance_id=_invariance(session, journey.id, text),
            alert_event_id=_crossed(session, alert, text),
            pair_id=_driver_pair(session, journey.id, text),
            **_questionnaire(session, journey, text),
            **_scale(session, journey.id, text),
            schedule_id=_scheduled(session, journey.id, user, text),
        )


def _on_map(session: Session, installation: Installation, stage: Stage, text: str) -> int:
    """A document as evidence of a stage."""
    title = text[:200] or "Plan"
    file = installation.files.put(
        session, b"%PDF-1.4 plan", name="plan.pdf", media_type="application/pdf"
    )
    row = MapEvidence(journey_id=stage.journey_id, stage_id=stage.id, title=title, file_id=file.id)
    session.add(row)
    session.flush()
    return row.id


def _project(
    session: Session, installation: Installation, journey_id: int, text: str
) -> dict[str, int]:
    """A modelling project on a file, with a step and a model that was never fitted."""
    name = f"{text} answers.csv"[:200].strip()
    file = installation.files.put(
        session,
        b"nps,a\n1,2\n3,2\n5,2\n7,2\n9,2\n",
        name=name,
        media_type="application/octet-stream",
    )
    column = {"name": "nps", "heading": text or "nps", "text": text, "use": "item", "labels": {}}
    project = Project(
        journey_id=journey_id,
        name=f"Scale {text}".strip()[:200],
        file_id=file.id,
        file_name=name,
        file_until=date(2099, 1, 1),
        file_reading=FileReading(ReadOptions()).to_json(),
        file_columns={
            "instrument": None,
            "said": [text],
            "warnings": [text],
            "columns": [column | {"lowest": 0, "highest": 10}],
            "left_out": [{"heading": text, "why": "it is empty"}],
        },
    )
    session.add(project)
    session.flush()
    step = ProjectStep(
        project_id=project.id, kind="reverse", arguments={"name": "nps"}, reason=text[:500]
    )
    model = ProjectModel(
        project_id=project.id,
        name=f"One factor {text}".strip()[:200],
        kind="composite",
        text=text or "A =~ nps",
        options={
            "scheme": "path",
            "missing": "mean",
            "consistent": False,
            "bootstrap": 0,
            "seed": 1,
        },
        change=text[:500],
        reason=text,
    )
    session.add_all([step, model])
    session.flush()
    return {
        "project_id": project.id,
        "step_id": step.id,
        "model_id": model.id,
        "preregistration_id": _registered(session, project, text),
    }


def _registered(session: Session, project: Project, text: str) -> int:
    """The project's plan, registered; nothing that was planned was done."""
    model = {"name": text[:200] or "A", "kind": "composite", "text": "A =~ nps", "analyses": []}
    options = {"scheme": "path", "missing": "mean", "consistent": False, "bootstrap": 0, "seed": 1}
    fields = dict.fromkeys(TEXTS, text)
    hypotheses = [{"text": text or "H", "parameter": text[:50], "sign": "+"}]
    plan = Preregistration(
        project_id=project.id,
        version=1,
        content={
            **EMPTY,
            **fields,
            "hypotheses": hypotheses,
            "models": [{**model, "options": options}],
        },
    )
    session.add(plan)
    session.flush()
    journey = session.get_one(Journey, project.journey_id)
    freeze(session, project, journey, minimum_cell=5, user_id=None, now=utc_now())
    return plan.id


def _view(session: Session, journey: Journey, user: User, text: str) -> int:
    """A saved view of the journey that its maker shares."""
    name = f"{journey.name[:40]} view {text}"[:120]
    row = SavedView(user_id=user.id, name=name, page="overview", journey_id=journey.id, shared=True)
    session.add(row)
    session.flush()
    return row.id


def _link(session: Session, journey: Journey, user: User, text: str) -> int:
    """A share link that nobody has."""
    row = ShareLink(
        journey_id=journey.id,
        page="overview",
        purpose=text[:120] or "Board",
        token_hash=token_urlsafe(),
        made_by=user.id,
        expires_at=utc_now() + timedelta(days=30),
    )
    session.add(row)
    session.flush()
    return row.id


def _template(session: Session, journey_id: int, text: str) -> int:
    row = ReplyTemplate(
        journey_id=journey_id,
        name=text[:120] or "Fee refunded",
        language="en",
        subject=text[:200] or "Your fee",
        text=text or "We have refunded it.",
    )
    session.add(row)
    session.flush()
    return row.id


def _benchmarks(session: Session, name: str, text: str) -> int:
    value = {"metric": "nps", "value": 30, "year": 2025, "population": text[:300] or "Banks"}
    row = BenchmarkSet(
        name=f"{name} {text}".strip()[:200],
        values=[BenchmarkValue(**value, label=text[:200], source=text[:300] or "A study")],
    )
    session.add(row)
    session.flush()
    return row.id


def _crossed(session: Session, alert: Alert, text: str) -> int:
    event = AlertEvent(alert=alert, title=(text or "NPS below +20")[:300], text=text)
    session.add(event)
    session.flush()
    return event.id


def _scheduled(session: Session, journey_id: int, user: User, text: str) -> int:
    row = ReportSchedule(
        journey_id=journey_id,
        kind="benchmark",
        every="month",
        hour=7,
        months=3,
        parameters={"compare": "before", "formats": [], "paper": "a4"},
        next_on=date(2100, 1, 1),
        recipients=[ScheduleRecipient(user_id=user.id, address="")],
        runs=[ScheduleRun(due_on=date(2026, 1, 1), state="skipped", note=text[:500])],
    )
    session.add(row)
    session.flush()
    return row.id


def _target(session: Session, journey: Journey, user: User) -> int:
    target = Target(journey_id=journey.id, metric="response_rate", value=40, owner_id=user.id)
    session.add(target)
    session.flush()
    return target.id


def _shares(session: Session, journey: Journey, text: str) -> int:
    shares = PopulationShares(
        journey_id=journey.id,
        attribute=text[:120] or "region",
        shares={"A": 0.5, text[:120] or "B": 0.5},
        source=text[:300] or "register",
        counted_on=date(2026, 1, 1),
    )
    session.add(shares)
    session.flush()
    return shares.id


def _signed_in(session: Session, user: User, text: str) -> int:
    origin, now = Origin(text or "Firefox on Linux", text or "192.0.2.x"), utc_now()
    key = sessions.begin(session, account_of(user), origin, now=now)
    opened = sessions.opened(session, key, now=now, hours=1)
    assert opened is not None
    return opened.id


def _passkey(session: Session, user: User, text: str) -> int:
    made = Passkey(
        user_id=user.id,
        name=(text or "Laptop")[:60],
        credential_id=token_urlsafe(),
        public_key="",
        sign_count=0,
    )
    session.add(made)
    session.flush()
    return made.id


def _code(session: Session, journey_id: int, text: str) -> int:
    """A code of the code book."""
    said = dict.fromkeys(("name", "definition", "theme", "dimension"), text or "Wait")
    made = CommentCode(journey_id=journey_id, code="wait", **said)
    session.add(made)
    session.flush()
    return made.id


def _pain_point(
    session: Session, journey_id: int, case_id: int, file_id: int, text: str
) -> dict[str, int]:
    """What goes wrong, why, and a case that shows it; the file is a persona's picture."""
    why, title = text or "Nobody tells.", text[:200] or "Wait"
    made = PainPoint(journey_id=journey_id, title=title, theme=text[:200], whys=[why])
    session.add(made)
    session.flush()
    shown = PainPointEvidence(pain_point_id=made.id, case_id=case_id)
    session.add(shown)
    session.flush()
    insight = Insight(journey_id=journey_id, title=title, text=text, pain_points=[made])
    opportunity = Opportunity(
        journey_id=journey_id,
        title=title,
        description=text,
        effort=2,
        impact=4,
        driver_key=text[:200],
        insights=[insight],
    )
    persona = Persona(
        journey_id=journey_id,
        title=title,
        picture_id=file_id,
        picture_alt=text[:200] or "Somebody",
        **dict.fromkeys(("goals", "needs", "says", "hears"), text),
    )
    point = {"id": 0, "code": "a", "name": title, "texts": {"backstage": text}}
    stage = {"code": "s", "name": title, "texts": {"goal": text}, "own": {}, "touchpoints": [point]}
    comment = MapComment(
        journey_id=journey_id,
        kind="pain_point",
        pain_point_id=made.id,
        text=text or "Is this so?",
    )
    version = MapVersion(
        journey_id=journey_id,
        title=title,
        note=text,
        day=date(2026, 1, 1),
        content={"lanes": [], "stages": [stage]},
    )
    dismissed = SuggestionDismissal(
        journey_id=journey_id, key=f"truth-{made.id}", title=title, reason=text[:500]
    )
    of_stage = session.scalars(select(Stage.id).where(Stage.journey_id == journey_id)).first()
    part = SubJourney(journey_id=journey_id, stage_id=of_stage, leads_to_id=journey_id)
    session.add_all([insight, opportunity, persona, version, comment, dismissed, part])
    session.flush()
    return {
        "pain_point_id": made.id,
        "evidence_id": shown.id,
        "insight_id": insight.id,
        "opportunity_id": opportunity.id,
        "persona_id": persona.id,
        "map_version_id": version.id,
        "map_comment_id": comment.id,
        "sub_journey_id": part.id,
        "dismissal_id": dismissed.id,
    }


def _driver_pair(session: Session, journey_id: int, text: str) -> int:
    """Two scores that are looked at together."""
    made = DriverPair(journey_id=journey_id, first=text[:200] or "a", second="b")
    session.add(made)
    session.flush()
    return made.id


def _invariance(session: Session, journey_id: int, text: str) -> int:
    """A test between journeys that failed."""
    job = Job(kind="test_invariance", parameters={}, error=text or "Gone.", state="failed")
    members = [InvarianceMember(journey_id=journey_id)]
    made = JourneyInvariance(instrument="sjq", members=members, job=job)
    session.add(made)
    session.flush()
    return made.id


def _questionnaire(session: Session, journey: Journey, text: str) -> dict[str, int]:
    """A copy of CSAT with a published version and the draft of the next, which has a question more for
    each questionnaire that was made before: so their numbers differ, too.
    """
    row = own.create_questionnaire(
        session,
        journey,
        f"Visit {text}"[:200],
        lambda _: draft_of(document_of(BUILT_IN.load("csat")), "csat 1"),
        user_id=None,
    )
    version = own.publish(session, row, user_id=None, now=utc_now())
    own.open_draft(session, row, version, user_id=None)
    draft = draft_in(row)
    question = draft.question(2)
    said = dict.fromkeys(question.texts, text[:300] or "What else?")
    draft = change(draft, replace(question, texts=said))
    number = question.id
    for _ in range(row.id):
        draft, number = copy(draft, number)
    own.save(session, row, draft, user_id=None)
    return {"questionnaire_id": row.id, "question_id": number}


def _scale(session: Session, journey_id: int, text: str) -> dict[str, int]:
    """A scale under development with everything that it can have; its pilot was never analysed."""
    now = utc_now()
    scale = ScaleDevelopment(
        journey_id=journey_id,
        name=f"Warmth {text}"[:200].strip(),
        definition=text or "How warm.",
        population=text[:500],
        language="en",
        answer_scale="agree7",
    )
    session.add(scale)
    session.flush()
    construct = ScaleConstruct(
        scale_id=scale.id,
        kind="dimension",
        code="warmth",
        name=text[:200] or "Warmth",
        definition=text or "How warm.",
        relation=text[:500],
    )
    session.add(construct)
    session.flush()
    item = ScaleItem(
        scale_id=scale.id,
        construct=construct,
        code="warm1",
        text=text or "Staff were warm.",
        source=text[:500],
        state="kept",
        reason=text[:500],
    )
    session.add(item)
    session.flush()
    said = {"id": item.id, "code": item.code, "text": item.text, "construct": "warmth"}
    asked = {"code": "warmth", "name": construct.name, "definition": construct.definition}
    judging = JudgingRound(scale_id=scale.id, kind="relevance", items=[said], constructs=[asked])
    # Its number differs from journey to journey, as that of rows does.
    version = ScaleVersion(
        scale_id=scale.id,
        number=scale.id,
        note=text[:500] or "First.",
        items=[{**said, "reverse": False, "texts": {"fi": text}}],
        constructs=[asked],
    )
    pilot = ScalePilot(
        scale_id=scale.id,
        name=text[:200] or "Pilot",
        columns={"warm1": "warm1"},
        options={"seed": 1, "size": 0, "least": 2},
    )
    session.add_all([judging, version, pilot])
    session.add_all(
        [
            ScaleItemChange(item_id=item.id, text=item.text, state="kept", reason=text[:500]),
            InterviewFinding(
                item_id=item.id,
                participant=text[:40] or "P1",
                problem="comprehension",
                severity="minor",
                finding=text,
                change=text,
                wording=text,
            ),
            ItemTranslation(
                item_id=item.id,
                language="fi",
                source=text,
                forward=text,
                back=text,
                comparison="same",
                decision="open",
                note=text[:500],
            ),
        ]
    )
    session.flush()
    judge = Judge(
        round_id=judging.id,
        label=text[:80] or "Judge 1",
        token_hash=token_hex(32),
        expires_at=now + timedelta(days=30),
        answers={str(item.id): "4"},
        remarks={str(item.id): text[:500]},
        saved_at=now,
        submitted_at=now,
    )
    session.add(judge)
    session.flush()
    return {
        "scale_id": scale.id,
        "construct_id": construct.id,
        "pool_item_id": item.id,
        "round_id": judging.id,
        "judge_id": judge.id,
        "version_number": version.number,
        "pilot_id": pilot.id,
    }


def _removed(session: Session, stage: Stage, user: User, text: str) -> int:
    """A touchpoint that was removed from the map and can be restored."""
    gone = journeys.add_touchpoint(session, stage, name=f"Gone {text}".strip(), user_id=user.id)
    journeys.remove_touchpoint(session, gone, user_id=user.id)
    return removals.removals(session, stage.journey_id)[0].id


def _changed(session: Session, journey: Journey, user: User, text: str) -> int:
    """A registered change of the journey's last stage and its touchpoint."""
    stage = journey.stages[-1]
    described = ChangeText(
        title=f"New form {text}".strip(),
        started_on=date(2026, 3, 1),
        stage_ids=[stage.id],
        touchpoint_ids=[stage.touchpoints[0].id],
        maker_id=user.id,
        made_by=text[:200],
        cost=text[:200],
        description=text,
        expected=text,
    )
    return register_change(session, journey, described, user_id=user.id).id


def _planned(session: Session, journey: Journey, user: User, text: str) -> int:
    """An action about the journey's last touchpoint that is overdue."""
    described = ActionText(
        title=f"Shorten the form {text}".strip(),
        touchpoint_id=journey.stages[-1].touchpoints[0].id,
        owner_id=user.id,
        due_on=date(2026, 3, 1),
        driver=text,
    )
    return plan_action(session, journey, described, user_id=user.id, now=utc_now()).id


def _told(session: Session, text: str) -> tuple[int, int]:
    """A webhook and what it was told."""
    webhook = hooks.add_webhook(
        session,
        name=f"CRM {text}".strip(),
        url="https://hooks.example.org/in",
        events=["report"],
        user_id=None,
    )
    delivery = Delivery(
        webhook_id=webhook.id,
        event="report",
        payload={"event": "report", "data": {"title": text}},
        state="failed",
        error=f"The server answered 500: {text}",
        attempts=7,
    )
    session.add(delivery)
    session.flush()
    return webhook.id, delivery.id


def _imported(
    session: Session, installation: Installation, survey: SurveyRow, user: User, text: str
) -> tuple[int, int]:
    """An import, and the preview of another, which is the administrator's where there is one."""
    owner = session.scalar(select(User).where(User.role == "administrator")) or user
    batch = ImportBatch(
        survey_id=survey.id,
        file_name=text or "january.csv",
        state="done",
        notes=[text],
        choices={**ImportChoices(columns={text or "Q1": "nps"}).to_json()},
    )
    refused = Refusal(2, text or "nps", text or "12", "Too high.", text, "A2")
    found = FilePreview(
        FileFacts(text or "february.csv", 10, "UTF-8", sheet=text),
        [ColumnPreview("A", text or "Q1", "attribute", text or "Q1", "", "text", (text,))],
        refused=[refused],
        conflicts=[Conflict(3, "row 3", text, (Difference("nps", text, [text]),))],
        notes=[text],
        problem=Problem("file", text or "The file is empty."),
    )
    file = installation.files.put(
        session, b"Q1\n12\n", name=text or "february.csv", media_type="text/csv"
    )
    listed = installation.files.put(session, b"row\n2\n", name="r.csv", media_type="text/csv")
    session.add(batch)
    session.flush()
    preview = ImportPreview(
        survey_id=survey.id,
        created_by=owner.id,
        file_id=file.id,
        refused_file_id=listed.id,
        choices=ImportChoices().to_json(),
        result=found.to_json(),
        expires_at=utc_now() + timedelta(hours=24),
    )
    session.add(preview)
    session.flush()
    return batch.id, preview.id


def _loop(
    session: Session, survey: SurveyRow, response_id: int, user: User, text: str
) -> tuple[Case, Alert]:
    """A case of the response with a note, and an alert of the survey."""
    case = Case(
        response_id=response_id,
        survey_id=survey.id,
        scale="nps",
        value=3,
        owner_id=user.id,
        due_at=utc_now(),
        notes=[CaseNote(user_id=user.id, text=text or "Called.")],
    )
    alert = Alert(
        journey_id=survey.journey_id,
        place="apply/form",
        scale="nps",
        value=20,
        minimum_n=10,
        months=1,
        emails=[text or "team@example.org"],
        created_by=user.id,
    )
    session.add_all([case, alert])
    session.flush()
    return case, alert


_serial = iter(range(10**9))


def answer(
    session: Session,
    survey: SurveyRow,
    *,
    nps: int = 9,
    reason: str = "Fine.",
    attributes: dict[str, str] | None = None,
    customer_ref: str | None = None,
    at: datetime | None = None,
) -> int:
    key = f"test-{next(_serial)}"
    keys = EpochKeys(Path("/nowhere"), SECRET)
    stored = submit(
        session,
        as_survey(session, survey),
        {"nps": {"nps": str(nps), "nps_reason": reason}},
        submission_key=key,
        attributes=attributes or {},
        customer_ref=customer_ref,
        now=at or utc_now(),
        library=BUILT_IN,
        keys=keys,
    )
    if not isinstance(stored, Stored) or stored.response_id is None:
        raise AssertionError(f"the test's answers were refused: {stored}")
    if survey.anonymity == "anonymous":
        read = as_survey(session, survey)
        release(session, read, keys.seal, minimum=1, final=False, now=utc_now())
        (number,) = session.scalars(select(Response.id).where(Response.submission_key == key))
        return number
    return stored.response_id

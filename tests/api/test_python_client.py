"""A client generated from the document by openapi-python-client does everything that the API offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from surveyapp.api.analyses import MOST_WAITING
from surveyapp.auth import api_keys
from surveyapp.auth.api_keys import KeyScope
from surveyapp.installation import Installation
from surveyapp.responses import corrections
from surveyapp.responses.erasures import erase
from surveyapp.store.columns import utc_now
from surveyapp.store.models import (
    Analysis,
    AuditEntry,
    Insight,
    Interaction,
    Job,
    Journey,
    Opportunity,
    OutcomeAnalysis,
    PlannedAction,
    ProjectModel,
    Report,
    SurveyRow,
)
from surveyapp.worker import run_job
from tests.api.generated import Generated, generate
from tests.api.test_document import IDS
from tests.reports.study_document import document
from tests.responses.makers import SECRET, as_survey
from tests.results.study_place import make_study, people
from tests.web.conftest import served
from tests.web.world import Place, add_user, answer, make_place

__all__ = ["served"]  # the application behind a socket serves here too
SURVEY = "after-the-form"
# One client and one installation: scattered, each process would make them anew.
pytestmark = pytest.mark.xdist_group("python client")


@dataclass
class Program:
    """A program that uses the generated client with a key."""

    generated: Generated
    address: str
    key: str
    installation: Installation
    place: Place

    @property
    def models(self) -> Any:
        return self.generated.models

    def call(self, subject: str, name: str, *, key: str | None = None, **given: Any) -> Any:
        """What the operation answers, read into the client's own classes."""
        with self.generated.client.AuthenticatedClient(
            base_url=self.address, token=self.key if key is None else key
        ) as client:
            return self.generated.operation(subject, name).sync_detailed(client=client, **given)

    def event(self, customer: str, **other: Any) -> Any:
        wanted = {
            "journey": "open",
            "touchpoint": "form",
            "customer_ref": customer,
            "at": datetime.now(UTC) - timedelta(hours=1),
            **other,
        }
        return self.models.Interaction(**wanted)


@pytest.fixture(scope="module")
def program(served: tuple[str, Installation], tmp_path_factory: pytest.TempPathFactory) -> Program:
    folder = tmp_path_factory.mktemp("client")
    generate(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        generated = Generated()
        for subject, name in OPERATIONS.values():
            generated.operation(subject, name)
    address, installation = served
    with installation.store.writing() as session:
        user = add_user(session, "researcher", password_hash="none")
        _, key = api_keys.make(session, name="Program", scopes=list(KeyScope), user_id=None)
    place = make_place(installation, "Open", user)
    with installation.store.writing() as session:
        survey = session.get_one(SurveyRow, place.survey_id)
        for number in range(6):
            answer(session, survey, nps=number)
    return Program(generated, address, key, installation, place)


OPERATIONS = {
    "reportInteractions": ("interactions", "report_interactions"),
    "reportOutcomes": ("outcomes", "report_outcomes"),
    "listSurveys": ("surveys", "list_surveys"),
    "listDeployments": ("surveys", "list_deployments"),
    "inviteCustomers": ("surveys", "invite_customers"),
    "reportBounces": ("contacts", "report_bounces"),
    "optOutCustomers": ("contacts", "opt_out_customers"),
    "listResponses": ("responses", "list_responses"),
    "listErasures": ("responses", "list_erasures"),
    "listJourneyChanges": ("changes", "list_journey_changes"),
    "listJourneyPainPoints": ("records", "list_journey_pain_points"),
    "listJourneyInsights": ("records", "list_journey_insights"),
    "listJourneyOpportunities": ("records", "list_journey_opportunities"),
    "listJourneyPersonas": ("records", "list_journey_personas"),
    "listJourneyActions": ("records", "list_journey_actions"),
    "readJourneyOutcomes": ("outcome_analysis", "read_journey_outcomes"),
    "readCustomerValues": ("outcome_analysis", "read_customer_values"),
    "readJourneyResults": ("results", "read_journey_results"),
    "readJourneyAnswers": ("answers", "read_journey_answers"),
    "readJourneyFunnel": ("funnel", "read_journey_funnel"),
    "readPortfolio": ("portfolio", "read_portfolio"),
    "readSideBySide": ("side_by_side", "read_side_by_side"),
    "createReport": ("reports", "create_report"),
    "listReports": ("reports", "list_reports"),
    "downloadReport": ("reports", "download_report"),
    "importInventory": ("inventory", "import_inventory"),
    "validateScale": ("analyses", "validate_scale"),
    "startStudy": ("analyses", "start_study"),
    "listAnalyses": ("analyses", "list_analyses"),
    "readAnalysis": ("analyses", "read_analysis"),
    "downloadAnalysis": ("analyses", "download_analysis"),
    "cancelAnalysis": ("analyses", "cancel_analysis"),
    "createProject": ("projects", "create_project"),
    "listProjects": ("projects", "list_projects"),
    "fitModel": ("projects", "fit_model"),
    "listModels": ("projects", "list_models"),
    "readModel": ("projects", "read_model"),
    "readScores": ("projects", "read_scores"),
    "takeStep": ("projects", "take_step"),
    "undoStep": ("projects", "undo_step"),
    "analyseModel": ("projects", "analyse_model"),
    "readModelPower": ("model_power", "read_model_power"),
    "readJudgesNeeded": ("judges", "read_judges_needed"),
    "analyseJudgements": ("judges", "analyse_judgements"),
    "readSampleSize": ("sample_size", "read_sample_size"),
    "planSampleSize": ("sample_size", "plan_sample_size"),
    "listScales": ("scale_development", "list_scales"),
    "createScale": ("scale_development", "create_scale"),
    "readScale": ("scale_development", "read_scale"),
    "addConstruct": ("scale_development", "add_construct"),
    "addPoolItem": ("scale_development", "add_pool_item"),
    "rewordPoolItem": ("scale_development", "reword_pool_item"),
    "decidePoolItem": ("scale_development", "decide_pool_item"),
    "beginJudgingRound": ("scale_development", "begin_judging_round"),
    "closeJudgingRound": ("scale_development", "close_judging_round"),
    "readJudgingRound": ("scale_development", "read_judging_round"),
    "downloadScaleEvidence": ("scale_development", "download_scale_evidence"),
}


def test_every_operation_is_used_here():
    assert set(OPERATIONS) == set(IDS.values())


def test_events_are_sent_with_a_datetime_and_plain_attributes(program: Program):
    attributes = program.models.InteractionAttributes.from_dict({"region": "North", "tenure": 3})
    events = [
        program.event("C-1", attributes=attributes, external_id="1"),
        program.event("C-2", touchpoint="nowhere"),
    ]
    batch = program.models.Batch(interactions=events)
    received = program.call(*OPERATIONS["reportInteractions"], body=batch).parsed
    assert isinstance(received, program.models.Received)
    assert (received.stored, received.already) == (1, 0)
    [refused] = received.refused
    assert (refused.place, refused.field) == (1, "touchpoint")
    with program.installation.store.reading() as session:
        kept = session.scalars(select(Interaction)).one()
        assert kept.attributes == {"region": "North", "tenure": 3}
        assert kept.at == events[0].at


def test_surveys_are_listed_and_links_to_them_made(program: Program):
    models = program.models
    [survey] = program.call(*OPERATIONS["listSurveys"]).parsed.surveys
    assert (survey.code, survey.state, survey.opens_at) == (SURVEY, models.SurveyState.OPEN, None)
    [same] = program.call(*OPERATIONS["listDeployments"]).parsed.deployments
    assert same.to_dict() == survey.to_dict()
    for named in ("survey", "deployment"):
        wanted = models.Invite(
            **{named: survey.code},
            customers=[
                models.Customer(
                    customer_ref="C-7",
                    attributes=models.CustomerAttributes.from_dict({"region": "North", "age": 41}),
                ),
                models.Customer(),
            ],
            expires_at=datetime.now(UTC) + timedelta(days=3),
        )
        made = program.call(*OPERATIONS["inviteCustomers"], body=wanted)
        assert made.status_code == 201
        first, second = made.parsed.invitations
        assert (first.customer_ref, second.customer_ref) == ("C-7", None)
        assert first.url.startswith("http") and first.url != second.url


def read_to_the_end(read: Callable[..., Any], **first: Any) -> tuple[list[Any], str | None]:
    found, after = [], None
    while True:
        page = read(**first, **({} if after is None else {"after": after})).parsed
        rows = getattr(page, "responses", None) or getattr(page, "erasures", [])
        if not rows:
            return found, after
        found += rows
        after = page.next_


def test_the_feed_is_read_to_its_end_with_corrections_and_erasures(program: Program):
    def responses(**given: Any) -> Any:
        return program.call(*OPERATIONS["listResponses"], survey=SURVEY, limit=3, **given)

    def erasures(**given: Any) -> Any:
        return program.call(*OPERATIONS["listErasures"], survey=SURVEY, **given)

    found, after = read_to_the_end(responses)
    ids = [each.response_id for each in found]
    assert len(ids) == len(set(ids)) == 7
    assert found[1].submitted_at.tzinfo is not None
    assert found[1].answers["nps"]["nps"] == 0
    assert found[1].scores["nps"] == 0.0
    with program.installation.store.writing() as session:
        row = session.get_one(SurveyRow, program.place.survey_id)
        survey = as_survey(session, row)
        raw = {"nps": {"nps": "4", "nps_reason": ""}}
        library = program.installation.library
        corrections.correct(session, survey, found[1].response, raw, now=utc_now(), library=library)
        erase(session, survey, found[2].response, now=utc_now(), secret_key=SECRET)
        answer(session, row, nps=10)
    assert [each.scores["nps"] for each in responses(after=after).parsed.responses] == [10.0]
    [corrected], _ = read_to_the_end(responses, corrected=True)
    assert (corrected.response_id, corrected.scores["nps"]) == (ids[1], 4.0)
    assert corrected.corrected_at is not None
    [erased], _ = read_to_the_end(erasures)
    assert erased.response_id == ids[2]


def test_touchpoints_are_added_to_a_map_once(program: Program):
    models = program.models
    desk = models.InventoryTouchpoint(journey="open", stage="apply", name="Desk", channel="branch")
    batch = models.InventoryBatch(touchpoints=[desk])
    for added, unchanged in ((1, 0), (0, 1)):
        found = program.call(*OPERATIONS["importInventory"], body=batch).parsed
        assert isinstance(found, models.InventoryBrought)
        assert (found.added, found.changed, found.unchanged, found.refused) == (
            *(added, 0, unchanged, []),
        )


def test_changes_have_their_days_and_places(program: Program):
    found = program.call(*OPERATIONS["listJourneyChanges"], code="open").parsed
    [change] = found.changes
    assert (change.title, change.from_, change.to) == ("New form", date(2026, 3, 1), None)
    assert (change.stages, change.touchpoints) == (["apply"], ["form"])


def test_records_are_read_page_by_page_and_lead_to_each_other(program: Program):
    journey = program.place.journey_id
    with program.installation.store.writing() as session:
        rows = [Insight(journey_id=journey, title=f"Learnt {at}") for at in range(3)]
        session.add_all(rows)
        session.flush()
        rows[1].removed_at = utc_now()
        way = Opportunity(journey_id=journey, title="Say it", effort=2, impact=5, insights=rows[:2])
        session.add(way)
        session.flush()
        planned = PlannedAction(
            journey_id=journey, title="Do", opportunity_id=way.id, due_on=date(2026, 1, 2)
        )
        session.add(planned)
    found, after = [], None
    while True:
        given = {} if after is None else {"after": after}
        page = program.call(*OPERATIONS["listJourneyInsights"], code="open", limit=1, **given)
        found += page.parsed.insights
        after = page.parsed.next_
        if after is None:
            break
    assert [each.title for each in found][-2:] == ["Learnt 0", "Learnt 2"]
    ids = [each.id for each in found]
    assert ids == sorted(set(ids))
    ways = program.call(*OPERATIONS["listJourneyOpportunities"], code="open").parsed.opportunities
    said = next(each for each in ways if each.title == "Say it")
    assert (said.effort, said.impact, said.insights) == (2, 5, [ids[-2]])
    assert said.state is program.models.OpportunityState.OPEN
    actions = program.call(*OPERATIONS["listJourneyActions"], code="open").parsed.actions
    done = next(each for each in actions if each.title == "Do")
    assert (done.opportunity, done.due, done.overdue) == (said.id, date(2026, 1, 2), True)
    points = program.call(*OPERATIONS["listJourneyPainPoints"], code="open").parsed
    assert points.next_ is None and all(each.title for each in points.pain_points)
    # The world has no answers that a share could be made of.
    assert {each.affected and each.affected.percent for each in points.pain_points} == {None}
    assert min(each.evidence for each in points.pain_points) >= 0
    people = program.call(*OPERATIONS["listJourneyPersonas"], code="open").parsed.personas
    assert all(each.name for each in people)
    wrong = program.call(*OPERATIONS["listJourneyInsights"], code="open", after="second")
    assert (wrong.status_code, wrong.parsed.errors[0].field) == (422, "after")


def test_outcomes_and_values_are_read_once_they_are_analysed(program: Program):
    asked = OPERATIONS["readJourneyOutcomes"]
    before = program.call(*asked, code="open").parsed
    assert (before.result, before.stale, before.running) == (None, False, False)
    month = {"at_risk": 12, "survival": 0.9, "low": 0.8, "high": 0.95}
    curve = {"band": "All", "n": 40, "median_days": None, "months": [{"month": 12, **month}]}
    survival = {"scale": "nps", "label": "NPS", "curves": [curve]}
    churn = {"kind": "churn", "label": "Churn", "is_event": True, "n": 40, "scales": []}
    result = {"minimum": 5, "answered": 40, "flow": None}  # as versions before stored it
    result["outcomes"] = [{**churn, "survival": survival, "prediction": None}]
    with program.installation.store.writing() as session:
        session.add(OutcomeAnalysis(journey_id=program.place.journey_id, result=result))
    found = program.call(*asked, code="open").parsed.result
    assert (found.outcomes[0].n, found.scores, found.segments) == (40, [], None)
    values = program.call(
        *OPERATIONS["readCustomerValues"], code="open", margin=100.0, discount=12.0, retention=90.0
    ).parsed
    [band] = values.bands
    assert band.value.estimate == pytest.approx(409.09, abs=0.01) == values.stated.value
    assert band.value.low < band.value.estimate < band.value.high
    refused = program.call(*OPERATIONS["readCustomerValues"], code="open", margin=-1.0)
    assert (refused.status_code, refused.parsed.errors[0].field) == (422, "margin")


def test_a_report_is_asked_for_listed_and_downloaded(program: Program):
    files, journey = program.installation.files, program.place.journey_id
    with program.installation.store.writing() as session:
        file = files.put(session, b"%PDF", name="a.pdf", media_type="application/pdf")
        made = Report(kind="benchmark", title="Made", journey_id=journey, file_id=file.id)
        session.add(made)
        session.flush()
        number = made.id
    wished = program.models.NewReport.from_dict(
        {"kind": "executive", "formats": ["docx"], "report_language": "de"}
    )
    asked = program.call(*OPERATIONS["createReport"], code="open", body=wished).parsed
    assert (asked.state, asked.formats, asked.files) == ("waiting", ["pdf", "docx"], [])
    assert asked.report_language == "de"
    listed = program.call(*OPERATIONS["listReports"], code="open").parsed.reports
    assert [each.report for each in listed][:2] == [asked.report, number]
    every = program.models.NewReport.from_dict({"kind": "executive", "every_segment": True})
    packed = program.call(*OPERATIONS["createReport"], code="open", body=every).parsed
    assert packed.title.startswith("Executive page for every segment")
    partner = program.models.NewReport.from_dict({"kind": "partner", "partner": "Nobody"})
    refused = program.call(*OPERATIONS["createReport"], code="open", body=partner)
    assert refused.status_code == 409 and b"names a partner" in refused.content
    form = program.models.DownloadReportFormat
    answer = program.call(
        *OPERATIONS["downloadReport"], code="open", report=number, format_=form.PDF
    )
    assert answer.content.startswith(b"%PDF")
    waiting = program.call(
        *OPERATIONS["downloadReport"], code="open", report=asked.report, format_=form.DOCX
    )
    assert waiting.status_code == 409


def test_a_project_is_created_once_and_a_model_fitted_and_read(program: Program):
    models, installation = program.models, program.installation
    wanted = models.NewProject(name="Recommending", survey=SURVEY)
    made = [program.call(*OPERATIONS["createProject"], code="open", body=wanted) for _ in range(2)]
    project = made[0].parsed
    assert (project.survey, project.file, made[1].parsed.id) == (SURVEY, None, project.id)
    other = models.NewProject(name="Recommending")
    refused = program.call(*OPERATIONS["createProject"], code="open", body=other)
    assert (refused.status_code, refused.parsed.errors[0].field) == (422, "name")
    listed = program.call(*OPERATIONS["listProjects"], code="open").parsed.projects
    assert project.id in {each.id for each in listed}

    def fit(text: str, **options: Any) -> Any:
        body = models.NewModel.from_dict(
            {"project": project.id, "kind": "covariance", "text": text, "options": options}
        )
        return program.call(*OPERATIONS["fitModel"], code="open", body=body)

    asked = fit("nps ~~ nps", estimator="MLR").parsed
    assert (asked.state, asked.fit, asked.options["estimator"]) == ("waiting", None, "MLR")
    assert fit("nps ~~ nps", estimator="MLR").parsed.id == asked.id
    for text, options, field in (
        ("nps ~~ cats", {}, "text"),
        ("nps ~~ nps", {"bootstrap": 500}, "bootstrap"),
        ("nps ~~ nps", {"equal": "loadings"}, "group"),
    ):
        refused = fit(text, **options)
        assert (refused.status_code, refused.parsed.errors[0].field) == (422, field)
    weighted = models.NewModel.from_dict(
        {
            "project": project.id,
            "kind": "composite",
            "text": "C <~ nps",
            "options": {"weights": "no"},
        }
    )
    refused = program.call(*OPERATIONS["fitModel"], code="open", body=weighted)
    assert (refused.status_code, refused.parsed.errors[0].field) == (422, "weights")
    with installation.store.reading() as session:
        job = session.get_one(ProjectModel, asked.id).job_id
    run_job(installation, job, worker="test")
    found = program.call(*OPERATIONS["readModel"], code="open", model=asked.id).parsed
    [told] = program.call(*OPERATIONS["listModels"], code="open", project=project.id).parsed.models
    assert told.state == found.state == models.FittedModelState.FITTED
    assert found.result["n"] == found.result.additional_properties["n_rows"] == 7
    missing = program.call(*OPERATIONS["readModel"], code="open", model=999)
    assert missing.status_code == 404
    scored = fit("F =~ 1*nps\nnps ~~ 0*nps\nF ~~ F").parsed.id
    early = program.call(*OPERATIONS["readScores"], code="open", model=scored)
    assert early.status_code == 409
    with installation.store.reading() as session:
        job = session.get_one(ProjectModel, scored).job_id
    run_job(installation, job, worker="test")
    scores = program.call(*OPERATIONS["readScores"], code="open", model=scored).parsed
    assert (scores.method, scores.as_fitted) == ("regression", True)
    each = [one.scores.additional_properties["F"] for one in scores.respondents]
    assert len({one.response_id for one in scores.respondents}) == len(each) == 7
    assert sum(each) == pytest.approx(0, abs=1e-9) and max(each) > 0
    anonymous = update(SurveyRow).where(SurveyRow.code == SURVEY)
    with installation.store.writing() as session:
        session.execute(anonymous.values(anonymity="anonymous"))
    hidden = program.call(*OPERATIONS["readScores"], code="open", model=scored)
    with installation.store.writing() as session:
        session.execute(anonymous.values(anonymity="pseudonymous"))
    assert hidden.status_code == 409 and b"anonymous" in hidden.content
    kind = models.ReadModelPowerKind
    power = program.call(*OPERATIONS["readModelPower"], code="open", kind=kind.PATH, path=0.2)
    assert power.parsed.answer["n"] == 155
    lacking = program.call(*OPERATIONS["readModelPower"], code="open", kind=kind.FIT)
    assert lacking.parsed.errors[0].field == "df"
    size = program.call(*OPERATIONS["readSampleSize"], code="open", margin=4.0).parsed
    assert size.measure == size.measures[0] and size.outlook.wanted.margin == 4
    assert size.outlook.missing == max(0, size.outlook.needed - size.outlook.answers)
    unknown = program.call(*OPERATIONS["readSampleSize"], code="open", measure="ease")
    assert unknown.parsed.errors[0].field == "measure"
    step = models.NewStep.from_dict(
        {"project": project.id, "kind": "answered", "arguments": {"least": "1"}, "reason": "Pilot"}
    )
    taken = [program.call(*OPERATIONS["takeStep"], code="open", body=step).parsed for _ in "12"]
    assert taken[0].id == taken[1].id and taken[0].said.startswith("Leave out rows with fewer")
    undone = models.UndoneStep(project=project.id, step=taken[0].id)
    for _ in range(2):
        assert program.call(*OPERATIONS["undoStep"], code="open", body=undone).parsed.undone
    for kind, status, field in (("exploratory", 200, ""), ("invariance", 422, "kind")):
        body = models.NewAnalysis.from_dict({"model": asked.id, "kind": kind})
        answered = program.call(*OPERATIONS["analyseModel"], code="open", body=body)
        assert answered.status_code == status
        assert (answered.parsed.errors[0].field if field else answered.parsed.state) in (
            *(field, "waiting"),
        )


def test_the_portfolio_lists_the_journeys_by_their_scores(program: Program):
    found = program.call(*OPERATIONS["readPortfolio"], page=1).parsed
    assert isinstance(found, program.models.Portfolio)
    [journey] = found.journeys
    assert (journey.code, found.total, found.page, found.pages) == ("open", 1, 1, 1)
    assert found.compared_with.to < found.from_
    assert program.call(*OPERATIONS["readPortfolio"], tag="none").parsed.journeys == []


def test_journeys_stand_side_by_side(program: Program):
    groups = program.models.ReadSideBySideGroups
    found = program.call(
        *OPERATIONS["readSideBySide"], journeys="open", groups=groups.CHANNELS, from_="2020-01"
    ).parsed
    assert isinstance(found, program.models.SideBySide)
    assert (found.journeys, found.groups, found.left_out) == (["open"], "channels", 0)
    assert found.from_ == "2020-01" and found.to is None
    for score in found.scores:
        assert all(each.reason or each.low <= each.estimate for each in score.members)
    unknown = program.call(*OPERATIONS["readSideBySide"], journeys="open,nowhere")
    assert unknown.status_code == 404


def test_results_say_what_is_hidden_and_what_is_shown(program: Program):
    results = program.call(*OPERATIONS["readJourneyResults"], code="open").parsed
    assert isinstance(results, program.models.Results)
    [figure] = results.stages[0].touchpoints[0].figures
    assert figure.state is program.models.FigureState.SHOWN
    assert figure.low <= figure.estimate <= figure.high
    assert figure.reason is None
    north = program.call(
        *OPERATIONS["readJourneyResults"], code="open", segment="open-north", from_="2026-01"
    ).parsed
    [hidden] = north.stages[0].touchpoints[0].figures
    assert (hidden.n, hidden.estimate) == (None, None)
    assert hidden.state is program.models.FigureState.HIDDEN
    assert hidden.reason


def test_answers_to_each_question_and_the_funnel_are_read(program: Program):
    found = program.call(*OPERATIONS["readJourneyAnswers"], code="open", touchpoint="apply/form")
    assert isinstance(found.parsed, program.models.Answers)
    asked = {each.item: each for each in found.parsed.questions}["nps.nps"]
    assert sum(each.n for each in asked.answers) == asked.n
    assert sum(each.percent for each in asked.answers) == 100
    invite = program.models.Invite(survey=SURVEY, customers=[program.models.Customer()])
    assert program.call(*OPERATIONS["inviteCustomers"], body=invite).status_code == 201
    funnel = program.call(*OPERATIONS["readJourneyFunnel"], code="open", days=14).parsed
    assert isinstance(funnel, program.models.JourneyFunnel)
    assert funnel.funnel.repeated_within_days == 14
    assert {each.survey for each in funnel.invitations} == {SURVEY}


def test_bounces_and_opt_outs_are_counted(program: Program):
    models = program.models
    bounce = models.Bounce(email="nobody@example.org", at=datetime.now(UTC))
    noted = program.call(*OPERATIONS["reportBounces"], body=models.Bounces(bounces=[bounce])).parsed
    assert (noted.noted, noted.unknown, noted.refused) == (0, 1, [])
    wanted = models.OptOuts(opt_outs=[models.OptOut(email="bo@example.org")])
    assert program.call(*OPERATIONS["optOutCustomers"], body=wanted).parsed.added == 1


def test_an_error_is_a_problem_of_its_type(program: Program):
    models = program.models
    nowhere = models.Batch(interactions=[program.event("C-9", touchpoint="nowhere")])
    naive = program.event("C-9", at=datetime(2026, 3, 29, 14, 5))  # noqa: DTZ001
    for answered, status, name, field in [
        (program.call(*OPERATIONS["listSurveys"], key="nobody"), 401, "invalid-key", None),
        (program.call(*OPERATIONS["readJourneyResults"], code="none"), 404, "not-found", None),
        (program.call(*OPERATIONS["listResponses"]), 422, "invalid-input", "survey"),
        (
            program.call(*OPERATIONS["listResponses"], survey=SURVEY, after="garbage"),
            *(422, "invalid-input", "after"),
        ),
        (
            program.call(*OPERATIONS["reportInteractions"], body=nowhere),
            *(422, "nothing-accepted", "interactions.0.touchpoint"),
        ),
        (
            program.call(
                *OPERATIONS["reportInteractions"], body=models.Batch(interactions=[naive])
            ),
            *(422, "nothing-accepted", "interactions.0.at"),
        ),
    ]:
        problem = answered.parsed
        assert isinstance(problem, models.Problem)
        assert (answered.status_code, problem.status) == (status, status)
        assert problem.type_.endswith(f"/api/problems/{name}")
        assert problem.title and problem.detail
        if field:
            assert [fault.field for fault in problem.errors] == [field]


def test_a_validation_and_a_study_are_started_once_followed_and_taken_away(program: Program):
    models, installation = program.models, program.installation
    with installation.store.writing() as session:
        row = make_study(session, people(4))
        session.get_one(Journey, row.journey_id).code = code = "studied"
        survey = row.code

    def ask(operation: str, **given: Any) -> Any:
        return program.call(*OPERATIONS[operation], code=code, **given)

    def validate(**choices: Any) -> Any:
        sent = {"survey": survey, "instrument": "sjq", **choices}
        return ask("validateScale", body=models.NewValidation.from_dict(sent))

    def study(**choices: Any) -> Any:
        return ask("startStudy", body=models.NewStudy.from_dict(choices))

    first = validate(group=["region"], reverse=["sea2"], estimator="MLR", cutoffs=True).parsed
    assert (first.state, first.survey, first.percent) == ("waiting", survey, 0)
    chosen = first.options.to_dict()
    assert (chosen["group"], chosen["estimator"], chosen["cutoffs"]) == (["region"], "MLR", True)
    assert validate(**chosen).parsed.id == first.id  # what is told can be sent again
    for wrong, field in (
        ({"instrument": "nps"}, "instrument"),
        ({"estimator": "WLSMV", "missing": "fiml"}, "missing"),
        ({"reverse": ["cats"]}, "reverse"),
        ({"group": ["shoe size"]}, "group"),
    ):
        refused = validate(**wrong)
        assert (refused.status_code, refused.parsed.errors[0].field) == (422, field)
    assert (validate(survey="nowhere").status_code, study(segment="nobody").status_code) == (
        404,
        404,
    )

    whole, here = study().parsed, study(survey=survey).parsed
    assert (whole.survey, here.survey, study().parsed.id) == (None, survey, whole.id)
    cancelled = models.AnalysisQuery(analysis=whole.id)
    for _ in "12":
        told = ask("cancelAnalysis", body=cancelled).parsed
        assert (told.state, told.error) == ("failed", "Cancelled by the key Program.")
    assert study().parsed.id > here.id
    form = models.DownloadAnalysisFormat
    assert ask("downloadAnalysis", analysis=here.id, format_=form.TEX).status_code == 409
    with installation.store.writing() as session:
        row = session.get_one(Analysis, here.id)
        row.result = document()
        session.get_one(Analysis, first.id).result = {"r_script": "library(lavaan)"}
        job = session.get_one(Job, row.job_id)
        job.state = session.get_one(Job, session.get_one(Analysis, first.id).job_id).state = "done"
    read = ask("readAnalysis", analysis=here.id).parsed
    assert (read.state, read.percent, read.error) == ("done", 100, None)
    assert read.result.to_dict() == document()
    for number, form_, begins in (
        (here.id, form.TEX, rb"% "),
        (here.id, form.CSV, b"PK"),
        (first.id, form.R, b"library(lavaan)"),
    ):
        assert ask("downloadAnalysis", analysis=number, format_=form_).content.startswith(begins)
    assert ask("downloadAnalysis", analysis=here.id, format_=form.R).status_code == 404
    listed = {each.id: each for each in ask("listAnalyses").parsed.analyses}
    assert listed[here.id].kind == "study" and listed[first.id].kind == "validation"

    assert study(survey=survey).parsed.id == here.id
    again = [study(survey=survey, again=True).parsed.id for _ in "12"]
    assert again[0] == again[1] > here.id

    def report(**sent: Any) -> Any:
        return ask("createReport", body=models.NewReport.from_dict(sent))

    assert report(kind="sjq_study", analysis=here.id).parsed.state == "waiting"
    for wrong in ({"kind": "sjq_study"}, {"kind": "executive", "analysis": here.id}):
        refused = report(**wrong)
        assert (refused.status_code, refused.parsed.errors[0].field) == (422, "analysis")
    with installation.store.writing() as session:
        where = session.get_one(Analysis, here.id).journey_id
        session.add_all(Job(kind="validate_scale", journey_id=where) for _ in range(MOST_WAITING))
    assert validate(esem=True).status_code == 409
    assert len(ask("listAnalyses").parsed.analyses) == len(listed) + 1
    with installation.store.reading() as session:
        noted = select(AuditEntry.action).where(AuditEntry.detail["key"].as_string() == "Program")
        assert {"cancel job", "download analysis"} <= set(session.scalars(noted))


def test_a_scale_is_filled_judged_and_told_with_its_evidence(program: Program):
    models = program.models

    def ask(operation: str, body: Any, **query: Any) -> Any:
        return program.call(*OPERATIONS[operation], code="open", body=body, **query)

    wanted = models.NewScale(name="Encounter", definition="How customers experience the talk.")
    scales = [ask("createScale", wanted).parsed.id for _ in "12"]
    assert scales[0] == scales[1]
    scale = {"scale": scales[0]}
    made = {"kind": "dimension", "code": "care", "name": "Care", "definition": "They care."}
    construct = models.NewScaleConstruct.from_dict(scale | made)
    assert len({ask("addConstruct", construct).parsed.id for _ in "12"}) == 1
    sent = models.NewPoolItem.from_dict(
        scale | {"code": "care1", "text": "They cared.", "dimension": "care"}
    )
    items = [ask("addPoolItem", sent).parsed for _ in "12"]
    assert items[0].id == items[1].id and items[0].state == models.PoolItemState.DRAFT
    lost = models.NewPoolItem.from_dict(sent.to_dict() | {"dimension": "price", "code": "care2"})
    assert ask("addPoolItem", lost).parsed.errors[0].field == "construct_id"
    item = scale | {"item": items[0].id}
    reworded = models.RewordedItem.from_dict(item | {"text": "They cared about me."})
    assert ask("rewordPoolItem", reworded).parsed.errors[0].field == "reason"
    reworded.reason = "Whom"
    assert [each.text for each in ask("rewordPoolItem", reworded).parsed.history] == [
        *("They cared.", "They cared about me."),
    ]
    rounds = models.NewRound.from_dict(scale | {"kind": "relevance"})
    begun = [ask("beginJudgingRound", rounds).parsed.id for _ in "12"]
    assert begun[0] == begun[1]
    dropped = models.DecidedItem.from_dict(item | {"state": "dropped"})
    assert ask("decidePoolItem", dropped).parsed.errors[0].field == "reason"
    dropped.reason = "Too like another"
    assert ask("decidePoolItem", dropped).parsed.state == models.PoolItemState.DROPPED
    whole = program.call(*OPERATIONS["readScale"], code="open", scale=scales[0]).parsed
    assert whole.scale.items.to_dict() == {"dropped": 1}
    assert [each.state for each in whole.pool[0].history] == [
        *("draft", "draft", "judging", "dropped"),
    ]
    found = program.call(*OPERATIONS["readJudgingRound"], code="open", round_=begun[0]).parsed
    assert (found.judges, found.invited, found.items[0].proposal) == (0, 0, "too few judges")
    closed = models.RoundQuery(round_=begun[0])
    assert ask("closeJudgingRound", closed).parsed.closed_at is not None
    form = models.DownloadScaleEvidenceFormat
    for format_, begins in ((form.JSON, b'{"id": '), (form.HTML, b"<!DOCTYPE html>")):
        answer = program.call(
            *OPERATIONS["downloadScaleEvidence"], code="open", scale=scales[0], format_=format_
        )
        assert answer.content[: len(begins)].lower() == begins.lower()

"""Validations of scales and the service journey study: started, followed, cancelled, taken away."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveyapp.api.bodies import Blueprint, Strict
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.results import code_in
from surveyapp.auth.api_keys import KeyScope
from surveyapp.errors import Conflict, NotFound
from surveyapp.jobs import kinds
from surveyapp.journeys.queries import journey_by_code, segment_by_code
from surveyapp.results.analyses import actions
from surveyapp.results.analyses import queries as stored
from surveyapp.results.analyses.analysis_json import KINDS, STATES, analysis_to_json
from surveyapp.results.analyses.offered import offered_scale
from surveyapp.results.analyses.staleness import staleness
from surveyapp.store import queue
from surveyapp.store.audit import record
from surveyapp.store.models import Analysis, Job, Journey
from surveyapp.surveys.queries import survey_by_code
from surveyapp.surveys.survey import Survey

analyses = Blueprint(
    "analyses",
    __name__,
    url_prefix="/api/v1/journeys/<string:code>/analyses",
    description="Scale validations and service journey studies.",
)

MOST_WAITING = 20  # of a journey, asked for by programs
_LARGEST = 2_147_483_647
_SCRIPT, _FORMATS = "r", ("docx", "tex", "csv", "figures", "r")


def _text(longest: int, description: str, **given: Any) -> ma.fields.String:
    return ma.fields.String(
        validate=ma.validate.Length(min=1, max=longest),
        metadata={"description": description},
        **given,
    )


def _yes(description: str, *, usual: bool = False) -> ma.fields.Boolean:
    return ma.fields.Boolean(load_default=usual, metadata={"description": description})


_AGAIN = "Compute it once more where it is done already: on today's answers, by today's rules."


class NewValidationSchema(Strict):
    """A validation of a scale on the answers of a survey."""

    survey = _text(60, "The code of a survey that asks the scale.", required=True)
    instrument = _text(60, "The scale's code, such as `sjq`.", required=True)
    segment = _text(60, "A segment's code. Without it, all customers.")
    group = ma.fields.List(
        ma.fields.String(validate=ma.validate.Length(min=1, max=200)),
        validate=ma.validate.Length(max=actions.MOST_GROUPINGS),
        load_default=list,
        metadata={"description": "Attributes across which measurement invariance is tested."},
    )
    marker = _yes("Include marker questions if asked.", usual=True)
    estimator = ma.fields.String(
        validate=ma.validate.OneOf(actions.ESTIMATORS), load_default=actions.ESTIMATORS[0]
    )
    missing = ma.fields.String(
        validate=ma.validate.OneOf(actions.MISSING), load_default=actions.MISSING[0]
    )
    reverse = ma.fields.List(
        ma.fields.String(validate=ma.validate.Length(min=1, max=60)),
        validate=ma.validate.Length(max=200),
        load_default=list,
        metadata={"description": "Items worded the other way round, by code."},
    )
    without_flagged = _yes("Leave out flagged answers.")
    cutoffs = _yes("Simulate cut-offs for fit indices; ML and MLR only.")
    esem = _yes("Compare with ESEM.")
    again = _yes(_AGAIN)


class NewStudySchema(Strict):
    """A service journey study: journey quality, service quality and loyalty."""

    survey = _text(60, "A survey's code. Without it, the whole journey, linked by customer.")
    segment = _text(60, "A segment's code. Without it, all customers.")
    again = _yes(_AGAIN)


class AnalysisQuery(Strict):
    """An analysis by its number."""

    analysis = ma.fields.Integer(
        required=True,
        validate=ma.validate.Range(min=1, max=_LARGEST),
        metadata={"description": "The analysis's number."},
    )


class AnalysisFileQuery(AnalysisQuery):
    format = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(_FORMATS),
        metadata={
            "description": "Tables as `docx`, `tex` or `csv` in a ZIP; `figures` as SVG and PNG in a ZIP;"
            " `r`, the script of a validation."
        },
    )


class JourneyAnalysisSchema(ma.Schema):
    """A validation or a study, with how far it is."""

    id = ma.fields.Integer(required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(list(KINDS.values())))
    survey = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Null for the whole journey."}
    )
    instrument = ma.fields.String(required=True)
    segment = ma.fields.String(required=True, allow_none=True)
    options = ma.fields.Dict(
        keys=ma.fields.String(),
        required=True,
        metadata={"description": "As a request has them; of a study its resamples."},
    )
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(STATES))
    percent = ma.fields.Integer(required=True)
    step = ma.fields.String(required=True, metadata={"description": "What is being computed."})
    error = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why it failed, or who cancelled it."},
    )
    answers_changed = ma.fields.Integer(
        required=True, metadata={"description": "Of its answers, since it was computed."}
    )
    answers_erased = ma.fields.Integer(
        required=True, metadata={"description": "Of a segment's, at most so many."}
    )
    created_at = ma.fields.AwareDateTime(required=True)
    fingerprint = ma.fields.String(
        required=True, metadata={"description": "Of the data that it was computed from."}
    )
    versions = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), required=True)


class JourneyAnalysesSchema(ma.Schema):
    """A journey's validations and studies, the newest first."""

    journey = ma.fields.String(required=True)
    analyses = ma.fields.List(ma.fields.Nested(JourneyAnalysisSchema), required=True)


class AnalysisResultSchema(JourneyAnalysisSchema):
    """A validation or a study with every number of its result."""

    result = ma.fields.Dict(
        keys=ma.fields.String(),
        required=True,
        allow_none=True,
        metadata={"description": "As the page's JSON has it; null until it is done."},
    )


_DONE = {
    "id": 7,
    "kind": "validation",
    "survey": "after-onboarding",
    "instrument": "sjq",
    "segment": None,
    "options": {
        "group": ["region"],
        "marker": True,
        "estimator": "MLR",
        "missing": "fiml",
        "reverse": [],
        "without_flagged": False,
        "cutoffs": False,
        "esem": False,
    },
    "state": "done",
    "percent": 100,
    "step": "",
    "error": None,
    "answers_changed": 0,
    "answers_erased": 0,
    "created_at": "2026-06-01T05:00:00+00:00",
    "fingerprint": "3b1f",
    "versions": {"surveyapp": "1.0"},
}
_WAITING = {**_DONE, "state": "waiting", "percent": 0, "fingerprint": "", "versions": {}}
_STUDY = {**_WAITING, "id": 8, "kind": "study", "options": {"bootstrap": 5000}}
_CANCELLED = {**_WAITING, "state": "failed", "error": "Cancelled by the key Branches."}
_SENT = {
    "survey": "after-onboarding",
    "instrument": "sjq",
    "group": ["region"],
    "estimator": "MLR",
    "missing": "fiml",
}


@analyses.route("/validations", methods=["POST"])
@needs(KeyScope.MODEL_ANSWERS)
@analyses.arguments(NewValidationSchema, example=_SENT)
@analyses.response(200, JourneyAnalysisSchema, example=_WAITING)
@analyses.alt_response(404, "NOT_FOUND")
def validate_scale(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """Validate a scale

    A worker computes it; read the analysis to see how far it is. Requests can be repeated safely: the
    same validation, done or under way, is given back; with `again` only one that is under way.
    """
    library = installation().library
    with installation().store.writing() as session:
        journey = _journey(session, code)
        survey = survey_by_code(session, code_in(asked["survey"], "survey"), journey.id)
        scale = offered_scale(session, survey, asked["instrument"], library)
        instrument = library.load(scale.ask.instrument, scale.ask.version)
        made = actions.ask_validation(
            session,
            journey_id=journey.id,
            survey_id=survey.id,
            instrument=scale.ask.instrument,
            key=scale.ask.key,
            segment_id=_segment(session, asked),
            seed=actions.VALIDATION_SEED,
            user_id=None,
            group=asked["group"],
            marker=asked["marker"],
            estimator=asked["estimator"],
            missing=asked["missing"],
            reverse=actions.reversed_items(instrument, scale.ask.key, asked["reverse"]),
            without_flagged=asked["without_flagged"],
            cutoffs=actions.CUTOFF_SAMPLES if asked["cutoffs"] else 0,
            esem=asked["esem"],
            repeat=_repeat(asked),
        )
        return _started(session, journey, made)


@analyses.route("/studies", methods=["POST"])
@needs(KeyScope.MODEL_ANSWERS)
@analyses.arguments(NewStudySchema, example={"survey": "after-onboarding"})
@analyses.response(200, JourneyAnalysisSchema, example=_STUDY)
@analyses.alt_response(404, "NOT_FOUND")
def start_study(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """Start a service journey study

    A worker computes it; read the analysis to see how far it is. Requests can be repeated safely: the
    same study, done or under way, is given back; with `again` only one that is under way.
    """
    with installation().store.writing() as session:
        journey = _journey(session, code)
        survey: Survey | None = None
        if "survey" in asked:
            survey = survey_by_code(session, code_in(asked["survey"], "survey"), journey.id)
        made = actions.ask_sjq_study(
            session,
            journey_id=journey.id,
            survey_id=None if survey is None else survey.id,
            segment_id=_segment(session, asked),
            seed=actions.STUDY_SEED,
            user_id=None,
            repeat=_repeat(asked),
        )
        return _started(session, journey, made)


@analyses.route("", methods=["GET"])
@needs(KeyScope.MODEL_ANSWERS)
@analyses.response(
    200, JourneyAnalysesSchema, example={"journey": "onboarding", "analyses": [_DONE]}
)
@analyses.alt_response(404, "NOT_FOUND")
def list_analyses(code: str) -> dict[str, Any]:
    """List a journey's validations and studies

    Those that pages, commands and programs asked for, the newest first.
    """
    with installation().store.reading() as session:
        journey = _journey(session, code)
        found = stored.analyses(session, journey.id)
        since = staleness(session, found)
        return {
            "journey": journey.code,
            "analyses": [analysis_to_json(each, since.get(each.id)) for each in found],
        }


@analyses.route("/analysis", methods=["GET"])
@needs(KeyScope.MODEL_ANSWERS)
@analyses.arguments(AnalysisQuery, location="query")
@analyses.response(200, AnalysisResultSchema, example={**_DONE, "result": {"n": 246}})
@analyses.alt_response(404, "NOT_FOUND")
def read_analysis(query: dict[str, Any], code: str) -> dict[str, Any]:
    """Read a validation or a study

    How far it is, and every number of its result once it is done.
    """
    with installation().store.reading() as session:
        found = stored.analysis(session, _journey(session, code).id, query["analysis"])
        document = {**_told(session, found), "result": found.result}
    if document["result"] is not None:
        with installation().store.writing() as session:
            _note(session, found, "json")
    return document


@analyses.route("/file", methods=["GET"])
@needs(KeyScope.MODEL_ANSWERS)
@analyses.arguments(AnalysisFileQuery, location="query")
@analyses.response(
    200,
    {"type": "string", "format": "binary"},
    content_type="application/octet-stream",
    description="The file.",
    example="the bytes of the file",
)
@analyses.alt_response(404, "NOT_FOUND")
@analyses.alt_response(409, "CONFLICT")
def download_analysis(query: dict[str, Any], code: str) -> Response:
    """Download the tables, figures or R script of an analysis

    409 while it is not done. Its PDF is a report, of the kind `validation` or `sjq_study`.
    """
    form = query["format"]
    with installation().store.reading() as session:
        journey = _journey(session, code)
        found = stored.analysis(session, journey.id, query["analysis"])
    if found.result is None:
        raise Conflict("This analysis has no result; read it to see how far it is.")
    data, ending = _file(found, journey, form)
    with installation().store.writing() as session:
        _note(session, found, form)
    answer = Response(data, mimetype="application/octet-stream")
    name = f"{KINDS[found.kind]}-{found.instrument}-{found.id}{ending}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@analyses.route("/cancelled", methods=["POST"])
@needs(KeyScope.MODEL_ANSWERS)
@analyses.arguments(AnalysisQuery, example={"analysis": 7})
@analyses.response(200, JourneyAnalysisSchema, example=_CANCELLED)
@analyses.alt_response(404, "NOT_FOUND")
def cancel_analysis(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """Cancel a validation or a study

    At once where it waits, at its next step where a worker has begun it. One that has ended stays as
    it is; its state tells.
    """
    with installation().store.writing() as session:
        found = stored.analysis(session, _journey(session, code).id, asked["analysis"])
        if found.job is not None and queue.stop(
            session, found.job.id, f"Cancelled by the key {caller().name}."
        ):
            record(session, None, "cancel job", f"job {found.job.id}", key=caller().name)
            session.refresh(found.job)
        return _told(session, found)


def _file(analysis: Analysis, journey: Journey, form: str) -> tuple[bytes, str]:
    """The file and how its name ends."""
    if form == _SCRIPT:
        text = (analysis.result or {}).get("r_script")
        if not text:
            raise NotFound("There is no R script for this analysis.")
        return text.encode(), ".R"
    from surveyapp.reports.analysed import document_of  # loaded with the first file
    from surveyapp.reports.files.numbered import figures
    from surveyapp.reports.files.table_files import FORMS

    made = analysis.created_at.date()
    document = document_of(analysis, journey, installation().library, made=made)
    if form == "figures" and not figures(document.blocks):
        raise NotFound("This document has no figures; its tables hold every number.")
    return FORMS[form].make(document), FORMS[form].ending


def _repeat(asked: dict[str, Any]) -> actions.Repeat:
    return actions.Repeat.IF_DONE if asked["again"] else actions.Repeat.NEVER


def _started(session: Session, journey: Journey, made: Analysis) -> dict[str, Any]:
    """The analysis; Conflict, which takes it back, for one too many under way."""
    unfinished = session.scalar(
        select(func.count())
        .select_from(Job)
        .where(
            Job.journey_id == journey.id,
            Job.created_by.is_(None),
            Job.kind.in_((kinds.VALIDATE_SCALE.name, kinds.SJQ_STUDY.name)),
            Job.state.in_(("waiting", "running")),
        )
    )
    if (unfinished or 0) > MOST_WAITING:
        raise Conflict(
            f"{MOST_WAITING} analyses of this journey are under way, as many as may be; wait until some"
            " are done, or cancel some."
        )
    return _told(session, made)


def _told(session: Session, analysis: Analysis) -> dict[str, Any]:
    return analysis_to_json(analysis, staleness(session, [analysis]).get(analysis.id))


def _note(session: Session, analysis: Analysis, form: str) -> None:
    subject = f"analysis {analysis.id}"
    record(session, None, "download analysis", subject, file=form, key=caller().name)


def _segment(session: Session, asked: dict[str, Any]) -> int | None:
    if "segment" not in asked:
        return None
    return segment_by_code(session, code_in(asked["segment"], "segment")).id


def _journey(session: Session, code: str) -> Journey:
    return journey_by_code(session, code_in(code, "journey"), caller().journey_id)

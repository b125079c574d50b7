"""Asking for analyses: a row and a job in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from sqlalchemy import select
from sqlalchemy.orm import Session, defer, joinedload

from instruments.schema import Instrument
from surveyapp.errors import Invalid, NotFound
from surveyapp.jobs import kinds
from surveyapp.results.analyses.groupings import FEWEST, MOST, groupings
from surveyapp.store.audit import record
from surveyapp.store.models import Analysis, Journey, Segment
from surveyapp.surveys.queries import surveys_of
from surveyapp.surveys.survey import Survey

STUDY_INSTRUMENTS = ("sjq", "servqual-p", "loyalty")  # a marker is welcome
MARKER = "marker"
ESTIMATORS = ("ML", "MLR", "WLSMV")
MISSING = ("listwise", "fiml")
MOST_GROUPINGS = 5  # each is a ladder of models
# Of the resampling of analyses that pages and programs ask for; stored, so that they can be repeated.
VALIDATION_SEED, STUDY_SEED = 20_260_101, 20_260_102
CUTOFF_SAMPLES = 2_000  # a level; a second or two of the job
STUDY_RESAMPLES = 5_000


class Repeat(Enum):
    """Whether an analysis is computed that was asked for before, on the same answers with the same choices."""

    ALWAYS = "always"
    IF_DONE = "if done"  # one that is under way is given back
    NEVER = "never"  # one that is done, too


def ask_validation(
    session: Session,
    *,
    journey_id: int,
    survey_id: int | None,
    instrument: str,
    key: str | None,
    segment_id: int | None,
    seed: int,
    user_id: int | None,
    group: Sequence[str] = (),
    marker: bool = True,
    estimator: str = "ML",
    missing: str = "listwise",
    reverse: Sequence[str] = (),
    without_flagged: bool = False,
    cutoffs: int = 0,
    esem: bool = False,
    repeat: Repeat = Repeat.ALWAYS,
) -> Analysis:
    """Ask for the validation of a scale on the answers of a survey, or of the whole journey.

    group: attributes of the respondents between whose values the scale is compared. marker: whether
    the marker items are used where they are asked together with the scale. estimator and missing:
    of the confirmatory model. reverse: see ``reversed_items``. without_flagged: whether answers that
    came in an unusual way are left out. cutoffs: simulated samples a level of dynamic cut-offs, 0 for
    none. esem: whether the model is compared with one of free cross-loadings. repeat: what becomes of
    a wish for an analysis that is there already. Raises NotFound for an unknown journey, survey
    or segment, Invalid for an instrument that is not asked there, for an attribute that does not make 2
    to 10 groups, and for an unknown choice.
    """
    _check_choices(group, estimator, missing)
    journey = session.get(Journey, journey_id)
    if journey is None:
        raise NotFound("There is no such journey; it may have been removed.")
    if segment_id is not None and session.get(Segment, segment_id) is None:
        raise NotFound(f"There is no segment number {segment_id}; it may have been removed.")
    known = surveys_of(session, journey_id)
    surveys = [survey for survey in known if survey_id is None or survey.id == survey_id]
    if survey_id is not None and not surveys:
        raise NotFound(f"journey {journey.code} has no survey number {survey_id}")
    _check_groups(session, group, surveys)
    marked = _version_beside(surveys, instrument) if marker else None
    analysis = Analysis(
        kind="validate_scale",
        journey_id=journey_id,
        survey_id=survey_id,
        segment_id=segment_id,
        instrument=instrument,
        parameters={
            "key": key,
            "version": _version(surveys, instrument),
            "group": list(group),
            "marker": marked,
            "estimator": estimator,
            "missing": missing,
            "reverse": list(reverse),
            **({"without_flagged": True} if without_flagged else {}),
            **({"cutoffs": cutoffs} if cutoffs else {}),
            **({"esem": True} if esem else {}),
        },
        seed=seed,
        created_by=user_id,
    )
    there = _same(session, analysis, repeat)
    if there is not None:
        return there
    session.add(analysis)
    session.flush()
    payload = kinds.AnalysisPayload(analysis.id)
    job = kinds.VALIDATE_SCALE.ask(
        session, payload, journey_id=analysis.journey_id, user_id=user_id
    )
    analysis.job_id = job.id
    session.flush()
    record(
        session,
        user_id,
        "ask validation",
        f"journey {journey.code}",
        instrument=instrument,
        key=key,
        group=list(group),
        estimator=estimator,
        missing=missing,
        reverse=list(reverse),
    )
    return analysis


def reversed_items(
    instrument: Instrument, key: str | None, named: Sequence[str]
) -> tuple[str, ...]:
    """The items that are to be counted from the other end besides those that the instrument turns.

    Raises Invalid for what is no item of the scoring key, is turned already or stands twice.
    """
    chosen = instrument.keys.get(key) if key is not None else instrument.default_key
    items = chosen.items if chosen is not None else ()
    turned = {item.code for item in instrument.items if item.reverse}
    for name in named:
        if name not in items:
            raise Invalid(
                f"{name!r} is no item of this scale; its items are {', '.join(items)}",
                field="reverse",
            )
        if name in turned:
            raise Invalid(
                f"{name} is reversed already, as the questionnaire says; leave it out",
                field="reverse",
            )
        if list(named).count(name) > 1:
            raise Invalid(
                f"{name} stands twice, which would turn it back; name it once", field="reverse"
            )
    return tuple(named)


def _check_choices(group: Sequence[str], estimator: str, missing: str) -> None:
    if estimator not in ESTIMATORS:
        raise Invalid(
            f"{estimator!r} is not an estimator; choose one of {', '.join(ESTIMATORS)}",
            field="estimator",
        )
    if missing not in MISSING:
        raise Invalid(
            f"{missing!r} is not a method for missing answers; choose one of {', '.join(MISSING)}",
            field="missing",
        )
    if estimator == "WLSMV" and missing == "fiml":
        raise Invalid(
            "WLSMV requires complete answers; exclude respondents with missing"
            " answers, or choose MLR",
            field="missing",
        )
    if len(set(group)) != len(group) or len(group) > MOST_GROUPINGS:
        raise Invalid(f"choose up to {MOST_GROUPINGS} attributes, each once", field="group")


def _check_groups(session: Session, group: Sequence[str], surveys: list[Survey]) -> None:
    if not group:
        return
    offered = groupings(session, [survey.id for survey in surveys])
    for name in group:
        if name not in offered:
            raise Invalid(
                f"{name!r} does not divide these respondents into {FEWEST} to {MOST} groups; "
                + (f"choose among {', '.join(offered)}" if offered else "no attribute does"),
                field="group",
            )


def _version_beside(surveys: list[Survey], instrument: str) -> str | None:
    """The version of the marker that is asked together with the instrument; None where it is not."""
    for survey in surveys:
        asks = {ask.instrument: ask for ask in survey.asks}
        if instrument in asks and MARKER in asks and instrument != MARKER:
            return asks[MARKER].version
    return None


def ask_sjq_study(
    session: Session,
    *,
    journey_id: int,
    survey_id: int | None,
    segment_id: int | None,
    bootstrap: int = STUDY_RESAMPLES,
    seed: int,
    user_id: int | None,
    repeat: Repeat = Repeat.ALWAYS,
) -> Analysis:
    """Ask for the study of journey quality, service quality and loyalty at a survey or journey.

    ``repeat`` says what becomes of a wish for a study that is there already. Raises NotFound for an
    unknown journey, survey or segment, Invalid where one of the three instruments is not asked or for
    fewer than 100 or more than 20,000 resamples.
    """
    journey = session.get(Journey, journey_id)
    if journey is None:
        raise NotFound("There is no such journey; it may have been removed.")
    if segment_id is not None and session.get(Segment, segment_id) is None:
        raise NotFound(f"There is no segment number {segment_id}; it may have been removed.")
    if not 100 <= bootstrap <= 20_000:
        raise Invalid(
            f"{bootstrap} resamples: the study requires 100 to 20,000; 5,000 are usual",
            field="bootstrap",
        )
    analysis = Analysis(
        kind="sjq_study",
        journey_id=journey_id,
        survey_id=survey_id,
        segment_id=segment_id,
        instrument="sjq",
        parameters={"bootstrap": bootstrap, "key": _study_key(session, journey, survey_id)},
        seed=seed,
        created_by=user_id,
    )
    there = _same(session, analysis, repeat)
    if there is not None:
        return there
    session.add(analysis)
    session.flush()
    payload = kinds.AnalysisPayload(analysis.id)
    job = kinds.SJQ_STUDY.ask(session, payload, journey_id=analysis.journey_id, user_id=user_id)
    analysis.job_id = job.id
    session.flush()
    record(session, user_id, "ask study", f"journey {journey.code}", bootstrap=bootstrap)
    return analysis


def ask_again(session: Session, analysis: Analysis, *, user_id: int | None) -> Analysis:
    """Ask for a stored analysis once more, with its settings and seed, on today's answers by today's rules.

    The stored one stays as it is.
    """
    again = Analysis(
        kind=analysis.kind,
        journey_id=analysis.journey_id,
        survey_id=analysis.survey_id,
        segment_id=analysis.segment_id,
        instrument=analysis.instrument,
        parameters=dict(analysis.parameters),
        seed=analysis.seed,
        created_by=user_id,
    )
    session.add(again)
    session.flush()
    wanted = kinds.SJQ_STUDY if analysis.kind == "sjq_study" else kinds.VALIDATE_SCALE
    payload = kinds.AnalysisPayload(again.id)
    job = wanted.ask(session, payload, journey_id=again.journey_id, user_id=user_id)
    again.job_id = job.id
    session.flush()
    record(session, user_id, "ask again", f"analysis {analysis.id}", analysis=again.id)
    return again


def _same(session: Session, wanted: Analysis, repeat: Repeat) -> Analysis | None:
    """The newest analysis of the same kind, answers and choices that is given back instead."""
    if repeat is Repeat.ALWAYS:
        return None
    # Two requests at once find each other's analysis: the second one waits for the first.
    session.execute(
        select(Journey.id).where(Journey.id == wanted.journey_id).with_for_update(key_share=True)
    )
    query = (
        select(Analysis, Analysis.result.is_not(None))
        .options(joinedload(Analysis.job), defer(Analysis.result))
        .where(
            Analysis.journey_id == wanted.journey_id,
            Analysis.kind == wanted.kind,
            Analysis.instrument == wanted.instrument,
            Analysis.survey_id.is_not_distinct_from(wanted.survey_id),
            Analysis.segment_id.is_not_distinct_from(wanted.segment_id),
            Analysis.seed == wanted.seed,
        )
        .order_by(Analysis.id.desc())
    )
    for found, is_done in session.execute(query):
        waits = found.job is not None and found.job.state in ("waiting", "running")
        given = waits or (is_done and repeat is Repeat.NEVER)
        if given and found.parameters == wanted.parameters:
            return found
    return None


def _study_key(session: Session, journey: Journey, survey_id: int | None) -> str | None:
    """The scoring key of the journey scale where the study's instruments are asked."""
    surveys = [d for d in surveys_of(session, journey.id) if survey_id in (None, d.id)]
    if survey_id is not None and not surveys:
        raise NotFound(f"journey {journey.code} has no survey number {survey_id}")
    asks = {ask.instrument: ask for d in surveys for ask in d.asks}
    missing = [code for code in STUDY_INSTRUMENTS if code not in asks]
    if missing:
        raise Invalid(
            f"{', '.join(missing)} is not part of this survey; the study requires"
            f" {', '.join(STUDY_INSTRUMENTS)}",
            field="survey",
        )
    return asks["sjq"].key


def _version(surveys: list[Survey], instrument: str) -> str | None:
    """The newest version asked; older answers of the same items are taken with it."""
    versions = [
        ask.version for survey in surveys for ask in survey.asks if ask.instrument == instrument
    ]
    if not versions:
        raise Invalid(
            f"{instrument} is not part of this survey; choose one of its questionnaires",
            field="instrument",
        )
    return versions[-1]

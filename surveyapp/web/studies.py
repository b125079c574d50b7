"""The service journey study: asked for where its instruments are, shown with its drawings."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import SelectField

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.journeys import queries
from surveyapp.reports.document import Table
from surveyapp.reports.studies import study_tables as made
from surveyapp.results.analyses import actions
from surveyapp.results.analyses.actions import STUDY_INSTRUMENTS
from surveyapp.results.analyses.rules_changed import rules_used
from surveyapp.results.analyses.staleness import Staleness
from surveyapp.store.models import Analysis, Journey
from surveyapp.surveys.queries import surveys_of
from surveyapp.web.choosing import segment_choices
from surveyapp.web.drawings import drawings
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.quota import leave_room
from surveyapp.web.sessions import me

studies = Blueprint("studies", __name__, url_prefix="/journeys/<int:journey_id>/studies")


class StudyForm(StaffForm):
    place = SelectField("Survey")
    group = SelectField("Customers")


def study_form(session: Session, journey: Journey, *, segment: str = "") -> StudyForm:
    """Where the study can be made; no place where its instruments are not asked.

    ``segment`` is chosen to begin with.
    """
    form = StudyForm(group=segment)
    places, everywhere = [], set()
    for survey in surveys_of(session, journey.id):
        asked = {ask.instrument for ask in survey.asks}
        everywhere |= asked
        if asked.issuperset(STUDY_INSTRUMENTS):
            places.append((str(survey.id), survey.name))
    if everywhere.issuperset(STUDY_INSTRUMENTS):
        places.append(("", "The whole journey, with answers linked by customer"))
    form.place.choices = choices(places)
    form.group.choices = segment_choices(session)
    return form


@studies.post("")
@requires(Permission.RUN_ANALYSES)
def ask(journey_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        journey = queries.journey(session, journey_id)
        form = study_form(session, journey)
        if not form.validate():
            raise Invalid("Choose a survey and a group of customers from the lists.")
        leave_room(session)
        analysis = actions.ask_sjq_study(
            session,
            journey_id=journey_id,
            survey_id=int(form.place.data) if form.place.data else None,
            segment_id=int(form.group.data) if form.group.data else None,
            seed=actions.STUDY_SEED,
            user_id=me().id,
        )
    flash("The study is running; this page shows its progress.")
    return redirect(url_for("analyses.show", journey_id=journey_id, analysis_id=analysis.id), 303)


def show(journey: Journey, analysis: Analysis, changed: Staleness | None) -> str:
    """The page of a study that was asked for, and what has ``changed`` under it since."""
    return render_template(
        "studies/show.html",
        journey=journey,
        analysis=analysis,
        result=analysis.result,
        changed=changed,
        rules=rules_used(analysis),
        drawings=drawings(analysis, journey, installation().library),
        tables=_tables(analysis),
    )


def _tables(analysis: Analysis) -> dict[str, Table]:
    """The report's own tables, so that page and paper cannot differ."""
    if analysis.result is None:
        return {}
    sample, study = analysis.result["sample"], analysis.result["study"]
    names = [*sample["journey"], *sample["service"], made.LOYAL]
    return {
        "hypotheses": made.hypotheses(study, 1),
        "mediation": made.mediation(study, 2),
        "paths": made.paths(study, 3),
        "explained": made.explained(study, 4),
        "importance": made.importance(study, 5),
        "reliability": made.reliability(study, names, 6),
        "discriminant": made.discriminant(study, names, 7),
        "prediction": made.prediction(study, 8),
        "robustness": made.robustness(study, 9),
        "published": made.published(study, 10),
    }

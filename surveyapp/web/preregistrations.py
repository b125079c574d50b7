"""The plan of a modelling project: drafted, registered with a hash, downloaded, departed from."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid, NotFound
from surveyapp.reports.formats.names import Format
from surveyapp.reports.projects.hypotheses import hypothesis_table
from surveyapp.reports.projects.preregistration import analysis_in_words, content
from surveyapp.results.preregistrations import preregistrations as plans
from surveyapp.results.preregistrations.answers import answers_known
from surveyapp.results.preregistrations.departures import (
    Departure,
    departures,
    give_reason,
    tests_of,
)
from surveyapp.results.preregistrations.fields import EMPTY, hypotheses_as_text
from surveyapp.results.preregistrations.hypothesis_tests import unreachable
from surveyapp.results.preregistrations.preregistration_document import (
    CORRECTIONS,
    FAMILIES,
    SIGNS,
    TEXTS,
    file_of,
    hash_of,
)
from surveyapp.results.projects import projects as known_ones
from surveyapp.results.projects.analysis_options import PLANNED_OPTIONS
from surveyapp.results.projects.options import OPTION_NAMES, options_in_words, options_of
from surveyapp.results.projects.projects import ModelText
from surveyapp.results.projects.variables import variables_of
from surveyapp.store.models import Preregistration, Project
from surveyapp.web.document_files import attachment, written_file
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.preregistration_forms import (
    PlanForm,
    PlannedForm,
    ReasonForm,
    planned_model_form,
)
from surveyapp.web.project_places import project_place
from surveyapp.web.quota import leave_room
from surveyapp.web.reads import note_read
from surveyapp.web.sessions import me

preregistrations = Blueprint(
    "preregistrations",
    __name__,
    url_prefix="/journeys/<int:journey_id>/projects/<int:project_id>",
)


@preregistrations.get("/preregistrations")
@preregistrations.get("/preregistrations.json", endpoint="index_json")
@requires(Permission.MODEL_ANSWERS)
def index(journey_id: int, project_id: int) -> ResponseReturnValue:
    """The draft, the registered versions, and where the project departed from the newest."""
    with installation().store.reading() as session:
        journey, project = project_place(session, journey_id, project_id)
        versions = plans.versions_of(session, project)
        draft = next((each for each in versions if each.frozen_at is None), None)
        planned = None if draft is None else plans.plan_of(session, project, draft)
        known = _answers_known(session, project)
        found = departures(session, project)
        tests = tests_of(session, project)
    registered = [each for each in versions if each.frozen_at is not None]
    return page(
        "preregistrations/index.html",
        {
            "project": project.name,
            "versions": [_told(each) for each in registered],
            "hypotheses": [asdict(each) for each in tests],
            "deviations": [_departure(each) for each in found],
        },
        journey=journey,
        project=project,
        draft=draft,
        plan=planned,
        registered=registered,
        said={each.id: json.loads(each.document)["answers_known"]["said"] for each in registered},
        known=known,
        departures=found,
        tests=hypothesis_table(tests, 1) if tests else None,
        is_closed=known_ones.is_closed(project),
        untestable=unreachable(planned["hypotheses"], [each["text"] for each in planned["models"]])
        if planned
        else [],
        **_words(),
    )


@preregistrations.route("/preregistrations/draft", methods=["GET", "POST"])
@requires(Permission.MODEL_ANSWERS)
def edit(journey_id: int, project_id: int) -> ResponseReturnValue:
    """The draft's fields; of a new version those of the one before."""
    with installation().store.reading() as session:
        journey, project = project_place(session, journey_id, project_id)
        versions = plans.versions_of(session, project)
    stored = versions[0].content if versions else EMPTY
    form = PlanForm(
        data={
            **EMPTY,
            **stored,
            "n": "" if stored["n"] is None else str(stored["n"]),
            "hypotheses": hypotheses_as_text(stored["hypotheses"]),
        }
    )
    if form.validate_on_submit():
        with form.refusing("hypotheses"):
            with form.saving() as session:
                leave_room(session)
                _, held = project_place(session, journey_id, project_id)
                plans.save_draft(session, held, form.plain(), user_id=me().id)
            flash("Saved as a draft.")
            return _to_plan(project)
    shown = render_template(
        "preregistrations/edit.html", form=form, journey=journey, project=project
    )
    return shown, form.status


@preregistrations.route("/preregistrations/models/new", methods=["GET", "POST"])
@requires(Permission.MODEL_ANSWERS)
def plan_model(journey_id: int, project_id: int) -> ResponseReturnValue:
    """A model for the draft; it is checked, and not fitted."""
    with installation().store.reading() as session:
        journey, project = project_place(session, journey_id, project_id)
        known = variables_of(session, project, installation().library)
    form = planned_model_form(known)
    asks_for_options = bool(form.show.data)
    if not asks_for_options and form.validate_on_submit():
        with form.refusing("text"):
            chosen = {name: form[name].data for name in OPTION_NAMES}
            asked = ModelText(
                form.name.data or "",
                form.kind.data,
                "\n".join((form.text.data or "").splitlines()),
                options_of(form.kind.data, chosen, known),
            )
            with installation().store.writing() as session:
                leave_room(session)
                _, held = project_place(session, journey_id, project_id)
                plans.plan_model(
                    session,
                    held,
                    asked,
                    form.analyses.data or (),
                    {name: form[f"analysis_{name}"].data or "" for name in PLANNED_OPTIONS},
                    known=known,
                    user_id=me().id,
                )
            return _to_plan(project)
    shown = render_template(
        "preregistrations/model.html", form=form, journey=journey, project=project, known=known
    )
    return shown, 200 if asks_for_options else form.status


@preregistrations.post("/preregistrations/models/leave-out")
@requires(Permission.MODEL_ANSWERS)
def leave_out(journey_id: int, project_id: int) -> ResponseReturnValue:
    """Take a model out of the draft."""
    form = PlannedForm()
    with installation().store.writing() as session:
        _, project = project_place(session, journey_id, project_id)
        if not form.validate():
            raise Invalid("Choose a model of the draft.")
        plans.leave_out_model(session, project, form.model.data or "", user_id=me().id)
    return _to_plan(project)


@preregistrations.post("/preregistrations/models/fit")
@requires(Permission.MODEL_ANSWERS)
def fit(journey_id: int, project_id: int) -> ResponseReturnValue:
    """Fit a model of the registered plan as it was planned, which opens the answers."""
    form = PlannedForm()
    with installation().store.writing() as session:
        _, project = project_place(session, journey_id, project_id)
        plan = plans.frozen_of(session, project)
        planned = {
            each["name"]: each
            for each in (json.loads(plan.document)["plan"]["models"] if plan else ())
        }
        if not form.validate() or form.model.data not in planned:
            raise NotFound("The registered plan has no such model.")
        leave_room(session)
        model = planned[form.model.data]
        made = known_ones.add_model(
            session,
            project,
            ModelText(model["name"], model["kind"], model["text"], model["options"]),
            known=variables_of(session, project, installation().library),
            parent=None,
            user_id=me().id,
        )
    here: dict[str, Any] = {"journey_id": journey_id, "project_id": project_id}
    return redirect(url_for("models.show", model_id=made.id, **here), 303)


@preregistrations.post("/preregistrations/freeze")
@requires(Permission.MODEL_ANSWERS)
def freeze(journey_id: int, project_id: int) -> ResponseReturnValue:
    """Register the draft; nothing changes it afterwards."""
    StaffForm().validate()
    with installation().store.writing() as session:
        journey, project = project_place(session, journey_id, project_id)
        plan = plans.freeze(
            session,
            project,
            journey,
            minimum_cell=installation().settings.minimum_cell,
            user_id=me().id,
            now=installation().now(),
        )
        flash(f"Version {plan.version} of the plan is registered.")
    return _to_plan(project)


@preregistrations.get("/preregistrations/<int:preregistration_id>")
@requires(Permission.MODEL_ANSWERS)
def show(journey_id: int, project_id: int, preregistration_id: int) -> ResponseReturnValue:
    """A registered version, with its hash computed anew."""
    with installation().store.reading() as session:
        journey, project = project_place(session, journey_id, project_id)
        found = plans.version_of(session, project, preregistration_id)
    document = json.loads(found.document)
    return render_template(
        "preregistrations/show.html",
        journey=journey,
        project=project,
        found=found,
        document=document,
        plan=document["plan"],
        is_whole=hash_of(found.document) == found.sha256,
        **_words(),
    )


@preregistrations.get("/preregistrations/<int:preregistration_id>.json")
@requires(Permission.MODEL_ANSWERS)
def show_json(journey_id: int, project_id: int, preregistration_id: int) -> ResponseReturnValue:
    """The registered document with its hash: what ``surveyapp preregistration check`` reads."""
    found, _ = _registered(journey_id, project_id, preregistration_id)
    note_read("download preregistration", f"project {project_id}", file="json")
    text = file_of(found.document, found.sha256)
    return attachment(text, "application/json", f"preregistration-{found.id}.json")


@preregistrations.get(
    "/preregistrations/<int:preregistration_id>/preregistration.<any(pdf, docx):format_>"
)
@requires(Permission.MODEL_ANSWERS)
def download(
    journey_id: int, project_id: int, preregistration_id: int, format_: str
) -> ResponseReturnValue:
    """The registered document for reading."""
    found, provider = _registered(journey_id, project_id, preregistration_id)
    form = Format(format_)
    made = (found.frozen_at or found.created_at).date()
    document = content(found.document, found.sha256, author=provider, made=made)
    note_read("download preregistration", f"project {project_id}", file=format_)
    return written_file(document, form, f"preregistration-{found.id}")


@preregistrations.post("/preregistrations/reasons")
@requires(Permission.MODEL_ANSWERS)
def reason(journey_id: int, project_id: int) -> ResponseReturnValue:
    """Say why the project departed from its plan in one place."""
    form = ReasonForm()
    with installation().store.writing() as session:
        _, project = project_place(session, journey_id, project_id)
        if not form.validate():
            raise Invalid("Enter the reason for the deviation.")
        leave_room(session)
        give_reason(
            session,
            project,
            form.deviation.data or "",
            form.reason.data or "",
            user_id=me().id,
        )
    return _to_plan(project)


def _words() -> dict[str, Any]:
    """What templates say of a plan's fields."""
    return {
        "texts": TEXTS,
        "signs": SIGNS,
        "corrections": CORRECTIONS,
        "families": FAMILIES,
        "method": options_in_words,
        "analysis_in_words": analysis_in_words,
    }


def _answers_known(session: Session, project: Project) -> dict[str, Any]:
    minimum = installation().settings.minimum_cell
    return answers_known(session, project, minimum_cell=minimum)


def _registered(
    journey_id: int, project_id: int, preregistration_id: int
) -> tuple[Preregistration, str]:
    """A registered version, and who provides the journey."""
    with installation().store.reading() as session:
        journey, project = project_place(session, journey_id, project_id)
        return plans.version_of(session, project, preregistration_id), journey.provider


def _told(found: Preregistration) -> dict[str, Any]:
    return {
        "id": found.id,
        "version": found.version,
        "registered_at": found.frozen_at.isoformat() if found.frozen_at else None,
        "sha256": found.sha256,
    }


def _departure(found: Departure) -> dict[str, Any]:
    return {**vars(found.deviation), "reason": found.reason}


def _to_plan(project: Project) -> ResponseReturnValue:
    here: dict[str, Any] = {"journey_id": project.journey_id, "project_id": project.id}
    return redirect(url_for("preregistrations.index", **here), 303)

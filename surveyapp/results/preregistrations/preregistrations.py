"""Plans of a modelling project: drafted, frozen with a hash, and compared with what was done."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.results.preregistrations.answers import answers_known
from surveyapp.results.preregistrations.fields import EMPTY, planned_analysis, read_fields
from surveyapp.results.preregistrations.preregistration_document import (
    FORMAT,
    canonical,
    changes,
    hash_of,
)
from surveyapp.results.projects.model_texts import COVARIANCE, faults_of
from surveyapp.results.projects.options import require_composite_options, require_level_options
from surveyapp.results.projects.projects import (
    LONGEST_NAME,
    LONGEST_TEXT,
    ModelText,
    standing_steps,
)
from surveyapp.results.projects.step_kinds import step_in_words
from surveyapp.results.projects.variables import Variables
from surveyapp.store.audit import record
from surveyapp.store.models import (
    Journey,
    Preregistration,
    Project,
)

MOST_PLANNED, MOST_VERSIONS = 30, 50


def versions_of(session: Session, project: Project) -> list[Preregistration]:
    """The plan's versions, the newest first; an unfrozen one is the draft."""
    query = select(Preregistration).where(Preregistration.project_id == project.id)
    return list(session.scalars(query.order_by(Preregistration.version.desc())))


def draft_of(session: Session, project: Project) -> Preregistration | None:
    """The version that is being written."""
    return next((each for each in versions_of(session, project) if not each.frozen_at), None)


def frozen_of(session: Session, project: Project) -> Preregistration | None:
    """The newest frozen version: the plan that holds."""
    return next((each for each in versions_of(session, project) if each.frozen_at), None)


def version_of(session: Session, project: Project, number: int) -> Preregistration:
    """A frozen version of this project's plan, by its id. Raises NotFound, for a draft too."""
    found = session.get(Preregistration, number)
    if found is None or found.project_id != project.id or found.frozen_at is None:
        raise NotFound("There is no such registered plan of this project.")
    return found


def save_draft(
    session: Session, project: Project, typed: Mapping[str, str], *, user_id: int | None
) -> Preregistration:
    """Store the draft's fields; the first time it begins as what the last frozen version says.

    Raises Invalid, with the field.
    """
    fields = read_fields(typed)
    draft = _begun(session, project, user_id)
    if draft.content != {**draft.content, **fields}:
        draft.content = {**draft.content, **fields}
        _record(session, user_id, "change preregistration", draft)
    return draft


def plan_model(
    session: Session,
    project: Project,
    asked: ModelText,
    analyses: Sequence[str],
    chosen: Mapping[str, str],
    *,
    known: Variables,
    user_id: int | None,
) -> Preregistration:
    """Put a model with its further analyses into the draft, each with those of the ``chosen`` options that
    it has. Raises Invalid, with the field, for a text
    that cannot be read, a name that is taken, and an analysis that the model does not have."""
    name = " ".join(asked.name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid(
            f"The name has {len(name)} characters; use 1 to {LONGEST_NAME}.", field="name"
        )
    if len(asked.text) > LONGEST_TEXT:
        raise Invalid(f"Use at most {LONGEST_TEXT:,} characters.", field="text")
    faults = faults_of(asked.kind, asked.text, list(known.names))
    if faults:
        where = "" if faults[0].line is None else f"Line {faults[0].line}: "
        raise Invalid(where + faults[0].text, field="text")
    if asked.kind == COVARIANCE:
        require_level_options(asked.text, asked.options)
    else:
        require_composite_options(asked.text, asked.options)
    further = [planned_analysis(kind, asked, chosen, known) for kind in dict.fromkeys(analyses)]
    draft = _begun(session, project, user_id)
    models = draft.content["models"]
    if any(each["name"].casefold() == name.casefold() for each in models):
        raise Invalid(f"The plan has a model “{name}” already; choose another name.", field="name")
    if len(models) >= MOST_PLANNED:
        raise Conflict(f"This plan has {len(models)} models, as many as may be; take some out.")
    planned = {
        "name": name,
        "kind": asked.kind,
        "text": asked.text,
        "options": dict(asked.options),
        "analyses": further,
    }
    draft.content = {**draft.content, "models": [*models, planned]}
    _record(session, user_id, "plan model", draft, model=name)
    return draft


def leave_out_model(
    session: Session, project: Project, name: str, *, user_id: int | None
) -> Preregistration:
    """Take a planned model out of the draft; a second time changes nothing. Raises NotFound."""
    _hold(session, project)
    draft = draft_of(session, project)
    if draft is None:
        raise NotFound("This project has no draft of a plan.")
    kept = [each for each in draft.content["models"] if each["name"] != name]
    if kept != draft.content["models"]:
        draft.content = {**draft.content, "models": kept}
        _record(session, user_id, "leave out planned model", draft, model=name)
    return draft


def freeze(
    session: Session,
    project: Project,
    journey: Journey,
    *,
    minimum_cell: int,
    user_id: int | None,
    now: datetime,
) -> Preregistration:
    """Freeze the draft: its document and hash are stored with what was known of the answers by now.

    The steps that stand in the project are the planned ones. Raises NotFound without a draft, Invalid
    for one that says nothing that could be tested.
    """
    _hold(session, project)
    draft = draft_of(session, project)
    if draft is None:
        raise NotFound("This plan has been registered already, or there is no draft of it.")
    content = plan_of(session, project, draft)
    if not content["hypotheses"] and not content["models"]:
        raise Invalid("Write a hypothesis, or plan a model, before you register the plan.")
    before = frozen_of(session, project)
    document = {
        "format": FORMAT,
        "version": draft.version,
        "project": project.name,
        "journey": f"{journey.provider}, {journey.name}",
        "answers": _answers(project),
        "registered_at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "answers_known": answers_known(session, project, minimum_cell=minimum_cell),
        "plan": content,
        "changes": changes(json.loads(before.document)["plan"], content) if before else [],
        "replaces": before.sha256 if before else None,
    }
    draft.document = canonical(document)
    draft.sha256 = hash_of(draft.document)
    draft.frozen_by, draft.frozen_at = user_id, now
    _record(session, user_id, "register plan", draft, sha256=draft.sha256)
    return draft


def plan_of(session: Session, project: Project, draft: Preregistration) -> dict[str, Any]:
    """The fields of a draft with the steps that stand in the project."""
    steps = [
        {
            "kind": step.kind,
            "arguments": step.arguments,
            "words": step_in_words(step.kind, step.arguments),
            "reason": step.reason,
        }
        for step in standing_steps(session, project)
    ]
    return {**draft.content, "steps": steps}


def _begun(session: Session, project: Project, user_id: int | None) -> Preregistration:
    """The draft; where there is none, a new one. Raises Conflict for one version too many."""
    _hold(session, project)
    found = versions_of(session, project)
    if found and found[0].frozen_at is None:
        return found[0]
    if len(found) >= MOST_VERSIONS:
        raise Conflict(f"This plan has {len(found)} versions, as many as may be.")
    content = dict(found[0].content) if found else dict(EMPTY)
    number = found[0].version + 1 if found else 1
    draft = Preregistration(
        project_id=project.id, version=number, content=content, created_by=user_id
    )
    session.add(draft)
    session.flush()
    session.refresh(draft)
    _record(session, user_id, "draft preregistration", draft)
    return draft


def _hold(session: Session, project: Project) -> None:
    """Wait until nobody else writes this project's plan."""
    session.execute(select(Project.id).where(Project.id == project.id).with_for_update())


def _answers(project: Project) -> str:
    if project.file_name:
        return f"the file {project.file_name}"
    of = project.survey.name if project.survey else "the whole journey, linked by customer"
    segment = f", segment {project.segment.name}" if project.segment else ""
    return of + segment + (", without flagged answers" if project.without_flagged else "")


def _record(
    session: Session, user_id: int | None, action: str, plan: Preregistration, **detail: Any
) -> None:
    record(
        session,
        user_id,
        action,
        f"project {plan.project_id}",
        version=plan.version,
        **detail,
    )

"""Modelling projects and their models as other programs read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from surveyapp.results.projects.phrases import fit_line
from surveyapp.store.models import Project, ProjectAnalysis, ProjectModel


def project_to_json(project: Project, *, models: int) -> dict[str, Any]:
    """The project without its answers' description; ``models`` is how many it has."""
    return {
        "id": project.id,
        "name": project.name,
        "file": project.file_name or None,
        "survey": project.survey.code if project.survey else None,
        "segment": project.segment.name if project.segment else None,
        "without_flagged": project.without_flagged,
        "models": models,
        "created_at": project.created_at.isoformat(),
    }


def model_to_json(model: ProjectModel) -> dict[str, Any]:
    """The model and its fit in one line, null before it is computed."""
    return {
        "id": model.id,
        "name": model.name,
        "kind": model.kind,
        "text": model.text,
        "options": model.options,
        "made_of": model.parent_id,
        "change": model.change,
        "reason": model.reason,
        "state": model_state(model),
        "error": None if model.result is not None or model.job is None else model.job.error or None,
        "fit": None if model.result is None else fit_line(model.kind, model.result),
        "created_at": model.created_at.isoformat(),
        "fingerprint": model.fingerprint,
        "versions": model.versions,
    }


def model_state(model: ProjectModel) -> str:
    """``fitted``, ``waiting`` for its job, or ``failed``."""
    if model.result is not None:
        return "fitted"
    waits = model.job is not None and model.job.state in ("waiting", "running")
    return "waiting" if waits else "failed"


def model_document(model: ProjectModel, further: Sequence[ProjectAnalysis]) -> dict[str, Any]:
    """The whole result, every digit of it, with those of the further analyses that are done."""
    return {
        **model_to_json(model),
        "result": model.result,
        "analyses": [
            {"kind": each.kind, "options": each.options, "result": each.result} for each in further
        ],
    }

"""Modelling projects and their models as other programs read them."""

from __future__ import annotations

from typing import Any

from surveyapp.results.project_phrases import fit_line
from surveyapp.store.models import Project, ProjectModel


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
        "fit": None if model.result is None else fit_line(model.kind, model.result),
        "created_at": model.created_at.isoformat(),
        "fingerprint": model.fingerprint,
        "versions": model.versions,
    }

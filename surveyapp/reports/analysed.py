"""The document of a stored analysis: a scale validation, or a service journey study."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from instruments.loader import Library
from surveyapp.errors import Conflict
from surveyapp.reports.document import Document
from surveyapp.reports.studies import study as studies
from surveyapp.reports.studies.stored_study import Study
from surveyapp.reports.validation.content import content
from surveyapp.results.analyses.rules_changed import rules_used
from surveyapp.results.analyses.validations import read_fieldwork, read_validation
from surveyapp.store.models import Analysis, Journey


def document_of(analysis: Analysis, journey: Journey, library: Library, *, made: date) -> Document:
    """Everything that the analysis's report has. Raises Conflict without a result."""
    study = study_of(analysis, journey, library)
    if analysis.kind == "sjq_study":
        return studies.content(study, made=made)
    return content(study.reading(read_validation), made=made)


def study_of(
    analysis: Analysis | None, journey: Journey, library: Library
) -> Study[Mapping[str, Any]]:
    """The stored result with whom and what it is about. Raises Conflict without one."""
    if analysis is None or analysis.result is None:
        raise Conflict(
            "this report's analysis has no result; run the analysis, then create the report again"
        )
    return Study(
        document=analysis.result,
        journey=journey.name,
        provider=journey.provider,
        segment=analysis.segment.name if analysis.segment else None,
        survey=analysis.survey.name if analysis.survey else None,
        computed=analysis.created_at.date(),
        library=library,
        fieldwork=read_fieldwork(analysis.result),
        rules=rules_used(analysis),
    )

"""Jobs in words: what one is about, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.store.models import (
    Analysis,
    ImportBatch,
    ImportPreview,
    Job,
    Journey,
    Report,
    Segment,
    SurveyRow,
)
from surveyapp.web.words_for_values import name_of, words_of


def job_subject(session: Session, job: Job) -> str:
    """The name of what a job is about; empty where that is gone."""
    asked = job.parameters
    batch = session.get(ImportBatch, asked.get("batch_id", 0))
    preview = session.get(ImportPreview, asked.get("preview_id", 0))
    imported = batch or preview
    survey = session.get(SurveyRow, imported.survey_id if imported else asked.get("survey_id", 0))
    if survey is not None:
        return survey.name
    report = session.get(Report, asked.get("report_id", 0))
    if report is not None:
        return report.title
    analysis = session.get(Analysis, asked.get("analysis_id", 0))
    number = asked.get("journey_id", 0) if analysis is None else analysis.journey_id
    journey = session.get(Journey, number)
    segment = session.get(Segment, asked.get("segment_id", 0))
    return journey.name if journey else segment.name if segment else ""


def result_facts(result: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """What a job says about its result: numbers and texts, without the ids of what it made."""
    told = [
        (name_of(name), words_of(value))
        for name, value in result.items()
        if isinstance(value, int | float | str) and not name.endswith("_id")
    ]
    return [(label[:1].upper() + label[1:], said) for label, said in told]

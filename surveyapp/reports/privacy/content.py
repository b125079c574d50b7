"""The data-protection report as a document."""

from __future__ import annotations

from surveyapp.reports.document import Block, Callout, Cover, Document
from surveyapp.reports.privacy.assessment import assessment
from surveyapp.reports.privacy.facts import Facts
from surveyapp.reports.privacy.records import records
from surveyapp.results.phrases import day, named

KIND = "Data-protection report"
_ABOUT = (
    "Made from the survey's settings and stored data as they were on the day of the report. What the"
    " software cannot know is a blank in brackets. It is no legal advice."
)


def content(facts: Facts) -> Document:
    """Both chapters under a cover."""
    survey = facts.survey
    blocks: list[Block] = [
        Callout("How to use this report", _ABOUT),
        *records(facts),
        *assessment(facts),
    ]
    return Document(
        cover=Cover(
            KIND,
            named(survey.name),
            f"{named(survey.provider)}, {named(survey.journey)}",
            [
                ("Survey", survey.code),
                ("Identity", survey.anonymity.capitalize()),
                ("Report created on", day(facts.made)),
            ],
        ),
        blocks=blocks,
        subject=f"{KIND}: {named(survey.name)}",
        author=survey.provider,
        running=f"{KIND}  ·  {named(survey.name)}",
        made=facts.made,
        keywords=("GDPR", "records of processing", "impact assessment"),
    )

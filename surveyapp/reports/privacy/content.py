"""The data-protection report as a document."""

from __future__ import annotations

from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports.document import Block, Callout, Cover, Document
from surveyapp.reports.privacy.assessment import assessment
from surveyapp.reports.privacy.facts import Facts
from surveyapp.reports.privacy.records import records

KIND = msg("Data-protection report")


def content(facts: Facts, words: Words = ENGLISH) -> Document:
    """Both chapters under a cover."""
    survey, kind = facts.survey, words.say(KIND)
    name = words.name(survey.name)
    about = words.say(
        "Made from the survey's settings and stored data as they were on the day of the report. What the"
        " software cannot know is a blank in brackets. It is no legal advice."
    )
    blocks: list[Block] = [
        Callout(words.say("How to use this report"), about),
        *records(facts, words),
        *assessment(facts, words),
    ]
    whose = words.joined([words.name(survey.provider), words.name(survey.journey)])
    anonymity = msg("Anonymous") if survey.is_anonymous else msg("Pseudonymous")
    return Document(
        cover=Cover(
            kind,
            words.begin(name),
            words.begin(whose),
            [
                (words.say("Survey"), words.alone(survey.code)),
                (words.say("Identity"), words.say(anonymity)),
                (words.say("Report created on"), words.alone(words.day(facts.made))),
            ],
        ),
        blocks=blocks,
        subject=f"{kind}: {name}",
        author=survey.provider,
        running=f"{kind}  ·  {name}",
        made=facts.made,
        keywords=("GDPR", "records of processing", "impact assessment"),
        words=words,
    )

"""The results of judges' answers from a file, as a document."""

from __future__ import annotations

from itertools import count

from surveyapp.i18n.words import ENGLISH
from surveyapp.reports.document import Cover, Document, Paragraph, Table, Tone
from surveyapp.reports.scale_development.rounds import judged_blocks, round_said, round_table
from surveyapp.scale_development.judged_files import JudgedFile


def said_of(judged: JudgedFile) -> str:
    """How many judges there were, what the rule proposes, and how far judges agree."""
    return round_said(judged.found, ENGLISH)


def judged_table(judged: JudgedFile, number: int) -> Table:
    """The indices of each item."""
    names = {each["code"]: each["name"] for each in judged.round.constructs}
    return round_table(judged.found, names, number, ENGLISH)


def content(judged: JudgedFile, journey: str) -> Document:
    """Sentences, rule and table, to be taken away."""
    title = "Judges"
    return Document(
        cover=Cover(title, journey, "", []),
        blocks=[
            *judged_blocks([(judged.round, judged.found)], count(1), ENGLISH),
            *(Paragraph(f"{note[:1].upper()}{note[1:]}.", Tone.NOTE) for note in judged.notes),
        ],
        subject=title,
        author=journey,
        running=title,
        made=judged.round.created_at.date(),
        sheet=True,
    )

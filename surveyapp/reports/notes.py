"""The method notes that close the benchmark report: definitions, wording, protection, limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.reports.document import Block, Column, Heading, Paragraph, Styled, Table, Text, Tone
from surveyapp.results import phrases
from surveyapp.results.view_models import Definition, JourneyOverview
from surveyapp.results.wordings import Mixed

SJQ_SCOPE = (
    "SJQ describes the process of the touchpoints that the provider and its partners own. It covers "
    "neither the outcome of the service nor the touchpoints that belong to customers or to the public."
)


def method_notes(overview: JourneyOverview, reworded: Sequence[Mixed] = ()) -> Iterator[Block]:
    """How the numbers came about, for whoever wants to check them."""
    yield Heading("Methods")
    yield Heading("Definitions", level=2)
    yield _definitions(overview)
    yield Heading("What was asked", level=2)
    yield _wordings(overview)
    for each in reworded:
        yield Paragraph((Styled(f"{each.title}."), f" {each.sentence}"), Tone.BULLET)
    adapted = [f for f in overview.instruments if not f.validated]
    for entry in adapted:
        yield Paragraph(f"The short form {entry.key} of {entry.title} has not been validated.")
    yield Heading("How to read the scores", level=2)
    for headline, text in _reading(overview):
        yield Paragraph((Styled(headline), " ", text), Tone.BULLET)
    yield Heading("Sources and notices", level=2)
    for citation in dict.fromkeys(
        entry.citation for entry in overview.instruments if entry.citation
    ):
        yield Paragraph(citation, Tone.REFERENCE)
    noted = {entry.note: entry.title for entry in reversed(overview.instruments) if entry.note}
    for note, title in reversed(noted.items()):
        yield Paragraph((Styled(f"{title}:"), f" {note}"), Tone.NOTE)


def _definitions(overview: JourneyOverview) -> Table:
    found: dict[str, Definition] = {}
    for figure in (*overview.end, *(f for t in overview.touchpoints for f in t.figures)):
        found.setdefault(figure.definition.scale, figure.definition)
    rows: list[list[Text]] = []
    for definition in found.values():
        parts = [part.label for part in found.values() if part.parent == definition.scale]
        same = f" {phrases.listed(parts)}: likewise, the mean of their items." if parts else ""
        if definition.parent is None:
            rows.append([(Styled(definition.label),), definition.text + same, definition.interval])
    return Table(
        title="Scores and their intervals",
        columns=[Column("Score", 0.25), Column("Definition", 0.50), Column("Interval", 0.25)],
        cells=rows,
    )


def _wordings(overview: JourneyOverview) -> Table:
    status = {"draft": "draft", "reviewed": "reviewed", "validated": "validated"}
    rows: list[list[Text]] = [
        [
            entry.title,
            f"{entry.instrument} {entry.version}",
            entry.key or "not scored",
            entry.wording,
            status[entry.wording_status],
        ]
        for entry in overview.instruments
    ]
    return Table(
        title="Questionnaires and their wordings",
        columns=[
            Column("Questionnaire", 0.32),
            Column("Version", 0.14),
            Column("Scoring key", 0.16),
            Column("Wording", 0.14),
            Column("Status of the wording", 0.24),
        ],
        cells=rows,
    )


def _compared(overview: JourneyOverview) -> str:
    compared = overview.compared
    if compared is None:
        return (
            "The change over a period compares the last three months with enough answers with the first"
            " three. Priorities are based on the last three months of a period with an open end."
        )
    return (
        f"A change compares the period with {phrases.months(compared.since, compared.until)}; answers of"
        " the two are treated as coming from different people. Priorities are based on the period."
        " Trends also show the months before it."
    )


def _reading(overview: JourneyOverview) -> Iterator[tuple[str, str]]:
    few = overview.minimum_cell
    yield (
        "Intervals.",
        "If many such surveys were taken and a 95% CI computed from each, about 95 in"
        " 100 of these intervals would contain the true value. Intervals cover"
        " sampling error only, not bias from who is invited or who answers.",
    )
    yield (
        "Significant.",
        "A difference is called significant when its 95% interval excludes zero and"
        " its p value is below .05 after Holm correction for all differences in the"
        " same table. A stage or dimension is said to score lowest or highest when it"
        " differs significantly from every other; all pairs are counted. Answers at"
        " different touchpoints, and to different dimensions, are treated as coming"
        " from different people.",
    )
    yield (
        "Small groups.",
        f"Groups of fewer than {few} answers are hidden, and with them any scores from"
        " which a reader could derive them. A stage's score excludes hidden"
        " touchpoints and is compared without them.",
    )
    yield (
        "Periods.",
        f"Periods are whole months in the time zone {overview.zone}. {_compared(overview)}",
    )
    if any(entry.instrument == "sjq" for entry in overview.instruments):
        yield ("Scope of SJQ.", SJQ_SCOPE)

"""The method notes that close the benchmark report: definitions, wording, protection, limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports.document import Block, Column, Heading, Paragraph, Styled, Table, Text, Tone
from surveyapp.results.definition_phrases import interval_named, meaning
from surveyapp.results.invariance.wordings import Mixed, mixed_said
from surveyapp.results.scale_titles import instrument_title, label
from surveyapp.results.view_models import Definition, JourneyOverview

SJQ_SCOPE = msg(
    "SJQ describes the process of the touchpoints that the provider and its partners own. It covers "
    "neither the outcome of the service nor the touchpoints that belong to customers or to the public."
)
_STATUS = {"draft": msg("draft"), "reviewed": msg("reviewed"), "validated": msg("validated")}


def method_notes(
    overview: JourneyOverview, reworded: Sequence[Mixed] = (), words: Words = ENGLISH
) -> Iterator[Block]:
    """How the numbers came about, for whoever wants to check them."""
    titles = {each.title: instrument_title(each, words) for each in overview.instruments}
    yield Heading(words.say("Methods"))
    yield Heading(words.say("Definitions"), level=2)
    yield _definitions(overview, words)
    yield Heading(words.say("What was asked"), level=2)
    yield _wordings(overview, words)
    for each in reworded:
        name = titles.get(each.title, each.title)
        yield Paragraph((Styled(f"{name}."), f" {mixed_said(each, words)}"), Tone.BULLET)
    adapted = [f for f in overview.instruments if not f.validated]
    for entry in adapted:
        said = words.say(
            "The short form {key} of {title} has not been validated.",
            key=str(entry.key),
            title=instrument_title(entry, words),
        )
        yield Paragraph(said)
    yield Heading(words.say("How to read the scores"), level=2)
    for headline, text in _reading(overview, words):
        yield Paragraph((Styled(headline), " ", text), Tone.BULLET)
    yield Heading(words.say("Sources and notices"), level=2)
    for citation in dict.fromkeys(
        entry.citation for entry in overview.instruments if entry.citation
    ):
        yield Paragraph(citation, Tone.REFERENCE)
    noted = {entry.note: entry.title for entry in reversed(overview.instruments) if entry.note}
    for note, title in reversed(noted.items()):
        yield Paragraph((Styled(f"{titles[title]}:"), f" {note}"), Tone.NOTE)


def _definitions(overview: JourneyOverview, words: Words) -> Table:
    found: dict[str, Definition] = {}
    for figure in (*overview.end, *(f for t in overview.touchpoints for f in t.figures)):
        found.setdefault(figure.definition.scale, figure.definition)
    rows: list[list[Text]] = []
    for definition in found.values():
        parts = [label(part, words) for part in found.values() if part.parent == definition.scale]
        said = meaning(definition, words)
        if parts:
            likewise = words.say(
                "{scores}: likewise, the mean of their items.", scores=words.listed(parts)
            )
            said = f"{said} {likewise}"
        if definition.parent is None:
            name = (Styled(label(definition, words)),)
            rows.append([name, said, interval_named(definition, words)])
    return Table(
        title=words.say("Scores and their intervals"),
        columns=[
            Column(words.say("Score"), 0.25),
            Column(words.say("Definition"), 0.50),
            Column(words.say("Interval"), 0.25),
        ],
        cells=rows,
    )


def _wordings(overview: JourneyOverview, words: Words) -> Table:
    rows: list[list[Text]] = [
        [
            instrument_title(entry, words),
            f"{entry.instrument} {entry.version}",
            entry.key or words.say("not scored"),
            entry.wording,
            words.say(_STATUS[entry.wording_status]),
        ]
        for entry in overview.instruments
    ]
    return Table(
        title=words.say("Questionnaires and their wordings"),
        columns=[
            Column(words.say("Questionnaire"), 0.32),
            Column(words.say("Version"), 0.14),
            Column(words.say("Scoring key"), 0.16),
            Column(words.say("Wording"), 0.14),
            Column(words.say("Status of the wording"), 0.24),
        ],
        cells=rows,
    )


def _compared(overview: JourneyOverview, words: Words) -> str:
    compared = overview.compared
    if compared is None:
        return words.say(
            "The change over a period compares the last three months with enough answers with the first"
            " three. Priorities are based on the last three months of a period with an open end."
        )
    return words.say(
        "A change compares the period with {months}; answers of the two are treated as coming from"
        " different people. Priorities are based on the period. Trends also show the months before it.",
        months=words.months(compared.since, compared.until),
    )


def _reading(overview: JourneyOverview, words: Words) -> Iterator[tuple[str, str]]:
    few = words.number(overview.minimum_cell)
    yield (
        words.say("Intervals."),
        words.say(
            "If many such surveys were taken and a 95% CI computed from each, about 95 in 100 of these"
            " intervals would contain the true value. Intervals cover sampling error only, not bias from"
            " who is invited or who answers."
        ),
    )
    yield (
        words.say("Significant."),
        words.say(
            "A difference is called significant when its 95% interval excludes zero and its p value is"
            " below .05 after Holm correction for all differences in the same table. A stage or dimension"
            " is said to score lowest or highest when it differs significantly from every other; all pairs"
            " are counted. Answers at different touchpoints, and to different dimensions, are treated as"
            " coming from different people."
        ),
    )
    yield (
        words.say("Small groups."),
        words.say(
            "Groups of fewer than {few} answers are hidden, and with them any scores from which a reader"
            " could derive them. A stage's score excludes hidden touchpoints and is compared without them.",
            few=few,
        ),
    )
    yield (
        words.say("Periods."),
        words.say(
            "Periods are whole months in the time zone {zone}. {compared}",
            zone=words.name(overview.zone),
            compared=_compared(overview, words),
        ),
    )
    if any(entry.instrument == "sjq" for entry in overview.instruments):
        yield (words.say("Scope of SJQ."), words.say(SJQ_SCOPE))

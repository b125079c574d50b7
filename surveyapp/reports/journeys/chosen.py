"""The benchmark report's chapter on what customers chose from lists: feelings, causes of effort."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports.charts import dots as charts
from surveyapp.reports.document import Block, Chart, Heading, Paragraph, Tone
from surveyapp.reports.tested import others_table
from surveyapp.results import phrases
from surveyapp.results.answers.choices import Distribution, beside_tested
from surveyapp.results.view_models import State


def chosen(
    distributions: Sequence[Distribution], *, few: int, words: Words = ENGLISH
) -> Iterator[Block]:
    """A chart for each question that enough customers answered; nothing where none was asked."""
    if not distributions:
        return
    yield Heading(words.say("What customers chose"))
    tests = beside_tested(distributions)
    for each in distributions:
        if each.figures:
            yield _chart(each, few, words)
            yield from _others(each, tests, few, words)
        else:
            why = phrases.hidden(each.hidden, few=few, words=words)
            why = words.begun(why or words.say(State.UNANSWERED.value))
            said = words.say(
                "{place}: {question} {reason}.",
                place=_where(each, words),
                question=words.name(each.question),
                reason=why,
            )
            yield Paragraph(said, Tone.NOTE)


def _chart(each: Distribution, few: int, words: Words) -> Chart:
    rows = [charts.Row(figure.definition.label, [figure]) for figure in each.figures]
    numbers = {
        "place": _where(each, words),
        "question": words.name(each.question),
        "n": words.number(each.n or 0),
    }
    said = (
        msg(
            "{place}: “{question}” n = {n} customers who chose at least one option; several allowed."
            " Dots are percentages, lines their 95% intervals (Wilson)."
        )
        if each.several
        else msg(
            "{place}: “{question}” n = {n} customers. Dots are percentages, lines their 95% intervals"
            " (Wilson)."
        )
    )
    note = words.say(said, **numbers)
    undecided = _undecided(each, words)
    most = words.say("“{option}” is chosen most often", option=words.name(each.most))
    return Chart(
        most if each.most else each.question,
        charts.dots(rows, [charts.Column(each.figures[0].definition)], few=few, words=words),
        f"{note} {undecided}" if undecided else note,
    )


def _undecided(each: Distribution, words: Words) -> str:
    """Which choices cannot be told from the most frequent one; empty where one leads."""
    if not each.tied:
        return ""
    first, *others = (words.say("“{option}”", option=name) for name in each.tied)
    return words.say(
        "{option} is not chosen significantly more often than {others}.",
        option=first,
        others=words.listed(others),
    )


def _others(each: Distribution, tests: int, few: int, words: Words) -> Iterator[Block]:
    table = others_table(
        each.figures,
        title=words.say(
            "{place}: {title}, segment and all others",
            place=_where(each, words),
            title=words.name(each.title),
        ),
        what=words.say("Choice"),
        few=few,
        tests=tests,
        of=msg(
            "All others: every customer outside the segment. A difference is significant where its 95%"
            " interval excludes zero and p < .05 after Holm correction for {n} shares of customers."
        ),
        words=words,
    )
    if table is not None:
        yield table


def _where(each: Distribution, words: Words) -> str:
    if not each.touchpoint:
        return words.say("The journey as a whole")
    return words.joined([words.name(each.stage or ""), words.name(each.touchpoint)])

"""The benchmark report's chapter on drivers of NPS; nothing in it speaks of causes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from analysis.drivers import RelativeImportance
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports.charts import dots as charts
from surveyapp.reports.document import Block, Chart, Heading, Paragraph, Tone
from surveyapp.reports.journeys.associations import associations
from surveyapp.reports.tested import others_table
from surveyapp.results import phrases
from surveyapp.results.drivers.association_phrases import (
    caution,
    outcome_named,
    outcome_verbally,
)
from surveyapp.results.drivers.associations import Associations
from surveyapp.results.drivers.drivers import SEED, Drivers
from surveyapp.results.scale_titles import short


def drivers(
    found: Sequence[Drivers],
    beside: Associations | None = None,
    *,
    few: int = 5,
    words: Words = ENGLISH,
) -> Iterator[Block]:
    """Each score's own association with the outcome, then what all scores account for together.

    Nothing where nothing can be joined.
    """
    if beside is not None and not beside.hidden and not beside.kinds:
        beside = None
    outcome = beside.outcome if beside else found[0].outcome if found else None
    if outcome is None:
        return
    yield Heading(words.say("Drivers of {outcome}", outcome=short(outcome, words)))
    yield Paragraph(caution(outcome, words), leads=True)
    if beside is not None:
        if beside.hidden:
            why = phrases.hidden(beside.hidden, few=few, words=words)
            yield Paragraph(f"{words.begun(why)}.", Tone.NOTE)
            return
        yield from associations(beside, few, words)
        if found:
            yield Heading(words.say("All scores together"), level=2)
    for each in found:
        if each.found is not None:
            yield _chart(each, each.found, words)
            yield from _others(each, few, words)
        else:
            said = words.say(
                "{scores}: {reason}", scores=_what(each, words), reason=_why_not(each, few, words)
            )
            yield Paragraph(said, Tone.NOTE)


def _what(each: Drivers, words: Words) -> str:
    is_dimensions = each.kind == "dimensions"
    return words.say(msg("The journey's dimensions") if is_dimensions else msg("Touchpoints"))


def _labels(each: Drivers, words: Words) -> dict[str, str]:
    """What the predictors are called, by key."""
    return {key: words.scales.get(key, label) for key, label in each.labels.items()}


def _others(each: Drivers, few: int, words: Words) -> Iterator[Block]:
    is_dimensions = each.kind == "dimensions"
    table = others_table(
        each.parts,
        title=words.say(
            "{scores}: variance in {outcome} associated with each",
            scores=_what(each, words),
            outcome=short(each.outcome, words),
        ),
        what=words.begun(words.say(msg("dimension") if is_dimensions else msg("touchpoint"))),
        few=few,
        of=msg(
            "All others: every customer outside the segment. A difference is significant where its 95%"
            " interval excludes zero and p < .05 after Holm correction for {n} dimensions of this table;"
            " interval and p are those of a normal test with bootstrap standard errors."
        )
        if is_dimensions
        else msg(
            "All others: every customer outside the segment. A difference is significant where its 95%"
            " interval excludes zero and p < .05 after Holm correction for {n} touchpoints of this table;"
            " interval and p are those of a normal test with bootstrap standard errors."
        ),
        words=words,
    )
    if table is not None:
        yield table


def _why_not(each: Drivers, few: int, words: Words) -> str:
    """Why nothing is shown; numbers below ``few`` are not told."""
    if each.hidden:
        return f"{phrases.hidden(each.hidden, few=few, words=words)}."
    outcome, labels = short(each.outcome, words), list(_labels(each, words).values())
    in_journeys = each.kind != "dimensions"
    if len(labels) < 2:
        given = words.say("only {score}", score=labels[0]) if labels else words.say("none")
        said = (
            msg(
                "not compared, as this requires two scores that at least half of the journeys have; {given}"
                " was given in half of the {counted} with an answer to {outcome} and any of the scores."
            )
            if in_journeys
            else msg(
                "not compared, as this requires two scores that at least half of the submissions have;"
                " {given} was given in half of the {counted} with an answer to {outcome} and any of the"
                " scores."
            )
        )
        counted = _counted(each.joined, few, in_journeys, words)
        text = words.say(said, given=given, counted=counted, outcome=outcome)
        return f"{text}{_left_out(each, words)}"
    text = words.say(
        "{counted} have an answer to {outcome} and all of these scores: {scores}.",
        counted=_counted(each.n, few, in_journeys, words),
        outcome=outcome,
        scores=words.listed(labels),
    )
    cannot = words.say("They cannot be compared: one is constant, or is determined by the others.")
    if each.n < each.needed:
        cannot = words.say("At least {number} are needed.", number=words.number(each.needed))
    return f"{text} {cannot}{_left_out(each, words)}"


def _counted(n: int, few: int, in_journeys: bool, words: Words) -> str:
    if 0 < n < few:
        said = (
            msg("fewer than {few} journeys") if in_journeys else msg("fewer than {few} submissions")
        )
        return words.say(said, few=words.number(few))
    if not n:
        return words.say(msg("no journeys") if in_journeys else msg("no submissions"))
    if in_journeys:
        return words.say_count("{n} journeys", "{n} journeys", n=n)
    return words.say_count("{n} submissions", "{n} submissions", n=n)


def _left_out(each: Drivers, words: Words) -> str:
    said = ""
    if each.left_out:
        names = words.listed(each.left_out)
        said += f" {words.say('Left out, as fewer than half have them: {scores}.', scores=names)}"
    if each.beyond:
        beyond = words.say(
            "Left out, as at most {number} are compared: {scores}.",
            number=words.number(len(each.labels)),
            scores=words.listed(each.beyond),
        )
        said += f" {beyond}"
    return said


def _chart(each: Drivers, found: RelativeImportance, words: Words) -> Chart:
    unnamed = replace(each.parts[0].definition, scale="", label="", short="")
    column = charts.Column(unnamed, axis=(0.0, _end(found)))
    ordered = sorted(found.drivers, key=lambda driver: -driver.part)
    figures = {figure.definition.scale: figure for figure in each.parts}
    labels = _labels(each, words)
    rows = [charts.Row(labels[d.name], [figures[f"driver:{d.name}"]]) for d in ordered]
    said = (
        msg(
            "{scores}: percentage of the variance in the {outcome} associated with each score, joined by"
            " journey. Together they account for {whole} ({interval}). n = {n} journeys with all of them."
            " Decomposed by LMG, the average over all orders in which the scores can enter a regression;"
            " lines are 95% intervals from {resamples} resamples (seed {seed}), which are slightly too high"
            " near zero. One score is said to be most strongly associated only where its share differs"
            " significantly from that of every other (bootstrap standard errors, Holm over all pairs)."
        )
        if each.kind == "touchpoints"
        else msg(
            "{scores}: percentage of the variance in the {outcome} associated with each score, in one"
            " submission. Together they account for {whole} ({interval}). n = {n} submissions with all of"
            " them. Decomposed by LMG, the average over all orders in which the scores can enter a"
            " regression; lines are 95% intervals from {resamples} resamples (seed {seed}), which are"
            " slightly too high near zero. One score is said to be most strongly associated only where its"
            " share differs significantly from that of every other (bootstrap standard errors, Holm over"
            " all pairs)."
        )
    )
    note = words.say(
        said,
        scores=_what(each, words),
        outcome=outcome_named(each.outcome, words),
        whole=words.percent(100 * found.r_squared),
        interval=words.between(words.number(100 * found.low), words.number(100 * found.high)),
        n=words.number(found.n),
        resamples=words.number(found.resamples),
        seed=str(SEED),
    )
    return Chart(
        _title(each, found, words),
        charts.dots(rows, [column], words=words),
        f"{note}{_left_out(each, words)}",
    )


def _title(each: Drivers, found: RelativeImportance, words: Words) -> str:
    with_it = outcome_verbally(each.outcome, words)
    if found.leader is not None:
        return words.say(
            "{score} is most strongly associated with {outcome}",
            score=words.begun(_labels(each, words)[found.leader]),
            outcome=with_it,
        )
    return words.say(
        "{scores} and {outcome}: none differs significantly from every other",
        scores=_what(each, words),
        outcome=with_it,
    )


def _end(found: RelativeImportance) -> float:
    """A round end of the axis beyond every interval."""
    return min(100.0, 10.0 * math.ceil(10 * max(driver.high for driver in found.drivers)))

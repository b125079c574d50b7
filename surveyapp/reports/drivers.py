"""The benchmark report's chapter on drivers of NPS; nothing in it speaks of causes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from analysis.drivers import RelativeImportance
from surveyapp.reports import charts
from surveyapp.reports.associations import associations
from surveyapp.reports.document import Block, Chart, Heading, Paragraph, Tone
from surveyapp.reports.tested import others_table
from surveyapp.results import phrases
from surveyapp.results.association_phrases import (
    caution,
    joined_by,
    outcome_named,
    outcome_verbally,
)
from surveyapp.results.associations import Associations
from surveyapp.results.drivers import SEED, Drivers

_WHAT = {
    "dimensions": "The journey's dimensions",
    "touchpoints": "Touchpoints",
}


def drivers(
    found: Sequence[Drivers], beside: Associations | None = None, *, few: int = 5
) -> Iterator[Block]:
    """Each score's own association with the outcome, then what all scores account for together.

    Nothing where nothing can be joined.
    """
    if beside is not None and not beside.hidden and not beside.kinds:
        beside = None
    outcome = beside.outcome if beside else found[0].outcome if found else None
    if outcome is None:
        return
    yield Heading(f"Drivers of {outcome.short}")
    yield Paragraph(caution(outcome), leads=True)
    if beside is not None:
        if beside.hidden:
            why = phrases.hidden(beside.hidden, few=few)
            yield Paragraph(f"{why[:1].upper()}{why[1:]}.", Tone.NOTE)
            return
        yield from associations(beside, few)
        if found:
            yield Heading("All scores together", level=2)
    for each in found:
        if each.found is not None:
            yield _chart(each, each.found)
            yield from _others(each, few)
        else:
            yield Paragraph(f"{_WHAT[each.kind]}: {_why_not(each, few)}", Tone.NOTE)


def _others(each: Drivers, few: int) -> Iterator[Block]:
    table = others_table(
        each.parts,
        title=f"{_WHAT[each.kind]}: variance in {each.outcome.short} associated with each",
        what=each.kind.removesuffix("s").capitalize(),
        few=few,
        of=f"{each.kind} of this table; interval and p are those of a normal test with bootstrap"
        " standard errors",
    )
    if table is not None:
        yield table


def _why_not(each: Drivers, few: int) -> str:
    """Why nothing is shown; numbers below ``few`` are not told."""
    if each.hidden:
        return f"{phrases.hidden(each.hidden, few=few)}."
    left, by = _left_out(each), joined_by(each.kind)
    if len(each.labels) < 2:
        given = "only " + next(iter(each.labels.values())) if each.labels else "none"
        return (
            f"not compared, as this requires two scores that at least half of the {by} have;"
            f" {given} was given in half of the {_counted(each.joined, by, few)} with an answer to"
            f" {each.outcome.short} and any of the scores.{left}"
        )
    names = phrases.listed(list(each.labels.values()))
    said = (
        f"{_counted(each.n, by, few)} have an answer to {each.outcome.short} and all of these"
        f" scores: {names}."
    )
    if each.n < each.needed:
        return f"{said} At least {each.needed} are needed.{left}"
    return f"{said} They cannot be compared: one is constant, or is determined by the others.{left}"


def _counted(n: int, by: str, few: int) -> str:
    if 0 < n < few:
        return f"fewer than {few} {by}"
    return f"{n:,} {by}" if n else f"no {by}"


def _left_out(each: Drivers) -> str:
    said = ""
    if each.left_out:
        said += f" Left out, as fewer than half have them: {phrases.listed(each.left_out)}."
    if each.beyond:
        most = len(each.labels)
        said += f" Left out, as at most {most} are compared: {phrases.listed(each.beyond)}."
    return said


def _chart(each: Drivers, found: RelativeImportance) -> Chart:
    unnamed = replace(each.parts[0].definition, label="", short="")
    column = charts.Column(unnamed, axis=(0.0, _end(found)))
    ordered = sorted(found.drivers, key=lambda driver: -driver.part)
    figures = {figure.definition.scale: figure for figure in each.parts}
    rows = [charts.Row(each.labels[d.name], [figures[f"driver:{d.name}"]]) for d in ordered]
    joined = "joined by journey" if each.kind == "touchpoints" else "in one submission"
    whole = f"{phrases.number(100 * found.r_squared)}%"
    ends = f"{phrases.number(100 * found.low)} to {phrases.number(100 * found.high)}"
    return Chart(
        _title(each, found),
        charts.dots(rows, [column]),
        f"{_WHAT[each.kind]}: percentage of the variance in the"
        f" {outcome_named(each.outcome)} associated with each score, {joined}. Together they"
        f" account for {whole} ({ends}). n = {found.n:,} {joined_by(each.kind)} with all of them. Decomposed by LMG, the"
        " average over all orders in which the scores can enter a regression; lines"
        f" are 95% intervals from {found.resamples:,} resamples (seed {SEED}), which"
        " are slightly too high near zero. One score is said to be most strongly associated only"
        " where its share differs significantly from that of every other (bootstrap standard errors,"
        f" Holm over all pairs).{_left_out(each)}",
    )


def _title(each: Drivers, found: RelativeImportance) -> str:
    with_it = outcome_verbally(each.outcome)
    if found.leader is not None:
        label = each.labels[found.leader]
        return f"{label[:1].upper()}{label[1:]} is most strongly associated with {with_it}"
    return f"{_WHAT[each.kind]} and {with_it}: none differs significantly from every other"


def _end(found: RelativeImportance) -> float:
    """A round end of the axis beyond every interval."""
    return min(100.0, 10.0 * math.ceil(10 * max(driver.high for driver in found.drivers)))

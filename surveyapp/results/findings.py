"""Numbers to plain sentences; a difference is claimed only when it is significant.

Significant means: the 95 % interval of the difference excludes zero, and p is below .05 after Holm's
correction for all differences looked at together. Who scores lowest or highest must differ so from
every other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from instruments.schema import Metric
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.results import phrases
from surveyapp.results.invariance.segment_verdicts import is_barred
from surveyapp.results.invariance.time_verdict_phrases import over_time_sentence
from surveyapp.results.scale_titles import label, short
from surveyapp.results.view_models import (
    ComparisonRow,
    Contrast,
    Definition,
    End,
    Figure,
    JourneyOverview,
    SegmentComparison,
    SegmentFigure,
    Trend,
    Unit,
)
from surveyapp.results.weights import phrases as weight_phrases

_MOST_SEGMENTS, _MOST_CHANGES = 3, 2
_BARRED = msg(
    "Scores of several questions are left out where no test of measurement invariance says that they"
    " mean the same."
)


@dataclass(frozen=True)
class Finding:
    """A headline that can stand alone, and the numbers behind it."""

    headline: str
    text: str
    certain: bool


def findings(
    overview: JourneyOverview,
    comparison: SegmentComparison | None = None,
    trends: Sequence[Trend] = (),
    *,
    words: Words = ENGLISH,
    weights: bool = False,
) -> tuple[Finding, ...]:
    """What a manager should know, the level first, then stages, segments and changes.

    ``weights``: each but those on segments with weights, too, where the scores have some.
    """
    return (
        *_level(overview, weights, words),
        *_dimensions(overview, weights, words),
        *stages(overview, words=words, weights=weights),
        *_against_others(overview, words),
        *_segments(comparison, words),
        *_changes(trends, weights, words),
    )


def _level(overview: JourneyOverview, weights: bool, words: Words) -> Iterator[Finding]:
    for figure in overview.end:
        definition = figure.definition
        if definition.parent or not figure.shown:
            continue
        value, basis = phrases.value(figure, words=words), phrases.basis(figure, words=words)
        with_weights = weight_phrases.weighted_line(figure, words=words) if weights else ""
        weighted = f" {with_weights[:1].upper()}{with_weights[1:]}." if with_weights else ""
        if definition.metric is Metric.NPS:
            yield Finding(
                words.say("The Net Promoter Score is {value}.", value=value),
                f"{basis}.{weighted}{_promoters(figure, words)}",
                certain=True,
            )
        elif figure == overview.total:
            name = label(definition, words)
            yield Finding(
                words.say("{score} is {value} out of 100.", score=name, value=value),
                f"{basis}.{weighted}",
                certain=True,
            )


def _promoters(figure: Figure, words: Words) -> str:
    if figure.low is None or figure.high is None:
        return ""
    if figure.low > 0:
        said = msg("Promoters (9 and 10) outnumber detractors (0 to 6).")
    elif figure.high < 0:
        said = msg("Detractors (0 to 6) outnumber promoters (9 and 10).")
    else:
        said = msg(
            "The shares of promoters (9 and 10) and detractors (0 to 6) do not differ significantly."
        )
    return f" {words.say(said)}"


def _dimensions(overview: JourneyOverview, weights: bool, words: Words) -> Iterator[Finding]:
    sides = overview.sides
    if sides is None:
        return
    low, high = sides.low, sides.high
    weighted = _dimensions_weighted(overview, words) if weights else ""
    numbers = words.say(
        "{low} is {low_numbers}; {high} is {high_numbers}.",
        low=words.name(_dimension(low, words)),
        low_numbers=_scored(low.figure, words),
        high=words.inner(_dimension(high, words)),
        high_numbers=_scored(high.figure, words),
    )
    open_ = _open(overview, low, high, words)
    if low.stands_out or high.stands_out:
        title = f"{extremes(low, high, words=words)}."
        yield Finding(title, f"{numbers}{open_}{weighted}", certain=True)
    else:
        title = _no_extreme(overview, words)
        yield Finding(title, f"{numbers}{open_}{weighted}", certain=False)


def _no_extreme(overview: JourneyOverview, words: Words) -> str:
    return words.say(
        "No single dimension of {profile} scores lowest or highest.",
        profile=profile_title(overview, words),
    )


def _dimensions_weighted(overview: JourneyOverview, words: Words) -> str:
    """The same with weights, in a sentence; empty where none are asked for."""
    if overview.weighted_ends is None:
        return ""
    sides, found = overview.weighted_ends.sides, ""
    if sides is not None:
        found = extremes(sides.low, sides.high, words=words)
        found = found or _no_extreme(overview, words).rstrip(".")
    return f" {weight_phrases.with_weights(found, words=words)}"


def profile_title(overview: JourneyOverview, words: Words) -> str:
    """What the profile's questionnaire is called."""
    codes = [figure.definition.instrument for figure in overview.profile[:1]]
    return words.instruments.get("".join(codes), overview.profile_title)


def _dimension(end: End, words: Words) -> str:
    return end.name if words.is_english else label(end.figure.definition, words)


def _scored(figure: Figure, words: Words) -> str:
    return words.say(
        "{value}, {basis}",
        value=phrases.value(figure, words=words),
        basis=phrases.basis(figure, words=words),
    )


def extremes(low: End, high: End, *, words: Words = ENGLISH) -> str:
    """Who scores lowest and who highest, as far as that is significant; empty where neither is."""
    first, last = words.name(_dimension(low, words)), _dimension(high, words)
    if low.stands_out and high.stands_out:
        return words.say("{low} scores lowest, {high} highest", low=first, high=words.inner(last))
    if low.stands_out:
        return words.say("{name} scores lowest", name=first)
    if not high.stands_out:
        return ""
    return words.say("{name} scores highest", name=words.name(last))


def _open(overview: JourneyOverview, low: End, high: End, words: Words) -> str:
    """Which cannot be separated from the lowest and from the highest."""
    if not low.apart and not high.apart:
        return f" {words.say('Neither is significantly different from any other dimension.')}"
    titles = {f.definition.label: label(f.definition, words) for f in overview.profile}
    said = ""
    for end in (low, high):
        if not end.stands_out and end.tied:
            others = [titles.get(name, name) for name in end.tied]
            sentence = words.say(
                "{name} is not significantly different from {others}.",
                name=words.name(_dimension(end, words)),
                others=words.listed([words.inner(name) for name in others]),
            )
            said += f" {sentence}"
    return said


def stages(
    overview: JourneyOverview, *, words: Words = ENGLISH, weights: bool = False
) -> Iterator[Finding]:
    """Which stage scores lowest on the first scale that two have; that none does, where none does."""
    for lowest in overview.lowest[:1]:
        figure = lowest.figure
        weighted = _stages_weighted(overview, figure.definition, words) if weights else ""
        numbers = {
            "score": short(figure.definition, words),
            "value": phrases.value(figure, words=words),
            "basis": phrases.basis(figure, words=words),
        }
        title = f"{stage_title(lowest, words=words)}."
        if lowest.stands_out:
            name, contrast = lowest.against[0]
            said = words.say(
                "{score} there is {value}, {basis}, {points} below {name}, the nearest to it ({ends}).",
                **numbers,
                points=_points(figure.definition, contrast, words),
                name=words.name(name),
                ends=_ends(contrast, words),
            )
            yield Finding(title, f"{said}{weighted}", True)
            continue
        said = words.say(
            "{name} has the lowest estimate: {score} there is {value}, {basis}. It is not significantly"
            " different from {others}.",
            name=words.name(lowest.name),
            others=words.listed(lowest.tied),
            **numbers,
        )
        if lowest.apart:
            apart = words.listed(lowest.apart)
            said += f" {words.say('It is significantly lower than at {others}.', others=apart)}"
        yield Finding(title, f"{said}{weighted}", certain=False)


def _stages_weighted(overview: JourneyOverview, definition: Definition, words: Words) -> str:
    """The same with weights, in a sentence; empty where none are asked for."""
    if overview.weighted_ends is None:
        return ""
    lowest = overview.weighted_ends.lowest.get(definition.scale)
    found = stage_title(lowest, words=words) if lowest else ""
    return f" {weight_phrases.with_weights(found, words=words)}"


def stage_title(lowest: End, *, words: Words = ENGLISH) -> str:
    """Which stage scores lowest on a scale, or that none does."""
    score = short(lowest.figure.definition, words)
    if lowest.stands_out:
        name = words.name(lowest.name)
        return words.say("{name} scores lowest on {score}", name=name, score=score)
    return words.say("No significant difference between the lowest stages on {score}", score=score)


def _points(definition: Definition, contrast: Contrast, words: Words) -> str:
    size = round(abs(contrast.difference))
    if definition.unit is Unit.PERCENT:
        return words.say_count("{n} percentage points", "{n} percentage points", n=size)
    return words.say_count("{n} points", "{n} points", n=size)


def _ends(contrast: Contrast, words: Words) -> str:
    """The interval of a significant difference, its sign left to the sentence."""
    low, high = sorted((abs(contrast.low), abs(contrast.high)))
    return words.say("95% CI {low} to {high}", low=words.number(low), high=words.number(high))


def _of_place(
    name: str, place: str | None, figure: Figure, contrast: Contrast, words: Words
) -> Finding:
    """That some customers differ significantly from all others, in one score at one place."""
    said = {
        (True, False): msg("{name} scores lower on {score}."),
        (False, False): msg("{name} scores higher on {score}."),
        (True, True): msg("{name} scores lower on {score} at {place}."),
        (False, True): msg("{name} scores higher on {score} at {place}."),
    }[contrast.difference < 0, bool(place)]
    numbers = (
        msg("{value} (n = {count}), {points} lower than all other customers ({ends}).")
        if contrast.difference < 0
        else msg("{value} (n = {count}), {points} higher than all other customers ({ends}).")
    )
    return Finding(
        words.say(
            said,
            name=words.name(name),
            score=label(figure.definition, words),
            place=words.name(place or ""),
        ),
        words.say(
            numbers,
            value=phrases.value(figure, words=words),
            count=words.number(figure.n or 0),
            points=_points(figure.definition, contrast, words),
            ends=_ends(contrast, words),
        ),
        certain=True,
    )


def _tested(count: int, words: Words, *, barred: bool = False) -> str:
    tested = words.say_count(
        "{n} differences were tested together (Holm).",
        "{n} differences were tested together (Holm).",
        n=count,
    )
    return f"{tested} {words.say(_BARRED)}" if barred else tested


def _against_others(overview: JourneyOverview, words: Words) -> Iterator[Finding]:
    """How a segment differs from all other customers: its largest significant differences."""
    if overview.segment is None or not overview.beside_tested:
        return
    places = [(None, overview.end), *((t.name, t.figures) for t in overview.touchpoints)]
    sure = [
        (abs(found.contrast.difference) / (axis[1] - axis[0]), place, figure, found.contrast)
        for place, figures in places
        for figure in figures
        for found, axis in [(figure.beside, figure.definition.axis)]
        if found is not None and found.contrast is not None and found.contrast.certain
    ]
    for _, place, figure, contrast in sorted(sure, key=lambda one: -one[0])[:_MOST_CHANGES]:
        yield _of_place(overview.segment.name, place, figure, contrast, words)
    if not sure:
        barred = any(
            each.beside is not None and is_barred(each.beside.contrast, each.beside.alike)
            for each in overview.figures
        )
        yield Finding(
            words.say(
                "{name} does not differ significantly from all other customers.",
                name=words.name(overview.segment.name),
            ),
            _tested(overview.beside_tested, words, barred=barred),
            certain=False,
        )


def _segments(comparison: SegmentComparison | None, words: Words) -> Iterator[Finding]:
    if comparison is None:
        return
    sure = [
        (row, entry, entry.against_rest)
        for row in comparison.rows
        for entry in row.segments
        if entry.against_rest is not None and entry.against_rest.certain
    ]
    # One finding a segment: its largest difference, in parts of the scale's length.
    best: dict[int, tuple[float, ComparisonRow, SegmentFigure, Contrast]] = {}
    for row, entry, contrast in sure:
        low, high = row.everybody.definition.axis
        size = abs(contrast.difference) / (high - low)
        if size > best.get(entry.segment.id, (0.0,))[0]:
            best[entry.segment.id] = (size, row, entry, contrast)
    for _, row, entry, contrast in sorted(best.values(), key=lambda b: -b[0])[:_MOST_SEGMENTS]:
        yield _of_place(entry.segment.name, row.touchpoint, entry.figure, contrast, words)
    if not best and comparison.comparisons:
        barred = any(
            is_barred(each.against_rest, each.alike)
            for row in comparison.rows
            for each in row.segments
        )
        yield Finding(
            words.say("No segment differs significantly from the other customers."),
            _tested(comparison.comparisons, words, barred=barred),
            certain=False,
        )


def _changes(trends: Sequence[Trend], weights: bool, words: Words) -> Iterator[Finding]:
    tested = [one for one in trends if one.change is not None]
    sure = [one for one in tested if one.change is not None and one.change.certain]
    # One a touchpoint: the metrics asked there rise and fall together.
    ranked: dict[int | None, Trend] = {}
    for one in sorted(sure, key=lambda one: -abs(one.change.difference) if one.change else 0.0):
        ranked.setdefault(one.touchpoint_id, one)
    for one in list(ranked.values())[:_MOST_CHANGES]:
        if one.change is not None:
            weighted = _change_weighted(one, words) if weights else ""
            yield _change(one, one.change, weighted, words)
    yield from _not_compared(trends, words)
    if not ranked and tested:
        weighted = _none_weighted(trends, words) if weights else ""
        if tested[0].between is not None:
            early, late = tested[0].between
            yield Finding(
                words.say(
                    "No significant change from {months}.",
                    months=words.months(early[0], early[-1]),
                ),
                words.say_count(
                    "One score of {months} were compared with those months (Holm).",
                    "{n} scores of {months} were compared with those months (Holm).",
                    n=len(tested),
                    months=words.months(late[0], late[-1]),
                )
                + weighted,
                certain=False,
            )
            return
        yield Finding(
            words.say("No significant change over the period."),
            words.say_count(
                "The last three months were compared with the first three for one score (Holm).",
                "The last three months were compared with the first three for {n} scores (Holm).",
                n=len(tested),
            )
            + weighted,
            certain=False,
        )


def _change_weighted(one: Trend, words: Words) -> str:
    """A change with weights, in a sentence; empty where none are asked for."""
    if all(month.figure.weighted is None for month in one.months):
        return ""
    contrast = one.weighted.change if one.weighted else None
    found = ""
    if contrast is not None:
        numbers = phrases.contrast_numbers(one.definition, contrast, words=words)
        found = f"{phrases.contrast_said(contrast, words=words)} ({numbers})"
    return f" {weight_phrases.with_weights(found, words=words)}"


def _none_weighted(trends: Sequence[Trend], words: Words) -> str:
    """Which scores changed with weights, where none did without, in a sentence; empty where none are asked
    for."""
    if all(m.figure.weighted is None for one in trends for m in one.months):
        return ""
    tested = [
        (one, one.weighted.change)
        for one in trends
        if one.weighted is not None and one.weighted.change is not None
    ]
    sure = [(one, contrast) for one, contrast in tested if contrast.certain]
    named = [_changed(one, contrast, words).rstrip(".") for one, contrast in sure[:_MOST_CHANGES]]
    found = "; ".join(named) or (words.say("no significant change") if tested else "")
    return f" {weight_phrases.with_weights(found, words=words)}"


def _changed(one: Trend, contrast: Contrast, words: Words) -> str:
    """That a score has risen, or fallen."""
    has_risen = contrast.difference > 0
    if one.touchpoint:
        said = (
            msg("{score} at {place} has risen.")
            if has_risen
            else msg("{score} at {place} has fallen.")
        )
        place = words.name(one.touchpoint)
        return words.say(said, score=short(one.definition, words), place=place)
    said = msg("{score} has risen.") if has_risen else msg("{score} has fallen.")
    return words.say(said, score=label(one.definition, words))


def _change(one: Trend, contrast: Contrast, weighted: str, words: Words) -> Finding:
    """That a score has changed significantly, from when to when, and by how much."""
    has_risen, title = contrast.difference > 0, _changed(one, contrast, words)
    numbers = (
        msg("It is {points} higher in {late} than in {early} ({ends}).")
        if has_risen
        else msg("It is {points} lower in {late} than in {early} ({ends}).")
    )
    early, late = one.compared
    text = words.say(
        numbers,
        points=_points(one.definition, contrast, words),
        late=words.months(late[0], late[-1]),
        early=words.months(early[0], early[-1]),
        ends=_ends(contrast, words),
    )
    return Finding(title, f"{text}{weighted}{_reworded(one, words)}", certain=True)


def _not_compared(trends: Sequence[Trend], words: Words) -> Iterator[Finding]:
    """The scores whose wording or meaning changed between the months that would be compared."""
    barred = [
        one
        for one in trends
        if one.definition.parent is None
        and (one.reworded or (one.barring is not None and one.change is not None))
    ]
    for one in barred[:_MOST_CHANGES]:
        if one.reworded:
            said = (
                msg("{score} at {place} is not compared, because its wording changed.")
                if one.touchpoint
                else msg("{score} is not compared, because its wording changed.")
            )
            text = phrases.wordings(one, words=words)
        else:
            said = (
                msg("{score} at {place} does not measure the same over time.")
                if one.touchpoint
                else msg("{score} does not measure the same over time.")
            )
            text = _meaning(one, words)
        yield Finding(
            words.say(
                said, score=short(one.definition, words), place=words.name(one.touchpoint or "")
            ),
            text,
            certain=False,
        )


def _meaning(one: Trend, words: Words) -> str:
    if one.barring is None:
        return ""
    return over_time_sentence(one.barring, phrases.questionnaire(one.definition), words)


def _reworded(trend: Trend, words: Words) -> str:
    """A caution where the months compared read different words; empty where they did not."""
    early, late = trend.compared
    if not any(early[0] < each.first <= late[-1] for each in trend.rewordings):
        return ""
    return f" {phrases.wordings(trend, words=words)}"

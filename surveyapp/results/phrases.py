"""Figures in words and digits, the same on the page, in the report and in a chart's label."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from surveyapp.i18n.languages import own_name
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.responses.facets import CHANNEL_NAMES
from surveyapp.results.facets import Facets
from surveyapp.results.invariance.comparability import Verdicts
from surveyapp.results.scale_titles import short
from surveyapp.results.scope import Comparison, Period, Scope
from surveyapp.results.view_models import (
    Advice,
    Alike,
    Compared,
    Contrast,
    Definition,
    Figure,
    Hidden,
    JourneyOverview,
    Marker,
    Month,
    OverTime,
    Priority,
    State,
    Trend,
    Unit,
)

REWORDED = msg("not compared: the wording changed")
NOT_COMPUTED = msg("too few or equal answers")  # a correlation, or a part of the variance
_SINGLE = msg("a single answer cannot be compared")


def named(name: str) -> str:
    """A name that somebody typed, within an English sentence whose order it leaves alone."""
    return ENGLISH.name(name)


def number(value: float, decimals: int = 0, *, signed: bool = False, words: Words = ENGLISH) -> str:
    """A number with a real minus sign; a plus sign where asked. Never "-0".

    >>> number(-3.04), number(31.2, signed=True)
    ('−3', '+31')
    """
    return words.number(value, decimals, signed=signed)


def decimals(figure: Figure) -> int:
    """The digits that the number of answers supports: a decimal once the interval is below +-1."""
    if figure.definition.unit is Unit.CORRELATION:
        return 2
    if figure.low is None or figure.high is None:
        return 0
    return 1 if figure.high - figure.low < 2 else 0


def value(figure: Figure, *, few: int = 5, words: Words = ENGLISH) -> str:
    """The estimate as it is shown: "62%", "+31", "71"; or why there is none."""
    if figure.suppressed:
        return hidden(figure.hidden, few=few, words=words)
    if figure.estimate is None:
        return words.say(NOT_COMPUTED if figure.n else State.UNANSWERED.value)
    return estimate(figure.definition, figure.estimate, decimals(figure), words=words)


def estimate(
    definition: Definition, amount: float, places: int = 0, *, words: Words = ENGLISH
) -> str:
    """A number in the scale's unit."""
    if definition.unit is Unit.PERCENT:
        return words.percent(amount, places)
    return words.number(amount, places, signed=definition.unit is Unit.NPS)


def interval(figure: Figure, *, words: Words = ENGLISH) -> str:
    """Both ends of the interval: "58 to 66"; empty where there is none."""
    if figure.low is None or figure.high is None:
        return ""
    signed, places = figure.definition.unit is Unit.NPS, decimals(figure)
    low, high = (words.number(end, places, signed=signed) for end in (figure.low, figure.high))
    return words.between(low, high)


def pvalue(p: float | None, *, words: Words = ENGLISH) -> str:
    """ "< .001", ".012", "> .999"; empty where there is none."""
    return "" if p is None else words.pvalue(p)


def basis(figure: Figure, *, words: Words = ENGLISH) -> str:
    """What an estimate rests on: "95% CI 59 to 68 (n = 49)"."""
    n = "" if figure.n is None else words.number(figure.n)
    between = interval(figure, words=words)
    if not between:
        return words.say("n = {n}", n=n) if n else ""
    return words.say("95% CI {interval} (n = {n})", interval=between, n=n)


def hidden(reason: Hidden, *, few: int = 5, words: Words = ENGLISH) -> str:
    """That a figure is hidden and why, in a table cell's length; empty where it is not."""
    if reason is Hidden.FEW:
        return words.say("hidden (fewer than {few})", few=words.number(few))
    if reason is Hidden.COMPLEMENT:
        return words.say("hidden (protects a small group)")
    if reason is Hidden.SINCE:
        return words.say("hidden (too few answers since then)")
    return words.say("hidden (too few in part of the period)") if reason is Hidden.PERIOD else ""


def responses(overview: JourneyOverview, *, words: Words = ENGLISH) -> str:
    """How many answers there are, as far as it may be told: "1,024", "at least 980"."""
    if overview.responses is not None:
        return words.number(overview.responses)
    if not overview.responses_shown:
        return words.say(State.HIDDEN.value)
    return words.say("at least {number}", number=words.number(overview.responses_shown))


def not_compared(advice: Advice, *, words: Words = ENGLISH) -> str:
    """Which touchpoints advice leaves out, and why."""
    return words.say(
        "Not compared, with too few answers then or to protect a small group: {touchpoints}.",
        touchpoints=words.listed(advice.left_out),
    )


def places_hidden(overview: JourneyOverview, *, words: Words = ENGLISH) -> str:
    """At how many places the number of answers is hidden."""
    return words.say_count(
        "the number at one place is hidden to protect small groups",
        "the number at {n} places is hidden to protect small groups",
        n=overview.places_hidden,
    )


def difference(definition: Definition, contrast: Contrast, *, words: Words = ENGLISH) -> str:
    """A difference in points with its interval: "9 points lower (13 to 5)"."""
    size, is_lower = round(abs(contrast.difference)), contrast.difference < 0
    low, high = (words.number(end) for end in sorted((abs(contrast.low), abs(contrast.high))))
    if contrast.low <= 0 <= contrast.high:
        if is_lower:
            return words.say_count("{n} points lower", "{n} points lower", n=size)
        return words.say_count("{n} points higher", "{n} points higher", n=size)
    if is_lower:
        return words.say_count(
            "{n} points lower ({low} to {high})",
            "{n} points lower ({low} to {high})",
            n=size,
            low=low,
            high=high,
        )
    return words.say_count(
        "{n} points higher ({low} to {high})",
        "{n} points higher ({low} to {high})",
        n=size,
        low=low,
        high=high,
    )


def priority_reason(row: Priority, *, words: Words = ENGLISH) -> str:
    """Why a touchpoint comes first: "CSAT 41%, 95% CI 35 to 47; 25 points lower (19 to 31) than the
    other touchpoints".
    """
    definition = row.figure.definition
    return words.say(
        "{score} {value}, 95% CI {interval}; {difference} than the other touchpoints",
        score=short(definition, words),
        value=value(row.figure, words=words),
        interval=interval(row.figure, words=words),
        difference=difference(definition, row.against_rest, words=words),
    )


def change(figure: Figure, *, few: int = 5, words: Words = ENGLISH) -> str:
    """How a figure changed: "significantly higher" or lower, "no significant change"; or why it is not
    known. Empty where nothing is compared with.
    """
    found = figure.change
    if found is None:
        return ""
    if found.contrast is not None:
        if found.barring is not None:
            return not_comparable_over_time(found.barring, words)
        return contrast_said(found.contrast, words=words)
    if not figure.shown:
        return value(figure, few=few, words=words)
    if not found.before.shown:
        return words.say("before: {value}", value=value(found.before, few=few, words=words))
    return words.say(REWORDED if found.reworded else _SINGLE)


def contrast_said(contrast: Contrast, *, words: Words = ENGLISH) -> str:
    """A change in few words."""
    return _way(contrast, words) if contrast.certain else words.say("no significant change")


def _way(contrast: Contrast, words: Words) -> str:
    """The side of a significant difference."""
    is_higher = contrast.difference > 0
    return words.say(msg("significantly higher") if is_higher else msg("significantly lower"))


def beside(figure: Figure, *, few: int = 5, words: Words = ENGLISH) -> str:
    """How a segment's figure differs from that of all other customers: "significantly higher" or lower,
    "not significantly different"; or why it is not known or not said. Empty for all customers.
    """
    found = figure.beside
    if found is None:
        return ""
    if found.contrast is not None:
        if found.alike is not None and not found.alike.allows:
            return not_comparable(found.alike, words)
        if not found.contrast.certain:
            return words.say("not significantly different")
        return _way(found.contrast, words)
    if not figure.shown or not found.rest.shown:
        return value(figure if not figure.shown else found.rest, few=few, words=words)
    return words.say(_SINGLE)


def not_comparable(alike: Alike, words: Words = ENGLISH) -> str:
    """Why a difference between a segment and all others is not called significant, in few words."""
    if alike.verdict is Verdicts.TOO_FEW:
        return words.say(
            "invariance not tested (fewer than {n} complete answers)", n=words.number(alike.needed)
        )
    found = {
        Verdicts.METRIC: msg("not comparable (no scalar invariance)"),
        Verdicts.NONE: msg("not comparable (no measurement invariance)"),
        Verdicts.FAILED: msg("invariance could not be tested"),
        Verdicts.NOT_TESTED: msg("invariance not tested"),
    }.get(alike.verdict)
    return words.say(found) if found else ""


def not_comparable_over_time(found: OverTime, words: Words = ENGLISH) -> str:
    """Why a change is not called significant, in few words."""
    if found.verdict is Verdicts.METRIC:
        return words.say("not comparable over time (no scalar invariance)")
    return words.say("not comparable over time (no measurement invariance)")


def questionnaire(definition: Definition) -> str:
    """A questionnaire's short name: its acronym as in "SJQ", or what its score is called."""
    code = definition.instrument.upper()
    return (
        code
        if code == definition.short or definition.parent == definition.instrument
        else definition.label
    )


def change_numbers(figure: Figure, *, words: Words = ENGLISH) -> str:
    """The change with its interval and p after Holm: "+5, 95% CI +2 to +8, p = .003"."""
    contrast = figure.change.contrast if figure.change else None
    return contrast_numbers(figure.definition, contrast, words=words)


def beside_numbers(figure: Figure, *, words: Words = ENGLISH) -> str:
    """The difference from all other customers, likewise."""
    contrast = figure.beside.contrast if figure.beside else None
    return contrast_numbers(figure.definition, contrast, words=words)


def contrast_numbers(
    definition: Definition, contrast: Contrast | None, *, words: Words = ENGLISH
) -> str:
    """A difference with its interval and p after Holm; empty for none."""
    if contrast is None:
        return ""
    amount, low, high = contrast_ends(definition, contrast, words=words)
    p = pvalue(contrast.pvalue, words=words)
    return words.say(
        "{difference}, 95% CI {low} to {high}, p {p}",
        difference=amount,
        low=low,
        high=high,
        p=p if contrast.pvalue < 0.001 or contrast.pvalue > 0.9995 else f"= {p}",
    )


def contrast_ends(
    definition: Definition, contrast: Contrast, *, words: Words = ENGLISH
) -> tuple[str, str, str]:
    """A difference and both ends of its interval, with their signs."""
    places = 1 if contrast.high - contrast.low < 2 else 0
    if definition.unit is Unit.CORRELATION:
        places = 2
    amount, low, high = (
        words.number(each, places, signed=True)
        for each in (contrast.difference, contrast.low, contrast.high)
    )
    return amount, low, high


def compared(found: Compared, *, words: Words = ENGLISH) -> str:
    """What the changes of a page are, and how they were tested."""
    return words.say_count(
        "Changes from {months}: significant where the 95% interval of the difference excludes zero and"
        " p < .05 after Holm correction for one difference.",
        "Changes from {months}: significant where the 95% interval of the difference excludes zero and"
        " p < .05 after Holm correction for {n} differences.",
        n=found.tested,
        months=words.months(found.since, found.until),
    )


def scope(found: Scope) -> str:
    """Which months are shown, and what they are compared with: "Aug to Oct 2026, compared with May to
    Jul 2026"; or why with nothing.
    """
    when = found.period
    said = ", ".join([period(when) or "All time", *facets(found.facets)])
    if found.baseline is not None:
        return f"{said}, compared with {period(found.baseline)}"
    if found.comparison is Comparison.NONE:
        return f"{said}, not compared"
    if when.length is None:
        return f"{said}; only a period with a first and a last month is compared with another"
    if found.comparison is Comparison.YEAR:
        return f"{said}; more than a year is not compared with the year before, as they overlap"
    return f"{said}; there is no period before it"


def facets(found: Facets, *, words: Words = ENGLISH) -> list[str]:
    """Of which answers a result is: "channel: Kiosk", "language: Finnish", "with flagged answers"; nothing
    of all but flagged ones.
    """
    said = []
    if found.channel:
        said.append(words.say("channel: {name}", name=words.say(CHANNEL_NAMES[found.channel])))
    if found.language:
        said.append(words.say("language: {name}", name=words.name(own_name(found.language))))
    if found.flagged:
        said.append(words.say("with flagged answers"))
    return said


def flagged(left_out: int | None, *, words: Words = ENGLISH) -> str:
    """How many flagged answers are left out: "12 flagged answers are left out"; empty for none."""
    if left_out is None:
        return words.say("Flagged answers are left out")
    if not left_out:
        return ""
    return words.say_count(
        "{n} flagged answer is left out", "{n} flagged answers are left out", n=left_out
    )


def day(when: date | None, *, words: Words = ENGLISH) -> str:
    """A day as people write it: "3 November 2025"."""
    return words.day(when)


def month(when: date) -> str:
    return ENGLISH.month(when)


def month_said(one: Month, *, words: Words = ENGLISH) -> str:
    """A month of a trend in a sentence: "Mar 2026, CSAT: 54%, 44 to 63, n = 120"."""
    return said(words.month(one.first), one.figure, words=words)


def said(label: str, figure: Figure, *, words: Words = ENGLISH) -> str:
    """A mark's sentence for a screen reader: "Identity check, CSAT: 54%, 44 to 63, n = 120"."""
    n = ""
    if figure.n is not None:
        n = words.say("n = {n}", n=str(figure.n) if words.is_english else words.number(figure.n))
    parts = [value(figure, words=words), interval(figure, words=words), n]
    return words.say(
        "{place}, {score}: {numbers}",
        place=label,
        score=short(figure.definition, words),
        numbers=words.joined([part for part in parts if part]),
    )


def wordings(trend: Trend, *, words: Words = ENGLISH) -> str:
    """Which wordings a trend mixes, and since when; empty where there is one."""
    names = [each.wording for each in trend.wordings if each not in trend.rewordings]
    later = [
        words.say("{wording} from {month}", wording=each.wording, month=words.month(each.first))
        for each in trend.rewordings
    ]
    if later:
        return words.say(
            "The wording changed: {first} at first, {later}. Other words can move a score by themselves.",
            first=words.listed(names),
            later=words.listed(later),
        )
    if len(names) < 2:
        return ""
    return words.say("The scores mix the wordings {wordings}.", wordings=words.listed(names))


def markers(trend: Trend, *, words: Words = ENGLISH) -> str:
    """The changes that a trend marks: "Changes: A: New app (31 July 2026)."; empty where there is none."""
    said = [
        f"{each.letter}: {words.name(each.title)} ({days(each, words=words)})"
        for each in trend.markers
    ]
    return words.say("Changes: {changes}.", changes="; ".join(said)) if said else ""


def days(marker: Marker, *, words: Words = ENGLISH) -> str:
    """From when, and of a temporary change until when: "31 July 2026", "1 July 2026 to 9 July 2026"."""
    first = words.day(marker.first)
    return first if marker.last is None else words.between(first, words.day(marker.last))


def months(first: date, last: date, *, words: Words = ENGLISH) -> str:
    """Whole months: "Sep to Nov 2026", "Dec 2025 to Feb 2026", "May 2026"."""
    return words.months(first, last)


def period(when: Period, *, words: Words = ENGLISH) -> str:
    """The months of a scope: "Jan to Mar 2026", "from Jan 2026", "to Mar 2026"; empty for all time."""
    if when.since and when.until:
        return words.months(when.since, when.until)
    if when.since:
        return words.say("from {month}", month=words.month(when.since))
    return words.say("to {month}", month=words.month(when.until)) if when.until else ""


def listed(names: Sequence[str], *, words: Words = ENGLISH) -> str:
    """ "a", "a and b", "a, b and c"."""
    return words.listed(names)

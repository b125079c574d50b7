"""Figures in words and digits, the same on the page, in the report and in a chart's label."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from surveyapp.i18n.isolates import isolated
from surveyapp.i18n.languages import own_name
from surveyapp.responses.facets import CHANNEL_NAMES
from surveyapp.results.comparability import Verdicts
from surveyapp.results.facets import Facets
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
    Priority,
    State,
    Trend,
    Unit,
)

MINUS = "\N{MINUS SIGN}"
REWORDED = "not compared: the wording changed"
NOT_COMPUTED = "too few or equal answers"  # a correlation, or a part of the variance


def named(name: str) -> str:
    """A name that somebody typed, within an English sentence whose order it leaves alone."""
    return isolated(name, right_to_left=False)


def number(value: float, decimals: int = 0, *, signed: bool = False) -> str:
    """A number with a real minus sign; a plus sign where asked. Never "-0".

    >>> number(-3.04), number(31.2, signed=True)
    ('−3', '+31')
    """
    text = f"{abs(value):,.{decimals}f}"
    if not float(text.replace(",", "")):
        return text
    return (MINUS if value < 0 else "+" if signed else "") + text


def decimals(figure: Figure) -> int:
    """The digits that the number of answers supports: a decimal once the interval is below +-1."""
    if figure.definition.unit is Unit.CORRELATION:
        return 2
    if figure.low is None or figure.high is None:
        return 0
    return 1 if figure.high - figure.low < 2 else 0


def value(figure: Figure, *, few: int = 5) -> str:
    """The estimate as it is shown: "62%", "+31", "71"; or why there is none."""
    if figure.suppressed:
        return hidden(figure.hidden, few=few)
    if figure.estimate is None:
        return NOT_COMPUTED if figure.n else State.UNANSWERED.value
    return estimate(figure.definition, figure.estimate, decimals(figure))


def estimate(definition: Definition, amount: float, places: int = 0) -> str:
    """A number in the scale's unit."""
    if definition.unit is Unit.PERCENT:
        return f"{number(amount, places)}%"
    return number(amount, places, signed=definition.unit is Unit.NPS)


def interval(figure: Figure) -> str:
    """Both ends of the interval: "58 to 66"; empty where there is none."""
    if figure.low is None or figure.high is None:
        return ""
    signed, places = figure.definition.unit is Unit.NPS, decimals(figure)
    low, high = (number(end, places, signed=signed) for end in (figure.low, figure.high))
    return f"{low} to {high}"


def pvalue(p: float | None) -> str:
    """ "< .001", ".012", "> .999"; empty where there is none."""
    if p is None:
        return ""
    if p > 0.9995:
        return "> .999"
    return "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def basis(figure: Figure) -> str:
    """What an estimate rests on: "95% CI 59 to 68 (n = 49)"."""
    n = "" if figure.n is None else f"n = {figure.n:,}"
    between = interval(figure)
    return f"95% CI {between} ({n})" if between else n


def hidden(reason: Hidden, *, few: int = 5) -> str:
    """That a figure is hidden and why, in a table cell's length; empty where it is not."""
    if reason is Hidden.NO:
        return ""
    why = {
        Hidden.FEW: f"fewer than {few}",
        Hidden.COMPLEMENT: "protects a small group",
        Hidden.PERIOD: "too few in part of the period",
    }[reason]
    return f"{State.HIDDEN} ({why})"


def responses(overview: JourneyOverview) -> str:
    """How many answers there are, as far as it may be told: "1,024", "at least 980"."""
    if overview.responses is not None:
        return f"{overview.responses:,}"
    return (
        f"at least {overview.responses_shown:,}" if overview.responses_shown else State.HIDDEN.value
    )


def not_compared(advice: Advice) -> str:
    """Which touchpoints advice leaves out, and why."""
    return (
        "Not compared, with too few answers then or to protect a small group: "
        f"{listed(advice.left_out)}."
    )


def places_hidden(overview: JourneyOverview) -> str:
    """At how many places the number of answers is hidden."""
    n = overview.places_hidden
    where = "one place" if n == 1 else f"{n} places"
    return f"the number at {where} is hidden to protect small groups"


def difference(definition: Definition, contrast: Contrast) -> str:
    """A difference in points with its interval: "9 points lower (13 to 5)"."""
    size = number(abs(contrast.difference))
    way = "lower" if contrast.difference < 0 else "higher"
    ends = sorted((abs(contrast.low), abs(contrast.high)))
    if contrast.low <= 0 <= contrast.high:
        return f"{size} points {way}"
    return f"{size} points {way} ({number(ends[0])} to {number(ends[1])})"


def priority_reason(row: Priority) -> str:
    """Why a touchpoint comes first: "CSAT 41%, 95% CI 35 to 47; 25 points lower (19 to 31) than the
    other touchpoints".
    """
    definition = row.figure.definition
    return (
        f"{definition.short} {value(row.figure)}, 95% CI {interval(row.figure)};"
        f" {difference(definition, row.against_rest)} than the other touchpoints"
    )


def change(figure: Figure, *, few: int = 5) -> str:
    """How a figure changed: "significantly higher" or lower, "no significant change"; or why it is not
    known. Empty where nothing is compared with.
    """
    found = figure.change
    if found is None:
        return ""
    if found.contrast is not None:
        if not found.contrast.certain:
            return "no significant change"
        return f"significantly {'higher' if found.contrast.difference > 0 else 'lower'}"
    if not figure.shown or not found.before.shown:
        side = "" if not figure.shown else "before: "
        return f"{side}{value(figure if not figure.shown else found.before, few=few)}"
    return REWORDED if found.reworded else "a single answer cannot be compared"


def beside(figure: Figure, *, few: int = 5) -> str:
    """How a segment's figure differs from that of all other customers: "significantly higher" or lower,
    "not significantly different"; or why it is not known or not said. Empty for all customers.
    """
    found = figure.beside
    if found is None:
        return ""
    if found.contrast is not None:
        if found.alike is not None and not found.alike.allows:
            return not_comparable(found.alike)
        if not found.contrast.certain:
            return "not significantly different"
        return f"significantly {'higher' if found.contrast.difference > 0 else 'lower'}"
    if not figure.shown or not found.rest.shown:
        return value(figure if not figure.shown else found.rest, few=few)
    return "a single answer cannot be compared"


def not_comparable(alike: Alike) -> str:
    """Why a difference between a segment and all others is not called significant, in few words."""
    return {
        Verdicts.METRIC: "not comparable (no scalar invariance)",
        Verdicts.NONE: "not comparable (no measurement invariance)",
        Verdicts.TOO_FEW: f"invariance not tested (fewer than {alike.needed} complete answers)",
        Verdicts.FAILED: "invariance could not be tested",
        Verdicts.NOT_TESTED: "invariance not tested",
    }.get(alike.verdict, "")


def questionnaire(definition: Definition) -> str:
    """A questionnaire's short name: its acronym as in "SJQ", or what its score is called."""
    code = definition.instrument.upper()
    return (
        code
        if code == definition.short or definition.parent == definition.instrument
        else definition.label
    )


def change_numbers(figure: Figure) -> str:
    """The change with its interval and p after Holm: "+5, 95% CI +2 to +8, p = .003"."""
    return contrast_numbers(figure.definition, figure.change.contrast if figure.change else None)


def beside_numbers(figure: Figure) -> str:
    """The difference from all other customers, likewise."""
    return contrast_numbers(figure.definition, figure.beside.contrast if figure.beside else None)


def contrast_numbers(definition: Definition, contrast: Contrast | None) -> str:
    """A difference with its interval and p after Holm; empty for none."""
    if contrast is None:
        return ""
    amount, low, high = contrast_ends(definition, contrast)
    p = pvalue(contrast.pvalue)
    return f"{amount}, 95% CI {low} to {high}, p {p if p[0] in '<>' else f'= {p}'}"


def contrast_ends(definition: Definition, contrast: Contrast) -> tuple[str, str, str]:
    """A difference and both ends of its interval, with their signs."""
    places = 1 if contrast.high - contrast.low < 2 else 0
    if definition.unit is Unit.CORRELATION:
        places = 2
    amount, low, high = (
        number(each, places, signed=True)
        for each in (contrast.difference, contrast.low, contrast.high)
    )
    return amount, low, high


def compared(found: Compared) -> str:
    """What the changes of a page are, and how they were tested."""
    many = "one difference" if found.tested == 1 else f"{found.tested} differences"
    return (
        f"Changes from {months(found.since, found.until)}: significant where the 95% interval of the"
        f" difference excludes zero and p < .05 after Holm correction for {many}."
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


def facets(found: Facets) -> list[str]:
    """Of which answers a result is: "channel: Kiosk", "language: Finnish", "with flagged answers"; nothing
    of all but flagged ones.
    """
    said = []
    if found.channel:
        said.append(f"channel: {CHANNEL_NAMES[found.channel]}")
    if found.language:
        said.append(f"language: {own_name(found.language)}")
    if found.flagged:
        said.append("with flagged answers")
    return said


def flagged(left_out: int | None) -> str:
    """How many flagged answers are left out: "12 flagged answers are left out"; empty for none."""
    if left_out is None:
        return "Flagged answers are left out"
    if not left_out:
        return ""
    return f"{left_out:,} flagged {'answer is' if left_out == 1 else 'answers are'} left out"


def day(when: date | None) -> str:
    """A day as people write it: "3 November 2025"."""
    return "" if when is None else f"{when.day} {when:%B %Y}"


def month(when: date) -> str:
    return f"{when:%b %Y}"


def month_said(one: Month) -> str:
    """A month of a trend in a sentence: "Mar 2026, CSAT: 54%, 44 to 63, n = 120"."""
    return said(month(one.first), one.figure)


def said(label: str, figure: Figure) -> str:
    """A mark's sentence for a screen reader: "Identity check, CSAT: 54%, 44 to 63, n = 120"."""
    n = "" if figure.n is None else f"n = {figure.n}"
    parts = [value(figure), interval(figure), n]
    return f"{label}, {figure.definition.short}: {', '.join(part for part in parts if part)}"


def wordings(trend: Trend) -> str:
    """Which wordings a trend mixes, and since when; empty where there is one."""
    names = [each.wording for each in trend.wordings if each not in trend.rewordings]
    later = [f"{each.wording} from {month(each.first)}" for each in trend.rewordings]
    if later:
        return (
            f"The wording changed: {listed(names)} at first, {listed(later)}. Other words"
            " can move a score by themselves."
        )
    return f"The scores mix the wordings {listed(names)}." if len(names) > 1 else ""


def markers(trend: Trend) -> str:
    """The changes that a trend marks: "Changes: A: New app (31 July 2026)."; empty where there is none."""
    said = [f"{each.letter}: {named(each.title)} ({days(each)})" for each in trend.markers]
    return f"Changes: {'; '.join(said)}." if said else ""


def days(marker: Marker) -> str:
    """From when, and of a temporary change until when: "31 July 2026", "1 July 2026 to 9 July 2026"."""
    first = day(marker.first)
    return first if marker.last is None else f"{first} to {day(marker.last)}"


def months(first: date, last: date) -> str:
    """Whole months: "Sep to Nov 2026", "Dec 2025 to Feb 2026", "May 2026"."""
    if (first.year, first.month) == (last.year, last.month):
        return month(first)
    begin = f"{first:%b}" if first.year == last.year else month(first)
    return f"{begin} to {month(last)}"


def period(when: Period) -> str:
    """The months of a scope: "Jan to Mar 2026", "from Jan 2026", "to Mar 2026"; empty for all time."""
    if when.since and when.until:
        return months(when.since, when.until)
    if when.since:
        return f"from {month(when.since)}"
    return f"to {month(when.until)}" if when.until else ""


def listed(names: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    names = [named(name) for name in names]
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"

"""The portfolio in words: the sentence on top, ranks, the weakest stage."""

from __future__ import annotations

from analysis.change_power import ChangePower
from surveyapp.results import phrases
from surveyapp.results.invariance.comparability_phrases import ranks_sentence
from surveyapp.results.portfolio.portfolio import Line, Portfolio
from surveyapp.results.view_models import Figure

RANKS = (
    "Rank 1 is the lowest score. Ranks come from the differences of all pairs of journeys (Holm"
    " correction); journeys with an equals sign share a rank, and the range says which ranks are open."
)
WEAKEST = (
    "A stage is named only where it scores lower than every other stage (Holm correction over all"
    " pairs)."
)


def sentence(found: Portfolio, *, few: int = 5) -> str:
    """What the first line says: its score, whether it changed, what more answers would show.

    Empty where it has no score.
    """
    first = found.lines[0] if found.lines else None
    figure = first.figure(found.scale) if first else None
    if first is None or figure is None or not figure.shown:
        return ""
    lowest = first.rank is not None and first.rank.is_lowest and found.ranked > 1
    place = f" scores lowest of {found.ranked} journeys" if lowest else ""
    between = phrases.interval(figure)
    basis = f"95% CI {between}, n = {figure.n:,}" if between else f"n = {figure.n:,}"
    name = phrases.named(first.journey.name)
    said = f"{name}{place}: {_short(figure)} {phrases.value(figure)} ({basis})"
    changed = phrases.change(figure, few=few)
    if not changed:
        return f"{said}."
    certain = figure.change and figure.change.contrast and figure.change.contrast.certain
    before = f" than before ({phrases.value(figure.change.before)})" if certain else ""  # type: ignore[union-attr]
    said += f", {changed}{before}"
    return (
        f"{said}; {more_answers(found.power, figure)}."
        if found.power and not certain
        else f"{said}."
    )


def verdict(found: Portfolio) -> str:
    """Whether the journeys may be ranked by their index, and why not; empty for other scores."""
    if found.verdict is None:
        return ""
    said = ranks_sentence(found.verdict, found.scale.upper())
    if found.not_compared:
        said += (
            f" Not part of the test, hence without a rank: {phrases.listed(found.not_compared)}."
        )
    return said


def more_answers(power: ChangePower, figure: Figure) -> str:
    """How many answers more would show a change that is worth knowing, at 80% power."""
    size = f"{phrases.number(power.size)} points"
    chance = f"with {power.power:.0%} probability"
    if power.needed is None:
        shown = phrases.number(power.shown)
        return (
            f"the answers so far would show a change of {shown} points or more {chance}, and one of {size} would"
            " need more answers in the period before"
        )
    more = power.needed - (figure.n or 0)
    if more <= 0:
        return f"the answers suffice to show a change of {size} {chance}"
    return f"{more:,} more answer{'' if more == 1 else 's'} would show a change of {size} {chance}"


def rank(line: Line) -> str:
    """A rank, with a sign where others share it: "1=", "7"; empty for none."""
    if line.rank is None:
        return ""
    return f"{line.rank.first}{'=' if line.shares_rank else ''}"


def rank_range(line: Line, ranked: int) -> str:
    """Which ranks are open: "1 to 4 of 12"; empty where there is nothing to be ranked among."""
    if line.rank is None or ranked < 2:
        return ""
    first, last = line.rank.first, line.rank.last
    return f"{first} of {ranked}" if first == last else f"{first} to {last} of {ranked}"


def weakest(line: Line) -> str:
    """The stage that scores lowest, or that none is significantly different from the others."""
    if line.weakest is None:
        return ""
    return line.weakest.name if line.weakest.stands_out else "none is significantly the lowest"


def weakest_numbers(line: Line) -> str:
    """The score of the stage that is named: "CSAT 54%, 95% CI 44 to 63, n = 120"."""
    if line.weakest is None or not line.weakest.stands_out:
        return ""
    figure = line.weakest.figure
    return f"{_short(figure)} {phrases.value(figure)}, {phrases.basis(figure)}"


def _short(figure: Figure) -> str:
    return (
        figure.definition.short
        if len(figure.definition.short) < 6
        else figure.definition.scale.upper()
    )

"""How pages write figures and times; figures in the very words of the reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from flask import Flask
from flask_login import current_user

from instruments import loader
from surveyapp.i18n.languages import own_name
from surveyapp.results import phrases
from surveyapp.results.benchmarks import benchmarks
from surveyapp.results.drivers.association_phrases import (
    basis,
    caution,
    driver_reason,
    gain,
    gain_caution,
    gain_weighted,
    headline,
)
from surveyapp.results.invariance.comparability_phrases import item_codes
from surveyapp.results.maps import heat_classes
from surveyapp.results.scope import Period, month_text
from surveyapp.results.side_by_side_json import verdict_said
from surveyapp.results.targets import phrases as target_phrases
from surveyapp.results.targets.standing import MetricTarget
from surveyapp.results.view_models import (
    Advice,
    Contrast,
    Definition,
    Figure,
    Hidden,
    JourneyOverview,
    Priority,
    ResponseRate,
    State,
)
from surveyapp.results.weights import phrases as weight_phrases
from surveyapp.surveys.piping import filled
from surveyapp.web.installation import installation
from surveyapp.web.on_this_page import with_contents


def teach_words(app: Flask) -> None:
    """Make these functions known to templates."""
    for function in (
        *(when, day, month, amount, value, interval, heat, heat_shape, file_size, rate),
        *(decimal, answered, difference, instrument_title, questions_of),
        *(caution, phrases.pvalue, why_hidden, change, beside, period_said),
        *(
            driver_reason,
            gain,
            gain_caution,
            gain_weighted,
            priority_reason,
            own_name,
            month_text,
            advice_months,
            not_compared,
            places_hidden,
            responses,
        ),
        *(target_said, target_amount, target_phrases.gap_numbers),
    ):
        app.jinja_env.filters[function.__name__] = function
    app.jinja_env.filters["with_contents"] = with_contents
    app.jinja_env.filters["benchmark_numbers"] = benchmarks.numbers
    app.jinja_env.filters["change_numbers"] = phrases.change_numbers
    app.jinja_env.filters["beside_numbers"] = phrases.beside_numbers
    app.jinja_env.filters["contrast_numbers"] = phrases.contrast_numbers
    app.jinja_env.filters["verdict_said"] = verdict_said
    app.jinja_env.filters["compared_said"] = phrases.compared
    app.jinja_env.filters["weighted_said"] = weight_phrases.weighted
    app.jinja_env.filters["weighted_change"] = weighted_change
    app.jinja_env.filters["population_said"] = weight_phrases.population
    app.jinja_env.filters["scope_said"] = phrases.scope
    app.jinja_env.filters["flagged_said"] = phrases.flagged
    app.jinja_env.filters["association_basis"] = basis
    app.jinja_env.filters["association_headline"] = headline
    app.jinja_env.globals["may"] = _may
    app.jinja_env.globals["states"] = State
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _may(permission: str) -> bool:
    return bool(current_user.may(permission))


def when(moment: datetime | None) -> str:
    """A moment to the minute, in UTC."""
    return f"{day(moment)}, {moment:%H:%M}" if moment else "never"


def target_said(figure: Figure) -> str:
    """A figure's target and how it stands, with weights too where it has some; empty where none is set."""
    if figure.target is None:
        return ""
    said = target_phrases.against(figure.definition, figure.target)
    own = figure.target.weighted
    return f"{said}, weighted: {own.standing}" if own and own.standing else said


def target_amount(
    target: MetricTarget, figure: Figure | None, definition: Definition | None = None
) -> str:
    """A target in the unit of its figure, without one of its metric where that is known."""
    known = figure.definition if figure else definition
    return (
        phrases.number(target.value, 1) if known is None else target_phrases.amount(known, target)
    )


def day(moment: date | None) -> str:
    return f"{moment.day} {moment:%b %Y}" if moment else "-"


def month(moment: date) -> str:
    return phrases.month(moment)


def amount(count: int) -> str:
    """A count with commas between thousands."""
    return f"{count:,}"


def value(figure: Figure) -> str:
    """The estimate, or why there is none."""
    return phrases.value(figure, few=installation().settings.minimum_cell)


def why_hidden(reason: Hidden) -> str:
    """Why something is not shown, in a few words."""
    return phrases.hidden(reason, few=installation().settings.minimum_cell)


def weighted_change(figure: Figure) -> str:
    """How a score with weights changed; empty where it has none or nothing is compared with."""
    return weight_phrases.weighted_change(figure, few=installation().settings.minimum_cell)


def change(figure: Figure) -> str:
    """Whether a figure changed significantly, or why that is not known."""
    return phrases.change(figure, few=installation().settings.minimum_cell)


def beside(figure: Figure) -> str:
    """Whether a segment's figure differs from that of all others, or why that is not known."""
    return phrases.beside(figure, few=installation().settings.minimum_cell)


def period_said(when: Period) -> str:
    """The months of a period, or that it is all time."""
    return phrases.period(when) or "all time"


def interval(figure: Figure) -> str:
    return phrases.interval(figure)


def answered(figure: Figure) -> str:
    """How many answers an estimate stands on, or that their number is hidden."""
    return State.HIDDEN.value if figure.n is None else amount(figure.n)


def rate(found: ResponseRate) -> str:
    """A response rate with its interval."""
    if found.rate is None:
        return State.HIDDEN.value if found.hidden else "nobody was invited"
    text = f"{found.rate:.0f}%"
    if found.low is None or found.high is None:
        return text
    return f"{text} ({found.low:.0f} to {found.high:.0f})"


def difference(contrast: Contrast, definition: Definition) -> str:
    """A difference in points with its interval."""
    return phrases.difference(definition, contrast)


def advice_months(advice: Advice) -> str:
    """The months that advice rests on."""
    return phrases.months(advice.since, advice.until)


def priority_reason(row: Priority) -> str:
    """Why a touchpoint is a priority, for the action about it."""
    return phrases.priority_reason(row)


def not_compared(advice: Advice) -> str:
    """Which touchpoints advice leaves out, and why; empty where there is none."""
    return phrases.not_compared(advice) if advice.left_out else ""


def responses(overview: JourneyOverview) -> str:
    """How many answers there are, as far as it may be told."""
    return phrases.responses(overview)


def places_hidden(overview: JourneyOverview) -> str:
    return phrases.places_hidden(overview)


def decimal(number: float | None, places: int = 2) -> str:
    """A statistic with a real minus sign; a dash where there is none."""
    return "-" if number is None else phrases.number(number, places)


def heat(figure: Figure) -> int:
    return heat_classes.heat_class(figure)


def heat_shape(figure: Figure) -> str:
    return heat_classes.heat_shape(figure)


def instrument_title(code: str) -> str:
    """What a questionnaire is called; its code where it is no longer installed."""
    try:
        instrument = installation().library.load(code)
    except loader.InstrumentError:
        return code
    return instrument.wording("en").title


def questions_of(released: Sequence[str], code: str) -> list[tuple[str, str]]:
    """Code and English text of each question that some parameters are of, in any survey: the provider has no
    name. Nothing where the questionnaire is no longer installed."""
    try:
        texts = installation().library.load(code).wording("en").items
    except loader.InstrumentError:
        return []
    own = {"provider": "the provider", "touchpoint": "this contact"}
    said = [(each, filled(texts[each], {}, own)) for each in item_codes(released) if each in texts]
    return [(each, text[:1].upper() + text[1:]) for each, text in said]


def file_size(count: int) -> str:
    return f"{count / 1024:.0f} kB" if count < 1024 * 1024 else f"{count / 1024 / 1024:.1f} MB"

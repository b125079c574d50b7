"""What an alert says: its condition in a few words, and what it tells when it is met."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from surveyapp.closed_loop.alert_looks import Look
from surveyapp.closed_loop.alert_rules import OUTSIDE, sides, threshold, way
from surveyapp.results import phrases
from surveyapp.results.control_limits import RULE
from surveyapp.results.targets.targets import place_names
from surveyapp.results.view_models import Definition, Figure
from surveyapp.results.weights import phrases as weight_phrases
from surveyapp.results.weights.weighting import margins_of
from surveyapp.store.models import Alert, Journey, Segment

LONGEST_TITLE = 300
_WAYS = {"below": "lower", "above": "higher", OUTSIDE: "lower or higher"}


@dataclass(frozen=True)
class Telling:
    """What is told of a crossing, with the address where to look."""

    title: str
    text: str


def condition(alert: Alert, definition: Definition | None) -> str:
    """What an alert waits for: "NPS below +20", "CSAT significantly lower", "SJQ below control limits"."""
    what = definition.short if definition is not None else alert.scale
    what = f"Weighted {what}" if alert.weighted else what
    if alert.kind == "change":
        return f"{what} significantly {_WAYS[way(alert)]}"
    if alert.kind == "control":
        return f"{what} {way(alert)} its control limits"
    limits = (threshold(alert, side) for side in sides(alert))
    numbers = (f"{each:g}" if definition is None else limit(definition, each) for each in limits)
    return f"{what}{', whole interval,' if alert.whole else ''} {way(alert)} {' to '.join(numbers)}"


def limit(definition: Definition, number: float) -> str:
    """A threshold in the score's unit, with a decimal where it has one."""
    return phrases.estimate(definition, number, 0 if number == round(number) else 1)


def place_name(journey: Journey, place: str) -> str:
    """What a place is called; its code where the map has it no more."""
    return place_names(journey).get(place, place)


def customers(session: Session, alert: Alert) -> str:
    """Whose answers an alert is about; empty for all customers."""
    if not alert.segment_id:
        return ""
    segment = session.get(Segment, alert.segment_id)
    return segment.name if segment is not None else f"segment {alert.segment_id} (removed)"


def telling(
    session: Session, look: Look, figure: Figure, *, base_url: str, test: bool = False
) -> Telling:
    """The message of an alert whose figure is shown, or of a test of it."""
    alert, journey = look.alert, look.alert.journey
    said = condition(alert, figure.definition)
    where = place_name(journey, alert.place)
    at = f"{where} ({journey.name})" if alert.place else journey.name
    title = f"{'Test: ' if test else ''}{said}: {at}"
    of = customers(session, alert)
    lines = (
        "This is a test; the alert itself was not sent." if test else "",
        _sentence(look, figure),
        "",
        f"Interval: {phrases.interval(figure)} ({figure.definition.interval})",
        f"Answers: {figure.n:,}",
        f"Period: {period_said(look)} ({journey.zone})",
        *([f"Customers: {of}"] if of else []),
        *([f"Weighting: {_weighting(session, alert)}"] if alert.weighted else []),
        f"Where: {where}, {journey.name}",
        "",
        f"View results: {results_url(base_url, look)}",
        f"Acknowledge, mute or change the alert: {alerts_url(base_url, journey.id)}",
        "",
    )
    return Telling(title[:LONGEST_TITLE], "\n".join(lines).lstrip("\n"))


def _weighting(session: Session, alert: Alert) -> str:
    """By whose shares, and when these were counted."""
    return weight_phrases.population(margins_of(session, alert.journey_id))


def period_said(look: Look) -> str:
    """The months that an alert judges, with those compared with where it compares."""
    if look.alert.kind == "change":
        return phrases.scope(look.scope)
    return ", ".join([phrases.period(look.period), *phrases.facets(look.scope.facets)])


def results_url(base_url: str, look: Look) -> str:
    """The journey's page about the very answers that the alert judged."""
    page = f"{base_url.rstrip('/')}/journeys/{look.alert.journey_id}"
    return f"{page}?{urlencode(look.scope.arguments)}"


def alerts_url(base_url: str, journey_id: int) -> str:
    """The page of a journey's alerts."""
    return f"{base_url.rstrip('/')}/journeys/{journey_id}/alerts"


def _sentence(look: Look, figure: Figure) -> str:
    """What the figure is, against what the alert holds it."""
    alert, what = look.alert, figure.definition
    now = f"{what.label}{', weighted' if alert.weighted else ''}: {phrases.value(figure)}"
    if alert.kind == "change":
        beside = phrases.change_numbers(figure)
        tested = "p after Holm correction for all changes of the page"
        return f"{now}, {phrases.change(figure)}{f': {beside} ({tested})' if beside else ''}."
    if alert.kind == "control":
        if look.limits is None:
            return f"{now}; too few earlier months for control limits."
        ends = (phrases.estimate(what, end, 1) for end in (look.limits.lower, look.limits.upper))
        return f"{now}; control limits {' to '.join(ends)}, from {look.limits.n} months. {RULE}"
    side = look.side
    names = {"below": "lower limit", "above": "upper limit"} if alert.outside else {}
    if side is None:
        limits = " to ".join(limit(what, threshold(alert, each)) for each in sides(alert))
        return f"{now}; {'limits' if names else 'threshold'} {limits}, not crossed."
    name, value = names.get(side, "threshold"), threshold(alert, side)
    end = figure.high if side == "below" else figure.low
    beyond = end is not None and (end < value if side == "below" else end > value)
    sure = (
        f"The whole interval is {side} the {name}."
        if beyond
        else f"The interval includes the {name}, so this may be due to chance."
    )
    return f"{now}, {side} the {name} of {limit(what, value)}. {sure}"

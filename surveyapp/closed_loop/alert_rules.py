"""What an alert is set to, and what none can be set to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from surveyapp.auth.grants import able
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.results.journey import Ground, ground
from surveyapp.results.scope import Scope
from surveyapp.results.targets.targets import place_of
from surveyapp.results.view_models import Definition
from surveyapp.results.weights.weighting import why_never_weighted
from surveyapp.store.models import EVERYBODY, Alert
from surveyapp.webhooks.addresses import read_url

KINDS = {
    "threshold": "The score crosses a threshold",
    "change": "The score changes significantly from the comparison period",
    "control": "The newest month breaches its control limits",
}
SIDES = ("below", "above")
OUTSIDE = "outside"
DIRECTIONS = {
    "below": "Below, or lower",
    "above": "Above, or higher",
    OUTSIDE: "Either: below the lower or above the upper limit",
}
CHATS = {"": "No chat", "slack": "Slack", "teams": "Microsoft Teams"}
DIGESTS = {
    "now": "At once",
    "daily": "In a daily digest",
    "weekly": "In a weekly digest, on Mondays",
}
COMPARISONS = ("before", "year")
MOST_EMAILS, MOST_PEOPLE = 20, 50
MOST_MONTHS = 12
MOST_ANSWERS = 100_000
MOST_HOURS = 24 * 30
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,189}")


@dataclass(frozen=True)
class AlertRule:
    """What is watched, when that is told, and to whom. The names are those of the table's columns.

    ``value`` is in the unit in which the score is reported: 0 to 100, for NPS -100 to 100. ``outside``
    watches both sides whatever the ``direction``: of a threshold, below ``value`` and above ``upper``.
    """

    journey_id: int
    scale: str
    place: str = ""
    segment_id: int = EVERYBODY
    channel: str = ""
    language: str = ""
    flagged: bool = False
    weighted: bool = False  # by population shares; the score with weights is watched alone
    kind: str = "threshold"
    direction: str = "below"
    value: float = 0.0
    outside: bool = False
    upper: float | None = None
    whole: bool = False
    comparison: str = "before"
    months: int = 1
    minimum_n: int = 30
    people: list[int] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    chat: str = ""
    chat_url: str = ""
    digest: str = "now"
    escalate_to: int | None = None
    escalate_hours: int | None = None


def read(
    session: Session, rule: AlertRule, *, anywhere: bool, installation: Installation
) -> AlertRule:
    """The rule as it is stored; Invalid, naming the field, for what none can be.

    ``anywhere``: it may be told to addresses outside and in a chat, not to people with access alone.
    """
    base = ground(session, rule.journey_id, library=installation.library)
    definition = watchable_at(base, rule.place).get(rule.scale)
    if definition is None:
        raise Invalid("Choose a score that is asked at this place.", field="what")
    base.segment(rule.segment_id)
    for name, known in (
        *(("kind", KINDS), ("direction", SIDES), ("chat", CHATS), ("digest", DIGESTS)),
        ("comparison", COMPARISONS),
    ):
        if getattr(rule, name) not in known:
            raise Invalid(
                f"{getattr(rule, name)[:20]!r} is not one of {', '.join(filter(None, known))}.",
                field=name,
            )
    if rule.weighted:
        _check_weights(session, rule)
    rule = _sides(rule)
    if rule.kind == "threshold":
        _check_value(definition, rule)
    elif rule.place in _stages(base):
        raise Invalid(
            "A stage is watched by a threshold only: it puts its touchpoints together, and has neither a"
            " change nor control limits of its own. Choose a threshold, or one of its touchpoints.",
            field="kind",
        )
    else:
        rule = replace(rule, value=0.0, whole=False)
    if rule.kind == "control":
        rule = replace(rule, months=1)
    _within(rule.months, 1, MOST_MONTHS, "months", "months")
    _within(rule.minimum_n, 1, MOST_ANSWERS, "minimum_n", "answers")
    rule = replace(rule, emails=_emails(rule.emails))
    rule = _chat(rule, anywhere, installation)
    if rule.emails and not anywhere:
        raise Invalid("Only an editor of the journey may add other addresses.", field="emails")
    return _people(session, rule)


def watchable_at(base: Ground, place: str) -> dict[str, Definition]:
    """The scores that are asked at a place, by scale: "" is the journey as a whole, "apply" a stage by
    its code with the scores of all its touchpoints, "apply/form" a touchpoint.
    """
    points: list[int | None] = [None]
    if place:
        points = [*(_stages(base).get(place) or filter(None, [_points(base).get(place)]))]
    return {
        scale: scored.definition
        for point in points
        for scale, scored in base.scored.get(point, {}).items()
    }


def watchable(base: Ground) -> dict[str, dict[str, Definition]]:
    """The same of every place with scores: the journey as a whole, the stages, the touchpoints."""
    places = ["", *_stages(base), *_points(base)]
    return {place: found for place in places if (found := watchable_at(base, place))}


def _stages(base: Ground) -> dict[str, list[int]]:
    """The stages by place, each with its touchpoints' numbers."""
    return {
        place_of(stage.code): [point.id for point in stage.touchpoints]
        for stage in base.journey.stages
    }


def _points(base: Ground) -> dict[str, int]:
    return {
        place_of(stage.code, point.code): point.id
        for stage in base.journey.stages
        for point in stage.touchpoints
    }


def sides(rule: AlertRule | Alert) -> tuple[str, ...]:
    """On which sides a rule or an alert watches: "below", "above", or both."""
    return SIDES if rule.outside else (rule.direction,)


def way(rule: AlertRule | Alert) -> str:
    """The direction as forms and programs name it: "below", "above" or "outside"."""
    return OUTSIDE if rule.outside else rule.direction


def threshold(rule: AlertRule | Alert, side: str) -> float:
    """The limit on this side."""
    return rule.upper if rule.outside and side == "above" and rule.upper is not None else rule.value


def _sides(rule: AlertRule) -> AlertRule:
    """With an upper limit where both sides of a threshold are watched, and nowhere else."""
    if not rule.outside:
        return replace(rule, upper=None)
    if rule.kind != "threshold":
        return replace(rule, direction="below", upper=None)
    if rule.upper is None:
        raise Invalid("Enter an upper limit, or choose one direction.", field="upper")
    if not rule.value < rule.upper:
        raise Invalid(
            f"The upper limit of {rule.upper:g} must be above the lower one of {rule.value:g}.",
            field="upper",
        )
    return replace(rule, direction="below")


def _check_value(definition: Definition, rule: AlertRule) -> None:
    low, high = definition.axis
    for side in sides(rule):
        limit = threshold(rule, side)
        inside = low < limit <= high if side == "below" else low <= limit < high
        if not inside:
            raise Invalid(
                f"{definition.short} ranges from {low:g} to {high:g}; with a"
                f" threshold of {limit:g} the alert would always or never be sent.",
                field="upper" if rule.outside and side == "above" else "value",
            )


def _check_weights(session: Session, rule: AlertRule) -> None:
    """Whether answers are still being counted by the shares is asked when it is judged."""
    scope = Scope(
        rule.journey_id,
        rule.segment_id,
        channel=rule.channel,
        language=rule.language,
        flagged=rule.flagged,
        weighted=True,
    )
    if refused := why_never_weighted(session, scope):
        raise Invalid(refused, field="weighted")


def _chat(rule: AlertRule, anywhere: bool, installation: Installation) -> AlertRule:
    if not rule.chat:
        return replace(rule, chat_url="")
    if not anywhere:
        raise Invalid("Only an editor of the journey may add a chat.", field="chat")
    try:
        read_url(rule.chat_url.strip(), private=installation.settings.hook_places)
    except Invalid as error:
        raise Invalid(str(error), field="chat_url") from None
    return replace(rule, chat_url=rule.chat_url.strip())


def _people(session: Session, rule: AlertRule) -> AlertRule:
    """With everybody once; Invalid for somebody who may not read the journey's results."""
    may = {each.id for each in able(session, Permission.READ_RESULTS, rule.journey_id)}
    people = sorted(set(rule.people))
    if set(people) - may:
        raise Invalid(
            "Somebody of these may not read the journey's results; grant access first.",
            field="people",
        )
    if len(people) > MOST_PEOPLE:
        raise Invalid(f"{len(people)} people; use at most {MOST_PEOPLE}.", field="people")
    if rule.escalate_to is None:
        return replace(rule, people=people, escalate_hours=None)
    if rule.escalate_to not in may:
        raise Invalid(
            "This person may not read the journey's results; grant access first.",
            field="escalate_to",
        )
    hours = 24 if rule.escalate_hours is None else rule.escalate_hours
    _within(hours, 1, MOST_HOURS, "escalate_hours", "hours")
    return replace(rule, people=people, escalate_hours=hours)


def _emails(emails: list[str]) -> list[str]:
    """Addresses, each once."""
    found = list(dict.fromkeys(each.strip() for each in emails if each.strip()))
    for each in found:
        if not _EMAIL.fullmatch(each):
            raise Invalid(f"{each[:60]!r} is not an email address.", field="emails")
    if len(found) > MOST_EMAILS:
        raise Invalid(f"{len(found)} addresses; use at most {MOST_EMAILS}.", field="emails")
    return found


def _within(value: int, low: int, high: int, name: str, what: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Invalid(f"Enter {low} to {high:,} {what}, as a whole number.", field=name)

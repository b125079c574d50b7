"""Whom a survey asks: what starts an ask, how long it waits, and whom it leaves alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.journeys.segments import parse
from surveyapp.sampling.incoming import LONGEST_WORD
from surveyapp.sampling.quiet_hours import QuietHours
from surveyapp.sampling.touchpoint_codes import TouchpointCodes
from surveyapp.store.audit import record
from surveyapp.store.models import Journey, SurveyRow

RESTS = ("block", "delay", "override")
CHANNELS = ("email", "webhook")
LONGEST_DELAY = 60 * 24 * 90  # minutes
LONGEST_REST = 3650  # days
MOST_WORDS = 50  # channels, outcomes or touchpoints of a trigger


@dataclass(frozen=True)
class Trigger:
    """Which interactions start an ask. An empty part lets every interaction through.

    ``touchpoints`` (codes, ``form`` or ``apply/form``) say where a journey ends, for a survey
    that is asked at its end. ``rule`` is a segment's rule over the interaction's attributes.
    """

    touchpoints: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    rule: str = ""

    def matches(self, channel: str, outcome: str, attributes: Mapping[str, object]) -> bool:
        """Whether an interaction is such a one; capitals of channel and outcome do not count."""
        return (
            _among(channel, self.channels)
            and _among(outcome, self.outcomes)
            and (not self.rule or parse(self.rule).matches(attributes))
        )


@dataclass(frozen=True)
class Sampling:
    """A survey's rules of asking. The defaults ask nobody.

    ``share`` is that of triggered interactions, 0 to 1; ``most`` how many asks there may be at all;
    ``rest`` what happens while a customer rests: "block" skips, "delay" asks afterwards, "override"
    asks all the same; ``rest_days`` None: the installation's.
    """

    active: bool = False
    trigger: Trigger = Trigger()
    delay_minutes: int = 0
    quiet: QuietHours | None = None
    share: float = 1.0
    most: int | None = None
    rest: str = "block"
    rest_days: int | None = None
    channel: str = "email"
    expires_days: int = 30
    max_age_days: int = 7

    def stored(self) -> dict[str, Any]:
        """The document that ``read_sampling`` reads."""
        plain = {name: value for name, value in vars(self).items() if name in _KEYS}
        trigger = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in vars(self.trigger).items()
        }
        quiet = self.quiet
        return {
            **plain,
            "trigger": trigger,
            "quiet_from": f"{quiet.begin:%H:%M}" if quiet else None,
            "quiet_to": f"{quiet.end:%H:%M}" if quiet else None,
        }


_KEYS = {
    *("active", "trigger", "delay_minutes", "quiet_from", "quiet_to", "share", "most", "rest"),
    *("rest_days", "channel", "expires_days", "max_age_days"),
}
_TRIGGER_KEYS = {"touchpoints", "channels", "outcomes", "rule"}


def read_sampling(raw: Mapping[str, Any]) -> Sampling:
    """The rules in a survey's document; {} asks nobody. Raises Invalid, naming the field."""
    _refuse_unknown(raw, _KEYS)
    trigger = raw.get("trigger") or {}
    if not isinstance(trigger, Mapping):
        raise Invalid("The trigger must be an object.", field="trigger")
    _refuse_unknown(trigger, _TRIGGER_KEYS)
    share = raw.get("share", 1.0)
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share <= 1:
        raise Invalid(f"The sampling share is {share!r}; use more than 0, up to 1.", field="share")
    return Sampling(
        active=_truth(raw.get("active", False), "active"),
        trigger=Trigger(
            touchpoints=_words(trigger.get("touchpoints"), "touchpoints", longest=121),
            channels=_words(trigger.get("channels"), "channels"),
            outcomes=_words(trigger.get("outcomes"), "outcomes"),
            rule=_rule(trigger.get("rule") or ""),
        ),
        delay_minutes=_number(raw, "delay_minutes", 0, 0, LONGEST_DELAY),
        quiet=_quiet(raw.get("quiet_from"), raw.get("quiet_to")),
        share=float(share),
        most=None if raw.get("most") is None else _number(raw, "most", 1, 1, 10**9),
        rest=_one_of(raw.get("rest", "block"), RESTS, "rest"),
        rest_days=(
            None if raw.get("rest_days") is None else _number(raw, "rest_days", 0, 0, LONGEST_REST)
        ),
        channel=_one_of(raw.get("channel", "email"), CHANNELS, "channel"),
        expires_days=_number(raw, "expires_days", 30, 1, 365),
        max_age_days=_number(raw, "max_age_days", 7, 1, 365),
    )


def change_sampling(
    session: Session, survey: SurveyRow, raw: Mapping[str, Any], *, user_id: int | None
) -> Sampling:
    """Set whom the survey asks from now on. Raises Invalid for rules that cannot work."""
    sampling = read_sampling(raw)
    named = sampling.trigger.touchpoints
    if named and survey.touchpoint_id is not None:
        raise Invalid(
            "This survey is about a single touchpoint; leave out the touchpoints that"
            " end the journey.",
            field="touchpoints",
        )
    if named:
        journey = session.get_one(Journey, survey.journey_id)
        places = TouchpointCodes(session.connection())
        for name in named:
            places.find(journey.code, name)
    ends = survey.touchpoint_id is None
    if sampling.active and ends and not (named or sampling.trigger.outcomes):
        raise Invalid(
            "Nothing defines when the journey ends; name the touchpoints or outcomes that end it.",
            field="touchpoints",
        )
    survey.sampling = sampling.stored()
    record(
        session,
        user_id,
        "change whom to ask",
        f"survey {survey.code}",
        active=sampling.active,
    )
    return sampling


def _among(word: str, words: Sequence[str]) -> bool:
    return not words or word.casefold() in {each.casefold() for each in words}


def _refuse_unknown(raw: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(str(name) for name in raw if name not in known)
    if unknown:
        raise Invalid(
            f"There is no rule {unknown[0][:60]!r}; use {', '.join(sorted(known))}.",
            field=unknown[0][:60],
        )


def _truth(value: object, field: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid(f"{field} is {value!r}; use true or false.", field=field)
    return value


def _number(raw: Mapping[str, Any], field: str, default: int, low: int, high: int) -> int:
    value = raw.get(field, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        said = field.replace("_", " ")
        raise Invalid(f"The {said} is {value!r}; use a number from {low} to {high}.", field=field)
    return value


def _one_of(value: object, known: tuple[str, ...], field: str) -> str:
    if not isinstance(value, str) or value not in known:
        raise Invalid(f"The {field} is {value!r}; use {', '.join(known)}.", field=field)
    return value


def _words(raw: object, field: str, *, longest: int = LONGEST_WORD) -> tuple[str, ...]:
    words = [] if raw is None else raw
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise Invalid(f"The {field} are not a list of texts; write one per line.", field=field)
    read = tuple(dict.fromkeys(word.strip() for word in words if word.strip()))
    if len(read) > MOST_WORDS or any(len(word) > longest for word in read):
        raise Invalid(
            f"The {field} are too many or too long; use at most {MOST_WORDS}, of up to"
            f" {longest} characters each.",
            field=field,
        )
    return read


def _rule(raw: object) -> str:
    if not isinstance(raw, str):
        raise Invalid(f"The rule is {raw!r}; write it like the rule of a segment.", field="rule")
    text = raw.strip()
    if text:
        parse(text)
    return text


def _quiet(begin: object, end: object) -> QuietHours | None:
    if not begin and not end:
        return None
    if not begin or not end:
        missing = "quiet_from" if not begin else "quiet_to"
        raise Invalid("Quiet hours need a start and an end, such as 21:00 and 8:00.", field=missing)
    quiet = QuietHours(_clock(begin, "quiet_from"), _clock(end, "quiet_to"))
    if quiet.begin == quiet.end:
        raise Invalid(
            "Quiet hours start and end at the same time; leave both empty for no quiet hours.",
            field="quiet_to",
        )
    return quiet


def _clock(raw: object, field: str) -> time:
    try:
        return time.fromisoformat(str(raw).strip().zfill(5)).replace(
            second=0, microsecond=0, tzinfo=None
        )
    except ValueError:
        raise Invalid(
            f"{str(raw)[:20]!r} is not a time of day; write 21:00.", field=field
        ) from None

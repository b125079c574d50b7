"""The sampling of a survey: what starts an ask, how long it waits, and whom it leaves alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import time
from typing import Any, ClassVar

from attrs import Attribute, field, frozen

from surveyapp.errors import Invalid
from surveyapp.journeys.segments import parse
from surveyapp.surveys.settings.document import Document, about, limited, stripped

LONGEST_WORD = 60  # of a channel or an outcome
_LONGEST_TOUCHPOINT = 121  # stage/touchpoint
RESTS = ("block", "delay", "override")
CHANNELS = ("email", "webhook")
_MOST_WORDS = 50


def _words(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts without empty ones and doubles."""
    return tuple(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _short(_instance: Any, attribute: Attribute[Any], words: tuple[str, ...]) -> None:
    """Refuse too many words, or too long ones."""
    longest = _LONGEST_TOUCHPOINT if attribute.name == "touchpoints" else LONGEST_WORD
    if len(words) > _MOST_WORDS or any(len(word) > longest for word in words):
        raise Invalid(
            f"The {attribute.name} are too many or too long; use at most {_MOST_WORDS}, of up to"
            f" {longest} characters each.",
            field=attribute.name,
        )


def _is_rule(_instance: Any, _attribute: Attribute[str], text: str) -> None:
    if text:
        parse(text)


def _is_share(_instance: Any, _attribute: Attribute[float], share: float) -> None:
    if not 0 < share <= 1:
        raise Invalid(f"The sampling share is {share!r}; use more than 0, up to 1.", field="share")


@frozen
class Trigger:
    """Which interactions start an ask. An empty part lets every interaction through.

    ``touchpoints`` (codes, ``form`` or ``apply/form``) say where a journey ends, for a survey
    that is asked at its end. ``rule`` is a segment's rule over the interaction's attributes.
    """

    touchpoints: tuple[str, ...] = field(
        default=(),
        converter=_words,
        validator=_short,
        metadata=about(
            "Touchpoints that end the journey",
            "Codes, one per line. An event at any of these triggers the survey about the journey.",
            most=_MOST_WORDS,
        ),
    )
    channels: tuple[str, ...] = field(
        default=(),
        converter=_words,
        validator=_short,
        metadata=about(
            "Channels",
            "One per line, as your systems name them. Leave empty for all channels.",
            most=_MOST_WORDS,
        ),
    )
    outcomes: tuple[str, ...] = field(
        default=(),
        converter=_words,
        validator=_short,
        metadata=about(
            "Outcomes",
            "One per line, as your systems name them. Leave empty for all outcomes.",
            most=_MOST_WORDS,
        ),
    )
    rule: str = field(
        default="",
        converter=stripped,
        validator=_is_rule,
        metadata=about(
            "Customers",
            "A rule over customer attributes, such as region in (North, South) and tenure >= 2."
            " Leave empty for all customers.",
            most=2000,
        ),
    )

    def matches(self, channel: str, outcome: str, attributes: Mapping[str, object]) -> bool:
        """Whether an interaction is such a one; capitals of channel and outcome do not count."""
        return (
            _among(channel, self.channels)
            and _among(outcome, self.outcomes)
            and (not self.rule or parse(self.rule).matches(attributes))
        )


@frozen
class Sampling(Document):
    """A survey's rules of asking. The defaults ask nobody.

    ``share`` is that of triggered interactions, 0 to 1; ``most`` how many asks there may be at all;
    ``rest`` what happens while a customer rests: "block" skips, "delay" asks afterwards, "override"
    asks all the same; ``rest_days`` None: the installation's.
    """

    title: ClassVar[str] = "Sampling"

    active: bool = field(default=False, metadata=about("Invite customers after events"))
    trigger: Trigger = field(factory=Trigger, metadata=about("Trigger"))
    delay_minutes: int = field(
        default=0,
        validator=limited,
        metadata=about("Delay after the event, in minutes", least=0, most=60 * 24 * 90),
    )
    quiet_from: time | None = field(default=None, metadata=about("Quiet hours start"))
    quiet_to: time | None = field(
        default=None,
        metadata=about(
            "Quiet hours end",
            "In the customer's time zone. Messages due in quiet hours are sent afterwards.",
        ),
    )
    share: float = field(
        default=1.0,
        validator=_is_share,
        metadata=about(
            "Sampling share, in %",
            "100 invites everyone; a smaller share is sampled at random.",
            least=0,
            most=1,
        ),
    )
    most: int | None = field(
        default=None,
        validator=limited,
        metadata=about(
            "Stop after this many invitations", "Leave empty for no limit.", least=1, most=10**9
        ),
    )
    rest: str = field(
        default="block",
        validator=limited,
        metadata=about(
            "Recently contacted customers",
            "Counts invitations from all surveys, not only this one.",
            choices=RESTS,
        ),
    )
    rest_days: int | None = field(
        default=None,
        validator=limited,
        metadata=about("Minimum days between invitations", least=0, most=3650),
    )
    channel: str = field(
        default="email", validator=limited, metadata=about("Channel", choices=CHANNELS)
    )
    expires_days: int = field(
        default=30,
        validator=limited,
        metadata=about("Days until the link expires", least=1, most=365),
    )
    max_age_days: int = field(
        default=7,
        validator=limited,
        metadata=about(
            "Maximum age of an event, in days",
            "Older events trigger no invitation.",
            least=1,
            most=365,
        ),
    )

    def __attrs_post_init__(self) -> None:
        if (self.quiet_from is None) != (self.quiet_to is None):
            missing = "quiet_from" if self.quiet_from is None else "quiet_to"
            raise Invalid(
                "Quiet hours need a start and an end, such as 21:00 and 8:00.", field=missing
            )
        if self.quiet_from is not None and self.quiet_from == self.quiet_to:
            raise Invalid(
                "Quiet hours start and end at the same time; leave both empty for no quiet hours.",
                field="quiet_to",
            )


def _among(word: str, words: Sequence[str]) -> bool:
    return not words or word.casefold() in {each.casefold() for each in words}

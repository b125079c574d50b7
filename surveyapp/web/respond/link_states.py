"""What a customer's link leads to: facts about the link and the survey -> what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum, auto
from types import MappingProxyType

from surveyapp.surveys.links import Ticket
from surveyapp.surveys.survey import Survey


class Link(Enum):
    """The link that was opened."""

    OPEN = auto()  # everybody's, of a survey that everybody may answer
    WITHDRAWN = auto()  # everybody's, of a survey that asks by personal links alone
    UNKNOWN = auto()  # says to be personal, and none of ours
    WAITING = auto()  # personal, its invitation still to be answered
    SENDING = auto()  # personal, and brings answers: whether it may, the transaction tells
    USED = auto()  # personal, answered
    EXPIRED = auto()  # personal, its time is over and it was not answered
    GONE = auto()  # personal, its invitation withdrawn, forgotten, or answered anonymously


class SurveyState(Enum):
    """The survey behind the link."""

    ABSENT = auto()
    EARLY = auto()  # a draft, or before its first day
    RUNNING = auto()
    FULL = auto()  # it runs, but has all the answers that it wants of people like this one
    OVER = auto()


class Shown(Enum):
    """What the customer sees."""

    NEUTRAL = auto()  # what strangers see, the same whatever the reason
    FORM = auto()
    OWN_ANSWERS = auto()
    FULL = auto()
    CLOSED = auto()


_NO, _FORM, _OWN, _FULL, _CLOSED = Shown

# One row a link, one column a state of the survey, in the order of ``SurveyState``.
_TABLE: Mapping[Link, tuple[Shown, Shown, Shown, Shown, Shown]] = {
    #               ABSENT EARLY RUNNING FULL   OVER
    Link.OPEN:      (_NO, _NO, _FORM, _FULL, _CLOSED),
    Link.WITHDRAWN: (_NO, _NO, _NO,   _NO,   _CLOSED),
    Link.UNKNOWN:   (_NO, _NO, _NO,   _NO,   _NO),
    Link.WAITING:   (_NO, _NO, _FORM, _FULL, _CLOSED),
    Link.SENDING:   (_NO, _NO, _FORM, _FORM, _CLOSED),
    Link.USED:      (_NO, _NO, _OWN,  _OWN,  _OWN),
    Link.EXPIRED:   (_NO, _NO, _NO,   _NO,   _NO),
    Link.GONE:      (_NO, _NO, _NO,   _NO,   _CLOSED),
}  # fmt: skip
SHOWN: Mapping[tuple[Link, SurveyState], Shown] = MappingProxyType(
    {
        (link, survey): shown
        for link, row in _TABLE.items()
        for survey, shown in zip(SurveyState, row, strict=True)
    }
)


def link_state(
    ticket: Ticket | None,
    *,
    personal: bool,
    open_link: bool,
    waiting: bool,
    used: bool,
    sending: bool,
    now: datetime,
) -> Link:
    """The state of the link.

    ``personal`` links carry the text of a ticket, ``ticket`` is what could be read of it. ``waiting``
    and ``used`` tell of its invitation; of answers that are being sent nobody has looked it up. A used
    link leads to its answers even when its time is over.
    """
    if not personal:
        return Link.OPEN if open_link else Link.WITHDRAWN
    if ticket is None:
        return Link.UNKNOWN
    if used:
        return Link.USED
    if ticket.expires_at is not None and ticket.expires_at <= now:
        return Link.EXPIRED
    if sending:
        return Link.SENDING
    return Link.WAITING if waiting else Link.GONE


def survey_state(survey: Survey | None, now: datetime) -> SurveyState:
    """The state of the survey, before its quotas are counted."""
    if survey is None:
        return SurveyState.ABSENT
    if survey.is_early(now):
        return SurveyState.EARLY
    return SurveyState.OVER if survey.is_over(now) else SurveyState.RUNNING


def is_in_time(survey: Survey, issued_at: datetime, now: datetime, grace: timedelta) -> bool:
    """Whether a form that is sent after the closing was opened before it, and not too long ago."""
    closed = survey.closes_at
    return closed is not None and issued_at < closed <= now < closed + grace

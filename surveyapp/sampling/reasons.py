"""Why somebody was not asked, or not at once: a closed list, each reason with its sentence."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """What stands in a decision; DELAYED belongs to one that asks, all others to one that skips."""

    NOT_TRIGGERED = "not_triggered"
    SURVEY_CLOSED = "survey_closed"
    TOO_OLD = "too_old"
    OPTED_OUT = "opted_out"
    NO_ADDRESS = "no_address"
    BOUNCED = "bounced"
    ALREADY_ASKED = "already_asked"
    SAMPLED_OUT = "sampled_out"
    RESTING = "resting"
    ASKED_ENOUGH = "asked_enough"
    QUOTA_FULL = "quota_full"
    DELAYED = "delayed"

    @property
    def words(self) -> str:
        """A few words for tables and charts."""
        return _WORDS[self][0]

    @property
    def sentence(self) -> str:
        """An answer to "why was this customer not asked?"."""
        return _WORDS[self][1]


_WORDS = {
    Reason.NOT_TRIGGERED: (
        "Not covered by the survey",
        "The event's channel, outcome or attributes do not match the survey's rules.",
    ),
    Reason.SURVEY_CLOSED: (
        "Survey closed",
        "The survey was not open when the invitation was due.",
    ),
    Reason.TOO_OLD: (
        "Reported too late",
        "The event was too old when it was reported.",
    ),
    Reason.OPTED_OUT: ("Opted out", "The customer has opted out of surveys."),
    Reason.NO_ADDRESS: ("No address", "No address is known to which an invitation can be sent."),
    Reason.BOUNCED: ("Email bounced", "Email to the customer's address bounced."),
    Reason.ALREADY_ASKED: (
        "Already invited for this journey run",
        "The customer has already been invited for the same journey run.",
    ),
    Reason.SAMPLED_OUT: (
        "Not sampled",
        "Only a share of customers is invited, and this event was not sampled.",
    ),
    Reason.RESTING: (
        "Recently contacted",
        "The customer was invited to a survey recently, and the minimum interval has not passed.",
    ),
    Reason.ASKED_ENOUGH: (
        "Yearly limit reached",
        "The customer has received the maximum number of invitations in a year.",
    ),
    Reason.QUOTA_FULL: (
        "Invitation limit reached",
        "The survey has sent its maximum number of invitations.",
    ),
    Reason.DELAYED: (
        "Invited after the minimum interval",
        "The customer was contacted recently and is invited once the minimum interval has passed.",
    ),
}

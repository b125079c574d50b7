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
        "Not what the survey is about",
        "The interaction's channel, outcome or attributes are not those that the survey asks about.",
    ),
    Reason.SURVEY_CLOSED: (
        "Survey closed",
        "The survey takes no answers at the time when the customer would have been asked.",
    ),
    Reason.TOO_OLD: (
        "Reported too late",
        "The interaction lay back too far when it was reported.",
    ),
    Reason.OPTED_OUT: ("Opted out", "The customer does not want to be asked."),
    Reason.NO_ADDRESS: ("No address", "No address is known by which the customer can be asked."),
    Reason.BOUNCED: ("Address does not work", "Mail to the customer's address came back."),
    Reason.ALREADY_ASKED: (
        "Asked about this journey already",
        "The customer has been asked about the same passage through the journey before.",
    ),
    Reason.SAMPLED_OUT: (
        "Not drawn",
        "Only a share of customers is asked, and this interaction was not drawn.",
    ),
    Reason.RESTING: (
        "Resting",
        "The customer was asked about something a short time before, and is left alone for a while.",
    ),
    Reason.ASKED_ENOUGH: (
        "Asked enough this year",
        "The customer is asked as often within a year as anybody may be.",
    ),
    Reason.QUOTA_FULL: ("Enough customers asked", "As many customers as were wanted were asked."),
    Reason.DELAYED: (
        "Asked after a rest",
        "The customer had been asked a short time before, and is asked once that rest is over.",
    ),
}

"""Response rates in sentences, the same on the page and in reports."""

from __future__ import annotations

from collections.abc import Sequence

from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.results import phrases
from surveyapp.results.view_models import ResponseRate, SegmentRate


def response_sentence(
    rates: Sequence[ResponseRate], *, whole: bool = True, words: Words = ENGLISH
) -> str:
    """How many answered, and which share of those who were invited, over the rates that are shown.

    ``whole``: of all time. In a period answers and invitations are not of the same customers, because
    who is invited in one month may answer in the next.
    """
    shown = [rate for rate in rates if not rate.hidden]
    few = len(rates) - len(shown)
    left = words.say_count(
        "One survey with too few answers to show is left out.",
        "{n} surveys with too few answers to show are left out.",
        n=few,
    )
    rest = f" {left}" if few else ""
    responses = sum(rate.responses or 0 for rate in shown)
    sent = sum(rate.sent for rate in shown)
    completed = sum(rate.completed or 0 for rate in shown)
    if not shown and few:
        return words.say("Too few answers to show the response rate.")
    if not sent:
        none = words.say_count(
            "{n} response, none by invitation, so there is no response rate.",
            "{n} responses, none by invitation, so there is no response rate.",
            n=responses,
        )
        return f"{none}{rest}"
    said = (
        msg("{completed} of {sent} invitations were answered ({share}).")
        if whole
        else msg("{completed} of {sent} invitations made in this period were answered ({share}).")
    )
    answered = words.say(
        said,
        completed=words.number(completed),
        sent=words.number(sent),
        share=words.percent(100 * completed / sent),
    )
    other = responses - completed
    further = ""
    if whole and other > 0:
        further = (
            f" {words.say('A further {number} came by other links.', number=words.number(other))}"
        )
    return f"{answered}{further}{rest}"


def segment_sentence(
    own: SegmentRate | None,
    rates: Sequence[ResponseRate],
    *,
    whole: bool = True,
    few: int = 5,
    words: Words = ENGLISH,
) -> str:
    """A segment's own response rate where it is known, else that of all customers, said to be that."""
    if own is not None and own.is_waiting:
        return words.say(
            "The response rate of this segment has not been counted yet. The worker counts it in the"
            " background; try again in a few minutes."
        )
    if own is not None and own.hidden:
        why = phrases.hidden(own.hidden, few=few, words=words)
        return words.say("The response rate of this segment is {hidden}.", hidden=why)
    if own is not None and own.sent is not None and own.completed is not None:
        if own.rate is None or own.low is None or own.high is None:
            return words.say(
                msg("Nobody in this segment was invited, so there is no response rate.")
                if whole
                else msg(
                    "Nobody in this segment was invited in this period, so there is no response rate."
                )
            )
        return words.say(
            msg(
                "{completed} of {sent} invitations to this segment were answered ({share}, 95% CI {low}"
                " to {high})."
            )
            if whole
            else msg(
                "{completed} of {sent} invitations to this segment made in this period were answered"
                " ({share}, 95% CI {low} to {high})."
            ),
            completed=words.number(own.completed),
            sent=words.number(own.sent),
            share=words.percent(own.rate),
            low=words.number(own.low),
            high=words.number(own.high),
        )
    return words.say(
        "The response rate of this segment is not known: invitations sent to a list do not say which"
        " customers belong to it. For all customers, not only this segment: {sentence}",
        sentence=response_sentence(rates, whole=whole, words=words),
    )

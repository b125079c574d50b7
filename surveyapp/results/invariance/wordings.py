"""Which questionnaires of a journey were read in several wordings, and by how many."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.results import phrases
from surveyapp.results.answers.answered import answered_in, journey_calendar
from surveyapp.results.scope import Period
from surveyapp.results.view_models import JourneyOverview
from surveyapp.store.models import Response, SurveyRow


@dataclass(frozen=True)
class Read:
    """A wording as it was read: by how many responses, and from which day to which."""

    wording: str
    responses: int
    first: date
    last: date

    def __add__(self, other: Read) -> Read:
        return Read(
            self.wording,
            self.responses + other.responses,
            min(self.first, other.first),
            max(self.last, other.last),
        )


@dataclass(frozen=True)
class Mixed:
    """A questionnaire whose numbers put several wordings together, the oldest first.

    ``told`` is whether the numbers of responses give no small group away. ``everybody`` is whether the
    figures beside it are those of all customers.
    """

    title: str
    parts: tuple[Read, ...]
    told: bool
    everybody: bool = True

    @property
    def sentence(self) -> str:
        """Which wordings, and where it may be said how many responses each."""
        return mixed_said(self, ENGLISH)


def mixed_said(one: Mixed, words: Words) -> str:
    """Which wordings, and where it may be said how many responses each."""
    number = words.number(len(one.parts))
    if not one.told:
        return words.say(
            msg(
                "Its numbers mix {number} wordings: {wordings}. How many responses each has is not told, so"
                " that no small group can be worked out."
            )
            if one.everybody
            else msg(
                "The responses of all customers mix {number} wordings: {wordings}. How many responses each"
                " has is not told, so that no small group can be worked out."
            ),
            number=number,
            wordings=words.listed([part.wording for part in one.parts]),
        )
    parts = [
        words.say(
            "{wording} ({count} responses, {days})",
            wording=part.wording,
            count=words.number(part.responses),
            days=_days(part, words),
        )
        for part in one.parts
    ]
    return words.say(
        msg("Its numbers mix {number} wordings: {wordings}.")
        if one.everybody
        else msg("The responses of all customers mix {number} wordings: {wordings}."),
        number=number,
        wordings=words.listed(parts),
    )


def mixed(session: Session, overview: JourneyOverview) -> tuple[Mixed, ...]:
    """The questionnaires with several wordings among all customers' responses of the overview's period.

    It reads every response once, so it is for reports, not for pages.
    """
    titles = {entry.instrument: entry.title for entry in reversed(overview.instruments)}
    open_to_all = (
        overview.segment is None and overview.responses is not None and not overview.places_hidden
    )
    found = []
    for instrument, parts in _read(session, overview).items():
        if instrument in titles and len(parts) > 1:
            told = open_to_all and min(p.responses for p in parts) >= overview.minimum_cell
            found.append(Mixed(titles[instrument], parts, told, overview.segment is None))
    return tuple(sorted(found, key=lambda each: each.title))


def mixture(instrument: str, read: Mapping[str, int], *, minimum: int | None) -> str:
    """That an analysis puts answers to several wordings together, by respondents of each; empty for one.

    ``minimum`` is the smallest group of which a number may be told; None where no number may.

    >>> mixture("sjq", {"en-2": 311, "en-1": 620}, minimum=5)
    'the answers to sjq mix the wordings en-1 (620 respondents) and en-2 (311 respondents)'
    """
    if len(read) < 2:
        return ""
    told = minimum is not None and min(read.values()) >= minimum
    parts = [
        f"{wording} ({count:,} respondents)" if told else wording
        for wording, count in sorted(read.items())
    ]
    return f"the answers to {instrument} mix the wordings {phrases.listed(parts)}"


def _read(session: Session, overview: JourneyOverview) -> dict[str, tuple[Read, ...]]:
    """The wordings of each instrument by what responses say, in the order of their first days."""
    when = Period(overview.since, overview.until)
    calendar = journey_calendar(session, overview.journey_id)
    worded = cast(Response.wordings, Text).label("worded")
    anonymous = SurveyRow.anonymity == "anonymous"
    ends = func.min(Response.submitted_at), func.max(Response.submitted_at)
    query = (
        select(worded, anonymous, func.count(), *ends)
        .join(SurveyRow, SurveyRow.id == Response.survey_id)
        .where(SurveyRow.journey_id == overview.journey_id)
        .where(*answered_in(session, overview.journey_id, when))
        .group_by(worded, anonymous)
    )
    found: dict[str, dict[str, Read]] = {}
    for text, by_day, count, *moments in session.execute(query):
        first, last = (calendar.day(each, anonymous=by_day) for each in moments)
        for instrument, wording in json.loads(text or "{}").items():
            read = Read(wording, count, first, last)
            into = found.setdefault(instrument, {})
            into[wording] = into[wording] + read if wording in into else read
    return {
        instrument: tuple(sorted(parts.values(), key=lambda part: (part.first, part.wording)))
        for instrument, parts in found.items()
    }


def _days(part: Read, words: Words) -> str:
    if part.first == part.last:
        return words.day(part.first)
    return words.between(words.day(part.first), words.day(part.last))

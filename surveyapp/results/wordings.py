"""Which questionnaires of a journey were read in several wordings, and by how many."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from surveyapp.results import phrases
from surveyapp.results.answered import answered_in, journey_calendar
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
        if not self.told:
            return (
                f"{self._whose} mix {len(self.parts)} wordings: {phrases.listed(self._names)}. How many "
                "responses each has is not told, so that no small group can be worked out."
            )
        parts = [
            f"{part.wording} ({part.responses:,} responses, {_days(part)})" for part in self.parts
        ]
        return f"{self._whose} mix {len(parts)} wordings: {phrases.listed(parts)}."

    @property
    def _whose(self) -> str:
        return "Its numbers" if self.everybody else "The responses of all customers"

    @property
    def _names(self) -> list[str]:
        return [part.wording for part in self.parts]


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


def _days(part: Read) -> str:
    if part.first == part.last:
        return phrases.day(part.first)
    return f"{phrases.day(part.first)} to {phrases.day(part.last)}"

"""Comments that somebody looks for, the newest first, a page at a time.

A page costs the same on any number of comments: at most SCANNED of them are read for it, from where it
begins. Where these hold fewer matches than a page, the page says how far it has looked.
"""

from __future__ import annotations

import heapq
import unicodedata
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Row, Table, and_, case, null, or_, select
from sqlalchemy.orm import Session

from surveyapp.comments.bands import Band, Banded
from surveyapp.comments.coding import Key, with_codes
from surveyapp.errors import Invalid, NotFound
from surveyapp.journeys.calendar import Calendar
from surveyapp.store.models import Comment, CommentProposal, Score
from surveyapp.surveys.survey import Survey

PAGE, SCANNED = 50, 5_000
MOST_EXPORTED, SCANNED_FOR_EXPORT = 50_000, 200_000
LONGEST_WORDS = 200
_COMMENTS = cast(Table, Comment.__table__)
_SCORES = cast(Table, Score.__table__)
_SOUNDING = cast(Table, CommentProposal.__table__).alias("sounding")
_AT_ONCE = 500


@dataclass(frozen=True)
class Wanted:
    """Which comments to find. ``words`` must all stand in the text, in any case and with or without
    accents; days are by the journey's calendar, both included. ``before`` is the number of the
    response where the page before ended. With ``proposals`` comments count, too, that a program would
    give such a code or band, of those that have none by hand.
    """

    words: str = ""
    since: date | None = None
    until: date | None = None
    language: str = ""
    channel: str = ""
    band: Band | None = None
    may_quote: bool | None = None
    codes: frozenset[int] | None = None  # one of these at least; None: coded or not
    proposals: frozenset[str] | None = (
        None  # what those codes are called where they may be proposed
    )
    before: int | None = None


class Found(NamedTuple):
    """A comment with the score of its own question, None where it has none."""

    response_id: int
    item: str
    survey: Survey
    day: date
    language: str
    channel: str
    may_quote: bool
    text: str
    score: float | None
    band: str

    @property
    def key(self) -> Key:
        """Its response and question."""
        return self.response_id, self.item


@dataclass(frozen=True)
class Page:
    """``older`` is where the next page begins, None at the end; ``looked_to`` the day to which was
    looked where that was before the page was full.
    """

    comments: Sequence[Found]
    older: int | None = None
    looked_to: date | None = None


def find(
    session: Session,
    surveys: Sequence[Survey],
    wanted: Wanted,
    *,
    calendar: Calendar,
    bands: Mapping[str, Banded],
    limit: int = PAGE,
    scanned: int = SCANNED,
) -> Page:
    """A page of the comments of these surveys, about ``limit`` of them: those of one response stay
    together. Raises NotFound for a place that is gone.
    """
    start = _start(session, wanted)
    known = {each.id: each for each in surveys}
    fits = _Filter(wanted, bands)
    streams = [_stream(session, each, wanted, start, calendar, bands) for each in surveys]
    newest_first = heapq.merge(*streams, key=_place, reverse=True)
    found: list[Found] = []
    last, seen, more = None, 0, False
    for _, same in groupby(newest_first, key=lambda row: row.response_id):
        if len(found) >= limit or seen >= scanned:
            more = True
            break
        for row in same:
            seen, last = seen + 1, row
            if fits(row):
                found.append(_found(row, known[row.survey_id], calendar, bands))
    for stream in streams:
        stream.close()  # which are seldom read to their end
    if not more or last is None:
        return Page(found)
    day = calendar.day(last.submitted_at, anonymous=known[last.survey_id].is_anonymous)
    return Page(found, last.response_id, day if len(found) < limit else None)


def find_all(
    session: Session,
    surveys: Sequence[Survey],
    wanted: Wanted,
    *,
    calendar: Calendar,
    bands: Mapping[str, Banded],
    most: int = MOST_EXPORTED,
    scanned: int = SCANNED_FOR_EXPORT,
) -> Sequence[Found]:
    """All comments that are wanted. Raises Invalid where that is more than one file takes."""
    page = find(
        session,
        surveys,
        replace(wanted, before=None),
        calendar=calendar,
        bands=bands,
        limit=most,
        scanned=scanned,
    )
    if page.older is not None:
        raise Invalid(
            f"One file has at most {most:,} comments, looked for among the newest {scanned:,}, and"
            " these are more. Choose months, or a touchpoint, and download the rest after them; or"
            " export responses, which has every comment.",
        )
    return page.comments


def languages_and_channels(session: Session, surveys: Sequence[Survey]) -> tuple[list[str], ...]:
    """What there is to choose from: the languages and the channels of the newest comments."""
    languages, channels = set(), set()
    own = _COMMENTS.c
    for survey in surveys:
        newest = (
            select(own.language, own.channel)
            .where(own.survey_id == survey.id)
            .order_by(own.submitted_at.desc(), own.response_id.desc())
            .limit(_AT_ONCE)
        )
        for language, channel in session.execute(newest):
            languages.add(language)
            channels.add(channel)
    return sorted(languages), sorted(channels)


def folded(text: str) -> str:
    """The text without case and accents, for comparing."""
    if text.isascii():  # has none, and most of a page's time would go into looking for them
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


class _Filter:
    """Whether a row is wanted."""

    def __init__(self, wanted: Wanted, bands: Mapping[str, Banded]) -> None:
        self._wanted, self._bands = wanted, bands
        self._words = folded(wanted.words).split()

    def __call__(self, row: Row[Any]) -> bool:
        wanted = self._wanted
        if wanted.language and row.language != wanted.language:
            return False
        if wanted.channel and row.channel != wanted.channel:
            return False
        if wanted.may_quote is not None and row.may_quote is not wanted.may_quote:
            return False
        if wanted.band is not None:
            banded = self._bands.get(row.item)
            if banded is None or row.value is None:
                return bool(row.sounds == wanted.band) and self._has_words(row)
            if banded.band(row.value) is not wanted.band:
                return False
        return self._has_words(row)

    def _has_words(self, row: Row[Any]) -> bool:
        if not self._words:
            return True
        text = folded(row.text)
        return all(word in text for word in self._words)


def _stream(
    session: Session,
    survey: Survey,
    wanted: Wanted,
    start: tuple[datetime, int] | None,
    calendar: Calendar,
    bands: Mapping[str, Banded],
) -> Generator[Any]:
    """A survey's comments of the wanted days, the newest first: in the order of the index, so that the
    first ones come at once.
    """
    own = _COMMENTS.c
    scale = (
        case({item: each.scale for item, each in bands.items()}, value=own.item)
        if bands
        else null()
    )
    beside = and_(_SCORES.c.response_id == own.response_id, _SCORES.c.scale == scale)
    joined = _COMMENTS.outerjoin(_SCORES, beside)
    sounds: ColumnElement[Any] = null()
    if wanted.proposals is not None and wanted.band is not None:
        like = (_SOUNDING.c.response_id == own.response_id, _SOUNDING.c.item == own.item)
        joined = joined.outerjoin(_SOUNDING, and_(*like, _SOUNDING.c.kind == "sentiment"))
        sounds = _SOUNDING.c.value
    # With codes the rows come from their few responses: the sum keeps SQLite from going through the
    # survey's index instead, which takes a second on a million comments.
    here = own.survey_id if wanted.codes is None else own.survey_id + 0
    query = (
        select(*own, _SCORES.c.value, sounds.label("sounds"))
        .select_from(joined)
        .where(here == survey.id, *_bounds(survey, wanted, start, calendar))
        .order_by(own.submitted_at.desc(), own.response_id.desc(), own.item)
        .execution_options(yield_per=_AT_ONCE)
    )
    with session.execute(query) as rows:
        yield from rows


def _bounds(
    survey: Survey, wanted: Wanted, start: tuple[datetime, int] | None, calendar: Calendar
) -> list[ColumnElement[bool]]:
    own = _COMMENTS.c
    begin, end = calendar.bounds(wanted.since, wanted.until, anonymous=survey.is_anonymous)
    bounds: list[ColumnElement[bool]] = []
    if begin is not None:
        bounds.append(own.submitted_at >= begin)
    if end is not None:
        bounds.append(own.submitted_at < end)
    if start is not None:
        moment, number = start
        earlier = or_(own.submitted_at < moment, own.response_id < number)
        bounds += [own.submitted_at <= moment, earlier]
    if wanted.codes is not None:
        bounds.append(with_codes(wanted.codes, or_proposed=wanted.proposals or ()))
    return bounds


def _start(session: Session, wanted: Wanted) -> tuple[datetime, int] | None:
    if wanted.before is None:
        return None
    own = _COMMENTS.c
    moment = session.scalar(
        select(own.submitted_at).where(own.response_id == wanted.before).limit(1)
    )
    if moment is None:
        raise NotFound("The comment where this page begins is gone; begin at the newest.")
    return moment, wanted.before


def _place(row: Row[Any]) -> tuple[datetime, int]:
    return row.submitted_at, row.response_id


def _found(row: Row[Any], survey: Survey, calendar: Calendar, bands: Mapping[str, Banded]) -> Found:
    banded = bands.get(row.item)
    return Found(
        response_id=row.response_id,
        item=row.item,
        survey=survey,
        day=calendar.day(row.submitted_at, anonymous=survey.is_anonymous),
        language=row.language,
        channel=row.channel,
        may_quote=row.may_quote,
        text=row.text,
        score=row.value,
        band=banded.named(row.value) if banded is not None and row.value is not None else "",
    )

"""Quotes and files that stand in the lane of evidence, by stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.installation import Installation
from surveyapp.journeys.map_documents import DOCUMENTS, PICTURE, MapFile
from surveyapp.store.audit import record
from surveyapp.store.models import Comment, File, MapEvidence, Response, Stage, SurveyRow

MOST = 20  # of one stage
QUOTE = "quote"
PROPOSED = 30
_LONGEST = 200


@dataclass(frozen=True)
class PlacedEvidence:
    """``text`` is a quote's, as it is stored: masked where the survey masks; of a file its name.

    ``said`` is what kind of document it is: PDF, Word.
    """

    id: int
    stage_id: int
    kind: str  # QUOTE, picture, document
    title: str
    text: str
    language: str = ""
    said: str = ""


@dataclass(frozen=True)
class Quotable:
    """A comment that its customer allows to be quoted."""

    response_id: int
    item: str
    survey: str
    language: str
    text: str

    @property
    def key(self) -> str:
        return f"{self.response_id} {self.item}"


def add_quote(
    session: Session, stage: Stage, quote: Quotable, *, title: str, user_id: int | None
) -> MapEvidence:
    """Put a quote on the map; Conflict for one that is there or one too many."""
    row = _row(session, stage, title)
    row.response_id, row.item = quote.response_id, quote.item
    refuse_twice(session, stage, row)
    return _added(session, stage, row, "quote", user_id)


def add_file(
    installation: Installation,
    session: Session,
    stage: Stage,
    file: MapFile,
    *,
    title: str,
    user_id: int | None,
) -> MapEvidence:
    """Put a picture or document on the map; its title names it. Raises Invalid without, Conflict for one
    too many.
    """
    if not title.strip():
        raise Invalid(
            "Enter what the file shows; it is read where it cannot be seen.", field="title"
        )
    row = _row(session, stage, title)
    name = f"{stage.journey.code}-{stage.code}.{file.ending}"
    put = installation.files.put(session, file.data, name=name, media_type=file.media_type)
    row.file_id = put.id
    refuse_twice(session, stage, row)
    return _added(session, stage, row, "file", user_id)


def evidence_row(session: Session, journey_id: int, evidence_id: int) -> MapEvidence:
    """Evidence of this journey. Raises NotFound."""
    row = session.get(MapEvidence, evidence_id)
    if row is None or row.journey_id != journey_id or row.removed_at is not None:
        raise NotFound("There is no such evidence on this map; somebody may have removed it.")
    return row


def evidence_of(
    session: Session, journey_id: int, *, quotes: bool, minimum_cell: int, removed: bool = False
) -> tuple[PlacedEvidence, ...]:
    """What stands on the map, in the order in which it was added; quotes only where ``quotes``.
    With ``removed`` what was taken off it and can be put back.

    A quote stands there as long as its customer allows it, and where as many customers as
    ``minimum_cell`` answered its survey: whose words of a few they are could be guessed.
    """
    there = [MapEvidence.journey_id == journey_id, MapEvidence.stage_id.is_not(None)]
    there.append(
        MapEvidence.removed_at.is_not(None) if removed else MapEvidence.removed_at.is_(None)
    )
    found = [*_files(session, there)]
    if quotes:
        found += _quotes(session, there, minimum_cell)
    return tuple(sorted(found, key=lambda each: each.id))


def file_kind(media_type: str) -> str:
    """What a file on a map is: picture or document."""
    return "picture" if media_type == PICTURE else "document"


def quotable(session: Session, journey_id: int, *, minimum_cell: int) -> Sequence[Quotable]:
    """The newest comments of a journey that may be quoted, of surveys with answers enough."""
    query = (
        select(Comment, SurveyRow.name)
        .join(SurveyRow, SurveyRow.id == Comment.survey_id)
        .where(SurveyRow.journey_id == journey_id, Comment.may_quote)
        .where(_enough(minimum_cell))
        .order_by(Comment.submitted_at.desc(), Comment.response_id.desc(), Comment.item)
        .limit(PROPOSED)
    )
    return [
        Quotable(comment.response_id, comment.item, name, comment.language, comment.text)
        for comment, name in session.execute(query)
    ]


def refuse_twice(session: Session, stage: Stage, row: MapEvidence) -> None:
    """Raise Conflict where a quote stands at its stage already, or evidence enough does."""
    there = [MapEvidence.stage_id == stage.id, MapEvidence.removed_at.is_(None)]
    same = (MapEvidence.response_id == row.response_id, MapEvidence.item == row.item)
    if row.response_id is not None and session.scalar(
        select(MapEvidence.id).where(*there, *same).limit(1)
    ):
        raise Conflict(f"This quote is evidence of {stage.name} already.")
    count = select(func.count()).select_from(MapEvidence).where(*there)
    if (session.scalar(count) or 0) >= MOST:
        raise Conflict(f"{stage.name} has {MOST} pieces of evidence; remove one first.")


def _enough(minimum_cell: int) -> ColumnElement[bool]:
    # The last that makes them enough, instead of a count of all there are.
    answered = select(Response.id).where(Response.survey_id == SurveyRow.id)
    last = answered.offset(max(0, minimum_cell - 1)).limit(1)
    return last.correlate(SurveyRow).scalar_subquery().is_not(None)


def _quotes(
    session: Session, there: Sequence[ColumnElement[bool]], minimum_cell: int
) -> Iterator[PlacedEvidence]:
    same = (Comment.response_id == MapEvidence.response_id) & (Comment.item == MapEvidence.item)
    query = (
        select(MapEvidence, Comment)
        .join(Comment, same)
        .join(SurveyRow, SurveyRow.id == Comment.survey_id)
        .where(*there, Comment.may_quote, _enough(minimum_cell))
    )
    for row, comment in session.execute(query):
        yield PlacedEvidence(
            row.id, row.stage_id or 0, QUOTE, row.title, comment.text, comment.language
        )


def _files(session: Session, there: Sequence[ColumnElement[bool]]) -> Iterator[PlacedEvidence]:
    query = select(MapEvidence, File).join(File, File.id == MapEvidence.file_id).where(*there)
    for row, file in session.execute(query):
        kind = file_kind(file.media_type)
        said = DOCUMENTS[file.media_type].said if kind == "document" else ""
        yield PlacedEvidence(row.id, row.stage_id or 0, kind, row.title, file.name, said=said)


def _row(session: Session, stage: Stage, title: str) -> MapEvidence:
    title = " ".join(title.split())
    if len(title) > _LONGEST:
        raise Invalid(
            f"The title has {len(title)} characters; use at most {_LONGEST}.", field="title"
        )
    return MapEvidence(journey_id=stage.journey_id, stage_id=stage.id, title=title, item="")


def _added(
    session: Session, stage: Stage, row: MapEvidence, kind: str, user_id: int | None
) -> MapEvidence:
    session.add(row)
    session.flush()
    subject = f"stage {stage.journey.code}/{stage.code}"
    record(session, user_id, "add map evidence", subject, kind=kind)
    return row

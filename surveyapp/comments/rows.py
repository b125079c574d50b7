"""The rows of comments: written with their response, and again when its answers change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Table, delete, insert, select, tuple_, update

from surveyapp.store.models import Comment, CommentOriginal
from surveyapp.store.row_documents import insert_rows
from surveyapp.store.statements import DatabaseConnection, Insertion

COMMENTS = cast(Table, Comment.__table__)
_ORIGINALS = cast(Table, CommentOriginal.__table__)
QUOTE = "quote"  # the customer's consent to be quoted, in the paradata
_WAY = "way"  # the channel, in the paradata


@dataclass(frozen=True)
class Written:
    """What one response says in words: ``row`` is the response's, ``texts`` and ``originals`` by name."""

    response_id: int
    row: Mapping[str, Any]  # survey_id, submitted_at, language, source, paradata
    texts: Mapping[str, str]
    originals: Mapping[str, str] = field(default_factory=dict)


def keep_comments(at: DatabaseConnection, written: Iterable[Written]) -> None:
    """Store the comments of new responses, and the originals of those that are kept."""
    known = [each for each in written if each.texts]
    rows = comment_rows(known)
    if rows:
        insert_rows(at, COMMENTS, rows)
    keep_originals(at, known)


def comment_rows(written: Iterable[Written]) -> list[dict[str, Any]]:
    """The rows of their comments."""
    return [row for each in written for row in _rows(each)]


def keep_originals(at: DatabaseConnection, written: Iterable[Written]) -> None:
    """Store the originals of those of their comments that are kept."""
    originals = [
        {"response_id": each.response_id, "item": item, "text": text}
        for each in written
        if each.texts
        for item, text in each.originals.items()
    ]
    if originals:
        _keeping_originals(at.dialect).run_all(at, originals)  # which are encrypted


def replace_comments(connection: Connection, written: Sequence[Written]) -> None:
    """Put these comments in the place of those that the same responses have.

    A text that has not changed keeps its row, and with it the codes that it was given; whether it may be
    quoted is what the response says now.
    """
    numbers = [each.response_id for each in written]
    own = COMMENTS.c
    there = select(own.response_id, own.item, own.text).where(own.response_id.in_(numbers))
    texts = {each.response_id: each.texts for each in written}
    kept, gone = set(), []
    for number, item, text in connection.execute(there):
        if texts[number].get(item) == text:
            kept.add((number, item))
        else:
            gone.append((number, item))
    for each in written:
        say_quoting(connection, each.response_id, each.row["paradata"].get(QUOTE) is True)
    for table in (COMMENTS, _ORIGINALS):
        key = tuple_(table.c.response_id, table.c.item)
        if gone:
            connection.execute(delete(table).where(key.in_(gone)))
    keep_comments(
        connection,
        [
            Written(
                each.response_id,
                each.row,
                {k: v for k, v in each.texts.items() if (each.response_id, k) not in kept},
                {k: v for k, v in each.originals.items() if (each.response_id, k) not in kept},
            )
            for each in written
        ],
    )


def say_quoting(connection: Connection, response_id: int, may_quote: bool) -> int:
    """Say of a response's comments whether they may be quoted; how many said otherwise."""
    other = COMMENTS.c.may_quote.is_not(may_quote)
    change = update(COMMENTS).where(COMMENTS.c.response_id == response_id, other)
    return connection.execute(change.values(may_quote=may_quote)).rowcount


def _rows(written: Written) -> Iterable[dict[str, Any]]:
    paradata = written.row["paradata"]
    for item, text in written.texts.items():
        yield {
            "response_id": written.response_id,
            "item": item,
            "survey_id": written.row["survey_id"],
            "submitted_at": written.row["submitted_at"],
            "language": written.row["language"],
            "channel": str(paradata.get(_WAY) or written.row["source"])[:40],
            "may_quote": paradata.get(QUOTE) is True,
            "text": text,
        }


@lru_cache(maxsize=8)
def _keeping_originals(dialect: Dialect) -> Insertion:
    return Insertion(insert(_ORIGINALS), dialect)

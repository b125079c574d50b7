"""The newest comments of several surveys, read in the order of an index: of each survey a few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnExpressionArgument, Select, and_, select, union_all

from surveyapp.store.models import Comment

_Query = TypeVar("_Query", bound="Select[*tuple[Any, ...]]")
NEWEST_FIRST = (Comment.submitted_at.desc(), Comment.response_id.desc(), Comment.item)


def newest_of(
    query: _Query,
    survey_ids: Sequence[int],
    *where: ColumnExpressionArgument[bool],
    most: int,
) -> _Query:
    """The query of the newest ``most`` comments of all these surveys, at least one, for which all of
    ``where`` holds; the newest first.

    Sorted by survey they stand in an index; sorted over several of them at once, all would be read. What
    is found is joined, as SQLite looks at every comment to see whether a list of pairs holds it.
    """
    key = (Comment.response_id, Comment.item)
    newest = (
        select(*key)
        .where(Comment.survey_id == number, *where)
        .order_by(*NEWEST_FIRST)
        .limit(most)
        .subquery()
        for number in survey_ids
    )
    found = union_all(*(select(*each.c) for each in newest)).subquery()
    same = and_(Comment.response_id == found.c.response_id, Comment.item == found.c.item)
    return query.join(found, same).order_by(*NEWEST_FIRST).limit(most)

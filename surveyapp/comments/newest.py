"""The newest comments of several surveys, read in the order of an index: of each survey a few."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, ColumnExpressionArgument, false, select, tuple_, union_all

from surveyapp.store.models import Comment

NEWEST_FIRST = (Comment.submitted_at.desc(), Comment.response_id.desc(), Comment.item)


def newest_of(
    survey_ids: Sequence[int], *where: ColumnExpressionArgument[bool], most: int
) -> ColumnElement[bool]:
    """That a comment is among the newest ``most`` of its survey for which all of ``where`` holds.

    Sorted by survey they stand in an index; sorted over several of them at once, all would be read.
    """
    if not survey_ids:
        return false()
    key = (Comment.response_id, Comment.item)
    newest = (
        select(*key)
        .where(Comment.survey_id == number, *where)
        .order_by(*NEWEST_FIRST)
        .limit(most)
        .subquery()
        for number in survey_ids
    )
    return tuple_(*key).in_(union_all(*(select(*each.c) for each in newest)))

"""What a program proposes of single comments: kept, and shown only to those who ask for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from surveyapp.comments.bands import Band
from surveyapp.comments.coding import Key
from surveyapp.store.models import Comment, CommentCoding, CommentProposal


class Kind(StrEnum):
    """What is proposed."""

    CODE = "code"
    SENTIMENT = "sentiment"


@dataclass(frozen=True)
class Proposal:
    """Codes by their words, and the band that the text sounds like, None for neither low nor high."""

    codes: frozenset[str] = frozenset()
    sounds: Band | None = None


def forget_proposals(session: Session, survey_ids: Collection[int]) -> None:
    """Delete what is proposed of these surveys' comments."""
    own = select(Comment.response_id).where(Comment.survey_id.in_(survey_ids))
    session.execute(delete(CommentProposal).where(CommentProposal.response_id.in_(own)))


def keep_proposals(
    session: Session, proposals: Mapping[Key, Proposal], texts: Mapping[Key, str]
) -> None:
    """Keep proposals of a few hundred comments, not of those that are gone or say something else than
    what they are of, as ``texts`` has it.
    """
    numbers = sorted({number for number, _ in proposals})
    there = (
        select(Comment.response_id, Comment.item, Comment.text)
        .where(Comment.response_id.in_(numbers))
        .with_for_update(key_share=True, read=True)  # else one could be erased before it is written
    )
    rows = []
    for number, item, text in session.execute(there):
        found = proposals.get((number, item))
        if found is None or texts[number, item] != text:
            continue
        place = {"response_id": number, "item": item}
        rows += [{**place, "kind": Kind.CODE, "value": code} for code in sorted(found.codes)]
        if found.sounds is not None:
            rows.append({**place, "kind": Kind.SENTIMENT, "value": found.sounds.value})
    if rows:
        session.execute(insert(CommentProposal), rows)


def proposals_of(session: Session, keys: Sequence[Key]) -> dict[Key, Proposal]:
    """What is proposed of these comments, a few hundred at most: codes of those that nobody has coded."""
    numbers = sorted({number for number, _ in keys})
    of = CommentProposal
    query = select(of.response_id, of.item, of.kind, of.value).where(of.response_id.in_(numbers))
    codes: dict[Key, set[str]] = defaultdict(set)
    sounds: dict[Key, Band] = {}
    for number, item, kind, value in session.execute(query):
        if kind == Kind.CODE:
            codes[number, item].add(value)
        else:
            sounds[number, item] = Band(value)
    there = select(CommentCoding.response_id, CommentCoding.item)
    coded = {
        (number, item)
        for number, item in session.execute(there.where(CommentCoding.response_id.in_(numbers)))
    }
    return {
        key: Proposal(frozenset(codes[key]) if key not in coded else frozenset(), sounds.get(key))
        for key in keys
        if key in codes or key in sounds
    }

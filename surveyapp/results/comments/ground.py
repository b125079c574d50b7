"""Comments with their vectors, their scores and what people coded: what proposals are made from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.nearest_codes import neighbour_shares
from analysis.text_vectors import TextVectors
from surveyapp.comments.bands import Band, Banded
from surveyapp.comments.coding import Codes, Key
from surveyapp.store.models import Comment, CommentCode, Score

MOST = 5_000  # comments of a language, the newest
MOST_EMBEDDED = 6_000  # comments of all languages, as one takes some 20 ms
MOST_CODED = 2_000  # hand-coded comments to look for neighbours among, the newest
SEED = 19990821
FEWEST_CODED = 20  # hand-coded comments that proposals are measured by


@dataclass(frozen=True)
class SaidComment:
    """A comment with the score of its own question."""

    key: Key
    language: str
    text: str
    score: float | None
    band: Band | None
    scale: str


@dataclass(frozen=True)
class Ground:
    """What proposals are made from: comments with their vectors, and what people coded."""

    said: Sequence[SaidComment]
    vectors: TextVectors
    coded: Mapping[Key, Codes]
    book: Mapping[int, CommentCode]
    minimum: int

    @cached_property
    def languages(self) -> Mapping[str, list[int]]:
        """The places of the comments of each language."""
        found: dict[str, list[int]] = defaultdict(list)
        for place, each in enumerate(self.said):
            found[each.language].append(place)
        return dict(sorted(found.items()))

    def shares(
        self,
        known: Sequence[int],
        given: np.ndarray,
        wanted: Sequence[int],
        *,
        from_other_languages: bool = False,
    ) -> np.ndarray:
        apart = [each.language if from_other_languages else each.key[0] for each in self.said]
        return neighbour_shares(self.vectors, known, given, wanted=wanted, apart=apart)


def read_comments(
    session: Session,
    survey_ids: Sequence[int],
    bands: Mapping[str, Banded],
    coded: Mapping[Key, Codes],
    *,
    embedded: bool,
) -> list[SaidComment]:
    """The newest comments, MOST of each language or MOST_EMBEDDED of all, and those that are coded."""
    own = (Comment.response_id, Comment.item, Comment.language, Comment.text)
    order = (Comment.submitted_at.desc(), Comment.response_id.desc(), Comment.item)
    query = select(*own).where(Comment.survey_id.in_(survey_ids)).order_by(*order)
    counts: Counter[str] = Counter()
    found: dict[Key, tuple[str, str]] = {}
    for number, item, language, text in session.execute(
        query.limit(MOST_EMBEDDED if embedded else 8 * MOST)
    ):
        counts[language] += 1
        if counts[language] <= MOST:
            found[number, item] = (language, text)
    known = [key for key in sorted(coded, reverse=True)[:MOST_CODED] if key not in found]
    numbers = sorted({number for number, _ in known})
    for start in range(0, len(numbers), 500):
        some = select(*own).where(Comment.response_id.in_(numbers[start : start + 500]))
        for number, item, language, text in session.execute(some):
            if (number, item) in coded:
                found[number, item] = (language, text)
    scores = _scores(session, list(found), bands)
    return [
        _with_band(key, language, text, scores.get(key), bands.get(key[1]))
        for key, (language, text) in found.items()
    ]


def _with_band(
    key: Key, language: str, text: str, score: float | None, banded: Banded | None
) -> SaidComment:
    if banded is None or score is None:
        return SaidComment(key, language, text, None, None, "")
    return SaidComment(key, language, text, score, banded.band(score), banded.scale)


def _scores(session: Session, keys: Sequence[Key], bands: Mapping[str, Banded]) -> dict[Key, float]:
    wanted = {(number, bands[item].scale): (number, item) for number, item in keys if item in bands}
    numbers = sorted({number for number, _ in wanted})
    found = {}
    for start in range(0, len(numbers), 500):
        query = select(Score.response_id, Score.scale, Score.value).where(
            Score.response_id.in_(numbers[start : start + 500])
        )
        for number, scale, value in session.execute(query):
            if (number, scale) in wanted:
                found[wanted[number, scale]] = value
    return found

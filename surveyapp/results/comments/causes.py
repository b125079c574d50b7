"""What comments are about: codes by how often they were given, and the scores that go with them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.mentions import Mention, mention_differences
from surveyapp.comments.bands import Banded
from surveyapp.comments.coding import Codes, Key, effective
from surveyapp.store.models import CommentCode, Score


@dataclass(frozen=True)
class Cause:
    """A code, how many comments have it, and its share and cumulative share of all mentions in percent."""

    code: str
    name: str
    theme: str
    count: int
    share: float
    cumulative: float


@dataclass(frozen=True)
class Impact:
    """What the scores of one scale say of a code, or of a theme."""

    name: str
    mention: Mention

    @property
    def is_significant(self) -> bool:
        return self.mention.corrected < 1 - self.mention.confidence


@dataclass(frozen=True)
class Causes:
    """Codes from the most to the least frequent; those of fewer comments than the smallest group are
    left out, ``hidden`` says how many. ``impacts`` are by scale, the lowest scores first;
    ``themes`` likewise, of those with several codes of which none is hidden: the rest could be subtracted.
    """

    coded: int
    causes: tuple[Cause, ...]
    hidden: int
    impacts: Mapping[str, tuple[Impact, ...]]
    themes: Mapping[str, tuple[Impact, ...]]
    compared: Mapping[str, int]  # coded comments with a score, by scale


def causes(
    session: Session,
    survey_ids: Sequence[int],
    book: Sequence[CommentCode],
    bands: Mapping[str, Banded],
    *,
    minimum: int,
) -> Causes:
    """What the coded comments of these surveys are about, over all time: narrower figures could be
    subtracted from each other.
    """
    coded = effective(session, survey_ids)
    counts = Counter(code for codes in coded.values() for code in codes)
    shown = sorted(
        (code for code in book if counts[code.id] >= minimum),
        key=lambda code: (-counts[code.id], code.name),
    )
    mentions = sum(counts[code.id] for code in shown)
    listed, so_far = [], 0
    for code in shown:
        so_far += counts[code.id]
        listed.append(
            Cause(
                code.code,
                code.name,
                code.theme,
                counts[code.id],
                100 * counts[code.id] / mentions,
                100 * so_far / mentions,
            )
        )
    scored = _scores(session, coded, bands)
    each_code = [(code.name, frozenset({code.id})) for code in book]
    impacts, themes = {}, {}
    for scale, by_key in sorted(scored.items()):
        impacts[scale] = _impacts(by_key, coded, each_code, minimum)
        themes[scale] = _impacts(by_key, coded, _themes(by_key, coded, book, minimum), minimum)
    return Causes(
        coded=len(coded),
        causes=tuple(listed),
        hidden=sum(1 for code in book if 0 < counts[code.id] < minimum),
        impacts={scale: found for scale, found in impacts.items() if found},
        themes={scale: found for scale, found in themes.items() if found},
        compared={scale: len(by_key) for scale, by_key in scored.items()},
    )


def _impacts(
    scores: Mapping[Key, float],
    coded: Mapping[Key, Codes],
    groups: Sequence[tuple[str, Codes]],
    minimum: int,
) -> tuple[Impact, ...]:
    """The difference of each group of codes, which is mentioned where one of them is."""
    keys = sorted(scores)
    marks = {
        str(place): [not codes.isdisjoint(coded[key]) for key in keys]
        for place, (_, codes) in enumerate(groups)
    }
    found = mention_differences([scores[key] for key in keys], marks, minimum=minimum)
    impacts = [Impact(groups[int(place)][0], each) for place, each in found.items()]
    return tuple(sorted(impacts, key=lambda each: each.mention.difference))


def _themes(
    scores: Mapping[Key, float],
    coded: Mapping[Key, Codes],
    book: Sequence[CommentCode],
    minimum: int,
) -> list[tuple[str, Codes]]:
    counts = Counter(code for key in scores for code in coded[key])
    under: dict[str, set[int]] = defaultdict(set)
    for code in book:
        if code.theme and counts[code.id]:
            under[code.theme].add(code.id)
    return [
        (theme, frozenset(codes))
        for theme, codes in sorted(under.items())
        if len(codes) > 1 and all(counts[code] >= minimum for code in codes)
    ]


def _scores(
    session: Session, coded: Mapping[Key, Codes], bands: Mapping[str, Banded]
) -> dict[str, dict[Key, float]]:
    """The score of each coded comment's own question, by scale."""
    wanted: dict[tuple[int, str], Key] = {
        (number, bands[item].scale): (number, item) for number, item in coded if item in bands
    }
    numbers = sorted({number for number, _ in wanted})
    found: dict[str, dict[Key, float]] = defaultdict(dict)
    for start in range(0, len(numbers), 500):
        some = numbers[start : start + 500]
        query = select(Score.response_id, Score.scale, Score.value).where(
            Score.response_id.in_(some)
        )
        for number, scale, value in session.execute(query):
            key = wanted.get((number, scale))
            if key is not None:
                found[scale][key] = value
    return found

"""Themes and sentiment of a journey's comments as a job proposes them, measured by what people coded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.errors import DataError
from analysis.metrics import Share
from analysis.theme_proposals import FEWEST_TEXTS, measured, propose_themes, sentiment
from surveyapp.comments.bands import bands_of
from surveyapp.comments.code_book import codes_of
from surveyapp.comments.coding import Codes, Key, effective
from surveyapp.installation import Installation
from surveyapp.jobs.kinds import PROPOSE_THEMES, JourneyPayload
from surveyapp.jobs.running import Progress
from surveyapp.store.models import Comment, CommentCode, Job, Score
from surveyapp.surveys.queries import surveys_of

MOST = 5_000  # comments of a language, the newest
THEMES, SEED = 8, 19990821
FEWEST_CODED = 20  # hand-coded comments on either side of the split


@dataclass(frozen=True)
class _Said:
    """A comment with the score of its own question."""

    key: Key
    text: str
    score: float | None
    scale: str


def newest_proposals(session: Session, journey_id: int) -> Job | None:
    """The last job that has proposed themes for this journey, or is about to."""
    query = select(Job).where(Job.kind == PROPOSE_THEMES.name, Job.journey_id == journey_id)
    return session.scalars(query.order_by(Job.id.desc()).limit(1)).first()


def run_proposals(
    installation: Installation, payload: JourneyPayload, *, progress: Progress
) -> dict[str, Any]:
    """Propose themes in each language and sentiment on each scale; what was found, as JSON.

    A theme is called by the code that people gave its comments most often, learned on one half of the
    hand-coded comments; precision and recall are of the other half.
    """
    with installation.store.reading() as session:
        surveys = surveys_of(session, payload.journey_id)
        ids = [each.id for each in surveys]
        scales = {k: v.scale for k, v in bands_of(surveys, installation.library).items()}
        said = _comments(session, ids, scales)
        coded = effective(session, ids)
        book = {code.id: code for code in codes_of(session, payload.journey_id)}
    minimum = installation.settings.minimum_cell
    learned, tested = _halves(sorted(coded))
    languages, skipped, proposed = [], {}, defaultdict[int, set[Key]](set)
    looked: set[Key] = set()
    for place, (language, comments) in enumerate(sorted(said.items())):
        progress(90 * place // len(said), f"Looking for themes in {language}")
        if len(comments) < FEWEST_TEXTS:
            skipped[language] = len(comments)
            continue
        looked |= {each.key for each in comments}
        themes = []
        for theme in propose_themes(
            [each.text for each in comments], themes=THEMES, seed=SEED, minimum=minimum
        ):
            members = {comments[member].key for member in theme.members}
            code = _code(members & learned, coded)
            if code is not None:
                proposed[code] |= members
            name = book[code].name if code is not None else None
            themes.append({"words": list(theme.words), "n": len(members), "code": name})
        languages.append({"language": language, "n": len(comments), "themes": themes})
    return {
        "languages": languages,
        "skipped": skipped,
        "measured": _measured(sorted(tested & looked), coded, proposed, book, minimum),
        "coded": len(coded),
        "sentiment": _sentiments([each for some in said.values() for each in some]),
    }


def _comments(
    session: Session, survey_ids: Sequence[int], scales: Mapping[str, str]
) -> dict[str, list[_Said]]:
    """The newest comments by language, MOST of each."""
    query = select(Comment.response_id, Comment.item, Comment.language, Comment.text)
    order = (Comment.submitted_at.desc(), Comment.response_id.desc(), Comment.item)
    found: dict[str, list[tuple[Key, str]]] = defaultdict(list)
    rows = session.execute(
        query.where(Comment.survey_id.in_(survey_ids)).order_by(*order).limit(8 * MOST)
    )
    for number, item, language, text in rows:
        if len(found[language]) < MOST:
            found[language].append(((number, item), text))
    scores = _scores(session, [key for some in found.values() for key, _ in some], scales)
    return {
        language: [
            _Said(key, text, scores.get(key), scales.get(key[1], "")) for key, text in comments
        ]
        for language, comments in found.items()
    }


def _scores(session: Session, keys: Sequence[Key], scales: Mapping[str, str]) -> dict[Key, float]:
    wanted = {(number, scales[item]): (number, item) for number, item in keys if item in scales}
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


def _halves(keys: Sequence[Key]) -> tuple[set[Key], set[Key]]:
    """Hand-coded comments in two halves by chance, with a fixed seed."""
    first = np.random.default_rng(SEED).random(len(keys)) < 0.5
    halves: tuple[set[Key], set[Key]] = (set(), set())
    for key, is_first in zip(keys, first.tolist(), strict=True):
        halves[0 if is_first else 1].add(key)
    return halves


def _code(members: set[Key], coded: Mapping[Key, Codes]) -> int | None:
    """The code that most of these comments have, of those that at least a third has; None if none."""
    counts: dict[int, int] = defaultdict(int)
    for key in members:
        for code in coded[key]:
            counts[code] += 1
    best = max(sorted(counts), key=lambda code: counts[code], default=None)
    return best if best is not None and 3 * counts[best] >= len(members) else None


def _measured(
    keys: Sequence[Key],
    coded: Mapping[Key, Codes],
    proposed: Mapping[int, set[Key]],
    book: Mapping[int, CommentCode],
    minimum: int,
) -> list[dict[str, Any]]:
    """Precision and recall of each proposed code; empty where too few comments were coded by hand."""
    if len(keys) < FEWEST_CODED:
        return []
    found = []
    for code in sorted(proposed, key=lambda number: book[number].name):
        given = [code in coded[key] for key in keys]
        if sum(given) < minimum:
            continue
        result = measured([key in proposed[code] for key in keys], given)
        found.append(
            {
                "code": book[code].name,
                "precision": _share(result.precision),
                "recall": _share(result.recall),
                "n": result.n,
            }
        )
    return found


def _share(share: Share | None) -> dict[str, float] | None:
    if share is None:
        return None
    return {"estimate": share.estimate, "low": share.low, "high": share.high, "n": share.n}


def _sentiments(comments: Sequence[_Said]) -> list[dict[str, Any]]:
    """How far the score that a text sounds like goes with the score that was given, by scale."""
    by_scale: dict[str, list[_Said]] = defaultdict(list)
    for each in comments:
        if each.score is not None:
            by_scale[each.scale].append(each)
    found = []
    for scale, some in sorted(by_scale.items()):
        try:
            told = sentiment(
                [each.text for each in some[:MOST]],
                [each.score or 0.0 for each in some[:MOST]],
                seed=SEED,
            ).agreement
        except DataError:  # too few, or all the same
            continue
        found.append(
            {"scale": scale, "r": told.estimate, "low": told.low, "high": told.high, "n": told.n}
        )
    return found

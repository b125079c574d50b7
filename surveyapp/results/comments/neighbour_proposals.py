"""Codes and sentiment of comments by those most like them, measured by what people gave."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.errors import DataError
from analysis.nearest_codes import proposed
from analysis.text_vectors import TextVectors
from analysis.theme_proposals import FEWEST_TEXTS, sentiment
from surveyapp.comments.bands import Band
from surveyapp.results.comments.ground import FEWEST_CODED, MOST, MOST_CODED, SEED, Ground
from surveyapp.results.comments.proposal_measures import agreement, by_column, pooled

MOST_SCORED = 4_000  # comments with a score to look for neighbours among, the newest
_BANDS = (Band.LOW, Band.MIDDLE, Band.HIGH)


def code_proposals(ground: Ground) -> tuple[dict[str, Any], dict[int, frozenset[str]]]:
    """How good codes of the nearest hand-coded comments are, and those of comments that nobody coded."""
    said, coded = ground.said, ground.coded
    known = [place for place, each in enumerate(said) if each.key in coded][:MOST_CODED]
    counts = Counter(code for place in known for code in coded[said[place].key])
    offered = sorted(
        (code for code in ground.book.values() if not code.retired), key=lambda code: code.name
    )
    codes = [code for code in offered if counts[code.id] >= ground.minimum]
    few = {code.name: counts[code.id] for code in offered if counts[code.id] < ground.minimum}
    open_ = [place for place, each in enumerate(said) if each.key not in coded]
    told: dict[str, Any] = {"coded": len(known), "few": few, "open": len(open_), "proposed": 0}
    if len(known) < FEWEST_CODED or not codes:
        return {**told, "rows": [], "languages": []}, {}
    given = np.asarray([[code.id in coded[said[place].key] for code in codes] for place in known])
    own = proposed(ground.shares(known, given, known))
    found = proposed(ground.shares(known, given, open_))
    words = np.asarray([code.code for code in codes])
    proposals = {
        place: frozenset(words[row].tolist())
        for place, row in zip(open_, found, strict=True)
        if row.any()
    }
    told |= {
        "proposed": len(proposals),
        "rows": by_column([code.name for code in codes], own, given),
        "languages": _by_language(ground, known, given, own),
    }
    return told, proposals


def _by_language(
    ground: Ground, known: Sequence[int], given: np.ndarray, own: np.ndarray
) -> list[dict[str, Any]]:
    """The same by language, and what the codes of all other languages would have proposed there."""
    spoken = np.asarray([ground.said[place].language for place in known])
    others = None
    if ground.vectors.crosses_languages and len(set(spoken.tolist())) > 1:
        others = proposed(ground.shares(known, given, known, from_other_languages=True))
    found = []
    for language in ground.languages:
        here = spoken == language
        if here.sum() < FEWEST_CODED:
            continue
        apart = None
        if others is not None and (~here).sum() >= FEWEST_CODED:
            apart = pooled(others[here], given[here])
        found.append({"language": language, **pooled(own[here], given[here]), "apart": apart})
    return found


def sentiment_proposals(ground: Ground) -> tuple[dict[str, Any], dict[int, Band]]:
    """How good bands of the nearest comments with a score are, and those of comments without one."""
    said = ground.said
    known = [place for place, each in enumerate(said) if each.band is not None][:MOST_SCORED]
    open_ = [place for place, each in enumerate(said) if each.band is None]
    told: dict[str, Any] = {"scored": len(known), "open": len(open_), "proposed": 0}
    if len(known) < FEWEST_TEXTS:
        return {**told, "languages": [], "refused": []}, {}
    given = np.asarray([[said[place].band is band for band in _BANDS] for place in known])
    own, found = (proposed(ground.shares(known, given, some)) for some in (known, open_))
    spoken = np.asarray([said[place].language for place in known])
    languages = [
        {
            "language": language,
            "n": int(here.sum()),
            "low": agreement(own[here][:, 0].tolist(), given[here][:, 0].tolist()),
            "high": agreement(own[here][:, 2].tolist(), given[here][:, 2].tolist()),
        }
        for language in ground.languages
        if (here := spoken == language).sum() >= FEWEST_CODED
    ]
    proposals = {
        place: Band.LOW if row[0] else Band.HIGH
        for place, row in zip(open_, found, strict=True)
        if bool(row[0]) is not bool(row[2])
    }
    without = {said[place].language for place in open_} - set(spoken.tolist())
    refused = sorted(without) if not ground.vectors.crosses_languages else []
    return {
        **told,
        "proposed": len(proposals),
        "languages": languages,
        "refused": refused,
    }, proposals


def sentiment_by_scale(ground: Ground) -> list[dict[str, Any]]:
    """How far the score that a text sounds like goes with the score that was given, by scale."""
    by_scale: dict[str, list[int]] = defaultdict(list)
    for place, each in enumerate(ground.said):
        if each.score is not None:
            by_scale[each.scale].append(place)
    found = []
    for scale, places in sorted(by_scale.items()):
        some = places[:MOST]
        vectors = TextVectors(ground.vectors.rows[some], ground.vectors.method)
        try:
            told = sentiment(
                vectors, [ground.said[place].score or 0.0 for place in some], seed=SEED
            ).agreement
        except DataError:  # too few, or all the same
            continue
        found.append(
            {"scale": scale, "r": told.estimate, "low": told.low, "high": told.high, "n": told.n}
        )
    return found

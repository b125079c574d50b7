"""Themes proposed of comments, called by the codes that people gave most of them, and measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analysis.theme_proposals import FEWEST_TEXTS, propose_shared_themes, propose_themes
from surveyapp.comments.coding import Codes, Key
from surveyapp.results.comments.ground import FEWEST_CODED, SEED, Ground
from surveyapp.results.comments.proposal_measures import agreement

THEMES = 8


def theme_proposals(ground: Ground) -> dict[str, Any]:
    """Groups of comments, each called by the code that most of its hand-coded comments have."""
    learned, tested = _halves(sorted(ground.coded))
    naming = _Naming(ground, learned)
    languages, shared, skipped = [], None, {}
    looked: set[Key] = set()
    options = {"themes": THEMES, "seed": SEED, "minimum": ground.minimum}
    if ground.vectors.crosses_languages and len(ground.said) >= FEWEST_TEXTS:
        looked = {each.key for each in ground.said}
        shared = {"n": len(looked), "themes": naming.shared(options)}
    elif ground.vectors.crosses_languages:
        skipped = {language: len(places) for language, places in ground.languages.items()}
    else:
        for language, places in ground.languages.items():
            if len(places) < FEWEST_TEXTS:
                skipped[language] = len(places)
                continue
            looked |= {ground.said[place].key for place in places}
            found = naming.of_language(places, options)
            languages.append({"language": language, "n": len(places), "themes": found})
    keys = sorted(tested & looked)
    return {
        "languages": languages,
        "shared": shared,
        "skipped": skipped,
        "measured": _measured(keys, ground, naming.members),
    }


class _Naming:
    """Gives themes the names of codes, and remembers which comments came under which code."""

    def __init__(self, ground: Ground, learned: set[Key]) -> None:
        self._ground, self._learned = ground, learned
        self.members: dict[int, set[Key]] = defaultdict(set)

    def shared(self, options: Mapping[str, Any]) -> list[dict[str, Any]]:
        said, few = self._ground.said, self._ground.minimum
        texts, languages = [each.text for each in said], [each.language for each in said]
        found = propose_shared_themes(self._ground.vectors, texts, languages, **options)
        return [
            {
                "words": {language: list(words) for language, words in theme.words.items()},
                "counts": {name: n for name, n in theme.counts.items() if n >= few},
                **self._named({said[place].key for place in theme.members}),
            }
            for theme in found
        ]

    def of_language(
        self, places: Sequence[int], options: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        said = [self._ground.said[place] for place in places]
        found = propose_themes([each.text for each in said], **options)
        return [
            {
                "words": list(theme.words),
                **self._named({said[member].key for member in theme.members}),
            }
            for theme in found
        ]

    def _named(self, members: set[Key]) -> dict[str, Any]:
        code = _code(members & self._learned, self._ground.coded)
        if code is not None:
            self.members[code] |= members
        return {
            "n": len(members),
            "code": self._ground.book[code].name if code is not None else None,
        }


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
    keys: Sequence[Key], ground: Ground, under: Mapping[int, set[Key]]
) -> list[dict[str, Any]]:
    """Precision and recall of each theme's code; empty where too few comments were coded by hand."""
    if len(keys) < FEWEST_CODED:
        return []
    found = []
    for code in sorted(under, key=lambda number: ground.book[number].name):
        given = [code in ground.coded[key] for key in keys]
        if sum(given) >= ground.minimum:
            result = agreement([key in under[code] for key in keys], given)
            found.append({"code": ground.book[code].name, **result})
    return found

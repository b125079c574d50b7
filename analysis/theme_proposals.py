"""Themes and sentiment proposed from texts and their writers' scores: no word lists, any language.

Proposals, not findings: each has to be measured against codes that people gave.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.correlation import Correlation, correlation
from analysis.errors import TooFewCases
from analysis.metrics import Share, share
from analysis.text_vectors import TextVectors, ngram_weights

FEWEST_TEXTS = 30
_WORD = re.compile(r"[^\W\d_]{3,}")
_LABEL = 4  # words of a label
_FOLDS = 5


@dataclass(frozen=True)
class ProposedTheme:
    """Texts that belong together: ``members`` are their places, ``words`` those that mark them out."""

    members: tuple[int, ...]
    words: tuple[str, ...]


@dataclass(frozen=True)
class SharedTheme:
    """The same of several languages: ``words`` by language, and how many texts of each there are."""

    members: tuple[int, ...]
    words: Mapping[str, tuple[str, ...]]
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Measured:
    """How a proposal agrees with the codes that people gave, over ``n`` coded texts."""

    precision: Share | None  # None where nothing was proposed
    recall: Share | None  # None where nobody gave the code
    n: int


@dataclass(frozen=True)
class Sentiment:
    """The score that each text sounds like, told by a model that has not seen the text.

    ``agreement`` is the correlation with the score that its writer gave.
    """

    scores: tuple[float, ...]
    agreement: Correlation


def propose_themes(
    texts: Sequence[str], *, themes: int, seed: int, minimum: int = 5
) -> list[ProposedTheme]:
    """Groups of texts of one language by what they are about, the largest first.

    Parameters
    ----------
    texts : of one language: mixed ones would be told apart by their language.
    themes : how many groups to look for.
    minimum : the fewest texts of a group, and the fewest in which a word of a label stands.

    Raises
    ------
    TooFewCases : below FEWEST_TEXTS texts.

    Notes
    -----
    Non-negative matrix factorisation of TF-IDF weights of character n-grams (3 to 5 within words), so
    that endings of words do not matter; a text belongs to its heaviest component. Deterministic for a
    seed.

    References
    ----------
    Lee, D. D. and Seung, H. S. (1999). Learning the parts of objects by non-negative matrix
    factorization. Nature, 401, 788-791.
    """
    if len(texts) < FEWEST_TEXTS:
        raise TooFewCases(FEWEST_TEXTS, len(texts), what="comments")
    # Takes a second to import, which no page should wait for.
    from sklearn.decomposition import NMF

    weights = ngram_weights(texts)
    count = min(themes, weights.shape[1], len(texts) - 1)
    model = NMF(n_components=count, init="nndsvda", random_state=seed, max_iter=400, tol=1e-3)
    strengths = model.fit_transform(weights)
    belongs = np.where(strengths.max(axis=1) > 0, strengths.argmax(axis=1), -1)
    found = []
    for place in range(count):
        members = np.flatnonzero(belongs == place)
        if len(members) >= minimum:
            words = _label(texts, set(members.tolist()), minimum)
            found.append(ProposedTheme(tuple(members.tolist()), words))
    return sorted(found, key=lambda each: (-len(each.members), each.words))


def measured(proposed: Sequence[bool], coded: Sequence[bool]) -> Measured:
    """Precision and recall of a proposal, with Wilson intervals."""
    both = sum(p and c for p, c in zip(proposed, coded, strict=True))

    def part(whole: int) -> Share | None:
        return share(both, whole, definition="Percentage in both.") if whole else None

    return Measured(part(sum(proposed)), part(sum(coded)), len(coded))


def propose_shared_themes(
    vectors: TextVectors,
    texts: Sequence[str],
    languages: Sequence[str],
    *,
    themes: int,
    seed: int,
    minimum: int = 5,
) -> list[SharedTheme]:
    """Groups of texts by what they are about, whatever their language, the largest first.

    Parameters
    ----------
    vectors : of the texts, by a method that crosses languages.
    languages : of each text.
    themes : how many groups to look for.
    minimum : the fewest texts of a group, and the fewest in which a word of a label stands.

    Raises
    ------
    TooFewCases : below FEWEST_TEXTS texts.

    Notes
    -----
    k-means of vectors of unit length, the best of ten beginnings. Deterministic for a seed.
    """
    if len(texts) < FEWEST_TEXTS:
        raise TooFewCases(FEWEST_TEXTS, len(texts), what="comments")
    from sklearn.cluster import KMeans

    different = len(np.unique(vectors.rows.round(6), axis=0))
    model = KMeans(min(themes, different), n_init=10, random_state=seed)
    belongs = model.fit_predict(vectors.rows)
    spoken = np.asarray(languages)
    found = []
    for place in range(model.n_clusters):
        members = np.flatnonzero(belongs == place)
        if len(members) < minimum:
            continue
        counts = Counter(spoken[members].tolist())
        words = {}
        for language in sorted(counts, key=lambda each: (-counts[each], each)):
            own = np.flatnonzero(spoken == language)
            inside = {at for at, text in enumerate(own.tolist()) if belongs[text] == place}
            label = _label([texts[text] for text in own.tolist()], inside, minimum)
            if label:
                words[language] = label
        found.append(SharedTheme(tuple(members.tolist()), words, dict(counts)))
    return sorted(found, key=lambda each: (-len(each.members), each.members))


def sentiment(vectors: TextVectors, scores: Sequence[float], *, seed: int) -> Sentiment:
    """The score that each text sounds like: a ridge regression of the writers' own scores on the texts'
    vectors, each text told by a model of the other four fifths.

    Raises TooFewCases below FEWEST_TEXTS texts.
    """
    if len(scores) < FEWEST_TEXTS:
        raise TooFewCases(FEWEST_TEXTS, len(scores), what="comments with a score")
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import KFold, cross_val_predict

    given = np.asarray(scores, dtype=float)
    folds = KFold(_FOLDS, shuffle=True, random_state=seed)
    told = cross_val_predict(Ridge(alpha=1.0), vectors.rows, given, cv=folds)
    return Sentiment(tuple(told.tolist()), correlation(told, given))


def _label(texts: Sequence[str], members: set[int], minimum: int) -> tuple[str, ...]:
    inside: Counter[str] = Counter()
    outside: Counter[str] = Counter()
    for place, text in enumerate(texts):
        (inside if place in members else outside).update(set(_WORD.findall(text.casefold())))
    others = max(1, len(texts) - len(members))
    apart = {
        word: count / len(members) - outside[word] / others
        for word, count in inside.items()
        if count >= minimum
    }
    best = sorted(apart, key=lambda word: (-apart[word], word))
    return tuple(word for word in best[:_LABEL] if apart[word] > 0)

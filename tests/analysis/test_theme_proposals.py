"""Proposed themes find what texts were made of, in two scripts; sentiment follows the writers' scores."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.errors import TooFewCases
from analysis.text_vectors import embedder, text_vectors
from analysis.theme_proposals import measured, propose_shared_themes, propose_themes, sentiment

PARTS = {
    "ar": [("انتظرت طويلا في الطابور", "الانتظار في الطابور طويل"), ("التطبيق لا يعمل", "تعطل التطبيق مرة أخرى")],
    "fi": [("jonotin puhelimessa pitkään", "jonotus kesti pitkään"), ("sovellus kaatui taas", "sovelluksen kaatuminen harmitti")],
}  # fmt: skip


def made(language: str, n: int = 60) -> tuple[list[str], np.ndarray]:
    rng = np.random.default_rng(4)
    about = rng.integers(0, 2, n)
    return [PARTS[language][a][rng.integers(0, 2)] for a in about], about


@pytest.mark.parametrize("language", PARTS)
def test_texts_of_one_theme_come_together_whatever_their_endings(language: str):
    texts, about = made(language)
    found = propose_themes(texts, themes=2, seed=1)
    assert found == propose_themes(texts, themes=2, seed=1)
    assert len(found) == 2
    for theme in found:
        shares = [np.mean(about[list(theme.members)] == a) for a in (0, 1)]
        assert max(shares) == 1.0
        assert theme.words


def test_precision_and_recall_come_with_their_n():
    found = measured([True, True, False, False], [True, False, True, False])
    assert (found.precision.estimate, found.precision.n) == (50, 2)
    assert (found.recall.estimate, found.recall.n, found.n) == (50, 2, 4)
    assert measured([False], [True]).precision is None


def test_sentiment_is_told_by_a_model_that_has_not_seen_the_text():
    texts, about = made("fi", 80)
    scores = np.where(about == 0, 2.0, 8.0)
    vectors = text_vectors(texts, ["fi"] * 80, embed=None)
    found = sentiment(vectors, scores.tolist(), seed=2)
    assert found.agreement.estimate > 0.9 and found.agreement.n == 80
    shuffled = np.random.default_rng(9).permutation(scores)
    assert abs(sentiment(vectors, shuffled.tolist(), seed=2).agreement.estimate) < 0.4


def test_few_texts_are_refused():
    with pytest.raises(TooFewCases, match="at least 30 usable comments"):
        propose_themes(["a"] * 29, themes=2, seed=1)


def test_themes_of_several_languages_come_together_by_what_they_are_about():
    texts, languages, about = [], [], []
    for language in PARTS:
        said, theme = made(language, 40)
        texts += said
        languages += [language] * 40
        about += theme.tolist()
    vectors = text_vectors(texts, languages, embed=embedder())
    found = propose_shared_themes(vectors, texts, languages, themes=2, seed=1)
    assert len(found) == 2
    for theme in found:
        shares = [np.mean(np.asarray(about)[list(theme.members)] == a) for a in (0, 1)]
        assert max(shares) >= 0.9
        assert set(theme.words) == set(PARTS) == set(theme.counts)
        assert sum(theme.counts.values()) == len(theme.members)
    with pytest.raises(TooFewCases):
        propose_shared_themes(vectors, texts[:9], languages[:9], themes=2, seed=1)

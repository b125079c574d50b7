"""Codes of the texts most alike: with each writer's own left out, across languages where vectors can."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.nearest_codes import neighbour_shares, proposed
from analysis.text_vectors import (
    LONGEST,
    Method,
    TextVectors,
    embedder,
    runs_on,
    text_vectors,
)

# Three themes in seven languages: waiting, a program that fails, friendly staff.
SENTENCES = {
    "en": ("The queue at the branch was far too long", "The app crashed when I logged in", "The adviser was friendly and helpful"),
    "fi": ("Konttorin jono oli aivan liian pitkä", "Sovellus kaatui kun kirjauduin", "Neuvoja oli ystävällinen ja avulias"),
    "sv": ("Kön på kontoret var alldeles för lång", "Appen kraschade när jag loggade in", "Rådgivaren var vänlig och hjälpsam"),
    "de": ("Die Schlange in der Filiale war viel zu lang", "Die App stürzte beim Anmelden ab", "Der Berater war freundlich und hilfsbereit"),
    "fr": ("La file à l'agence était beaucoup trop longue", "L'application a planté à la connexion", "Le conseiller était aimable et serviable"),
    "es": ("La cola en la oficina era demasiado larga", "La aplicación se bloqueó al iniciar sesión", "El asesor fue amable y servicial"),
    "ar": ("كان الطابور في الفرع طويلا جدا", "تعطل التطبيق عند تسجيل الدخول", "كان المستشار ودودا ومتعاونا"),
}  # fmt: skip
LANGUAGES = [language for language in SENTENCES for _ in range(3)]
TEXTS = [text for texts in SENTENCES.values() for text in texts]
GIVEN = np.eye(3, dtype=bool)[[place % 3 for place in range(len(TEXTS))]]
ALL = range(len(TEXTS))


def plain(rows: list[list[float]]) -> TextVectors:
    found = np.asarray(rows, dtype=float)
    return TextVectors(found / np.linalg.norm(found, axis=1, keepdims=True), Method.EMBEDDINGS)


def test_shares_are_the_neighbours_weights_and_a_writers_own_texts_are_left_out():
    vectors = plain([[1, 0], [1, 1], [0, 1], [-1, 0], [1, 0]])
    given = np.asarray([[True, False], [False, True], [False, False]])
    asked = {"known": [0, 1, 2], "given": given, "wanted": [4, 3]}
    found = neighbour_shares(vectors, **asked, apart=["a", "b", "c", "d", "e"])
    weight = 1 + np.sqrt(0.5)
    assert found[0] == pytest.approx([1 / weight, np.sqrt(0.5) / weight])
    assert found[1].tolist() == [0, 0]  # like none of them
    assert proposed(found).tolist() == [[True, False], [False, False]]
    own = neighbour_shares(vectors, **asked, apart=["a", "b", "c", "d", "a"])
    assert own[0].tolist() == [0, 1]
    nearest = neighbour_shares(vectors, **asked, apart=list("abcde"), neighbours=1)
    assert nearest[0].tolist() == [1, 0]
    none = neighbour_shares(vectors, [], np.zeros((0, 2)), wanted=[0], apart=list("abcde"))
    assert none.tolist() == [[0, 0]]


def test_embeddings_carry_codes_from_one_language_to_all_others_and_ngrams_do_not():
    hits = {}
    for embed in (embedder(), None):
        vectors = text_vectors(TEXTS, LANGUAGES, embed=embed)
        shares = neighbour_shares(
            *(vectors, list(ALL), GIVEN), wanted=list(ALL), apart=LANGUAGES, neighbours=5
        )
        hits[vectors.method] = float((proposed(shares) & GIVEN).sum()) / len(TEXTS)
        assert vectors.crosses_languages is (embed is not None)
    assert hits[Method.EMBEDDINGS] >= 0.8  # chance: a third
    assert hits[Method.NGRAMS] == 0


def test_embedding_is_the_same_each_time_of_any_text_whatever_stands_beside_it():
    embed = embedder()
    assert embed is not None
    texts = ["", "a\0b", "🙂" * 50, "long " * 400, *TEXTS[:3]]
    languages = ["en"] * 7
    first = text_vectors(texts, languages, embed=embed)
    done: list[int] = []
    again = text_vectors(texts, languages, embed=embed, progress=done.append)
    assert np.array_equal(first.rows, again.rows) and done == [len(texts)]
    assert np.isfinite(first.rows).all()
    assert np.linalg.norm(first.rows, axis=1) == pytest.approx(1)
    asked: list[int] = []

    def counting(some):
        asked.extend(len(text) for text in some)
        return embed(some)

    text_vectors(["the same"] * 5 + ["long " * 400], ["en"] * 6, embed=counting)
    assert asked == [8, LONGEST]  # each text once, and its beginning


def test_one_text_alone_has_nothing_in_common_with_any_other():
    one = text_vectors(["alone"], ["en"], embed=lambda texts: np.ones((len(texts), 4)))
    assert one.rows.tolist() == [[0, 0, 0, 0]]


def test_a_processor_without_the_wheels_instructions_is_left_to_ngrams():
    assert runs_on("processor : 0\nflags\t\t: fpu sse4_2 avx avx2 bmi\n")
    assert not runs_on("processor : 0\nflags\t\t: fpu sse4_2 avx\n")
    assert runs_on("Features : fp asimd\n")  # not x86-64: built from source

"""Krippendorff's alpha against the worked examples of Krippendorff (2011), and what it must not say."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.agreement import krippendorff_alpha
from analysis.errors import DataError


def units(*coders: str) -> list[list[str | None]]:
    """One list a unit, from a line of codes for each coder; a point is no code."""
    return [[None if code == "." else code for code in unit] for unit in zip(*coders, strict=True)]


BINARY = units("0100000100", "1110010000")  # section A
NOMINAL = units("aabbdcccedda", "babbbccceddd")
MISSING = units("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def test_the_published_examples():
    rng = np.random.default_rng(7)
    for data, published in ((BINARY, 0.095), (NOMINAL, 0.692), (MISSING, 0.743)):
        found = krippendorff_alpha(data, resamples=0, rng=rng)
        assert found.estimate == pytest.approx(published, abs=5e-4)


def test_the_interval_is_the_seeds_and_holds_the_estimate():
    data = units("ab" * 40, "ab" * 35 + "ba" * 5)
    first, again = (
        krippendorff_alpha(data, resamples=500, rng=np.random.default_rng(3)) for _ in range(2)
    )
    assert first == again
    assert first.low < first.estimate < first.high < 1
    assert first.units == 80 and first.observed == pytest.approx(70 / 80)


def test_a_single_code_has_no_agreement_to_speak_of():
    found = krippendorff_alpha(units("aaa", "aaa"), rng=np.random.default_rng(1))
    assert (found.estimate, found.low, found.observed) == (None, None, 1.0)


def test_coders_who_never_disagreed_have_no_interval():
    """Resamples of their units show no disagreement either, three units as little as three hundred."""
    rng = np.random.default_rng(1)
    found = krippendorff_alpha([["a", "a"]] * 3 + [["b", "b"]] * 112, rng=rng)
    assert (found.estimate, found.low, found.high) == (1.0, None, None)


def test_chance_is_near_nought_and_no_pair_is_refused():
    rng = np.random.default_rng(11)
    draws = rng.integers(0, 2, (4000, 2)).tolist()
    assert abs(krippendorff_alpha(draws, resamples=0, rng=rng).estimate) < 0.05
    with pytest.raises(DataError, match="two coders"):
        krippendorff_alpha([["a", None]], rng=rng)

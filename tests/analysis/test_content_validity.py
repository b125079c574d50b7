"""Content validity indices against published tables: Polit, Beck & Owen; Lawshe; Ayre & Scally; Penfield."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest

from analysis.errors import DataError
from analysis.metrics import critical_z
from analysis.scale.content_validity import (
    aiken_v,
    critical_number,
    essential,
    modified_kappa,
    relevance,
)

# Table 2 of Polit, Beck & Owen (2007): experts, agreeing, probability of chance agreement, kappa*.
KAPPA = [
    *((3, 3, 0.125, 1.00), (3, 2, 0.375, 0.47), (4, 4, 0.063, 1.00), (4, 3, 0.250, 0.67)),
    *((5, 5, 0.031, 1.00), (5, 4, 0.156, 0.76), (6, 6, 0.016, 1.00), (6, 5, 0.094, 0.81)),
    *((6, 4, 0.234, 0.57), (7, 7, 0.008, 1.00), (7, 6, 0.055, 0.85), (7, 5, 0.164, 0.65)),
    *((8, 8, 0.004, 1.00), (8, 6, 0.109, 0.72), (9, 9, 0.002, 1.00), (9, 8, 0.018, 0.89)),
    (9, 7, 0.070, 0.76),
]
# Ayre & Scally (2014), exact binomial, one-sided .05, in a public transcription: panellists, needed, CVR.
CRITICAL = [
    *((5, 5, 1.00), (6, 6, 1.00), (7, 7, 1.00), (8, 7, 0.750), (9, 8, 0.778), (10, 9, 0.800)),
    *((11, 9, 0.636), (12, 10, 0.667), (13, 10, 0.538), (14, 11, 0.571), (15, 12, 0.600)),
    *((16, 12, 0.500), (17, 13, 0.529), (18, 13, 0.444), (19, 14, 0.474), (20, 15, 0.500)),
    *((21, 15, 0.429), (22, 16, 0.455), (23, 16, 0.391), (24, 17, 0.417), (25, 18, 0.440)),
    *((26, 18, 0.385), (27, 19, 0.407), (28, 19, 0.357), (29, 20, 0.379), (30, 20, 0.333)),
    *((31, 21, 0.355), (32, 22, 0.375), (33, 22, 0.333), (34, 23, 0.353), (35, 23, 0.314)),
    *((36, 24, 0.333), (37, 24, 0.297), (38, 25, 0.316), (39, 26, 0.333), (40, 26, 0.300)),
]


@pytest.mark.parametrize(("judges", "relevant", "chance", "kappa"), KAPPA)
def test_kappa_is_that_of_the_published_table(judges, relevant, chance, kappa):
    found, by_chance = modified_kappa(relevant, judges)
    assert by_chance == pytest.approx(chance, abs=0.001)
    assert found == pytest.approx(kappa, abs=0.0095)  # the table's kappa is of rounded parts


@pytest.mark.parametrize(("judges", "needed", "ratio"), CRITICAL)
def test_critical_ratios_are_those_of_the_published_table(judges, needed, ratio):
    assert critical_number(judges) == needed
    (found,) = essential({"a": [1] * needed + [0] * (judges - needed)})
    assert found.cvr.estimate == pytest.approx(ratio, abs=0.0005)
    assert found.significant
    (short,) = essential({"a": [1] * (needed - 1) + [0] * (judges - needed + 1)})
    assert not short.significant


def test_kappa_is_that_of_its_definition_in_exact_fractions():
    for judges in range(2, 21):
        for relevant in range(judges + 1):
            chance = Fraction(comb(judges, relevant), 2**judges)
            kappa = (Fraction(relevant, judges) - chance) / (1 - chance)
            assert modified_kappa(relevant, judges) == pytest.approx((float(kappa), float(chance)))


def test_indices_are_those_of_contentvalidr():
    """The output in its documentation: aikens_v(R, lo = 1, hi = 5) of 5 judges; cvr(essential = c(8, 10, 5), N =
    12); cvi(M) of 6 judges; all to two places."""
    for total, *wanted in (
        *((6, 0.30, 0.15, 0.52), (7, 0.35, 0.18, 0.57), (12, 0.60, 0.39, 0.78)),
        *((13, 0.65, 0.43, 0.82), (14, 0.70, 0.48, 0.85)),
    ):
        ratings = [1 + total // 5 + (at < total % 5) for at in range(5)]
        found = aiken_v(ratings, lowest=1, highest=5)
        assert (found.estimate, found.low, found.high) == pytest.approx(wanted, abs=0.0051)
    for count, ratio, pvalue in ((8, 0.33, 0.194), (10, 0.67, 0.019), (5, -0.17, 0.806)):
        (item,) = essential({"a": [1] * count + [0] * (12 - count)})
        assert (item.cvr.estimate, item.critical) == (pytest.approx(ratio, abs=0.0051), 10)
        assert item.pvalue == pytest.approx(pvalue, abs=0.00051)
    for count, chance, kappa in ((3, 0.312, 0.27), (4, 0.234, 0.56)):
        assert modified_kappa(count, 6) == (
            pytest.approx(kappa, abs=0.0051),
            pytest.approx(chance, abs=0.00051),
        )


def test_half_of_the_panel_makes_a_ratio_of_nothing():
    # Lawshe (1975): fewer than half: negative; half: 0; more than half: between 0 and .99.
    ratios = [essential({"a": [1] * n + [0] * (10 - n)})[0].cvr for n in (4, 5, 6, 10)]
    assert [each.estimate for each in ratios] == pytest.approx([-0.2, 0, 0.2, 1])
    assert all(each.low <= each.estimate <= each.high for each in ratios)
    assert ratios[1].low == pytest.approx(-ratios[1].high)


def test_aikens_interval_holds_what_the_score_test_does_not_refuse():
    # Penfield & Giacobbi (2004): the limits solve |V - p| = z sqrt(p (1 - p) / (n k)).
    found = aiken_v([5, 4, 4, 5, 3, 4, 5, 4, 2, 5], lowest=1, highest=5)
    assert found.estimate == pytest.approx((4.1 - 1) / 4)
    for limit in (found.low, found.high):
        assert (found.estimate - limit) ** 2 == pytest.approx(
            critical_z(0.95) ** 2 * limit * (1 - limit) / 40
        )
    assert found.low < found.estimate < found.high
    whole = aiken_v([4] * 8, lowest=1, highest=4)
    assert (whole.estimate, whole.high) == (1, 1) and whole.low < 1


def test_scale_indices_come_from_the_items():
    ratings = {"a": [4, 4, 3, 4, 3], "b": [4, 2, 3, 4, 3], "c": [1, 2, 3, 4, None]}
    found = relevance(ratings)
    assert [each.icvi.estimate for each in found.items] == [1, 0.8, 0.5]
    assert found.items[2].judges == 4
    assert found.average.estimate == pytest.approx(2.3 / 3)
    assert found.average.low is None  # a judge left an item out
    assert found.universal.estimate == pytest.approx(1 / 3)
    whole = relevance({"a": [4, 4, 2], "b": [4, 1, 3]})
    # judges' shares 1, .5, .5: mean 2/3, s .2887, t(.975, 2) 4.3027, half width .7171
    assert whole.average.low == 0 and whole.average.high == 1
    assert whole.average.estimate == pytest.approx(2 / 3)


def test_ratings_that_are_none_are_refused():
    with pytest.raises(DataError, match="5 is no rating from 1 to 4"):
        relevance({"a": [4, 5]})
    with pytest.raises(DataError, match="a: no judge"):
        relevance({"a": [None, None]})
    with pytest.raises(DataError, match="no items"):
        relevance({})
    with pytest.raises(DataError, match="outside 1 to 4"):
        aiken_v([0], lowest=1, highest=4)

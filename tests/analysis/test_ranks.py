"""Ranks say what all pairs of differences leave open, and no more."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.compare import difference, holm
from analysis.errors import DataError
from analysis.metrics import Estimate, index_mean, net_promoter, share
from analysis.ranks import Rank, pair_p_values, ranks

RNG = np.random.default_rng(7)


def promoters(n: int, chances: np.ndarray) -> Estimate:
    return net_promoter(RNG.multinomial(n, chances))


def mean(answers: np.ndarray) -> Estimate:
    return index_mean(len(answers), answers.sum(), (answers**2).sum(), minimum=1, maximum=7)


def pairs(estimates: list[Estimate]) -> list[float]:
    return [
        difference(estimates[i], estimates[j]).p
        for i in range(len(estimates))
        for j in range(i + 1, len(estimates))
    ]


def test_all_pairs_at_once_have_the_p_values_of_each_difference():
    scores = [promoters(n, RNG.dirichlet(np.ones(11))) for n in (2, 5, 30, 80, 300)]
    scores += [net_promoter([0] * 10 + [8]), net_promoter([8] + [0] * 10)]
    assert pair_p_values(scores) == pytest.approx(pairs(scores), abs=1e-10)
    means = [mean(RNG.integers(1, 8, n).astype(float)) for n in (2, 9, 40, 200)]
    means += [mean(np.full(6, 3.0)), mean(np.full(9, 7.0))]
    assert pair_p_values(means) == pytest.approx(pairs(means), abs=1e-10)


def test_a_rank_counts_who_is_significantly_lower_and_higher():
    scores = [mean(RNG.normal(centre, 1, 60)) for centre in (3.0, 3.1, 4.5, 6.0)]
    adjusted = holm(pairs(scores))
    found = ranks(scores)
    assert adjusted[0] > 0.05 and max(adjusted[1:]) < 0.05
    assert found == (Rank(1, 2), Rank(1, 2), Rank(3, 3), Rank(4, 4))
    assert not any(each.is_lowest for each in found)
    assert ranks(scores[1:])[0].is_lowest


def test_without_any_difference_all_ranks_are_open_in_nineteen_of_twenty_samples():
    chances = np.array([0.05] * 7 + [0.1, 0.15, 0.2, 0.2])
    open_everywhere = [
        all(each == Rank(1, 8) for each in ranks([promoters(40, chances) for _ in range(8)]))
        for _ in range(200)
    ]
    assert np.mean(open_everywhere) >= 0.93  # 0.95 less twice its standard error in 200 samples


def test_few_and_unlike_scores_have_no_ranks_among_each_other():
    assert ranks([]) == ()
    assert ranks([promoters(5, np.ones(11) / 11)]) == (Rank(1, 1),)
    with pytest.raises(DataError, match="Mean, Share"):
        ranks([mean(np.array([1.0, 2.0])), share(3, 5)])

"""Clusters of a known population, and how stable they are."""

from __future__ import annotations

import numpy as np
import pytest

from analysis import customer_clusters as customer_clusters_module
from analysis.customer_clusters import customer_clusters
from analysis.errors import NoVariance, TooFewCases


def test_three_groups_far_apart_are_found_again_each_time() -> None:
    rng = np.random.default_rng(1)
    own = np.repeat([0, 1, 2], [60, 50, 40])
    centres = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]])
    x = centres[own] + rng.normal(size=(150, 2))
    found = customer_clusters({"sjq": list(x[:, 0]), "nps": list(x[:, 1])}, most=4, resamples=10)
    assert [each.size for each in found.clusters] == [60, 50, 40]
    assert all(each.is_stable and each.jaccard > 0.95 for each in found.clusters)
    assert list(found.labels) == list(own)
    assert min(found.bic, key=lambda k: found.bic[k]) == 3
    assert found.clusters[1].means["sjq"] == pytest.approx(6, abs=0.4)


def test_parts_of_one_cloud_are_not_stable() -> None:
    x = np.random.default_rng(2).normal(size=(200, 3))
    columns = {f"x{n}": list(x[:, n]) for n in range(3)}
    found = customer_clusters(columns, count=5, resamples=5)
    assert not all(each.is_stable for each in found.clusters)


def test_too_few_customers_and_a_constant_are_refused() -> None:
    with pytest.raises(TooFewCases):
        customer_clusters({"x": [1.0, 2.0] * 20}, count=2)
    with pytest.raises(NoVariance):
        customer_clusters({"x": [1.0] * 80})


def test_of_many_customers_a_sample_decides_and_all_are_grouped(monkeypatch):
    monkeypatch.setattr(customer_clusters_module, "MOST_SAMPLED", 90)
    rng = np.random.default_rng(1)
    own = np.repeat([0, 1], [100, 80])
    x = own * 6.0 + rng.normal(size=180)
    found = customer_clusters({"sjq": list(x), "nps": list(x + rng.normal(size=180))}, resamples=5)
    assert (found.n, found.sampled, len(found.labels)) == (180, 90, 180)
    assert [each.size for each in found.clusters] == pytest.approx([100, 80], abs=2)
    assert all(each.is_stable for each in found.clusters)

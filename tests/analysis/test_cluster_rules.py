"""A rule over attributes that stands for a group: found where there is one, and measured apart."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from analysis.cluster_rules import Condition, cluster_rule
from analysis.errors import DataError
from analysis.metrics import critical_z, wilson

REGIONS = ("North", "South", "East", "West")


def people(n: int, seed: int = 1) -> list[dict[str, str | int | float | bool]]:
    rng = np.random.default_rng(seed)
    return [
        {
            "region": str(rng.choice(REGIONS)),
            "years": int(rng.integers(0, 20)),
            "vip": bool(rng.random() < 0.3),
        }
        for _ in range(n)
    ]


def test_a_group_of_a_rule_is_found_by_that_rule():
    everybody = people(400)
    inside = [each["region"] in ("North", "East") and not each["vip"] for each in everybody]
    found = cluster_rule(everybody, inside)
    assert found is not None
    said = {each.attribute: (each.sign, set(each.values)) for each in found.conditions}
    assert said == {"region": ("in", {"North", "East"}), "vip": ("in", {False})}
    assert (found.kappa, found.describes) == (1.0, True)
    assert sum(found.cells) == 200 and found.cells[1] == found.cells[2] == 0


def test_a_threshold_is_found_in_numbers():
    everybody = people(400, seed=2)
    found = cluster_rule(everybody, [float(each["years"]) < 8 for each in everybody])
    assert found is not None
    (only,) = found.conditions
    assert (only.attribute, only.sign) == ("years", "<") and 7 <= float(only.values[0]) <= 9


def test_without_a_tie_to_attributes_no_rule_describes_the_group():
    everybody = people(400, seed=3)
    own = np.random.default_rng(9).random(400) < 0.25
    found = cluster_rule(everybody, list(own))
    assert found is not None and not found.describes
    assert found.precision.low < own.mean() < found.precision.high


def test_a_rule_that_takes_everybody_describes_no_group():
    everybody = people(400, seed=8)
    own = np.random.default_rng(1).random(400) < 0.9
    found = cluster_rule(everybody, list(own))
    assert found is not None and found.kappa < 0.3 and not found.describes


def test_shares_are_of_the_customers_whom_it_was_not_found_with():
    everybody = people(300, seed=4)
    rng = np.random.default_rng(5)
    inside = [each["region"] == "North" and rng.random() < 0.8 for each in everybody]
    found = cluster_rule(everybody, inside, seed=7)
    assert found is not None
    second = np.random.default_rng(7).permutation(300)[150:]
    took = [
        all(one.holds(everybody[at].get(one.attribute)) for one in found.conditions)
        for at in second
    ]
    both = sum(held and inside[at] for held, at in zip(took, second, strict=True))
    assert found.precision.estimate == pytest.approx(both / sum(took))
    group = [inside[at] for at in second]
    assert found.kappa == pytest.approx(cohen_kappa_score(took, group))
    assert found.recall.n == sum(inside[at] for at in second)
    low, high = wilson(found.recall.estimate, found.recall.n, critical_z(0.95))
    assert (found.recall.low, found.recall.high) == (low, high)


def test_values_of_too_few_customers_are_never_named():
    everybody = people(200, seed=6)
    for each in everybody[:4]:
        each["region"] = "Island"
    found = cluster_rule(everybody, [at < 4 for at in range(200)], least=5)
    assert found is None or all("Island" not in each.values for each in found.conditions)


def test_an_unknown_value_fulfils_no_condition():
    limit = Condition("years", ">=", (3,))
    assert [limit.holds(each) for each in (3, 2.9, None, "4", True)] == [True, *[False] * 4]
    word = Condition("vip", "in", (True,))
    assert [word.holds(each) for each in (True, 1, None)] == [True, False, False]


def test_no_attributes_make_no_rule_and_lists_must_match():
    assert cluster_rule([{}] * 20, [True] * 20) is None
    with pytest.raises(DataError):
        cluster_rule([{}], [True, False])

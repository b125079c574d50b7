"""What the ladder of invariance allows: known populations, and the verdict from lavaan's own ladder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.comparability import FEWEST, Verdict
from analysis.covariance.measurement_invariance.invariance import Invariance, Rules, invariance
from analysis.covariance.measurement_invariance.invariance_verdict import verdict
from analysis.errors import TooFewCases
from analysis.scale.comparable_groups import comparable_groups
from tests.analysis.classic_data import HS, holzinger

MODEL = {name: tuple(f"{name}{i}" for i in range(4)) for name in "abc"}


def group(rng: np.random.Generator, n: int, label: str, mean: float = 0.0) -> pd.DataFrame:
    """Answers from 1 to 7 of one population, at its own level."""
    factors = rng.multivariate_normal([mean] * 3, 0.5 * np.eye(3) + 0.5, n, method="cholesky")
    latent = {
        item: 0.85 * factors[:, k] + 0.53 * rng.standard_normal(n)
        for k, items in enumerate(MODEL.values())
        for item in items
    }
    return pd.DataFrame(latent).mul(1.2).add(4.3).assign(journey=label)


def rounded(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    data = pd.concat(parts, ignore_index=True)
    items = [item for each in MODEL.values() for item in each]
    return data.assign(**{item: data[item].round().clip(1, 7) for item in items})


def test_a_journey_at_another_level_is_comparable_and_a_biased_question_is_released():
    rng = np.random.default_rng(5)
    level = [group(rng, 400, "A"), group(rng, 400, "B", mean=-0.5), group(rng, 60, "C")]
    found = comparable_groups(rounded(level), MODEL, "journey", categories=7)
    assert (found.verdict, found.estimator) == (Verdict.SCALAR, "MLR")
    assert (found.groups, found.left_out) == (("A", "B"), {"C": 60})
    assert [size.n for size in found.ladder.groups] == [400, 400]
    biased = group(rng, 400, "B")
    biased["b2"] -= 1.3
    found = comparable_groups(rounded([level[0], biased]), MODEL, "journey", categories=7)
    assert found.verdict is Verdict.PARTIAL_SCALAR
    assert [each.parameter for each in found.ladder.releases] == ["b2~1"]
    found = comparable_groups(rounded(level[:2]), MODEL, "journey", categories=7)
    assert found.verdict.allows_means
    # Neither the order of the rows nor the names of the groups matter.
    again = rounded(level[:2]).sample(frac=1, random_state=1).replace({"A": "Z"})
    turned = comparable_groups(again, MODEL, "journey", categories=7)
    assert turned.ladder.steps[2].chisq == pytest.approx(found.ladder.steps[2].chisq, rel=1e-6)


def test_items_biased_in_most_of_a_factor_leave_nothing_to_compare():
    rng = np.random.default_rng(6)
    other = group(rng, 500, "B")
    for item, by in {"a1": 1.4, "a2": -1.4, "a3": 2.2}.items():
        other[item] += by
    data = rounded([group(rng, 500, "A"), other])
    found = comparable_groups(data, MODEL, "journey", categories=7)
    assert found.verdict is Verdict.METRIC
    assert not found.verdict.allows_means
    few = data.groupby("journey").head(FEWEST - 1)
    with pytest.raises(TooFewCases, match=f"need at least {FEWEST}"):
        comparable_groups(few, MODEL, "journey", categories=7)


def test_the_schools_whose_ladder_equals_lavaans_are_partially_comparable_once_the_model_fits():
    """test_invariance.py sets this ladder beside lavaan's: scalar fails until x3 and x7 are released."""
    strict = invariance(holzinger(), HS, "school")
    assert verdict(strict) is Verdict.NONE  # the first model has an RMSEA of .097
    lenient: Invariance = invariance(
        holzinger(), HS, "school", rules=replace(Rules(), configural_rmsea=0.10)
    )
    assert [each.parameter for each in lenient.releases] == ["x3~1", "x7~1"]
    assert verdict(lenient) is Verdict.PARTIAL_SCALAR
    assert verdict(replace(lenient, partial=None)) is Verdict.METRIC
    assert verdict(replace(lenient, reached="configural", partial=None)) is Verdict.NONE

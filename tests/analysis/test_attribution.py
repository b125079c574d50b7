"""Attribution beside ChannelAttribution 2.2.5, Anderl et al.'s example and Shapley's own formula."""

from __future__ import annotations

import pytest

from analysis.attribution import MODELS, Path, attribution, shapley_by_sets, transitions
from analysis.errors import DataError, TooFewCases

_TOLD = {"A > B > C": (3, 10), "A": (2, 20), "B > C": (4, 12), "A > C": (1, 7),
         "C > C > B": (2, 8), "B": (0, 30), "A > B": (5, 9)}  # fmt: skip
PATHS = [
    Path(tuple(path.split(" > ")), converted + missed, converted)
    for path, (converted, missed) in _TOLD.items()
]


def test_first_last_and_linear_are_those_of_channel_attribution() -> None:
    # ChannelAttribution 2.2.5 for Python: heuristic_models(D, "path", "conv").
    found = attribution(PATHS, resamples=0).models
    credits = {model: [each.outcomes for each in found[model]] for model in MODELS}
    assert credits["first"] == [11, 4, 2]
    assert credits["last"] == [2, 7, 8]
    assert credits["linear"] == pytest.approx([6.0, 6.16666667, 4.83333333])
    assert all(sum(each) == pytest.approx(17) for each in credits.values())


def test_the_chain_is_that_of_channel_attribution() -> None:
    # markov_model(D, "path", "conv", var_null="null", out_more=True, max_step=2000), 1.5e8 simulations.
    chain = transitions(PATHS)
    assert chain["(start)", "A"] == pytest.approx(0.50442478)
    assert chain["C", "B"] == pytest.approx(0.21276596)
    assert chain["B", "(outcome)"] == pytest.approx(0.08433735)
    assert ("C", "C") not in chain  # a repeat is one visit
    removal = attribution(PATHS, resamples=0).removal
    assert list(removal.values()) == pytest.approx([0.46014913, 0.70168822, 0.52036959], abs=5e-4)


def test_the_worked_example_of_anderl_et_al() -> None:
    paths = [Path(("1", "2", "3"), 1, 1), Path(("1",), 1, 0), Path(("2", "3"), 1, 0)]
    found = attribution(paths, resamples=0)
    assert found.removal == pytest.approx({"1": 0.5, "2": 1.0, "3": 1.0})
    assert [each.share for each in found.models["markov"]] == pytest.approx([0.2, 0.4, 0.4])


def test_the_shapley_value_is_that_of_its_definition() -> None:
    found = {
        each.touchpoint: each.outcomes for each in attribution(PATHS, resamples=0).models["shapley"]
    }
    assert found == pytest.approx(shapley_by_sets(PATHS))


def test_a_weight_halves_with_each_half_life() -> None:
    path = Path(("A", "B"), 1, 1, ages=(7.0, 0.0))
    found = attribution([path], half_life=7, resamples=0).models["time_decay"]
    assert [each.share for each in found] == pytest.approx([1 / 3, 2 / 3])


def test_the_interval_of_resampled_customers_is_that_of_a_binomial_share() -> None:
    # Each customer has one touchpoint: a touchpoint's share of 400 outcomes is a share of trials.
    paths = [Path(("A",), 100, 100), Path(("B",), 300, 300)]
    first = attribution(paths, resamples=1500, seed=2).models["first"][0]
    assert first.low is not None
    assert first.high is not None
    assert (first.low, first.high) == pytest.approx((0.2076, 0.2924), abs=0.007)
    again = attribution(paths, resamples=1500, seed=2).models["first"][0]
    assert again == first


def test_the_order_of_paths_does_not_matter() -> None:
    one, other = attribution(PATHS, resamples=0), attribution(PATHS[::-1], resamples=0)
    for model in MODELS:
        assert [each.share for each in one.models[model]] == pytest.approx(
            [each.share for each in other.models[model]]
        )


@pytest.mark.parametrize(
    "path", [Path((), 1, 1), Path(("A",), 1, 2), Path(("A",), 1, 1, (1.0, 2.0))]
)
def test_an_impossible_path_is_refused(path: Path) -> None:
    with pytest.raises(DataError):
        attribution([path])


def test_no_outcome_leaves_nothing_to_share_out() -> None:
    with pytest.raises(TooFewCases):
        attribution([Path(("A",), 5, 0)])

"""Small groups stay hidden, whatever a reader adds and subtracts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyapp.results.suppression import differencing
from surveyapp.results.suppression.counted_once import (
    hidden,
    hidden_groups,
    overlaps,
    publication,
    sum_may_be_shown,
)
from surveyapp.results.suppression.publication import Publication, blocks
from surveyapp.results.view_models import Hidden

REGIONS = ("North", "South", "East", "West")
MINIMUM = 5


def region(*names: str) -> str:
    return f"region in ({', '.join(names)})"


def test_a_group_below_the_smallest_size_is_hidden_and_an_empty_one_is_not():
    lying = overlaps(((1, region("North")), (2, region("South"))))
    found = hidden({0: 100, 1: 4, 2: 0}, lying, minimum=MINIMUM)
    assert found[1] is Hidden.FEW
    assert found[2] is Hidden.NO


@pytest.mark.parametrize(
    ("few", "may"),
    [
        ([], True),
        ([3], False),  # the sum minus the shown numbers is it
        ([1, 2], False),  # together still a small group
        ([2, 4], True),
        ([4, 4], False),  # both must be as large as they can be
        ([1, 1, 1, 1, 1], False),  # each must be one
        ([1, 1, 1, 1, 2], True),
        ([3] * 40, True),
    ],
)
def test_a_sum_over_places_is_shown_when_it_gives_no_hidden_number_away(few: list[int], may: bool):
    counts = [(30, Hidden.NO), (12, Hidden.NO), *((n, Hidden.FEW) for n in few)]
    assert sum_may_be_shown(counts, minimum=MINIMUM) is may


def test_a_sum_over_places_is_not_shown_beside_a_number_that_protects_another():
    counts = [(30, Hidden.NO), (20, Hidden.COMPLEMENT), (3, Hidden.FEW)]
    assert not sum_may_be_shown(counts, minimum=MINIMUM)


def test_a_segment_whose_complement_is_small_is_hidden():
    """100 customers, 97 of them in the segment: total minus segment is 3 people."""
    found = hidden({0: 100, 1: 97}, overlaps(((1, region("North")),)), minimum=MINIMUM)
    assert found == {0: Hidden.NO, 1: Hidden.COMPLEMENT}


def test_the_only_small_segment_of_a_partition_hides_the_next_smallest_too():
    rules = tuple((i, region(name)) for i, name in enumerate(REGIONS[:3], start=1))
    rules = (*rules, (4, "not region in (North, South, East)"), (5, "region = North or not region = North"))  # fmt: skip
    counts = {0: 93, 1: 3, 2: 20, 3: 30, 4: 40, 5: 93}
    found = hidden(counts, overlaps(rules), minimum=MINIMUM)
    assert found[1] is Hidden.FEW
    assert found[2] is Hidden.COMPLEMENT
    assert [found[s] for s in (0, 3, 4)] == [Hidden.NO] * 3


def test_a_segment_inside_another_one_that_is_hardly_larger_is_hidden():
    rules = ((1, "tenure < 2"), (2, "tenure < 2 and region = North"))
    found = hidden({0: 200, 1: 42, 2: 40}, overlaps(rules), minimum=MINIMUM)
    assert found == {0: Hidden.NO, 1: Hidden.NO, 2: Hidden.COMPLEMENT}


def test_segments_of_nearly_equal_size_that_have_nothing_in_common_are_both_shown():
    rules = ((1, region("North")), (2, region("South")))
    found = hidden({0: 200, 1: 42, 2: 40}, overlaps(rules), minimum=MINIMUM)
    assert set(found.values()) == {Hidden.NO}


def test_the_overlap_of_two_shown_segments_stays_hidden_when_it_is_small():
    """North or new, minus North, minus new: 3 people are both."""
    rules = ((1, "region = North"), (2, "tenure < 2"), (3, "region = North or tenure < 2"))
    found = hidden({0: 300, 1: 60, 2: 50, 3: 107}, overlaps(rules), minimum=MINIMUM)
    assert Hidden.COMPLEMENT in found.values()


def test_rules_too_many_to_cross_hide_the_smaller_of_two_that_might_differ_by_a_few():
    rules = tuple((i, f"a{i} > 1 and b{i} < 2 and c{i} = 3") for i in range(1, 12))
    lying = overlaps(rules)
    assert lying.worlds is None
    found = hidden({0: 500, 1: 100, 2: 103, 3: 300}, lying, minimum=MINIMUM)
    assert found[1] is Hidden.COMPLEMENT
    assert found[3] is Hidden.NO


SUBSETS = [subset for k in (1, 2, 3) for subset in combinations(REGIONS, k)]


@settings(max_examples=150, deadline=None)
@given(
    people=st.tuples(*[st.integers(0, 12)] * 4),
    chosen=st.lists(st.sampled_from(SUBSETS), min_size=1, max_size=5, unique=True),
)
def test_no_sum_and_difference_of_up_to_three_shown_segments_is_a_small_group(
    people: tuple[int, ...], chosen: list[tuple[str, ...]]
):
    """An attacker who knows who lies in which segment tries every sum and difference."""
    members = {0: np.ones(4), **{
        i: np.array([name in subset for name in REGIONS], dtype=float)
        for i, subset in enumerate(chosen, start=1)
    }}  # fmt: skip
    counts = {s: int(inside @ people) for s, inside in members.items()}
    rules = tuple((i, region(*subset)) for i, subset in enumerate(chosen, start=1))
    reasons = hidden(counts, overlaps(rules), minimum=MINIMUM)
    shown = [s for s, reason in reasons.items() if reason is Hidden.NO and counts[s]]
    for size in (1, 2, 3):
        for some in combinations(shown, size):
            for signs in product((1, -1), repeat=size):
                group = sum(sign * members[s] for sign, s in zip(signs, some, strict=True))
                n = int(group @ people)
                if set(group) <= {0.0, 1.0}:
                    assert not 0 < n < MINIMUM, (some, signs, n)


def months(*ns: int) -> dict[tuple[int, int], int]:
    return {(2026, i): n for i, n in enumerate(ns, start=1)}


def test_months_are_joined_until_each_run_is_large_enough():
    assert blocks(months(9, 2, 4, 7, 3), minimum=MINIMUM) == [
        ((2026, 1), (2026, 1)),
        ((2026, 2), (2026, 3)),
        ((2026, 4), (2026, 5)),
    ]
    assert blocks(months(2, 1), minimum=MINIMUM) == []


def of_one_segment(inside: Sequence[int], outside: Sequence[int]) -> Publication:
    """What is shown of a segment with so many answers inside and outside it, month by month."""
    counts = {1: months(*inside), 0: months(*(a + b for a, b in zip(inside, outside, strict=True)))}
    return publication(counts, overlaps(((1, "region = North"),)), minimum=MINIMUM)


def shown(of: Publication, segment: int, first: int, last: int) -> bool:
    return of.why_hidden(segment, (2026, first), (2026, last)) is Hidden.NO


def test_runs_of_a_segment_also_hold_enough_people_outside_it_or_none():
    found = of_one_segment((9, 9), (2, 9))
    assert not shown(found, 1, 1, 1)
    assert shown(found, 1, 1, 2)
    found = of_one_segment((9, 9), (0, 0))
    assert shown(found, 1, 1, 1)
    assert shown(found, 1, 2, 2)


def test_months_of_few_of_a_segment_are_shown_together():
    found = of_one_segment((9, 3, 4, 8, 9, 7), (20,) * 6)
    told = [shown(found, 1, month, month) for month in range(1, 7)]
    assert told == [True, False, False, True, True, True]
    assert shown(found, 1, 2, 3)
    assert found.why_hidden(1, (2026, 2), (2026, 2)) is Hidden.FEW
    assert found.why_hidden(1, (2026, 1), (2026, 2)) is Hidden.PERIOD


def test_a_month_before_one_that_has_just_begun_waits_for_it():
    """And says so: the period to today is shown, the whole months when enough have answered in this one."""
    found = of_one_segment((9, 8, 3), (20, 20, 20))
    assert found.why_hidden(1, (2026, 1), (2026, 2)) is Hidden.SINCE
    assert found.why_hidden(1, (2026, 2), (2026, 2)) is Hidden.SINCE
    assert found.why_hidden(1, (2026, 3), (2026, 3)) is Hidden.FEW
    assert shown(found, 1, 1, 3) and shown(found, 1, 1, 1)
    later = of_one_segment((9, 8, 5), (20, 20, 20))
    assert shown(later, 1, 1, 2)
    # Months further back that are joined say what they are: a part of the period.
    assert found.why_hidden(1, (2026, 3), None) is Hidden.FEW
    middle = of_one_segment((9, 3, 4, 8), (20,) * 4)
    assert middle.why_hidden(1, (2026, 1), (2026, 2)) is Hidden.PERIOD


def test_a_month_without_any_answer_may_be_left_out_of_a_run():
    found = of_one_segment((7, 0, 0), (20, 20, 20))
    assert shown(found, 1, 1, 1)
    assert shown(found, 1, 2, 3)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12),
    st.data(),
)
def test_two_shown_periods_never_differ_by_a_small_group(
    counted: list[tuple[int, int]], data: st.DataObject
):
    found = of_one_segment([a for a, _ in counted], [b for _, b in counted])
    edges = st.integers(1, len(counted))
    windows = [sorted((data.draw(edges), data.draw(edges))) for _ in range(2)]
    if not all(shown(found, 1, a, b) and shown(found, 0, a, b) for a, b in windows):
        return
    first, second = (set(range(a, b + 1)) for a, b in windows)
    for months_left in (first - second, second - first):
        for each in (0, 1):
            n = sum(counted[month - 1][each] for month in months_left)
            # What lies outside is told where the segment and all are told for the same months.
            assert n == 0 or n >= MINIMUM or not (first <= second or second <= first)


def test_months_of_nested_segments_do_not_give_a_customer_away():
    """B in all months minus B in February minus A in January would be the one of B outside A."""
    rules = ((1, "region = North"), (2, "region in (North, South)"))
    counts = {0: months(60, 60), 1: months(9, 30), 2: months(10, 40)}
    found = publication(counts, overlaps(rules), minimum=MINIMUM)
    told = {
        (segment, first, last)
        for segment, first, last in product((1, 2), (1, 2), (1, 2))
        if first <= last and shown(found, segment, first, last)
    }
    assert told, "something is shown"
    assert not {(2, 1, 2), (2, 2, 2), (1, 1, 1)} <= told
    assert not {(2, 1, 1), (1, 1, 1)} <= told


def test_of_overlapping_groups_those_that_would_give_a_small_one_away_are_hidden():
    """16 cases at two surveys, 15 and 1: the share of all minus that of the 15 is the one's."""
    found = hidden_groups({frozenset({0, 1}): 15, frozenset({0, 2}): 1}, minimum=MINIMUM)
    assert found == {0: Hidden.NO, 1: Hidden.COMPLEMENT, 2: Hidden.FEW}


def test_a_cell_without_any_answer_hides_nothing():
    lying = overlaps(((1, region("North")),))
    assert set(hidden({0: 0, 1: 0}, lying, minimum=MINIMUM).values()) == {Hidden.NO}


@pytest.mark.parametrize("bad", ["region = ", "((("])
def test_a_rule_that_cannot_be_read_is_refused(bad: str):
    with pytest.raises(Exception, match="column"):
        overlaps(((1, bad),))


def test_groups_are_found_by_their_keys_as_in_a_table_of_all_pairs():
    rng = np.random.default_rng(5)
    for _ in range(50):
        keys = rng.integers(0, 6, int(rng.integers(1, 30))) + 1e-12 * rng.standard_normal()
        sizes = rng.integers(0, 4, len(keys)).astype(float)
        wanted = rng.integers(-1, 8, 12).astype(float)
        match = np.abs(wanted[:, None] - keys[None, :]) < 1e-7
        positive = np.where(match & (sizes > 0), sizes, np.inf)
        none, some, recipe = differencing._matched(wanted, keys, sizes)
        assert none.tolist() == (match & (sizes == 0)).any(axis=1).tolist()
        assert some.tolist() == positive.min(axis=1).tolist()
        assert recipe.tolist() == positive.argmin(axis=1).tolist()

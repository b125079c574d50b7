"""A scope is read from an address and written to one, and means whole months."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyapp.errors import Invalid
from surveyapp.results import phrases
from surveyapp.results.scope import ALL_TIME, Scope, period, read_scope

MONTHS = st.none() | st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(lambda d: d.replace(day=1))


@given(st.integers(0, 2**31 - 1), MONTHS, MONTHS)
def test_what_is_written_is_read_as_the_same(segment: int, first: date | None, last: date | None):
    if first and last and last < first:
        first, last = last, first
    scope = Scope(7, segment, first, last)
    assert read_scope(7, scope.arguments) == scope
    assert scope.is_cut == bool(scope.arguments)


@pytest.mark.parametrize(
    "facets",
    [
        {"channel": "kiosk"},
        {"language": "pt-BR", "flagged": "yes"},
        {"channel": "link", "language": "fi", "flagged": "yes"},
    ],
)
def test_channel_language_and_flags_are_written_and_read_and_taken_away(facets: dict[str, str]):
    scope = read_scope(7, {**facets, "segment": "3"})
    assert scope.arguments == {"segment": "3", **facets}
    assert scope.facets.flagged == ("flagged" in facets)
    for name in facets:
        assert scope.without(name).arguments.keys() == scope.arguments.keys() - {name}
    assert scope.without("segment").arguments == facets
    assert read_scope(7, {"flagged": "no"}) == Scope(7)


@pytest.mark.parametrize(
    ("arguments", "field", "said"),
    [
        ({"segment": "north"}, "segment", "segment=north is not a number"),
        ({"segment": "-1"}, "segment", "is not a number"),
        ({"segment": str(2**31)}, "segment", "is not a number"),
        ({"channel": "fax"}, "channel", "channel=fax is not one of link, invitation"),
        ({"language": "f"}, "language", "is not the tag of a language"),
        ({"flagged": "maybe"}, "flagged", "neither yes nor no"),
        ({"from": "2026-13"}, "from", "'2026-13' is not a month"),
        ({"from": "2026-3"}, "from", "is not a month"),
        ({"to": "9999-12"}, "to", "is not a month"),
        ({"from": "2026-05", "to": "2026-04"}, "to", "last month is before the first"),
    ],
)
def test_what_is_no_scope_is_refused_by_name(arguments: dict[str, str], field: str, said: str):
    with pytest.raises(Invalid, match=said) as refused:
        read_scope(1, arguments)
    assert refused.value.field == field


def test_other_arguments_and_empty_ones_are_no_part_of_it():
    assert read_scope(1, {"segment": " ", "from": "", "before": "9"}) == Scope(1)


def test_a_period_is_whole_months_from_its_first_day_to_its_last():
    when = Scope(1, since=date(2025, 12, 17), until=date(2026, 2, 3)).period
    assert (when.since, when.until) == (date(2025, 12, 1), date(2026, 2, 28))
    assert when.months == ((2025, 12), (2026, 2))
    assert (ALL_TIME.months, ALL_TIME.whole) == ((None, None), True)


def test_a_period_in_words():
    first, last = date(2026, 1, 1), date(2026, 3, 1)
    assert phrases.period(period(first, last)) == "Jan to Mar 2026"
    assert phrases.period(period(first, None)) == "from Jan 2026"
    assert phrases.period(period(None, last)) == "to Mar 2026"
    assert phrases.period(ALL_TIME) == ""

"""Names that a format can hold: short, unique, and of the signs that it knows."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from surveyapp.exports.formats.names import cut, short_names


@given(st.lists(st.text(min_size=1), unique=True, max_size=30), st.integers(8, 64))
def test_names_are_short_unique_and_begin_with_a_letter(names: list[str], most: int):
    given_names = short_names(names, most=most, allowed="_.", reserved=("ALL",))
    assert list(given_names) == names
    short = [name.lower() for name in given_names.values()]
    assert len(set(short)) == len(names) and "all" not in short
    assert all(
        re.fullmatch(r"[A-Za-z](?:[\w.]*[A-Za-z0-9])?", n, re.A) for n in given_names.values()
    )
    assert all(len(name) <= most for name in given_names.values())


def test_names_stay_where_they_can():
    names = ["nps.nps", "attribute.Région", "attribute.العمر", "NPS.nps", "x" * 70, "x" * 71]
    assert list(short_names(names, most=64, allowed="_.").values()) == [
        *("nps.nps", "attribute.Region", "attribute", "NPS.nps_2"),
        *("x" * 64, "x" * 62 + "_2"),
    ]


@given(st.text(max_size=400), st.integers(10, 260))
def test_a_label_is_cut_between_letters(text: str, most: int):
    assert len(cut(text, most, in_bytes=True).encode()) <= most
    assert len(cut(text, most, in_bytes=False)) <= most
    if len(text) <= most:
        assert cut(text, most, in_bytes=False) == text

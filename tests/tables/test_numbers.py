"""Decimal signs: settled by what the columns hold, asked for where they do not settle it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyapp.errors import Invalid
from surveyapp.tables.numbers import decimal_of, number_in, signs_of


def settled(*columns: list[str], separator: str = "semicolon", chosen: str = "") -> str:
    signs = {f"x{at}": own for at, each in enumerate(columns) if (own := signs_of(each))}
    return decimal_of(signs, separator=separator, chosen=chosen)


@pytest.mark.parametrize(
    ("columns", "sign"),
    [
        ((["3,33", "7", "0,375"],), ","),
        ((["0,375"],), ","),
        ((["3.33", "7"],), "."),
        ((["1.234,5", "2.000"],), ","),
        ((["1,234.5"], ["2,000"]), "."),
        ((["7", "NA", ""],), "."),
        ((["1e-05", "0.5"],), "."),
        ((["one, two"], ["3,5"]), ","),
    ],
)
def test_the_columns_of_numbers_settle_the_sign(columns: tuple[list[str], ...], sign: str):
    assert settled(*columns) == sign


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ((["3,5", "2.7"],), "x0: some cells are numbers with a decimal point, others"),
        (
            (["3,5"], ["2.7"]),
            r"x1 has decimal points \(2.7\) and column x0 has decimal commas \(3,5\)",
        ),
        ((["1,234"],), "x0: 1,234 may be 1234 or 1.234"),
        ((["1.234"],), "x0: 1.234 may be 1234 or 1.234"),
    ],
)
def test_what_has_two_readings_is_asked_for(columns: tuple[list[str], ...], words: str):
    with pytest.raises(Invalid, match=words) as refused:
        settled(*columns)
    assert refused.value.field == "decimal"
    assert settled(*columns, chosen=",") == ","


def test_where_commas_separate_a_lone_point_is_the_decimal_sign():
    assert settled(["1.234", "2.500"], separator="comma") == "."


@pytest.mark.parametrize(
    ("cell", "decimal", "number"),
    [
        ("3,3333333", ",", "3.3333333"),
        ("-1.234,5", ",", "-1234.5"),
        (" 1,234 ", ".", "1234"),
        (",5", ",", ".5"),
        ("3.5", ",", None),
        ("12,34,5", ".", None),
        ("1,5e-3", ",", "1.5e-3"),
        ("NA", ".", None),
    ],
)
def test_a_number_is_read_with_its_sign(cell: str, decimal: str, number: str | None):
    assert number_in(cell, decimal) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_comes_back_with_either_sign(value: float):
    assert float(number_in(repr(value), ".") or "x") == value
    assert float(number_in(repr(value).replace(".", ","), ",") or "x") == value

"""What a cell says, whatever program wrote it."""

from __future__ import annotations

import pytest

from surveyapp.tables.values import moment_of, value_of


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        *((cell, "5") for cell in ("5", "5.0", "5,00", "5.", "+5", " 5 ")),
        *(("-0.50", "-0.5"), ("-0", "0"), ("0,250", "0.25"), ("1234.000", "1234")),
        *((cell, cell) for cell in ("1,000", "007", "1e3", "5.0.1", "", "Fast, again", "5 000")),
        *(("TRUE", "true"), ("False", "false"), ("Trued", "Trued")),
    ],
)
def test_a_number_has_one_value_and_what_may_be_another_is_left(cell: str, value: str):
    assert value_of(cell) == value


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("29.03.2026 14:05", "2026-03-29T14:05:00"),
        ("2026-03-29 14:05:00", "2026-03-29T14:05:00"),
        ("3/4/2026", "3/4/2026"),
        ("soon", "soon"),
    ],
)
def test_a_time_of_one_reading_has_one_form(cell: str, moment: str):
    assert moment_of(cell) == moment

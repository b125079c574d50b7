"""Reading by columns finds what reading by instruments finds, or nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.loader import BUILT_IN
from surveyapp.responses.answer_columns import AnswerColumns
from surveyapp.responses.reading import Faulty, read_answers
from tests.responses.makers import unstored_survey

SURVEY = unstored_survey(("csat", "nps", "ces"))
ITEMS = [
    (instrument.code, item.code)
    for instrument, key in SURVEY.asked(BUILT_IN)
    for item in instrument.asked(key)
]
# One for all examples, so that cells are read that were read before.
READING = AnswerColumns(SURVEY, {item: place for place, item in enumerate(ITEMS)}, BUILT_IN)
CELLS = st.sampled_from(
    ["", " ", "\u200b", "1", "5", "05", "5,0", " 7", "10", "11", "-1", "٣", "yes"]
)


@settings(max_examples=200)
@given(st.lists(CELLS, min_size=len(ITEMS), max_size=len(ITEMS)))
def test_the_same_answers_or_none_where_a_cell_is_wrong(cells: list[str]):
    raw: dict[str, dict[str, str]] = {}
    for (instrument, item), cell in zip(ITEMS, cells, strict=True):
        raw.setdefault(instrument, {})[item] = cell
    known = read_answers(SURVEY, raw, partial=True, library=BUILT_IN)
    found = READING.read(cells)
    assert found == (None if isinstance(known, Faulty) else known)
    assert found is None or [list(own) for own in found.values()] == [
        list(own) for own in known.values()
    ]


def test_a_column_of_an_item_that_is_not_asked_is_left_to_those_who_say_why():
    places = {("csat", "csat"): 0, ("csat", "retired"): 1}
    assert AnswerColumns(SURVEY, places, BUILT_IN).read(["5", "2"]) is None
    assert AnswerColumns(SURVEY, {("csat", "csat"): 0}, BUILT_IN).read(["5", "2"]) == {
        "csat": {"csat": 5},
        "nps": {},
        "ces": {},
    }

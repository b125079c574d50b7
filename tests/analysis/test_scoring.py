"""Scores follow the published rules, and one person is a table of one row."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError, MissingItem
from analysis.scoring import CHUNK, scales, score, score_one, to_percent
from instruments.loader import BUILT_IN, parse
from instruments.schema import Instrument, Metric

SJQ = BUILT_IN.load("sjq")
ITEMS = SJQ.keys["sjq-16"].items


def table(rows: list[dict[str, int]]) -> dict[str, np.ndarray]:
    return {code: np.array([row.get(code, np.nan) for row in rows]) for code in ITEMS}


def test_a_dimension_is_the_mean_of_its_items_and_sjq_the_mean_of_its_dimensions():
    answers = dict.fromkeys(ITEMS, 4) | {"per3": 7, "coh1": 1, "sea6": 5}
    assert score_one(SJQ, answers) == pytest.approx(
        {
            "sjq.personalization": 19 / 4,
            "sjq.coherence": 21 / 6,
            "sjq.seamlessness": 25 / 6,
            "sjq": (19 / 4 + 21 / 6 + 25 / 6) / 3,
        }
    )


def test_half_of_a_dimensions_answers_are_enough_and_fewer_are_not():
    half = {"per3": 6, "per4": 7}
    assert score_one(SJQ, half) == {"sjq.personalization": 6.5}
    assert score_one(SJQ, {"per3": 6}) == {}
    assert score_one(SJQ, {"coh1": 2, "coh2": 2, "coh3": 5}) == {"sjq.coherence": 3.0}


def test_the_total_needs_every_dimension():
    without = {code: 5 for code in ITEMS if not code.startswith("sea")}
    assert "sjq" not in score_one(SJQ, without)


def test_nothing_answered_scores_nothing():
    assert score_one(SJQ, {}) == {}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from(ITEMS), st.integers(1, 7)),
        min_size=1,
        max_size=6,
    )
)
def test_one_person_is_a_table_of_one_row(rows: list[dict[str, int]]):
    whole = score(SJQ, table(rows))
    for at, row in enumerate(rows):
        of_row = {scale: values[at] for scale, values in whole.items() if not np.isnan(values[at])}
        assert score_one(SJQ, row) == of_row


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(ITEMS), st.integers(1, 7)))
def test_scores_lie_within_their_scale(answers: dict[str, int]):
    bounds = {scale.id: scale for scale in scales(SJQ)}
    for scale, value in score_one(SJQ, answers).items():
        assert bounds[scale].minimum <= value <= bounds[scale].maximum


def test_a_long_table_scored_in_chunks_equals_its_rows():
    rng = np.random.default_rng(5)
    n = CHUNK + 3
    columns = {code: rng.integers(1, 8, n).astype(float) for code in ITEMS}
    whole = score(SJQ, columns)
    for at in (0, CHUNK - 1, CHUNK, n - 1):
        row = {code: int(column[at]) for code, column in columns.items()}
        assert score_one(SJQ, row) == {scale: values[at] for scale, values in whole.items()}


def one_item(*, reverse: bool, higher_is_better: bool) -> Instrument:
    instrument = BUILT_IN.load("ces")
    first = instrument.items[0]
    assert first.scale is not None
    scale = replace(first.scale, higher_is_better=higher_is_better)
    item = replace(first, scale=scale, reverse=reverse)
    return replace(instrument, items=(item, *instrument.items[1:]), version="9")


@pytest.mark.parametrize(
    ("reverse", "higher_is_better", "expected"),
    [(False, True, 2.0), (True, True, 6.0), (False, False, 6.0), (True, False, 2.0)],
)
def test_a_reversed_item_and_a_low_is_good_scale_are_turned_and_cancel(
    reverse: bool, higher_is_better: bool, expected: float
):
    instrument = one_item(reverse=reverse, higher_is_better=higher_is_better)
    assert score_one(instrument, {"ces": 2}) == {"ces": expected}


def test_scale_ids_name_instrument_and_dimension():
    found = scales(SJQ)
    assert [scale.id for scale in found] == [
        "sjq.personalization",
        "sjq.coherence",
        "sjq.seamlessness",
        "sjq",
    ]
    assert [scale.parent for scale in found] == ["sjq", "sjq", "sjq", None]
    assert found[-1].items == ITEMS
    assert {scale.metric for scale in found} == {Metric.INDEX}
    assert tuple(score_one(SJQ, dict.fromkeys(ITEMS, 1))) == tuple(scale.id for scale in found)


@pytest.mark.parametrize(
    ("code", "answers", "low", "high"),
    [
        ("csat", {"csat": 4}, 1, 5),
        ("nps", {"nps": 9}, 0, 10),
        ("ces", {"ces": 6}, 1, 7),
        ("fcr", {"fcr": 0}, 0, 1),
    ],
)
def test_a_single_item_is_its_own_score(code: str, answers: dict[str, int], low: int, high: int):
    assert score_one(BUILT_IN.load(code), answers) == {code: float(answers[code])}
    only = scales(BUILT_IN.load(code))
    assert [(s.id, s.code, s.minimum, s.maximum, s.parent) for s in only] == [
        (code, code, low, high, None)
    ]


def test_the_asked_key_decides_which_items_count():
    answers = dict.fromkeys(ITEMS, 7) | {"per1": 1, "per2": 1}
    assert score_one(SJQ, answers)["sjq.personalization"] == 7
    assert score_one(SJQ, answers, key="sjq-18")["sjq.personalization"] == 5


def test_an_instrument_without_keys_has_no_scores():
    text = 'code="x"\nversion="1"\nlicence="l"\ncitation="c"\n[[items]]\ncode="t"\nkind="open_text"'
    wording = 'id="en-1"\nlanguage="en"\ntitle="X"\n[items]\nt="Why?"'
    instrument = parse(text, {"en.toml": wording})
    assert scales(instrument) == ()
    assert score_one(instrument, {"t": "hello"}) == {}


def test_an_impossible_answer_is_named_with_its_row():
    rows = [dict.fromkeys(ITEMS, 4) for _ in range(3)]
    rows[2]["coh2"] = 8
    with pytest.raises(DataError, match="coh2: 8 in row 3 is outside 1 to 7"):
        score(SJQ, table(rows))


def test_an_absent_column_is_named():
    columns = table([dict.fromkeys(ITEMS, 4)])
    del columns["sea2"]
    with pytest.raises(MissingItem, match="sea2"):
        score(SJQ, columns)


def test_columns_must_be_equally_long():
    with pytest.raises(DataError, match="different lengths"):
        score(SJQ, table([{}]) | {"per3": np.zeros(4)})


def test_an_unknown_key_is_named_with_the_known_ones():
    with pytest.raises(DataError, match="sjq-16, sjq-18, sjq-9"):
        score_one(SJQ, {}, key="sjq-3")


def test_scoring_changes_no_input():
    columns = table([{"per3": 4}])
    before = {code: column.copy() for code, column in columns.items()}
    score(SJQ, columns)
    for code, column in columns.items():
        np.testing.assert_array_equal(column, before[code])


def test_percent_runs_from_the_scales_end_to_its_other_end():
    assert [to_percent(value, 1, 7) for value in (1, 4, 7)] == [0, 50, 100]


def test_scoring_loads_no_pandas_into_the_web_process():
    code = "import sys, analysis.scoring; print('pandas' in sys.modules, 'scipy' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "False"]

"""One rule says what an item accepts, and it never raises on what people send."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.answers import READERS, Answers, Fault, Faults, read, read_item
from instruments.schema import Instrument, Item, ItemKind, Scale

SCALE = Scale("agree7", 1, 7)
ITEMS = {
    ItemKind.RATING: Item("r", ItemKind.RATING, SCALE),
    ItemKind.ZERO_TO_TEN: Item("z", ItemKind.ZERO_TO_TEN, Scale("likely", 0, 10)),
    ItemKind.YES_NO: Item("y", ItemKind.YES_NO, choices=("1", "0")),
    ItemKind.SINGLE_CHOICE: Item("s", ItemKind.SINGLE_CHOICE, choices=("red", "blue", "7")),
    ItemKind.MULTIPLE_CHOICE: Item("m", ItemKind.MULTIPLE_CHOICE, choices=("red", "blue", "green")),
    ItemKind.OPEN_TEXT: Item("t", ItemKind.OPEN_TEXT, required=False, max_length=50),
    ItemKind.EMOTION: Item("e", ItemKind.EMOTION, choices=("confused", "delighted")),
}
EVERYTHING = Instrument("all", "1", tuple(ITEMS.values()), {}, {}, "none", "none")
GOOD = {
    "r": "5",
    "z": "10",
    "y": "1",
    "s": "blue",
    "m": ["green", "red"],
    "t": "ok",
    "e": "confused",
}


def faults(raw: object) -> Faults:
    result = read(EVERYTHING, raw)
    assert isinstance(result, Faults)
    return result


def answers(raw: object) -> Answers:
    result = read(EVERYTHING, raw)
    assert isinstance(result, Answers), result
    return result


def test_every_kind_of_item_has_a_reader():
    assert set(READERS) == set(ItemKind) == set(ITEMS)


def test_a_form_is_read_into_stored_values_in_the_instruments_order():
    got = answers(dict(reversed(GOOD.items())))
    assert list(got) == ["r", "z", "y", "s", "m", "t", "e"]
    assert got == {**GOOD, "r": 5, "z": 10, "y": 1, "m": ["red", "green"]}


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (ItemKind.RATING, "5", 5),
        (ItemKind.RATING, " 5 ", 5),
        (ItemKind.RATING, 5, 5),
        (ItemKind.RATING, 5.0, 5),
        (ItemKind.RATING, "5.0", 5),
        (ItemKind.RATING, "5,00", 5),
        (ItemKind.RATING, "٥", 5),
        (ItemKind.RATING, ["5"], 5),
        (ItemKind.RATING, ["", "5"], 5),
        (ItemKind.ZERO_TO_TEN, "0", 0),
        (ItemKind.YES_NO, True, 1),
        (ItemKind.YES_NO, "No", 0),
        (ItemKind.YES_NO, 0.0, 0),
        (ItemKind.SINGLE_CHOICE, " red", "red"),
        (ItemKind.SINGLE_CHOICE, 7, "7"),
        (ItemKind.MULTIPLE_CHOICE, "green; red", ["red", "green"]),
        (ItemKind.MULTIPLE_CHOICE, ["red", "red", ""], ["red"]),
        (ItemKind.OPEN_TEXT, " a\r\nb\x00\x07\ud800 ", "a\nb"),
        (ItemKind.OPEN_TEXT, "e\u0301", "é"),
        (ItemKind.EMOTION, "delighted", "delighted"),
    ],
)
def test_what_means_the_same_is_stored_the_same(kind: ItemKind, raw: object, value: object):
    got = read_item(ITEMS[kind], raw)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize("kind", ItemKind)
@pytest.mark.parametrize("raw", [None, "", "  ", [], [""], float("nan")])
def test_an_empty_answer_is_no_answer(kind: ItemKind, raw: object):
    assert read_item(ITEMS[kind], raw) is None


def test_only_separators_tick_nothing():
    assert read_item(ITEMS[ItemKind.MULTIPLE_CHOICE], " ; ;") is None


@pytest.mark.parametrize(
    ("kind", "raw", "code"),
    [
        (ItemKind.RATING, "5.5", "not_a_number"),
        (ItemKind.RATING, 5.5, "not_a_number"),
        (ItemKind.RATING, True, "not_a_number"),
        (ItemKind.RATING, "five", "not_a_number"),
        (ItemKind.RATING, "1_0", "not_a_number"),
        (ItemKind.RATING, "5e0", "not_a_number"),
        (ItemKind.RATING, float("inf"), "not_a_number"),
        (ItemKind.RATING, {"a": 1}, "not_a_number"),
        (ItemKind.RATING, "0", "out_of_range"),
        (ItemKind.RATING, 8, "out_of_range"),
        pytest.param(ItemKind.RATING, 10**5000, "out_of_range", id="an endless number"),
        (ItemKind.RATING, ["1", "2"], "too_many"),
        (ItemKind.ZERO_TO_TEN, "11", "out_of_range"),
        (ItemKind.ZERO_TO_TEN, "-1", "out_of_range"),
        (ItemKind.YES_NO, "2", "not_yes_or_no"),
        (ItemKind.YES_NO, "maybe", "not_yes_or_no"),
        (ItemKind.SINGLE_CHOICE, "green", "not_a_choice"),
        (ItemKind.SINGLE_CHOICE, "RED", "not_a_choice"),
        (ItemKind.MULTIPLE_CHOICE, ["red", "pink"], "not_a_choice"),
        (ItemKind.MULTIPLE_CHOICE, ["red"] * 1001, "too_many"),
        (ItemKind.OPEN_TEXT, 5, "not_text"),
        (ItemKind.OPEN_TEXT, "a" * 51, "too_long"),
        (ItemKind.OPEN_TEXT, "a" * 1_000_000, "too_long"),
        (ItemKind.EMOTION, "angry", "not_a_choice"),
    ],
)
def test_what_cannot_be_taken_says_why(kind: ItemKind, raw: object, code: str):
    fault = read_item(ITEMS[kind], raw)
    assert isinstance(fault, Fault)
    assert (fault.item, fault.code) == (ITEMS[kind].code, code)
    assert fault.reason.endswith(".")
    assert fault.cure.endswith(".")
    assert len(fault.value) <= 60


def test_a_text_of_exactly_the_longest_length_is_taken():
    assert read_item(ITEMS[ItemKind.OPEN_TEXT], "a" * 50) == "a" * 50


def test_every_fault_of_a_form_is_told_at_once():
    got = faults({**GOOD, "r": "9", "z": "", "q": "1"})
    assert [(fault.item, fault.code) for fault in got] == [
        ("r", "out_of_range"),
        ("z", "required"),
        ("q", "unknown_item"),
    ]
    assert got.of("r")[0].details == {"minimum": 1, "maximum": 7}
    assert got.of("r")[0].reason == '"9" is outside 1 to 7.'


def test_a_file_may_have_gaps_where_a_form_may_not():
    assert read(EVERYTHING, {"r": "3"}, partial=True) == {"r": 3}
    assert {fault.code for fault in faults({"r": "3"})} == {"required"}


def test_an_answer_to_an_item_that_was_not_asked_is_told_not_dropped():
    retired = replace(ITEMS[ItemKind.RATING], code="old", retired=True)
    instrument = replace(EVERYTHING, items=(*EVERYTHING.items, retired))
    got = read(instrument, {**GOOD, "old": "3"})
    assert isinstance(got, Faults)
    assert [fault.code for fault in got] == ["not_asked"]
    assert isinstance(read(instrument, {**GOOD, "old": ""}), Answers)


def test_a_wrong_file_fills_no_page():
    assert len(faults({**GOOD, **{f"x{i}": 1 for i in range(500)}})) == 20


@pytest.mark.parametrize("raw", [None, [], "r=5", 5, True])
def test_what_is_no_set_of_answers_is_a_fault(raw: object):
    assert [fault.code for fault in faults(raw)] == ["not_answers"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
TEXT = st.text(st.characters(codec=None), max_size=40)
LIKELY = st.one_of(
    st.sampled_from(["1", "7", "10", "red", "red;blue", "confused", "\ud800", "e\u0301\x00", " "]),
    TEXT,
    JSON,
)
RAW = st.dictionaries(st.sampled_from([*GOOD, "q", "\ud800\x00"]), LIKELY) | JSON


@settings(max_examples=300, deadline=None)
@given(RAW)
def test_reading_never_raises_and_reading_what_was_read_changes_nothing(raw: object):
    got = read(EVERYTHING, raw, partial=True)
    if isinstance(got, Answers):
        assert read(EVERYTHING, got, partial=True) == got
        assert json.loads(json.dumps(dict(got)).encode()) == dict(got)
    else:
        assert all(fault.reason and fault.cure for fault in got)
        "".join(f"{fault}" for fault in got).encode()


@settings(max_examples=200, deadline=None)
@given(TEXT)
def test_a_stored_text_can_be_held_by_every_database(raw: str):
    got = read_item(ITEMS[ItemKind.OPEN_TEXT], raw)
    if isinstance(got, str):
        assert "\x00" not in got
        assert got == unicodedata.normalize("NFC", got.encode().decode())


def test_a_readers_answers_cannot_be_changed():
    got = answers(GOOD)
    assert isinstance(got, Mapping)
    with pytest.raises(TypeError):
        got["r"] = 1  # type: ignore[index]


@pytest.mark.parametrize(
    "unseen",
    [
        "\u200b\u200b\u2060",  # zero-width spaces and a word joiner
        "\u200e\u202e\u2066\u2069",  # marks of direction
        "\ufeff \u00a0\n\t",
        "\u3164\u115f",  # Hangul fillers, which are letters by category
        "\u2800",  # an empty Braille pattern
        "\ufe0f\u034f\u00ad",  # a variation selector, a joiner, a soft hyphen
    ],
)
@pytest.mark.parametrize("kind", [ItemKind.OPEN_TEXT, ItemKind.SINGLE_CHOICE, ItemKind.RATING])
def test_what_cannot_be_seen_is_no_answer(unseen: str, kind: ItemKind):
    assert read_item(ITEMS[kind], unseen) is None
    assert read_item(ITEMS[kind], [unseen]) is None


@pytest.mark.parametrize(
    "seen", ["\U0001f469\u200d\U0001f469\u200d\U0001f467", "\u202eevil", "ー", "\uf8ff"]
)
def test_what_holds_one_visible_sign_is_an_answer(seen: str):
    assert read_item(ITEMS[ItemKind.OPEN_TEXT], seen) == unicodedata.normalize("NFC", seen)

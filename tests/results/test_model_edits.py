"""What is drawn of a model's text, and what drawing does to it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.covariance.text.syntax import parse
from surveyapp.errors import Invalid
from surveyapp.results.projects.model_drawings import drawing_of, in_words
from surveyapp.results.projects.model_edits import Wish, edited

ITEMS = tuple(f"{name}{at}" for name in "abcdn" for at in range(1, 5))
TEXT = """# two factors
F =~ a1 + x*a2 - a3
  + c(p, q)*a4   # a wide one
G + H =~ b1 + # first
    b2 +
    b3
G ~ F + 1; H ~ F
b1 ~~ b1 + b2
a4 ~~ 0.2*b3
x > 0
n1 | t1
"""


def after(text: str, kind: str = "covariance", **wish: object) -> str:
    return edited(kind, text, Wish(**wish), ITEMS).text  # type: ignore[arg-type]


def test_the_drawing_has_every_path_that_the_parser_reads_and_lists_the_rest():
    found = drawing_of("covariance", TEXT)
    read = {
        (path.lhs, path.op, path.rhs)
        for path in parse(TEXT).paths
        if path.op in ("=~", "~", "~~") and path.lhs != path.rhs
    }
    assert {path.key for path in found.paths} == read
    assert found.factors == ("F", "G", "H")
    assert [(each.line, each.text, each.why) for each in found.undrawn] == [
        (7, "G ~ 1", "an intercept"),
        (8, "b1 ~~ b1", "a variance"),
        (10, "x > 0", "a constraint"),
        (11, "n1 | t1", "thresholds"),
    ]
    said = [in_words(path) for path in found.paths]
    assert said[1:4] == [
        "F is measured by a2, labelled x",
        "F is measured by a3, reversed",
        "F is measured by a4, c(p, q)",
    ]


def test_levels_blocks_and_half_written_lines_are_not_drawn_and_stay():
    text = 'efa("e")*F =~ a1 + a2\nG =~ b1 + b2\nG ~\nlevel: 1\nH =~ c1 + c2\n'
    found = drawing_of("covariance", text)
    assert [path.key for path in found.paths] == [("G", "=~", "b1"), ("G", "=~", "b2")]
    assert [each.why for each in found.undrawn] == [
        "an exploratory block",
        "not read as a statement",
        "a level",
        "a level",
    ]
    assert after(text, action="items", lhs="G", items=("b3",)) == text.replace(
        "b1 + b2", "b1 + b2 + b3"
    )
    with pytest.raises(Invalid, match="levels"):
        after(text, action="add", lhs="K", items=("d1",))
    with pytest.raises(Invalid, match="line 3"):
        after(text + "F ~~ G", action="rename", lhs="G", value="F")


@pytest.mark.parametrize(
    ("wish", "was", "becomes"),
    [
        ({"action": "items", "lhs": "F", "items": ("a1",)}, None, "already"),
        ({"action": "items", "lhs": "F", "items": ("n2",)}, "(p, q)*a4 ", "(p, q)*a4 + n2 "),
        ({"action": "connect", "lhs": "G", "operator": "~", "rhs": "H"}, "~ F + 1", "~ F + 1 + H"),
        ({"action": "connect", "lhs": "F", "operator": "~~", "rhs": "a4"}, "t1\n", "t1\nF ~~ a4\n"),
        ({"action": "connect", "lhs": "b2", "operator": "~~", "rhs": "b1"}, None, "already"),
        ({"action": "connect", "lhs": "F", "operator": "~", "rhs": "F"}, None, "different"),
        ({"action": "connect", "lhs": "F", "operator": "<~", "rhs": "b1"}, None, "composite"),
        ({"action": "cut", "lhs": "F", "operator": "=~", "rhs": "a1"}, "=~ a1 + x", "=~ x"),
        ({"action": "cut", "lhs": "F", "operator": "=~", "rhs": "a3"}, " - a3\n", "\n"),
        (
            {"action": "cut", "lhs": "F", "operator": "=~", "rhs": "a4"},
            "  + c(p, q)*a4   # a wide one",
            "  # a wide one",
        ),
        ({"action": "cut", "lhs": "F", "operator": "=~", "rhs": "a2"}, None, "label x"),
        ({"action": "cut", "lhs": "H", "operator": "~", "rhs": "F"}, "; H ~ F", ""),
        ({"action": "cut", "lhs": "G", "operator": "~", "rhs": "F"}, "~ F + 1", "~ 1"),
        ({"action": "cut", "lhs": "b2", "operator": "~~", "rhs": "b1"}, "b1 + b2\na", "b1\na"),
        ({"action": "remove", "lhs": "b2"}, "    b2 +\n    b3\nG ~ F + 1; H ~ F\nb1 ~~ b1 + b2", "    b3\nG ~ F + 1; H ~ F\nb1 ~~ b1"),
        ({"action": "remove", "lhs": "n1"}, None, "not in the drawing"),
        ({"action": "remove", "lhs": "F"}, None, "label x"),
        ({"action": "rename", "lhs": "F", "value": "G"}, None, "in the model"),
        ({"action": "rename", "lhs": "F", "value": "c1"}, None, "item of the data"),
        ({"action": "rename", "lhs": "F", "value": "1x"}, None, "cannot be a name"),
        ({"action": "rename", "lhs": "a1", "value": "x"}, None, "not a construct"),
        ({"action": "modify", "lhs": "F", "operator": "=~", "rhs": "a1", "value": "NA"}, "~ a1", "~ NA*a1"),
        ({"action": "modify", "lhs": "F", "operator": "=~", "rhs": "a3", "value": "k"}, "- a3", "+ k*- a3"),
        ({"action": "modify", "lhs": "F", "operator": "=~", "rhs": "a4", "value": "1"}, None, "text only"),
        ({"action": "modify", "lhs": "F", "operator": "=~", "rhs": "a2", "value": ""}, None, "label x"),
        ({"action": "modify", "lhs": "a4", "operator": "~~", "rhs": "b3", "value": "0"}, "0.2*", "0*"),
        ({"action": "modify", "lhs": "a4", "operator": "~~", "rhs": "b3", "value": ""}, "0.2*", ""),
        ({"action": "modify", "lhs": "H", "operator": "~", "rhs": "F", "value": "1;2"}, None, "neither"),
        ({"action": "draw"}, None, "Choose what"),
    ],
)  # fmt: skip
def test_an_edit_changes_the_words_that_it_names_and_no_other(wish, was, becomes):
    if was is None:
        with pytest.raises(Invalid, match=becomes):
            after(TEXT, **wish)
        return
    assert TEXT.count(was) == 1
    assert after(TEXT, **wish) == TEXT.replace(was, becomes)


def test_one_of_several_names_on_the_left_gets_a_line_of_its_own():
    made = after(TEXT, action="cut", lhs="G", operator="=~", rhs="b2")
    assert "\nH =~ b1 + # first\n" in made and made.endswith("\nn1 | t1\nG =~ b1 + b3\n")
    made = after(TEXT, action="modify", lhs="H", operator="=~", rhs="b3", value="h")
    assert "\nG =~ b1 + # first\n" in made and made.endswith("\nH =~ b1 + b2 + h*b3\n")


def test_a_construct_is_renamed_in_paths_and_products_and_not_as_a_label():
    text = "X =~ a1 + a2; Z =~ X*b1 + b2\nn1 ~ X + Z\nX ~~ Z # X\n"
    made = after(text, action="rename", lhs="X", value="Q")
    assert made == "Q =~ a1 + a2; Z =~ X*b1 + b2\nn1 ~ Q + Z\nQ ~~ Z # X\n"
    text = "X =~ a1 + a2\nZ <~ 1*b1 + 1*b2\nN =~ n1\nN ~ X + Z + X*Z\n"
    assert after(text, "composite", action="rename", lhs="X", value="Q").endswith("Q + Z + Q*Z\n")
    assert "1*b2 + 1*b3\n" in after(text, "composite", action="items", lhs="Z", items=("b3",))
    assert after(text, "composite", action="remove", lhs="Z") == "X =~ a1 + a2\nN =~ n1\nN ~ X\n"
    for wish in (
        {"action": "connect", "lhs": "N", "operator": "~~", "rhs": "X"},
        {"action": "connect", "lhs": "X:Z", "operator": "~", "rhs": "N"},
        {"action": "modify", "lhs": "N", "operator": "~", "rhs": "X", "value": "1"},
        {"action": "cut", "lhs": "N", "operator": "=~", "rhs": "n1"},  # no construct is left of N
        {"action": "add", "lhs": "W", "operator": "=~", "items": ("zz",)},
    ):
        with pytest.raises(Invalid):
            after(text, "composite", **wish)


def test_an_empty_text_is_drawn_on():
    text = after("", action="add", lhs="F", items=("a1", "a2", "a3"))
    text = after(text, action="add", lhs="G", operator="<~", items=("b1", "b2"))
    text = after(text, action="connect", lhs="G", operator="~", rhs="F")
    assert text == "F =~ a1 + a2 + a3\nG <~ b1 + b2\nG ~ F"
    assert after("F =~ a1", action="remove", lhs="F") == ""
    assert after("F =~ a1 + a2 # mine", action="remove", lhs="F") == "# mine"


def test_lines_of_composed_letters_stay_as_they_were_typed():
    text = "# e\u0301te\u0301\nQ =~ a1 + a2\nn1 ~ Q"
    made = after(text, action="items", lhs="Q", items=("a3",))
    assert made == text.replace("a2", "a2 + a3")
    assert drawing_of("covariance", "F =~ a1 § a2").fault is not None
    with pytest.raises(Invalid, match="cannot be drawn"):
        after("F =~ a1 § a2", action="remove", lhs="F")


def test_a_model_too_large_to_draw_says_so():
    items = " + ".join(f"i{at}" for at in range(200))
    fault = drawing_of("covariance", f"F =~ {items}").fault
    assert fault is not None and "201 variables" in fault.text
    fault = drawing_of("covariance", f"{items} ~~ {items}").fault
    assert fault is not None and "40,000 paths" in fault.text


LINES = st.lists(
    st.sampled_from(
        [
            "F =~ a1 + k*a2 +  -a3", "F + G =~ b1+b2 ;  n1 ~ F # both", "  G =~ c1 +\n\n  NA*c2",
            "# only a comment; F =~ a9", "n2 ~ 1", "d1 | t1", "a1 ~~ b1 + 0*c1", "G ~ start(1)*F",
            "m := k^2", "", "\t", "n3 ~ n4\n  + d2 ! tail", "a1 ~~ a1",
        ]
    ),
    min_size=1, max_size=6, unique=True,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(lines=LINES, pick=st.integers(0, 99), end=st.sampled_from(["", "\n"]))
def test_an_edit_changes_one_path_and_every_line_that_it_does_not_name_survives(lines, pick, end):
    text = "\n".join(lines) + end
    before = drawing_of("covariance", text)
    assert before.fault is None
    if not before.paths:
        return
    path = before.paths[pick % len(before.paths)]
    try:
        made = edited("covariance", text, Wish("cut", *path.key), ()).text
    except Invalid as refused:
        assert "label" in str(refused)
        return
    found = drawing_of("covariance", made)
    assert {each.key for each in found.paths} == {e.key for e in before.paths} - {path.key}
    assert [each.text for each in found.undrawn] == [each.text for each in before.undrawn]
    named = {path.lhs, path.rhs}
    kept = [
        line
        for entry in lines
        if not any(name in entry for name in named)
        for line in entry.split("\n")
        if line.strip()
    ]
    there = made.split("\n")
    assert [line for line in kept if line not in there] == []
    if path.operator == "=~" and text.count(path.rhs) == 1 and path.simple and "F + G" not in text:
        again = edited("covariance", made, Wish("items", path.lhs, items=(path.rhs,)), ())
        assert {e.key for e in drawing_of("covariance", again.text).paths} == {
            e.key for e in before.paths
        }

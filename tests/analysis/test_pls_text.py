"""The text and the typed description of composite models."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.composite.model import Construct, Path, PlsModel
from analysis.composite.text import read_model
from analysis.errors import ModelError

XY = "X =~ x1 + x2\nY =~ y1 + y2\n"


def test_text_and_typed_description_are_equal() -> None:
    text = read_model("X <~ x1 + x2\nY =~ y1\nY ~ X")
    typed = PlsModel(
        (
            Construct("X", ("x1", "x2"), "B", line=1),
            Construct("Y", ("y1",), "A", factor=True, line=2),
        ),
        (Path("X", "Y", 3),),
    )
    assert text == typed


def test_comments_semicolons_and_continued_lines() -> None:
    model = read_model("X =~ x1 + # first\n x2\n\n+ x3; Y =~ y1 ; Y ~ X  # path")
    assert model["X"].parts == ("x1", "x2", "x3")
    assert model.paths == (Path("X", "Y", 4),)


def test_one_before_every_item_means_equal_weights() -> None:
    assert read_model("X <~ 1*x1 + 1*x2\nY =~ y\nY ~ X")["X"].mode == "unit"


@pytest.mark.parametrize("term", ["X:Z", "X*Z", "X : Z"])
def test_a_product_is_written_with_colon_or_star(term: str) -> None:
    model = read_model(f"X =~ x1\nZ =~ z1\nY =~ y1\nY ~ X + Z + {term}")
    assert model.products == (("X", "Z"),)


def test_names_may_carry_letters_of_any_alphabet_dots_and_digits() -> None:
    assert read_model("Qualité =~ é.1 + é_2\nY =~ y\nY ~ Qualité").items == ("é.1", "é_2", "y")


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("X =~ x1 + + x2", 1, 11, "name is missing"),
        ("X =~", 1, 5, "name is missing"),
        ("X =~ x1\nY == y1", 2, 1, "none of the operators"),
        ("X =~ x1\n  2Y =~ y1", 2, 3, "'2Y'"),
        ("X =~ x1 x2", 1, 6, "'x1 x2'"),
        ("X =~ 2*x1 + x2", 1, 6, "2\\*"),
        ("X =~ x1 + -x2", 1, 11, "reverse it in the data .* and write x2"),
        ("X =~ reverse( x1 )", 1, 6, "reverse it in the data .* and write x1"),
        (XY + "Y ~ __import__('os')", 3, 5, "in a path"),
    ],
)
def test_a_fault_in_the_text_names_line_and_column(
    text: str, line: int, column: int, words: str
) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        read_model(text)
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (XY + "X =~ x3\nY ~ X", 3, "X is defined twice"),
        (XY + "Z =~ x1\nY ~ X + Z", 3, "x1 already belongs to X"),
        ("X =~ x1 + x1\nY =~ y\nY ~ X", 1, "x1 stands twice"),
        (XY, None, "no path"),
        (XY + "Z =~ z1\nY ~ X", 3, "Z has no path"),
        (XY + "Y ~ X + W", 3, "W is in a path but not defined"),
        (XY + "Y ~ X\nX ~ Y", 4, "X -> Y -> X"),
        (XY + "Y ~ Y", 3, "regressed on itself"),
        (XY + "Y ~ X + X", 3, "stands twice"),
        (XY + "Y ~ X:X", 3, "needs its main effects: add X"),
        (XY + "Y ~ X + X:Y", 3, "own product"),
        (XY + "Z =~ z\nY ~ X + Z + X:Z + Z:X", 4, "one product"),
        (XY + "Z =~ z\nY ~ X + Z + X:X:Z", 4, "more than two"),
        (XY + "X <~ 1*x1 + x2\nY ~ X", 3, "1 of 2 items"),
        (XY + "Q <~ X + q1\nY ~ Q", 3, "mixes constructs"),
        (XY + "Q <~ X\nY ~ Q", 3, "at least two dimensions"),
        (XY + "Z =~ z\nQ <~ X + Z\nY ~ Q + X", 5, "X is a dimension of Q"),
        (XY + "Z =~ z\nV =~ v\nQ <~ X + Z\nP <~ Q + V\nY ~ P", 6, "third order"),
    ],
)
def test_a_fault_in_the_model_names_line_and_construct(
    text: str, line: int | None, words: str
) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        read_model(text)
    assert caught.value.line == line


def test_a_text_beyond_the_limit_is_refused() -> None:
    with pytest.raises(ModelError, match="characters"):
        read_model("X =~ x1\n" * 10_000)
    many = " + ".join(f"x{i}" for i in range(501))
    with pytest.raises(ModelError, match="the limit is 500"):
        read_model(f"X =~ {many}\nY =~ y\nY ~ X")


def test_a_construct_may_bear_the_name_of_its_item() -> None:
    model = read_model("NPS =~ NPS\nX =~ X + x2\nNPS ~ X")
    assert model.items == ("NPS", "X", "x2")
    assert model.higher == ()


@given(st.text(alphabet="XYZxy12 =~<+*:;#\n._é", max_size=60))
def test_any_text_is_a_model_or_a_fault_in_words(text: str) -> None:
    try:
        model = read_model(text)
    except ModelError as fault:
        assert str(fault)
    else:
        assert model.paths
        assert set(model.items)

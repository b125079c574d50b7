"""Model text is read as lavaan reads it, and what cannot be read is told with line and column."""

from __future__ import annotations

import warnings

import pytest

from analysis.covariance.completion import complete
from analysis.covariance.text.model import Modifier, Path, covariance, measurement_model, regression
from analysis.covariance.text.syntax import parse
from analysis.errors import ModelError
from tests.analysis.classic_data import HS, PD

FULL = """
# measurement
visual =~ x1 + 0.5*x2 +      ! a line may break after '+'
   x3
textual =~ NA*x4 + a*start(0.3)*x5
   + c(a1, a2)*x6; textual ~~ 1*textual
visual ~ mu*textual
x1 ~~ x2 + 0*x3
x1 + x2 ~ 1
x3 ~ c(0, NA)*1
ind := a*mu^2 - (a + mu)/-2
a == 2*mu
visual ~ 0.2?speed; textual ~ lower(c(0, NA))*upper(1)*speed
g =~ x7 + equal("textual =~ x5")*x8
x1 + x2 | t1 + 0.5*t2; x1 ~*~ c(1, NA)*x1
mu > a^2; ind < 1
"""


def test_every_construct_survives_writing_and_reading_again() -> None:
    model = parse(FULL)
    assert parse(model.text) == model
    assert model.latent == ("visual", "textual", "g")
    assert model.observed == ("x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "speed")


def test_modifiers_are_read() -> None:
    paths = {path.name: path.modifiers for path in parse(FULL).paths}
    assert paths["visual=~x2"] == (Modifier(fixed=0.5),)
    assert paths["textual=~x4"] == (Modifier(free=True),)
    assert paths["textual=~x5"] == (Modifier(label="a", start=0.3),)
    assert paths["textual=~x6"] == (Modifier(label="a1"), Modifier(label="a2"))
    assert paths["x3~1"] == (Modifier(fixed=0.0), Modifier(free=True))
    assert paths["visual~speed"] == (Modifier(start=0.2),)
    assert paths["textual~speed"] == (Modifier(lower=0.0, upper=1.0), Modifier(upper=1.0))
    assert paths["g=~x8"] == (Modifier(label="a"),)
    assert paths["x2|t2"] == (Modifier(fixed=0.5),)
    assert paths["x1~*~x1"] == (Modifier(fixed=1.0), Modifier(free=True))


# Lines of lavaan's tutorial, its pages on syntax included, that a single-level model may hold.
TUTORIAL = """
y ~ f1 + f2 + x1 + x2
f1 ~ f2 + f3
f1 =~ y1 + y2 + y3
y1 ~~ y1
y1 ~~ y2
y1 ~ 1
f1 ~ 1
f =~ y1 + 1*y2 + 1*y3 + y4
x1 ~~ 0*speed
x1 ~ 0.5*1 + z
visual =~ NA*x1 + x2 + x3
visual ~~ 1*visual
visual =~ x1 + start(0.8)*x2 + start(1.2)*x3
f1 =~ y1 + y2 + myLabel*y3
f =~ y1 + v2*y2 + v2*y3
visual =~ x1 + x2 + equal("visual=~x2")*x3
b1 == (b2 + b3)^2; y ~ b1*x1 + b2*x2 + b3*x3
b1 > exp(b2 + b3); y ~ b1*x1 + b2*x2 + b3*x3
visual =~ x1 + 0.5*x2 + c(0.6, 0.8)*x3
visual =~ x1 + start(c(1.2, 0.6))*x2 + a*x3
textual =~ x4 + start(c(1.2, 0.6))*x5 + c(a1, a2)*x6
visual =~ x1 + x2 + c("v3", "v3")*x3
f1 =~ item1 + c("a", NA)*item2 + c(NA, 1)*item3
i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4
s =~ 0*t1 + 1*t2 + 2*t3 + 3*t4
t1 ~ c1; i ~ x1 + x2
Y ~ b*M; Y ~ c*X; M ~ a*X; ab := a*b; total := c + (a*b)
u1 | t1 + t2; u1 ~*~ u1; f =~ u1 + u2
f =~ lower(0)*x1 + x2 + x3; x1 ~~ lower(0)*x1
f =~ x1 + 0.8?x2 + start(0.7)?x3
fc <~ x1 + x2 + x3
"""


@pytest.mark.parametrize("line", TUTORIAL.strip().splitlines())
def test_every_line_of_lavaans_tutorial_is_read(line: str) -> None:
    model = parse(line)
    assert parse(model.text) == model


def test_semicolons_newlines_and_comments_separate_statements_alike() -> None:
    assert parse("f =~ a + b; f ~~ 2*f") == parse("f =~ a + b # why\n\nf ~~ 2*f ! so")


def test_builders_mean_the_same_as_text() -> None:
    built = (
        measurement_model({"f": ["a", "b", "c"], "g": ["d", "e"]})
        + regression("g", {"f": "p"})
        + covariance("a", "b", fixed=0.0)
    )
    assert built == parse("f =~ a + b + c; g =~ d + e; g ~ p*f; a ~~ 0*b")


@pytest.mark.parametrize(
    ("text", "line", "column", "cure"),
    [
        ("f =~ x1 x2", 1, 9, "join terms with '+'"),
        ("f =~", 1, 5, "a variable was expected"),
        ("f =~ x1\n\ng = x2", 3, 3, "use '=~'"),
        ("f =~ x1 + x1", 1, 11, "remove one"),
        ("f =~ f", 1, 6, "f ~~ f"),
        ("f =~ foo(2)*x1", 1, 6, "modifiers are"),
        ("f =~ c(1, 2*x1", 1, 12, "',' or ')'"),
        ("f =~ 3", 1, 6, "1*x"),
        ("f =~ x\n y ~ x §", 2, 8, "remove it"),
        ("f =~ x\na := (b + 1", 2, 12, "column 6"),
        ("f =~ x\na := sin(b)", 2, 6, "functions are"),
        ("x1 | x2", 1, 6, "t1, t2"),
        ("x1 ~*~ x2", 1, 8, "write 'x1 ~*~ x1'"),
        ("y ~ a*x\na >= 0", 2, 4, "write '>'"),
        ("f =~ x1 + a?x2", 1, 11, "follows a starting value"),
        ("f =~ x1 + equal('f=~x9')*x2", 1, 11, "no parameter of the text"),
        ("f =~ lower(a)*x1", 1, 6, "takes numbers"),
        ("f =~ rv('s')*x1", 1, 6, "random slopes"),
        ("f =~ prior('n')*x1", 1, 6, "Bayesian"),
        ("just words", 1, 1, "no operator"),
        ("f <~ -x1", 1, 7, "reversed only where a factor"),
    ],
)
def test_errors_name_place_and_cure(text: str, line: int, column: int, cure: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert cure in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "# only a comment", "x" * 200_001, "f =~ " + "(" * 5000, "a := " + "(" * 5000 + "1"],
)
def test_nonsense_and_oversize_are_refused_without_harm(text: str) -> None:
    with pytest.raises(ModelError):
        parse(text)


def test_labels_must_exist_and_equations_agree() -> None:
    with pytest.raises(ModelError, match="line 2, column 8: q is the label of no parameter"):
        complete(parse("y ~ p*x\nind := q*p"))
    with pytest.raises(ModelError, match="contradict"):
        complete(parse("y ~ p*x + q*z\np == q\np == q + 1"))


def test_modifiers_for_a_wrong_number_of_groups_are_refused() -> None:
    with pytest.raises(ModelError, match="modifiers for 2 groups, but the data have 3"):
        complete(parse("f =~ x1 + c(a, b)*x2 + x3"), groups=3)


def test_defaults_complete_the_model_as_cfa_and_sem_do() -> None:
    table = complete(parse(HS))
    assert (table.n_free, table.n_parameters) == (21, 21)
    assert [row.name for row in table.rows if row.free < 0] == [
        "visual=~x1",
        "textual=~x4",
        "speed=~x7",
    ]
    democracy = complete(parse(PD))
    assert democracy.n_parameters == 31
    # Equal intercepts free the other group's latent means.
    scalar = complete(parse(HS), groups=2, mean_structure=True, equal=("loadings", "intercepts"))
    assert (scalar.n_free, scalar.n_parameters) == (63, 48)


def test_the_partial_list_frees_parameters_by_name() -> None:
    common = {"groups": 2, "mean_structure": True, "equal": ("loadings", "intercepts")}
    partial = complete(parse(HS), free=("visual=~x2", "x3 ~1"), **common)
    assert partial.n_parameters == 50
    with pytest.raises(ModelError, match="no parameter of the model"):
        complete(parse(HS), free=("visual=~x9",), **common)
    with pytest.raises(ModelError, match="choose among"):
        complete(parse(HS), groups=2, equal=("thresholds",))


def test_observed_predictors_keep_their_sample_moments() -> None:
    table = complete(parse("f =~ a + b + c; f ~ x + z"))
    assert table.exogenous == ("x", "z")
    assert [row.name for row in table.rows if row.exogenous] == ["x~~x", "x~~z", "z~~z"]
    assert complete(parse("f =~ a + b + c; f ~ x; x ~~ x")).exogenous == ()


def test_a_single_indicator_measures_without_error() -> None:
    table = complete(parse("f =~ a; g =~ b + c + d"))
    (row,) = [r for r in table.rows if r.name == "a~~a"]
    assert row.value == 0.0


def test_linear_constraints_tie_parameters() -> None:
    table = complete(parse("y ~ p*x + q*z + r*w\np == 2*q\np + r == 1"))
    assert table.n_parameters == table.n_free - 2
    theta = table.transform @ [0.3, -0.2] + table.offset
    at = table.position_of_label()
    assert theta[at["p"]] == pytest.approx(2 * theta[at["q"]])
    assert theta[at["p"]] + theta[at["r"]] == pytest.approx(1.0)


@pytest.mark.parametrize("text", [HS, PD, "y ~ x1 + x2\nz ~ y\ny ~~ z"])
def test_semopy_reads_the_same_paths_on_the_common_subset(text: str) -> None:
    with warnings.catch_warnings():
        # semopy imports packages that warn of their own future.
        warnings.simplefilter("ignore")
        from semopy.parser import parse_desc

        read = parse_desc(text.replace(";", "\n"))[0]
    theirs = {(lhs, op, rhs) for op, by in read.items() for lhs, row in by.items() for rhs in row}
    ours = {(p.lhs, p.op, p.rhs) for p in parse(text).paths}
    # semopy writes a covariance down from both ends or from one, by version.
    covariances = {(a, op, b) for a, op, b in ours if op == "~~"}
    both = ours | {(b, op, a) for a, op, b in covariances}
    assert ours - covariances <= theirs <= both
    assert all((a, op, b) in theirs or (b, op, a) in theirs for a, op, b in covariances)


def test_a_path_is_named_without_its_modifiers() -> None:
    assert Path("f", "=~", "x", (Modifier(fixed=1.0),)).name == "f=~x"
    assert Path("x", "~1").name == "x~1"


def test_a_loading_and_a_regression_that_are_one_path_are_refused() -> None:
    with pytest.raises(ModelError, match="x1~f and f=~x1 are the same path"):
        complete(parse("f =~ x1 + x2 + x3; x1 ~ f"))

"""Power of planned models as the page asks for it: the engines' numbers, and what is refused where."""

from __future__ import annotations

import pytest

from analysis.composite.sample_size import minimum_n
from analysis.covariance.simulation.rmsea_power import rmsea_power, rmsea_sample_size
from surveyapp.errors import Invalid
from surveyapp.results.projects.model_power import SAMPLES, answer_power, read_power


def answer(**asked: str):
    question = read_power(asked)
    assert question is not None
    return answer_power(question)


def test_fit_and_paths_have_the_numbers_of_the_engines():
    found = answer(kind="fit", df="50")
    assert found.document["n"] == rmsea_sample_size(50, power=0.8) == 214
    assert "214 respondents" in found.said
    found = answer(kind="fit", df="50", n="200", null="0.05", true="0.01")
    assert found.document["power"] == rmsea_power(200, 50, rmsea0=0.05, rmsea1=0.01)
    assert answer(kind="path", path="0.2").document["n"] == minimum_n(0.2) == 155
    assert answer(kind="path", n="155").document["path"] == pytest.approx(0.2, abs=0.001)
    assert read_power({}) is None


def test_each_parameter_has_its_power_by_simulation():
    text = "F =~ .7*a + .7*b + .7*c\nG =~ .7*d + .7*e + .7*f\nF ~~ .3*G"
    found = answer(kind="simulation", n="150", population=text)
    assert f"{SAMPLES} samples of 150 respondents" in found.said
    power = {row["name"]: row["power"]["value"] for row in found.rows}
    again = {row["name"]: row["power"]["value"] for row in answer(
        kind="simulation", n="150", population=text).rows}  # fmt: skip
    assert power == again and 0.5 < power["F~~G"] < 0.95


def test_thresholds_make_the_answers_ordinal():
    text = "F =~ .7*a + .7*b + .7*c + .7*d"
    cuts = "\n".join(f"{item} | -.5*t1 + .6*t2" for item in "abcd")
    found = answer(kind="simulation", n="150", population=f"{text}\n{cuts}")
    assert "fitted by WLSMV" in found.said
    assert found.document["estimator"] == "WLSMV"


def test_missing_answers_are_fitted_by_full_information():
    text = "F =~ .7*a + .7*b + .7*c"
    found = answer(kind="simulation", n="60", population=text, missing="10")
    assert (
        "200 samples of 60 respondents, 10% of the answers missing at random, fitted" in found.said
    )
    assert (found.document["estimator"], found.document["missing"]) == ("FIML", 0.1)
    assert "missing" not in answer(kind="simulation", n="60", population=text).said


WIDE = "F =~ " + " + ".join(f".7*x{at}" for at in range(13))


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"kind": "tree"}, None),
        ({"kind": "fit"}, "df"),
        ({"kind": "fit", "df": "2.5"}, "df"),
        ({"kind": "fit", "df": "5", "power": "x"}, "power"),
        ({"kind": "fit", "df": "5", "null": "0.05", "true": "0.05"}, None),
        ({"kind": "path"}, "path"),
        ({"kind": "path", "path": "0.2", "n": "100"}, "path"),
        ({"kind": "simulation", "n": "100"}, "population"),
        ({"kind": "simulation", "n": "100", "population": WIDE, "missing": "95"}, "missing"),
        ({"kind": "simulation", "n": "100", "population": WIDE, "missing": "5"}, "population"),
        (
            {"kind": "simulation", "n": "9000", "population": "F =~ .7*a + .7*b + .7*c"}
            | {"missing": "5"},
            "n",
        ),
        (
            {"kind": "simulation", "n": "90", "population": "F =~ .7*a + .7*b\na | 0*t1\nb | 0*t1"}
            | {"missing": "5"},
            "population",
        ),
        ({"kind": "simulation", "population": "F =~ .7*a + .7*b + .7*c"}, "n"),
        ({"kind": "simulation", "n": "100", "population": "F =~ a + b"}, "population"),
        (
            {
                "kind": "simulation",
                "n": "20000",
                "population": "F =~ .7*a + .7*b + .7*c + .7*d\na | 0*t1\nb | 0*t1\nc | 0*t1\nd | 0*t1",
            },
            "n",
        ),
        (
            {
                "kind": "simulation",
                "n": "100",
                "population": "F =~ " + " + ".join(f".7*x{at}" for at in range(41)),
            },
            "population",
        ),
    ],
)
def test_what_cannot_be_computed_is_refused_at_its_field(asked, field):
    with pytest.raises(Invalid) as refused:
        answer(**asked)
    assert refused.value.field == field

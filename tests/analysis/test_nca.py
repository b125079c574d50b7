"""Necessary conditions agree with R NCA; the combined map with its two parts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.composite.cipma import combined_map
from analysis.composite.importance import importance_performance
from analysis.composite.nca import Condition, effect_size_word, necessary_conditions
from analysis.composite.pls import fit_pls
from analysis.composite.rescaled_scores import rescaled_scores
from analysis.errors import DataError, MissingItem, NoVariance, TooFewCases
from tests.analysis.data_sets import mobi

# The example of R NCA 5.0.1 (nca.example): individualism, risk taking and innovation performance of
# 28 countries (Dul 2016).
# fmt: off
COUNTRIES = (
    (90, 84, 50.9), (55, 65, 52.4), (75, 41, 75.1), (80, 87, 81.4), (58, 61, 14.5), (74, 112, 116.3),
    (63, 76, 173.1), (71, 49, 77.6), (67, 70, 109.5), (35, 23, 12.0), (80, 53, 5.4), (70, 100, 62.3),
    (76, 60, 19.7), (46, 43, 171.6), (30, 53, 1.2), (80, 82, 68.7), (79, 86, 14.9), (69, 85, 75.1),
    (60, 42, 3.5), (27, 31, 11.1), (52, 84, 3.5), (18, 50, 42.3), (51, 49, 17.3), (71, 106, 184.9),
    (68, 77, 149.7), (37, 50, 1.4), (89, 100, 79.4), (91, 89, 214.4),
)
# Its nca_analysis(): effect size, slope, intercept, fit, ceiling accuracy, condition and outcome
# inefficiency (both as shares here), CE-FDH then CR-FDH.
R_NCA = {
    "individualism": (
        (0.415507980159, None, None, 1, 1, 0, 0.19277673545966),
        (0.306647655412, 2.230229945817, 28.352709131756, 0.73800665704412, 0.92857142857143,
         0.10382634908412, 0.31565125776955),
    ),
    "risk": (
        (0.309415646015, None, None, 1, 1, 0.25842696629213, 0.05065666041276),
        (0.281898541062, 2.641869424169, -14.477696674777, 0.91106750642056, 0.96428571428571,
         0.28500281077811, 0.21146951257553),
    ),
}
# Its bottleneck tables, in per cent of the condition's range at 0, 10, ... 100 % of the outcome's.
NEEDED = {
    ("individualism", "CE-FDH"): (None, None, 38.4, 38.4, 38.4, 38.4, 38.4, 38.4, 61.6, 100, 100),
    ("individualism", "CR-FDH"): (None,) * 4 + (11, 24.1, 37.2, 50.3, 63.4, 76.5, 89.6),
    ("risk", "CE-FDH"): (None, 20.2, 20.2, 20.2, 22.5, 22.5, 22.5, 22.5, 59.6, 74.2, 74.2),
    ("risk", "CR-FDH"): (None,) * 3 + (8, 17.1, 26.2, 35.2, 44.3, 53.4, 62.4, 71.5),
}
# fmt: on
MODEL = """
Image =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
Expectation =~ CUEX1 + CUEX2 + CUEX3
Value =~ PERV1 + PERV2
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Loyalty =~ CUSL1 + CUSL2 + CUSL3
Expectation ~ Image
Value ~ Expectation
Satisfaction ~ Image + Expectation + Value
Loyalty ~ Image + Satisfaction
"""


@pytest.fixture(scope="module")
def countries() -> pd.DataFrame:
    return pd.DataFrame(COUNTRIES, columns=["individualism", "risk", "innovation"], dtype=float)


@pytest.fixture(scope="module")
def conditions(countries: pd.DataFrame) -> dict[str, Condition]:
    found = necessary_conditions(countries, "innovation", ["individualism", "risk"], permutations=0)
    return {each.name: each for each in found.conditions}


@pytest.mark.parametrize("name", R_NCA)
def test_ceilings_are_those_of_r_nca(conditions: dict[str, Condition], name: str) -> None:
    for ceiling, expected in zip(conditions[name].ceilings, R_NCA[name], strict=True):
        effect, slope, intercept, fit, accuracy, spare_x, spare_y = expected
        assert ceiling.effect == pytest.approx(effect, abs=1e-9)
        assert ceiling.slope == (None if slope is None else pytest.approx(slope, rel=1e-8))
        assert ceiling.intercept == (
            None if intercept is None else pytest.approx(intercept, rel=1e-8)
        )
        assert (ceiling.fit, ceiling.accuracy) == pytest.approx((fit, accuracy), abs=1e-9)
        assert ceiling.condition_inefficiency == pytest.approx(spare_x, abs=1e-9)
        assert ceiling.outcome_inefficiency == pytest.approx(spare_y, abs=1e-9)
        assert (ceiling.p, ceiling.necessary) == (None, False)


@pytest.mark.parametrize(("name", "technique"), NEEDED)
def test_bottlenecks_are_those_of_r_nca(
    conditions: dict[str, Condition], name: str, technique: str
) -> None:
    condition = conditions[name]
    low, high = condition.scope
    own = [each for each in condition.bottlenecks if each.technique == technique]
    shown = [
        None if each.required is None else round(100 * (each.required - low) / (high - low), 1)
        for each in own
    ]
    assert shown == list(NEEDED[name, technique])
    assert {each.state for each in own if each.required is None} == {"not necessary"}


# R NCA 5.0.1, nca_outliers(k = 1) by CE-FDH: the row (in its order) and the effect without it.
OUTLIERS = {
    "individualism": {"Japan": 0.55, "USA": 0.33, "Sweden": 0.43, "South Korea": 0.40},
    "risk": {"Japan": 0.46, "Greece": 0.25, "USA": 0.25, "Denmark": 0.33, "Belgium": 0.32},
}
_NAMED = {13: "Japan", 27: "USA", 23: "Sweden", 21: "South Korea", 9: "Greece", 5: "Denmark", 2: "Belgium"}  # fmt: skip


@pytest.mark.parametrize("name", OUTLIERS)
def test_rows_that_change_the_effect_are_those_of_r_nca(
    conditions: dict[str, Condition], name: str
) -> None:
    found = [
        (_NAMED[int(str(each.row))], round(each.ce_fdh, 2))
        for each in conditions[name].influential
        if int(str(each.row)) in _NAMED
    ]
    assert found[: len(OUTLIERS[name])] == list(OUTLIERS[name].items())


def test_ties_and_a_wider_scope_are_those_of_r_nca() -> None:
    at = np.arange(60)
    x = 2.0 + (at * 7) % 5
    y = np.minimum(1.0 + (at * 11) % 6, x + (at % 13 == 0))
    data = pd.DataFrame({"x": x, "y": y})
    # nca_analysis(data, "x", "y"); the same with scope = c(1, 7, 0, 7).
    for scope, step, line, spare in (
        (None, 0.4, 0.36140493147, (0.0725419664269, 0.220654911839)),
        ({"x": (1, 7), "y": (0, 7)}, 10 / 21, 0.400853912048, (0.0563549160671, 0.15041381792)),
    ):
        found = necessary_conditions(data, "y", ["x"], permutations=0, scope=scope)
        ce, cr = found.conditions[0].ceilings
        assert (ce.effect, cr.effect) == pytest.approx((step, line), abs=1e-9)
        assert (cr.condition_inefficiency, cr.outcome_inefficiency) == pytest.approx(
            spare, abs=1e-9
        )
        assert cr.accuracy == pytest.approx(58 / 60)


def test_the_share_of_random_pairings_is_exact_in_few_rows() -> None:
    """Of ten rows in order no other pairing leaves as much space: p is that of one in 10!."""
    x = np.arange(10.0)
    found = necessary_conditions(
        pd.DataFrame({"x": x, "y": x}), "y", ["x"], permutations=999, seed=2
    )
    ce = found.conditions[0].ceiling("CE-FDH")
    assert (ce.effect, ce.p, ce.necessary) == (pytest.approx(45 / 81), 0.001, True)
    turned = necessary_conditions(
        pd.DataFrame({"x": x, "y": -x}), "y", ["x"], permutations=99, seed=2
    )
    assert [(each.effect, each.p) for each in turned.conditions[0].ceilings] == [(0, 1), (0, 1)]


def test_chance_is_called_necessary_as_often_as_it_should_be() -> None:
    rng = np.random.default_rng(8)
    p = [
        necessary_conditions(
            pd.DataFrame(rng.normal(size=(30, 2)), columns=["x", "y"]),
            "y",
            ["x"],
            permutations=99,
            seed=k,
        )
        .conditions[0]
        .ceiling("CR-FDH")
        .p
        for k in range(200)
    ]
    assert 0.02 < np.mean(np.array(p) <= 0.05) < 0.09


def test_scores_of_constructs_are_those_of_the_map() -> None:
    data = mobi()
    scores, turned = rescaled_scores(data, MODEL, scale=(1, 10))
    assert turned == ()
    found = importance_performance(data, MODEL, "Loyalty", scale=(1, 10))
    assert scores["Loyalty"].mean() == pytest.approx(found.target_performance)
    for name, row in found.constructs.iterrows():
        assert scores[name].mean() == pytest.approx(row["performance"])
    standard = fit_pls(data, MODEL).scores
    assert standard is not None
    assert np.corrcoef(scores["Image"], standard["Image"])[0, 1] == pytest.approx(1)
    # The effect does not depend on the unit: R NCA 5.0.1 and seminrExtras 1.0.3 on seminr's scores.
    for values in (scores, standard):
        own = necessary_conditions(
            values, "Satisfaction", ["Image", "Expectation", "Value"], permutations=0
        )
        assert [each.effect for one in own.conditions for each in one.ceilings] == pytest.approx(
            [0.29167991467, 0.26121451247, 0.19302163943, 0.19873159827, 0, 0], abs=1e-9
        )


def test_the_combined_map_joins_both() -> None:
    data = mobi()
    found = combined_map(
        data, MODEL, "Loyalty", scale=(1, 10), permutations=400, bootstrap=50, seed=3
    )
    importance = importance_performance(
        data, MODEL, "Loyalty", scale=(1, 10), bootstrap=50, seed=3
    ).constructs
    for one in found.constructs:
        row = importance.loc[one.construct]
        assert (one.importance, one.performance_upper) == (
            row["importance"],
            row["performance_upper"],
        )
    # assess_cipma() of seminrExtras 1.0.3: effects of all antecedents on Loyalty, CE-FDH.
    assert [one.effect for one in found.constructs] == pytest.approx(
        [0.15120980852, 0.12870010624, 0.01503712905, 0.14298136573], abs=1e-9
    )
    assert {one.construct: one.priority for one in found.constructs} == {
        "Image": "important and necessary",
        "Expectation": "necessary",
        "Value": "neither",
        "Satisfaction": "important and necessary",
    }
    scores, _ = rescaled_scores(data, MODEL, scale=(1, 10))
    image = found.constructs[0]
    high = scores[scores["Loyalty"] >= 85 - 1e-9]
    assert image.required == pytest.approx(high["Image"].min())
    assert image.below == (scores["Image"] < image.required - 1e-6).mean()


def test_effects_have_words() -> None:
    assert [effect_size_word(d) for d in (0, 0.05, 0.1, 0.3, 0.5)] == [
        *("none", "small", "medium", "large", "very large"),
    ]


def test_what_has_no_ceiling_is_refused(countries: pd.DataFrame) -> None:
    def asked(data: pd.DataFrame, *names: str, **options: object) -> None:
        necessary_conditions(data, "innovation", names, permutations=9, **options)

    with pytest.raises(DataError, match="its own condition"):
        asked(countries, "innovation")
    with pytest.raises(DataError, match="at least one condition"):
        asked(countries)
    with pytest.raises(MissingItem):
        asked(countries, "power")
    with pytest.raises(TooFewCases, match="complete rows"):
        asked(countries.head(9), "risk")
    with pytest.raises(NoVariance, match="risk: all 28 values are 5"):
        asked(countries.assign(risk=5.0), "risk")
    with pytest.raises(DataError, match="outside its scope from 0 to 50"):
        asked(countries, "risk", scope={"risk": (0, 50), "innovation": (0, 300)})
    with pytest.raises(DataError, match="250 lies outside its range"):
        asked(countries, "risk", steps=[250])
    with pytest.raises(DataError, match="85 lies outside"):
        combined_map(mobi().clip(upper=8), MODEL, "Loyalty", scale=(1, 10), permutations=0)

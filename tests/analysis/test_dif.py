"""Differential item functioning: R's numbers, items that are found, items that are not blamed."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.compare import benjamini_hochberg
from analysis.covariance.measurement_invariance.mimic import Mimic, mimic
from analysis.errors import DataError, ModelError, NoVariance, TooFewCases
from analysis.proportional_odds import OddsFit, fit_odds
from analysis.scale.dif_script import dif_script
from analysis.scale.ordinal_dif import ItemDif, OrdinalDif, ordinal_dif

pytestmark = pytest.mark.xdist_group("dif")
ITEMS = [f"i{k}" for k in range(1, 9)]
MODEL = f"F =~ {' + '.join(ITEMS)}"
TWO = "F =~ y1 + y2 + y3 + y4\nG =~ y5 + y6 + y7 + y8"
SLOPES = (1.2, 1.5, 1.0, 1.8, 1.4, 1.1, 1.6, 1.3)


def five_points(*, dif: bool = True) -> pd.DataFrame:
    """Answers of two groups of 300; in the second i3 is answered higher at the same level, and i6
    hardly depends on the level.
    """
    n, rng = 600, np.random.default_rng(9)
    second = np.repeat([0, 1], n // 2)
    level = rng.normal(size=n) + 0.3 * second
    columns = {}
    for item, slope in zip(ITEMS, SLOPES, strict=True):
        behind = slope * level + rng.logistic(size=n)
        if dif and item == "i3":
            behind = behind + 0.9 * second
        if dif and item == "i6":
            behind = behind - 0.8 * slope * level * second
        columns[item] = np.digitize(behind, [-2, -0.7, 0.6, 1.9]) + 1
    return pd.DataFrame(columns).assign(g=np.array(["ref", "foc"])[second])


def three_groups() -> pd.DataFrame:
    """Measured items of three groups of 200; y2 is higher in b, y7 lower in c, at the same factor."""
    n, rng = 600, np.random.default_rng(4)
    group = np.tile([0, 1, 2], n // 3)
    first = rng.normal(size=n) + np.array([0, 0.4, -0.2])[group]
    second = 0.5 * first + rng.normal(size=n)
    columns = {}
    for k in range(8):
        factor = first if k < 4 else second
        answer = (1, 0.8, 0.9, 0.7)[k % 4] * factor + rng.normal(size=n) * 0.7 + 4
        answer = answer + 0.5 * (group == 1) * (k == 1) - 0.4 * (group == 2) * (k == 6)
        columns[f"y{k + 1}"] = answer.round(3)
    return pd.DataFrame(columns).assign(g=np.array(["a", "b", "c"])[group])


def models_of(item: str) -> list[OddsFit]:
    data = five_points()
    score = data[ITEMS].mean(axis=1).to_numpy()
    group = (data["g"] == "foc").to_numpy(float)
    answers = data[item].to_numpy() - 1
    terms = np.column_stack([score, group, score * group])
    return [fit_odds(answers, terms[:, :count]) for count in (1, 2, 3)]


# MASS 7.3-58.2 polr(y ~ s), (y ~ s + f), (y ~ s + f + s:f), s = rowMeans(items): log-likelihood, slopes,
# standard errors, McFadden and Nagelkerke.
POLR: dict[str, list[tuple[float, list[float], list[float], float, float]]] = {
    "i3": [
        (-808.638358797, [1.4909182], [0.1017888], 0.133630854, 0.356017103),
        (
            -795.465865462,
            [1.46314983, 0.78863072],
            [0.1025009, 0.1546617],
            0.147743766,
            0.385684386,
        ),
        (
            -795.293146831,
            [1.41553367, 0.45201227, 0.10659552],
            [0.1302021, 0.5930312, 0.1814268],
            0.147928815,
            0.386064798,
        ),
    ],
    "i6": [
        (-875.975915157, [1.0756803], [0.09214882], 0.0771463446, 0.226140143),
        (
            -874.023317013,
            [1.10590093, -0.29585488],
            [0.09372992, 0.14996834],
            0.0792034358,
            0.231446809,
        ),
        (
            -845.143294354,
            [1.7927084, 3.9531164, -1.3330398],
            [0.1366975, 0.5904043, 0.1796787],
            0.109628969,
            0.306032575,
        ),
    ],
}


@pytest.mark.parametrize("item", POLR)
def test_proportional_odds_are_those_of_polr(item: str) -> None:
    for fit, (loglik, slopes, errors, mcfadden, nagelkerke) in zip(
        models_of(item), POLR[item], strict=True
    ):
        assert fit.converged
        assert fit.loglik == pytest.approx(loglik, abs=1e-8)
        assert fit.slopes == pytest.approx(slopes, abs=4e-7)
        assert fit.slope_errors == pytest.approx(errors, abs=2e-7)
        assert (fit.mcfadden, fit.nagelkerke) == pytest.approx((mcfadden, nagelkerke), abs=1e-9)


def test_odds_without_predictors_are_the_shares_and_separation_is_told() -> None:
    answers = np.array([0, 0, 1, 2, 2, 2])
    alone = fit_odds(answers, np.zeros((6, 0)))
    assert alone.loglik == alone.null_loglik
    assert 1 / (1 + np.exp(-alone.thresholds)) == pytest.approx([2 / 6, 3 / 6])
    expected = alone.expected(np.zeros((1, 0)), np.array([1.0, 2.0, 3.0]))
    assert expected == pytest.approx([answers.mean() + 1])
    assert not fit_odds(np.array([0, 0, 1, 1]), np.array([[1.0], [2], [3], [4]])).converged
    with pytest.raises(DataError, match="two categories or more"):
        fit_odds(np.array([0, 2]), np.zeros((2, 0)))


def test_counted_rows_are_those_that_they_stand_for() -> None:
    answers, predictors = np.array([0, 1, 2, 1, 0]), np.array([[1.0], [2], [3], [1], [3]])
    times = np.array([4, 3, 5, 2, 1])
    once = fit_odds(answers, predictors, times)
    each = fit_odds(np.repeat(answers, times), np.repeat(predictors, times, axis=0))
    assert (once.n, once.converged) == (15, True)
    assert once.slopes == pytest.approx(each.slopes, rel=1e-9)
    assert once.slope_errors == pytest.approx(each.slope_errors, rel=1e-9)
    assert (once.loglik, once.nagelkerke) == pytest.approx((each.loglik, each.nagelkerke))


@pytest.fixture(scope="module")
def found() -> OrdinalDif:
    return ordinal_dif(five_points(), MODEL, "g", reference="ref")


def item(found: OrdinalDif, name: str) -> ItemDif:
    return next(each for each in found.items if each.item == name)


def test_planted_items_are_found_with_their_kind(found: OrdinalDif) -> None:
    assert found.flagged == ("i3", "i6")
    assert (item(found, "i3").kind, item(found, "i6").kind) == ("uniform", "non-uniform")
    assert item(found, "i6").size == "large"
    (effect,) = item(found, "i3").effects
    assert effect.ci_lower < 0.9 < effect.ci_upper
    assert 0.2 < effect.points < 0.6
    # Purified: the six others, with the studied item itself where it is flagged.
    assert [len(each.matching) for each in found.items] == [6, 6, 7, 6, 6, 7, 6, 6]


def test_each_test_is_twice_the_difference_of_the_models() -> None:
    raw = ordinal_dif(five_points(), MODEL, "g", reference="ref", purify=False)
    for name, models in POLR.items():
        own = item(raw, name)
        one, two, three = (model[0] for model in models)
        assert own.uniform.chisq == pytest.approx(2 * (two - one), abs=1e-7)
        assert own.nonuniform.chisq == pytest.approx(2 * (three - two), abs=1e-7)
        assert (own.total.df, own.uniform.df) == (2, 1)
        assert own.total.nagelkerke == pytest.approx(models[2][4] - models[0][4], abs=1e-8)
        assert own.slope_change == pytest.approx(
            abs(models[1][1][0] / models[0][1][0] - 1), abs=1e-6
        )


def test_the_r_script_names_the_matching_items_and_what_to_expect(found: OrdinalDif) -> None:
    script = dif_script(found, file="answers.csv")
    assert 'levels = c("ref", "foc"))' in script
    assert 'tested("i3", c("i1", "i2", "i4", "i5", "i7", "i8", "i3"))' in script
    assert "# expected: uniform = 24.316, nonuniform = 0.0785" in script


def test_by_size_only_what_matters_is_flagged() -> None:
    by_size = ordinal_dif(five_points(), MODEL, "g", criterion="size")
    assert by_size.flagged == ("i6",)
    strict = ordinal_dif(five_points(), MODEL, "g", criterion="size", classes="zumbo")
    assert strict.flagged == ()
    assert item(strict, "i6").size == "negligible"


def test_without_dif_nothing_is_blamed() -> None:
    clean = five_points(dif=False)
    assert ordinal_dif(clean, MODEL, "g").flagged == ()
    assert mimic(clean, MODEL, "g").flagged == ()


def test_a_reversed_item_has_the_same_dif(found: OrdinalDif) -> None:
    data = five_points()
    data["i3"] = 6 - data["i3"]
    other = ordinal_dif(data, MODEL.replace("i3", "-i3"), "g", reference="ref")
    assert item(other, "i3").total.chisq == pytest.approx(item(found, "i3").total.chisq, abs=1e-8)
    assert "i3 is read the other way round" in other.warnings[0]


def test_few_rows_gaps_and_small_groups_are_told() -> None:
    data = pd.concat([five_points().groupby("g").head(100), five_points().head(5).assign(g="few")])
    data.iloc[0, 0] = np.nan
    found = ordinal_dif(data, MODEL, "g")
    assert (found.n, found.n_rows, found.left_out) == (199, 205, {"few": 5})
    assert found.warnings == (
        "groups with fewer than 20 rows are left out: few (5)",
        "fewer than the advised 200 rows: ref (99), foc (100); DIF may be missed",
    )


@pytest.mark.parametrize(
    ("change", "options", "error", "said"),
    [
        ({"i2": 3}, {}, NoVariance, "i2: all 600 answers are 3"),
        ({"i2": np.arange(600)}, {}, DataError, "i2 has 600 different answers"),
        ({"g": "one"}, {}, TooFewCases, "rows in a second group"),
        (
            {},
            {"model": "F =~ i1 + i2"},
            ModelError,
            "F has 2 items; a matching score needs 2 beside",
        ),
        (
            {},
            {"model": "F =~ i1 + i2 + i3; F ~ i4"},
            ModelError,
            "F~i4: DIF is tested of a scale's",
        ),
        ({}, {"correction": "none"}, ModelError, "choose among holm, benjamini-hochberg"),
        ({}, {"criterion": "taste"}, ModelError, "choose among test, size"),
    ],
)
def test_what_cannot_be_tested_is_refused(
    change: dict[str, Any], options: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        ordinal_dif(five_points().assign(**change), group="g", **({"model": MODEL} | options))


@pytest.fixture(scope="module")
def caused() -> Mimic:
    return mimic(three_groups(), TWO, "g")


def test_released_items_and_effects_are_those_of_lavaan(caused: Mimic) -> None:
    assert caused.flagged == ("y2", "y7")
    by_item = {each.item: each for each in caused.items}
    # lavaan 0.6-14 sem(F + G ~ b + c; y2 ~ b + c; y7 ~ b + c, std.lv = TRUE, estimator = "MLR"): lavTestLRT
    # of each release, the last model's fit, effects and errors.
    assert by_item["y2"].chisq == pytest.approx(53.8853691, rel=1e-5)
    assert by_item["y7"].chisq == pytest.approx(23.2130869, rel=1e-5)
    assert caused.fit["chisq"] == pytest.approx(27.87341892, rel=1e-6)
    assert caused.fit["df"] == 27
    first, second = by_item["y2"].effects
    assert first.group == "b"
    assert [first.est, first.se] == pytest.approx([0.560351937, 0.081378033], abs=1e-5)
    assert second.ci_lower < 0 < second.ci_upper
    lavaan = [0.209666246, -0.402394147, 0.158811494, -0.279036535]
    assert [each.est for each in caused.differences] == pytest.approx(lavaan, abs=1e-5)
    errors = [0.108210173, 0.109278151, 0.107246676, 0.107555073]
    assert [each.se for each in caused.differences] == pytest.approx(errors, abs=1e-5)


def test_ordinal_items_beside_groups_are_lavaans() -> None:
    """lavaan 0.6-14: sem(F + G ~ b + c; y2 ~ b + c; ..., ordered = <the items>, estimator = "WLSMV",
    std.lv = TRUE), lavTestLRT of each release (satorra.2000), the last model's fit, effects and errors.
    """
    data = three_groups()
    for name in (f"y{k}" for k in range(1, 9)):
        data[name] = np.digitize(data[name], [2.9, 3.6, 4.3, 5.1]) + 1
    found = mimic(data, TWO, "g", estimator="WLSMV")
    by_item = {each.item: each for each in found.items}
    assert found.flagged == ("y2", "y7", "y1")
    assert found.ordinal == tuple(by_item)
    chisq = [by_item[name].chisq for name in found.flagged]
    assert chisq == pytest.approx([44.44204143, 9.983539103, 9.713747468], rel=1e-6)
    assert found.fit["df"] == 25
    assert found.fit["chisq_scaled"] == pytest.approx(29.106296625, rel=1e-6)
    effects = [(one.est, one.se) for name in found.flagged for one in by_item[name].effects]
    lavaan = [
        *((0.6106651393, 0.09565130688), (0.1892668514, 0.08906639815)),
        *((-0.05388633556, 0.07406382503), (-0.2480433886, 0.07821614286)),
        *((0.1271628226, 0.088185586), (0.2495065346, 0.08431961036)),
    ]
    assert np.allclose(effects, lavaan, atol=1e-5)
    means = [(one.before, one.est, one.se) for one in found.differences]
    assert np.allclose(
        means,
        [
            (0.3520744962, 0.116125633, 0.1240868),
            (-0.4144692744, -0.5625966315, 0.1254876442),
            (0.1059742427, 0.1232392165, 0.1116899969),
            (-0.3917574875, -0.3144573952, 0.1124810634),
        ],
        atol=1e-5,
    )
    # The first factor's items as numbers: the first release, and the model with it.
    mixed = mimic(data, TWO, "g", estimator="WLSMV", ordered=["y5", "y6", "y7", "y8"], level=0.001)
    (own,) = (each for each in mixed.items if each.released)
    assert (own.item, mixed.fit["df"]) == ("y2", 29)
    assert own.chisq == pytest.approx(40.98906742, rel=1e-6)
    assert mixed.fit["chisq_scaled"] == pytest.approx(48.29097076, rel=1e-6)
    found_effects = [(one.est, one.se) for one in own.effects]
    assert np.allclose(
        found_effects,
        [(0.6583810216, 0.1049942538), (0.1061885687, 0.09361492627)],
        atol=1e-5,
    )


def test_a_released_item_no_longer_moves_the_factor(caused: Mimic) -> None:
    high = next(each for each in caused.differences if (each.factor, each.group) == ("F", "b"))
    assert high.before - high.est > 0.1
    plain = mimic(three_groups(), TWO, "g", estimator="ML", correction="benjamini-hochberg")
    assert set(caused.flagged) <= set(plain.flagged)
    # Each factor keeps two items, whatever the level.
    every = mimic(three_groups(), TWO, "g", level=1.0)
    assert len(every.flagged) == 4


def test_rows_with_gaps_count_in_full_information(caused: Mimic) -> None:
    data = three_groups()
    data.loc[:59, "y1"] = np.nan
    found = mimic(data, TWO, "g", missing="fiml")
    assert (found.n, found.flagged) == (600, caused.flagged)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"estimator": "ULSMV"}, "by ML, MLR or MLM, ordinal items by WLSMV"),
        ({"ordered": ["y1"]}, "ordinal items are tested by WLSMV; MLR has none"),
        ({"model": "F =~ y1 + y2 + y3; F ~ y4"}, "F~y4: items are tested in a model of lines"),
        ({"correction": "none"}, "choose among holm, benjamini-hochberg"),
    ],
)
def test_a_mimic_model_of_another_kind_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        mimic(three_groups(), group="g", **({"model": TWO} | options))


def test_benjamini_and_hochberg_adjust_as_r() -> None:
    given = [0.001, 0.2, 0.03, 0.04, 0.0125]
    # R 4.2.2: p.adjust(c(.001, .2, .03, .04, .0125), "BH").
    assert benjamini_hochberg(given) == pytest.approx([0.005, 0.2, 0.05, 0.05, 0.03125])
    assert benjamini_hochberg([]) == ()
    with pytest.raises(DataError, match="is no p value"):
        benjamini_hochberg([1.2])


def test_the_documents_are_strict_json(found: OrdinalDif, caused: Mimic) -> None:
    written = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert written["flagged"] == ["i3", "i6"]
    assert written["items"][2]["effects"][0]["group"] == "foc"
    other = json.loads(json.dumps(caused.to_json(), allow_nan=False))
    assert other["items"][1]["released"] == 1
    assert other["differences"][0]["group"] == "b"

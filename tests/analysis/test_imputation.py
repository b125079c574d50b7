"""Multiple imputation pools as semTools does and recovers the truth; auxiliary variables as its saturated
correlates.

Reference: semTools 0.5-6 on lavaan 0.6-14.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.missing.imputation import imputations
from analysis.covariance.missing.pooling import fit_imputed, pooled
from analysis.covariance.sem import SemFit, fit_sem
from analysis.covariance.text.script import lavaan_script
from analysis.errors import (
    DataError,
    ModelError,
    NotPositiveDefinite,
    NoVariance,
    TooFewCases,
)
from tests.analysis.classic_data import HS, ITEMS, holzinger, incomplete

TWO = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6"


def filled(k: int) -> pd.DataFrame:
    """The data with removed cells filled by a rule, the k-th way."""
    data = incomplete()
    for j, name in enumerate(ITEMS):
        values = data[name].to_numpy(dtype=float, copy=True)
        at = np.flatnonzero(np.isnan(values))
        spread = np.nanstd(values) * (((7 * at + 3 * j + 5 * k) % 11) - 5) / 3
        values[at] = np.nanmean(values) + spread
        data[name] = values
    return data


def rows(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame by the names of its parameters."""
    return frame.set_index(frame["lhs"] + frame["op"] + frame["rhs"])


WLSMV = {
    "visual=~x2": (0.5763493657, 0.16895577621, 48.73274606, 0.28649665354),
    "textual=~x5": (1.1062538657, 0.11161245534, 28.98248711, 0.37150286725),
    "visual~~textual": (0.2378618632, 0.05213719801, 114.42128353, 0.18697200622),
    "x1|t3": (0.6646817559, 0.08106671525, 1018.37010472, 0.06267252249),
}
WLSMV_D2 = (1.4526803552, 8, 20.4772786319, 0.3103522876)


def test_rubins_rules_and_d2_are_semtools() -> None:
    """cfa.mi(HS, sets, meanstructure = TRUE); summary(fmi = TRUE, scale.W = FALSE); lavTestLRT.mi(test = "D2")."""
    found = pooled(
        [filled(k) for k in range(5)], lambda data: fit_sem(data, HS, mean_structure=True)
    )
    frame = rows(found.estimates)
    for name, wanted in {
        "visual=~x2": (0.637977, 0.131803, 4.840375, 100.433, 4.6997e-06, 0.199568),
        "textual=~x5": (1.128035, 0.114495, 9.852284, 200.588, 6.27996e-19, 0.141214),
        "visual~~textual": (0.304839, 0.075162, 4.055769, 72.9814, 1.23756e-04, 0.234112),
    }.items():
        own = frame.loc[name, ["est", "se", "t", "df", "pvalue", "fmi"]].to_list()
        assert np.allclose(own, wanted, rtol=1e-3, atol=0)
        assert np.allclose(own[:2], wanted[:2], rtol=1e-5)
    assert found.test is not None
    test = (found.test.f, found.test.df1, found.test.df2, found.test.pvalue, found.test.arv)
    assert np.allclose(test, (2.51759921, 24, 43.0209164, 0.00406973, 0.133175373), rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "options", "third", "fourth"),
    [
        # semTools and mitml: f, df1, df2, arv, of each test
        (
            HS,
            {},
            (2.44572116, 24, 3339.56122, 0.195002472),
            (2.26096807, 24, 2118.85307, 0.270415024),
        ),
        # chisq.scaled 61.9824529814 on 24, by the scaling factor 0.946998789
        (HS, {"estimator": "MLR"}, (61.98245298 / 24, 24, np.inf, 0.195002472), None),
        (
            HS,
            {"group": "school", "equal": ("loadings",)},
            (1.270303, 54, 4094.39992, 0.292035765),
            None,
        ),
        (
            "x4 ~ x1 + x2; x5 ~ x4",
            {},
            (0.85032385, 2, 40.6184192, 0.370250108),
            (0.850025054, 2, 109.455437, 0.370520054),
        ),
    ],
)
def test_d3_and_d4_are_semtools_and_mitmls(
    text: str,
    options: dict[str, object],
    third: tuple[float, ...],
    fourth: tuple[float, ...] | None,
) -> None:
    """lavTestLRT.mi(fit, test = "D3"); mitml 0.4-4 testModels(saturated, model, method = "D4", data)."""
    found = pooled(
        [filled(k) for k in range(5)],
        lambda data: fit_sem(data, text, mean_structure=True, **options),
    )
    for test, wanted in ((found.d3, third), (found.d4, fourth)):
        assert test is not None
        if wanted is not None:
            assert np.allclose((test.f, test.df1, test.df2, test.arv), wanted, rtol=1e-5)


@pytest.mark.parametrize(
    ("estimator", "second", "third", "fourth"),
    [
        (
            "ML",
            (0.5995580551, 6, 20.6432337765, 0.3461766903),
            (0.7335199268, 6, 204.3382502745, 0.4234122720),
            (0.8803875899, 6, 479.2886189, 0.2882824063),
        ),
        (
            "MLR",
            (0.2010677521, 6, 13.4244522528, 0.4681843995),
            (3.1217875661 / 6, 6, np.inf, 0.4234122720),
            (0.8803875899 / 1.4098075119, 6, np.inf, 0.2882824063),
        ),
    ],
)
def test_equal_loadings_are_tested_over_imputations(
    estimator: str,
    second: tuple[float, ...],
    third: tuple[float, ...],
    fourth: tuple[float, ...],
) -> None:
    """lavTestLRT.mi(metric, configural, test = "D2", pool.robust = TRUE), test = "D3"; mitml testModels (D4)."""

    def fitted(data: pd.DataFrame, equal: tuple[str, ...] = ()) -> SemFit:
        return fit_sem(
            data, HS, group="school", equal=equal, estimator=estimator, mean_structure=True
        )

    found = pooled(
        [filled(k) for k in range(5)], lambda data: fitted(data, ("loadings",)), general=fitted
    ).difference
    assert found is not None
    for test, wanted in ((found.d2, second), (found.d3, third), (found.d4, fourth)):
        assert test is not None
        assert np.allclose((test.f, test.df1, test.df2, test.arv), wanted, rtol=1e-4)


def test_least_squares_and_saturated_models_have_no_likelihood_ratio() -> None:
    sets = [filled(k) for k in range(2)]
    for text, options in (("x1 ~ x2", {}), (HS, {"estimator": "ULS"})):
        found = pooled(sets, lambda data, t=text, o=options: fit_sem(data, t, **o))
        assert (found.d3, found.d4) == (None, None)


def cut(data: pd.DataFrame) -> pd.DataFrame:
    """x1 to x6 on four categories, those that are missing left so."""
    whole = holzinger()
    bounds = {name: np.quantile(whole[name], [0.15, 0.45, 0.8]) for name in ITEMS[:6]}
    return pd.DataFrame(
        {
            name: np.where(data[name].isna(), np.nan, np.digitize(data[name], at) + 1.0)
            for name, at in bounds.items()
        }
    )


def test_pooled_wlsmv_is_semtools() -> None:
    """cfa.mi(TWO, sets, ordered = TRUE, estimator = "WLSMV"); lavTestLRT.mi(test = "D2", pool.robust = TRUE)."""
    found = pooled(
        [cut(filled(k)) for k in range(5)], lambda data: fit_sem(data, TWO, estimator="WLSMV")
    )
    frame = rows(found.estimates)
    for name, wanted in WLSMV.items():
        assert np.allclose(frame.loc[name, ["est", "se", "df", "fmi"]].to_list(), wanted, rtol=1e-4)
    # Residual variances follow from the loadings, so they have no errors of their own.
    assert (frame.loc["x2~~x2", "se"], found.d3, found.d4) == (0, None, None)
    assert found.test is not None
    test = (found.test.f, found.test.df1, found.test.df2, found.test.arv)
    assert np.allclose(test, WLSMV_D2, rtol=1e-4)


def test_ordinal_answers_are_imputed_as_categories() -> None:
    """Answers to a are missing where d is high, so that the shares of those given are wrong; b is a number."""
    rng = np.random.default_rng(21)
    latent = 0.8 * rng.normal(size=(800, 1)) + 0.6 * rng.normal(size=(800, 4))
    answers = pd.DataFrame(np.digitize(latent, [-1.0, 0.0, 1.0]) + 1.0, columns=list("abcd"))
    number = latent[:, 1] * 3 + 10
    holes = answers.assign(
        a=answers["a"].mask((answers["d"] > 2) & (rng.random(800) < 0.7)),
        c=answers["c"].mask(rng.random(800) < 0.1),
        b=np.where(rng.random(800) < 0.15, np.nan, number),
    )
    sets = list(imputations(holes, tuple("abcd"), count=4, seed=3, ordered=("a", "c", "d")))
    given = holes["a"].notna()
    for one in sets:
        assert one.loc[given, "a"].equals(holes.loc[given, "a"])
        assert set(one["a"]) | set(one["c"]) == {1.0, 2.0, 3.0, 4.0}
    high = np.mean([(one["a"] > 2).mean() for one in sets])
    assert high == pytest.approx((answers["a"] > 2).mean(), abs=0.05)
    assert (holes.loc[given, "a"] > 2).mean() < high - 0.1
    assert np.mean([one["b"].mean() for one in sets]) == pytest.approx(number.mean(), abs=0.15)
    assert sets[0].equals(
        next(imputations(holes, tuple("abcd"), count=2, seed=3, ordered=("a", "c", "d")))
    )


def test_ordinal_imputation_agrees_with_the_pairs() -> None:
    data = cut(incomplete())
    found = fit_imputed(data, TWO, count=6, seed=5, estimator="WLSMV", std_lv=True)
    pairs = rows(fit_sem(data, TWO, estimator="WLSMV", missing="pairwise", std_lv=True).estimates)
    frame = rows(found.estimates)
    own = frame["se"] > 0
    assert (np.abs(frame["est"] - pairs["est"])[own] < 0.9 * pairs["se"][own]).all()
    assert np.allclose(frame["se"][own], pairs["se"][own], rtol=0.3)


@pytest.mark.parametrize(
    ("change", "rows_kept", "error", "message"),
    [
        ({"x2": 2.0}, 301, NoVariance, "x2: all 301 answers are 2"),
        ({"x3": 2.0}, 301, NoVariance, "x3: all 301 answers are 2"),
        ({"x3": np.nan}, 301, NoVariance, "x3: no answers"),
        ({"x2": holzinger()["x2"], "x3": holzinger()["x2"]}, 301, NotPositiveDefinite, "duplicate"),
        ({}, 4, TooFewCases, "rows to impute from"),
    ],
)
def test_columns_that_ordinal_answers_cannot_be_imputed_from_are_refused(
    change: dict[str, object], rows_kept: int, error: type[Exception], message: str
) -> None:
    data = cut(incomplete())[["x1", "x2", "x3"]].assign(**change).head(rows_kept)
    ordered = ("x1",) if len(change) > 1 else ("x1", "x2")
    with pytest.raises(error, match=message):
        next(imputations(data, ("x1", "x2", "x3"), count=2, ordered=ordered))


def test_an_item_without_variance_in_a_group_is_named_with_the_group() -> None:
    data = cut(incomplete()).assign(school=incomplete()["school"])
    data["x2"] = data["x2"].mask(data["school"] == "Pasteur", 1.0)
    with pytest.raises(NoVariance, match="x2 in group Pasteur: all 156 answers are 1"):
        next(imputations(data, ("x1", "x2"), group="school", ordered=("x1", "x2")))


def test_imputation_agrees_with_full_information() -> None:
    found = fit_imputed(incomplete(), TWO, count=12, seed=5)
    direct = rows(fit_sem(incomplete(), TWO, missing="fiml").estimates)
    frame = rows(found.estimates)
    own = frame["se"] > 0
    assert (np.abs(frame["est"] - direct["est"])[own] < 0.35 * direct["se"][own]).all()
    assert np.allclose(frame["se"][own], direct["se"][own], rtol=0.2)
    assert (found.count, found.failed, found.n) == (12, 0, 301)


def test_the_truth_is_recovered_where_cells_depend_on_another_column() -> None:
    """The mean of y where it is missing for high z: listwise is biased, imputation that knows z is not."""
    rng = np.random.default_rng(8)
    z = rng.normal(size=4_000)
    y = 0.8 * z + 0.6 * rng.normal(size=4_000)
    w = 0.5 * y + rng.normal(size=4_000)
    data = pd.DataFrame({"y": np.where(z > 0.3, np.nan, y), "w": w, "z": z})
    listwise = fit_sem(data, "y ~~ w; y ~ 1").estimates
    assert rows(listwise).loc["y~1", "est"] < -0.3
    knowing = rows(fit_imputed(data, "y ~~ w; y ~ 1", count=5, seed=2, auxiliary=("z",)).estimates)
    direct = fit_sem(data, "y ~~ w; y ~ 1", missing="fiml", auxiliary=("z",)).estimates
    for frame in (knowing, rows(direct)):
        assert frame.loc["y~1", "est"] == pytest.approx(y.mean(), abs=0.05)
        assert frame.loc["y~~y", "est"] == pytest.approx(y.var(), abs=0.08)


def test_groups_are_imputed_apart_and_the_seed_repeats() -> None:
    first, again = (
        next(imputations(incomplete(), ("x1", "x2", "x3"), count=2, seed=4, group="school"))
        for _ in range(2)
    )
    assert first.equals(again)
    assert not first[["x1", "x2", "x3"]].isna().to_numpy().any()
    seen = incomplete()["x1"].notna()
    assert np.allclose(first.loc[seen, "x1"], incomplete().loc[seen, "x1"])


@pytest.mark.parametrize(
    ("text", "options", "measures", "errors"),
    [
        # npar, chisq, df, baseline_chisq, baseline_df, logl
        (TWO, {}, (36, 25.689, 8, 571.277, 15, -3024.743), {"visual=~x2": 0.13474746}),
        (
            TWO,
            {"estimator": "MLR"},
            (36, 25.689, 8, 571.277, 15, -3024.743),
            {"visual=~x2": 0.17745031, "textual=~x5": 0.07701229},
        ),
        (
            "visual =~ x1 + x2 + x3; visual ~ age + sex; x4 ~ visual",
            {},
            (36, 40.532, 8, 182.032, 15, -3009.247),
            {"visual~age": 0.06429775, "x4~visual": 0.10405089},
        ),
        (
            TWO,
            {"group": "school", "equal": ("loadings", "intercepts")},
            (64, 65.103, 24, 582.467, 30, -2978.952),
            {},
        ),
    ],
)
def test_auxiliary_variables_are_saturated_correlates(
    text: str,
    options: dict[str, object],
    measures: tuple[float, ...],
    errors: dict[str, float],
) -> None:
    """cfa.auxiliary(model, data, aux = c("x7", "x8")); sem.auxiliary(..., fixed.x = FALSE)."""
    fit = auxiliary_fit(text, **options)
    names = ("npar", "chisq", "df", "baseline_chisq", "baseline_df", "logl")
    assert np.allclose([fit.fit[name] for name in names], measures, atol=6e-4)
    frame = rows(fit.estimates) if errors else fit.estimates
    for name, error in errors.items():
        assert frame.loc[name, "se"] == pytest.approx(error, abs=1e-6)
    assert "cfi_robust" not in fit.fit


def auxiliary_fit(text: str, **options: object) -> SemFit:
    """The model of the incomplete data with x7 and x8 outside of it."""
    data = incomplete()
    data = data.assign(age=data["ageyr"] + data["agemo"] / 12)
    return fit_sem(data, text, missing="fiml", auxiliary=("x7", "x8"), **options)


def test_auxiliary_variables_are_kept_out_of_what_the_model_is_judged_by() -> None:
    """cfa.auxiliary(..., estimator = "MLR"): scaled 25.825 and 524.503."""
    fit = auxiliary_fit(TWO, estimator="MLR")
    scaled = fit.fit["chisq_scaled"], fit.fit["baseline_chisq_scaled"]
    assert scaled == pytest.approx((25.825, 524.503), abs=6e-4)
    assert {"x7", "x8"}.isdisjoint(fit.modification_indices()[["lhs", "rhs"]].to_numpy().ravel())
    assert "semTools::auxiliary" in lavaan_script(fit)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"auxiliary": ("x7",)}, ModelError, "choose missing='fiml'"),
        ({"auxiliary": ("x1",), "missing": "fiml"}, ModelError, "x1 stands in the model already"),
        ({"auxiliary": ("x7", "x7"), "missing": "fiml"}, ModelError, "x7 stands in the model"),
    ],
)
def test_auxiliary_variables_that_cannot_be_are_refused(
    options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        fit_sem(incomplete(), TWO, **options)


@pytest.mark.parametrize(
    ("data", "text", "options", "error", "message"),
    [
        (incomplete, TWO, {"count": 1}, DataError, "choose 2 to 1000"),
        (holzinger, TWO, {}, DataError, "nothing to impute"),
        (incomplete, "x4 ~ x1:x2", {}, ModelError, "products are not imputed"),
        (incomplete, TWO, {"estimator": "ULS"}, ModelError, "not by ULS"),
        (incomplete, TWO, {"estimator": "WLSMV"}, DataError, "imputed as a number"),
        (incomplete, TWO, {"ordered": ["x1"]}, ModelError, "ML takes answers as numbers"),
    ],
)
def test_what_cannot_be_imputed_is_refused(
    data: object, text: str, options: dict[str, object], error: type[Exception], message: str
) -> None:
    assert callable(data)
    with pytest.raises(error, match=message):
        fit_imputed(data(), text, **options)

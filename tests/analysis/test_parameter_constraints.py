"""A label or an equality binds every parameter that it names, fixed ones too, and nothing else.

Expected: lavaan 0.6-14, with the call beside each number.
"""

from __future__ import annotations

from typing import Any

import pytest

from analysis.covariance.sem import SemFit, fit_sem
from analysis.errors import ModelError
from tests.analysis.data_sets import holzinger
from tests.analysis.peer_data import four_categories, with_predictors

TWO = "v =~ x1 + {}*x2 + x3; t =~ x4 + x5 + x6"
ORDINAL = "f1 =~ u1 + u2 + u3 + u4; f2 =~ u5 + u6 + u7 + u8"


def loading(fit: SemFit, item: str, group: int = 1) -> tuple[float, float]:
    frame = fit.estimates
    row = frame[(frame["op"] == "=~") & (frame["rhs"] == item) & (frame["group"] == group)]
    return float(row["est"].iloc[0]), float(row["se"].iloc[0])


def test_a_label_shared_with_the_marker_fixes_every_loading_that_has_it() -> None:
    # cfa("t =~ a*x4 + a*x5 + a*x6 + a*x1", HolzingerSwineford1939)
    fit = fit_sem(holzinger(), "t =~ a*x4 + a*x5 + a*x6 + a*x1")
    assert (fit.fit["chisq"], fit.fit["df"]) == (pytest.approx(68.5931962, rel=1e-6), 5)
    assert [loading(fit, item) for item in ("x4", "x5", "x6", "x1")] == [(1.0, 0.0)] * 4
    assert set(fit.estimates["label"][:4]) == {"a"}


def test_hs3_of_the_mplus_comparison() -> None:
    # Mplus 8.2, HS3.inp of lucdw/lavaan-mplus: 101.288, df 27, x6 .881 (.047); lavaan .046.
    text = """
        visual =~ x1 + A*x2 + A*x3
        textual =~ B*x4 + B*x5 + x6
        speed =~ x7 + abc*x8 + label*x9
        speed ~~ label*speed"""
    fit = fit_sem(holzinger(), text)
    assert (fit.fit["chisq"], fit.fit["df"]) == (pytest.approx(101.288281, rel=1e-6), 27)
    assert loading(fit, "x5") == (1.0, 0.0)
    assert loading(fit, "x6") == pytest.approx((0.881157, 0.046207), abs=1e-5)


@pytest.mark.parametrize("said", ["c(NA, .8)", "c(.8, NA)"])
def test_a_loading_held_equal_to_a_fixed_one_is_fixed_in_every_group(said: str) -> None:
    # cfa(model, HolzingerSwineford1939, group = "school", group.equal = "loadings")
    fit = fit_sem(holzinger(), TWO.format(said), group="school", equal=("loadings",))
    assert (fit.fit["chisq"], fit.fit["df"]) == (pytest.approx(40.4714947, rel=1e-6), 21)
    assert loading(fit, "x2", 1) == loading(fit, "x2", 2) == (0.8, 0.0)


def test_two_labels_keep_a_loading_apart_where_loadings_are_held_equal() -> None:
    fit = fit_sem(holzinger(), TWO.format("c(a, b)"), group="school", equal=("loadings",))
    assert (fit.fit["chisq"], fit.fit["df"]) == (pytest.approx(38.2080656, rel=1e-6), 19)
    assert loading(fit, "x2", 1) != loading(fit, "x2", 2)


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("v =~ x1 + .5*x2 + a*x2 + .7*x3 + a*x3 + x4", {}, "share the label a, but are fixed at"),
        (
            TWO.format("c(.5, .8)"),
            {"group": "school", "equal": ("loadings",)},
            "v=~x2 in groups 1 and 2 are held equal over groups, but are fixed at 0.5 and 0.8",
        ),
    ],
)
def test_two_fixed_values_cannot_be_one_parameter(
    text: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        fit_sem(holzinger(), text, **options)


@pytest.mark.parametrize(
    ("equal", "free", "chisq", "df"),
    [
        (("loadings", "intercepts"), ("y3~1",), 9.80353033, 16),
        (("loadings", "residuals"), (), 13.2589828, 18),
        (("loadings", "residuals", "residual.covariances"), (), 13.2589828, 18),
    ],
)
def test_equalities_leave_the_moments_of_predictors_apart(
    equal: tuple[str, ...], free: tuple[str, ...], chisq: float, df: int
) -> None:
    # sem("f =~ y1 + y2 + y3; f + w ~ p + q", group = "g", group.equal = ..., fixed.x = FALSE)
    text = "f =~ y1 + y2 + y3; f + w ~ p + q"
    fit = fit_sem(with_predictors(), text, group="g", equal=equal, free=free, fixed_x=False)
    assert (fit.fit["chisq"], fit.fit["df"]) == (pytest.approx(chisq, rel=1e-4), df)


@pytest.mark.parametrize("word", ["intercepts", "residuals", "means", "thresholds"])
def test_ordinal_items_refuse_an_equality_that_would_do_nothing(word: str) -> None:
    with pytest.raises(ModelError, match=f"{word} of ordinal items are held equal in the order"):
        fit_sem(four_categories(), ORDINAL, group="g", estimator="WLSMV", equal=("loadings", word))


def test_ordinal_loadings_are_held_equal_as_in_lavaan() -> None:
    # cfa(model, data, group = "g", ordered = items, group.equal = "loadings")
    fit = fit_sem(four_categories(), ORDINAL, group="g", estimator="WLSMV", equal=("loadings",))
    assert fit.fit["chisq"] == pytest.approx(24.0242237, rel=1e-5)
    assert fit.fit["chisq_scaled"] == pytest.approx(40.4342653, rel=1e-5)
    assert fit.fit["df"] == 44


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"equal": ("loadings",)}, "there is only one"),
        ({"group": "school", "free": ("v=~x2",)}, "equal is empty"),
        ({"group": "school", "equal": ("regressions",)}, "has no regressions to hold equal"),
    ],
)
def test_a_word_that_holds_nothing_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        fit_sem(holzinger(), TWO.format("1"), **options)

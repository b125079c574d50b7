"""What a composite model says about data and models that cannot be used."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.composite.pls import fit_pls
from analysis.errors import (
    AnalysisError,
    DataError,
    MissingItem,
    ModelError,
    NotPositiveDefinite,
    NoVariance,
    TooFewCases,
)
from analysis.moments import moments

TEXT = "X =~ x1 + x2 + x3\nY =~ y1 + y2\nY ~ X"


def sample(n: int = 60, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = 0.6 * x + 0.8 * rng.normal(size=n)
    columns = {f"x{i}": x + 0.6 * rng.normal(size=n) for i in (1, 2, 3)}
    columns |= {f"y{i}": y + 0.6 * rng.normal(size=n) for i in (1, 2)}
    return pd.DataFrame(columns)


def test_a_constant_item_is_named_with_its_value() -> None:
    with pytest.raises(NoVariance, match="x2: all 60 answers are 7"):
        fit_pls(sample().assign(x2=7), TEXT)


def test_collinear_formative_items_are_named() -> None:
    data = sample()
    data["x3"] = data["x1"] + data["x2"]
    with pytest.raises(NotPositiveDefinite, match=r"X: its items .*x1.* exactly dependent"):
        fit_pls(data, TEXT.replace("X =~", "X <~"))
    assert fit_pls(data, TEXT).path("X", "Y") > 0.3  # Mode A needs no inverse


def test_a_construct_of_one_item_is_fitted_and_the_reader_told() -> None:
    fit = fit_pls(sample(), "X =~ x1\nY =~ y1 + y2\nY ~ X")
    assert fit.weights["estimate"].iloc[0] == 1
    assert fit.reliability.loc["X"].tolist() == [1, 1, 1, 1]
    assert any(w.startswith("X is measured by one item") for w in fit.warnings)


def test_a_model_without_path_and_one_with_a_cycle_are_refused() -> None:
    with pytest.raises(ModelError, match="no path"):
        fit_pls(sample(), "X =~ x1 + x2")
    with pytest.raises(ModelError, match=r"line 4: .* circle: X -> Y -> X"):
        fit_pls(sample(), TEXT + "\nX ~ Y")


def test_no_more_rows_than_items_are_too_few() -> None:
    with pytest.raises(TooFewCases, match=r"need at least 6 usable rows .* have 5"):
        fit_pls(sample(5), TEXT)
    few = moments(sample(5))
    with pytest.raises(TooFewCases, match="have 5"):
        fit_pls(few, TEXT)


def test_resamples_without_variance_are_left_out_and_counted() -> None:
    data = sample(20)
    data["y2"] = [1.0] + [0.0] * 19
    fit = fit_pls(data, TEXT, bootstrap=300, seed=1)
    assert fit.bootstrap is not None
    lost = fit.bootstrap.dropped["an item has no variance"]
    assert 70 < lost < 150  # (19/20)^20 = .36 of 300
    assert fit.bootstrap.admissible == 300 - sum(fit.bootstrap.dropped.values())
    assert any("an item has no variance" in w for w in fit.warnings)
    assert len(fit.bootstrap.draws["paths"]) == fit.bootstrap.admissible


def test_a_resample_that_repeats_one_row_alone_leaves_no_admissible_one() -> None:
    with pytest.raises(DataError, match="0 of 2 resamples could be used"):
        fit_pls(sample(), TEXT, indices=np.zeros((2, 60), dtype=int))


def test_items_that_pull_both_ways_leave_the_sign_undetermined() -> None:
    data = sample()
    data["x3"] = -data["x3"]
    fit = fit_pls(data, TEXT)
    assert any("x3 loads negatively" in w for w in fit.warnings)
    data["y2"] = -data["y2"]
    fit = fit_pls(data, TEXT)
    assert any("Y: the sign of the composite is not determined" in w for w in fit.warnings)


def test_a_composite_points_to_where_its_items_point() -> None:
    data = sample(400)
    fit = fit_pls(data.assign(y1=-data["y1"], y2=-data["y2"]), TEXT)
    sums = fit.loadings.groupby("construct")["estimate"].sum()
    assert (sums > 0).all()
    assert fit.path("X", "Y") == pytest.approx(-fit_pls(data, TEXT).path("X", "Y"), abs=1e-7)


def test_a_negative_reliability_has_no_correction() -> None:
    rng = np.random.default_rng(8)
    data = sample()
    noise = rng.normal(size=(2, 60))
    data["y1"], data["y2"] = data["x1"] + 2 * noise[0], data["x1"] - 2 * noise[0] + 0.1 * noise[1]
    with pytest.raises(DataError, match="Y: the reliability rho_A is not positive"):
        fit_pls(data, TEXT, consistent=True)


def test_text_infinity_and_absent_columns_are_named() -> None:
    with pytest.raises(MissingItem, match="y2"):
        fit_pls(sample().drop(columns="y2"), TEXT)
    with pytest.raises(DataError, match="x1: 'agree' in row 3"):
        fit_pls(
            sample().astype(object).assign(x1=lambda d: [*d["x1"][:2], "agree", *d["x1"][3:]]), TEXT
        )
    with pytest.raises(DataError, match="x1: row 1 is infinite"):
        fit_pls(sample().assign(x1=np.inf), TEXT)
    with pytest.raises(DataError, match="x1 has no answer"):
        fit_pls(sample().assign(x1=np.nan), TEXT)


def test_moments_have_no_rows_to_resample_or_multiply() -> None:
    with pytest.raises(DataError, match="resampling needs the rows"):
        fit_pls(moments(sample()), TEXT, bootstrap=10)
    text = "X =~ x1 + x2\nZ =~ x3\nY =~ y1 + y2\nY ~ X + Z + X:Z"
    with pytest.raises(DataError, match="products of constructs need the rows"):
        fit_pls(moments(sample()), text)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scheme": "pathological"}, "'pathological' is not known"),
        ({"higher_order": "four-stage"}, "'four-stage' is not known"),
        ({"missing": "hot-deck"}, "missing='hot-deck' is not known"),
        ({"statistics": ["median"]}, "unknown statistics median"),
        ({"bootstrap": 1_000_000}, "the limit is 100000"),
        ({"indices": [[0, 1], [2]]}, "rows of equal length"),
        ({"indices": [[0, 60]]}, "between 0 and 59"),
    ],
)
def test_options_that_are_not_known_are_named(options: dict[str, object], words: str) -> None:
    with pytest.raises((ModelError, DataError), match=words):
        fit_pls(sample(), TEXT, **options)  # type: ignore[arg-type]


def test_what_cannot_be_corrected_is_said() -> None:
    data = sample().assign(z=lambda d: d["x3"])
    text = "X =~ x1 + x2\nZ =~ z\nY =~ y1 + y2\nY ~ X + Z + X:Z"
    fit = fit_pls(data, text, consistent=True, interaction="product-indicator")
    assert any("not corrected" in w for w in fit.warnings)
    second = "A =~ x1 + x2\nB =~ x3\nQ <~ A + B\nY =~ y1 + y2\nY ~ Q"
    with pytest.raises(ModelError, match="use higher_order='three-stage'"):
        fit_pls(data, second, higher_order="repeated", consistent=True)


def test_scores_keep_the_names_of_the_rows() -> None:
    data = sample()
    data.index = pd.Index([f"person {k}" for k in range(60)])
    data.loc["person 7", "x1"] = np.nan
    listwise = fit_pls(data, TEXT, missing="listwise")
    assert listwise.scores is not None
    assert list(listwise.scores.index) == [p for p in data.index if p != "person 7"]
    assert listwise.dropped == 1


@pytest.mark.parametrize("seed", range(30))
def test_any_frame_is_fitted_or_refused_in_words(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    data = pd.DataFrame(
        rng.integers(1, int(rng.integers(2, 5)), size=(n, 5)).astype(float), columns=list(sample())
    )
    data = data.mask(rng.random(data.shape) < rng.choice([0, 0.1, 0.6]))
    if rng.random() < 0.3:
        data["x2"] = data["x1"] * (1 if rng.random() < 0.5 else -2)
    text = TEXT.replace("=~", str(rng.choice(["=~", "<~"])))
    text += " + X:X" if rng.random() < 0.3 else ""
    try:
        fit = fit_pls(
            data, text, consistent=bool(rng.random() < 0.4), bootstrap=20, seed=1,
            missing=str(rng.choice(["mean", "listwise"])),  # type: ignore[arg-type]
        )  # fmt: skip
    except AnalysisError as refusal:
        assert len(str(refusal)) > 20
    else:
        assert np.isfinite(fit.paths["estimate"]).all()
        assert fit.to_dict()["n"] == fit.n

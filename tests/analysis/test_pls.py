"""Composite models agree with R seminr, recover populations and keep their identities."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from seminr import (
    composite,
    constructs,
    estimate_pls,
    mode_A,
    mode_B,
    path_factorial,
    paths,
    reflective,
    relationships,
)
from seminr.datasets import load_corp_rep

from analysis.composite.pls import fit_pls
from analysis.composite.refit import refitted_f_squared
from analysis.composite.text import read_model
from analysis.moments import moments
from analysis.scale.reliability import alpha_of, composite_reliability
from analysis.scale.validity import average_variance_extracted
from tests.analysis.data_sets import mobi
from tests.analysis.pls_models import ECSI, SMALL, block_matrix, composite_block, factor_block

TIGHT = 1e-9
REPUTATION = """
    COMP =~ comp_1 + comp_2 + comp_3
    LIKE =~ like_1 + like_2 + like_3
    CUSA =~ cusa
    CUSL =~ cusl_1 + cusl_2 + cusl_3
    CUSA ~ COMP + LIKE
    CUSL ~ COMP + LIKE + CUSA"""


def test_ecsi_paths_equal_r_seminr() -> None:
    # R seminr 2.5.0.9000: estimate_pls(mobi, full ECSI, mode A), path weighting.
    expected = {
        ("Image", "Expectation"): 0.50491393362921,
        ("Image", "Satisfaction"): 0.178739500119218,
        ("Image", "Loyalty"): 0.195755333112827,
        ("Expectation", "Quality"): 0.556748962354268,
        ("Expectation", "Value"): 0.0499883925356608,
        ("Expectation", "Satisfaction"): 0.0625228695392276,
        ("Quality", "Value"): 0.558304379470818,
    }
    fit = fit_pls(mobi(), ECSI)
    for (source, target), value in expected.items():
        assert fit.path(source, target) == pytest.approx(value, abs=TIGHT)
    # total effects and R2 of the same call
    assert fit.total("Image", "Loyalty") == pytest.approx(0.398732384192996, abs=TIGHT)
    assert fit.r_squared.loc["Satisfaction", "r_squared"] == pytest.approx(
        0.681078291389478, abs=TIGHT
    )
    assert fit.iterations == 6


def test_the_reputation_model_equals_its_textbook() -> None:
    # Hair et al. (2021), Partial least squares using R, ch. 4 to 6 (R seminr; SmartPLS prints the
    # same): 344 customers, 11 cells coded -99, mean replacement, path weighting.
    loaded = load_corp_rep()
    data = pd.DataFrame(loaded.values, columns=list(loaded.columns))
    fit = fit_pls(data.mask(data == -99), REPUTATION)
    expected = {
        ("COMP", "CUSA"): 0.162, ("LIKE", "CUSA"): 0.424, ("COMP", "CUSL"): 0.009,
        ("LIKE", "CUSL"): 0.342, ("CUSA", "CUSL"): 0.504,
    }  # fmt: skip
    for (source, target), value in expected.items():
        assert fit.path(source, target) == pytest.approx(value, abs=6e-4)
    r_squared = fit.r_squared["r_squared"]
    assert (r_squared["CUSA"], r_squared["CUSL"]) == pytest.approx((0.295, 0.562), abs=5e-4)


def test_small_model_with_mode_b_equals_r_seminr() -> None:
    # R seminr 2.5.0.9000: Image, Expectation, Satisfaction mode A, Value mode B.
    fit = fit_pls(mobi(), SMALL)
    assert fit.path("Image", "Satisfaction") == pytest.approx(0.431236929186939, abs=TIGHT)
    assert fit.path("Value", "Satisfaction") == pytest.approx(0.331127040815262, abs=TIGHT)
    assert fit.r_squared.loc["Satisfaction"].tolist() == pytest.approx(
        [0.595311110826057, 0.590375880470277], abs=TIGHT
    )
    assert fit.htmt.loc["Image", "Satisfaction"] == pytest.approx(0.910100923782741, abs=TIGHT)
    assert fit.weights["estimate"].iloc[:3].tolist() == pytest.approx(
        [0.331529503189013, 0.253288798203277, 0.199693323497295], abs=TIGHT
    )
    assert fit.scores is not None
    assert fit.scores["Image"].iloc[0] == pytest.approx(-1.95458798425909, abs=TIGHT)


def test_plsc_equals_r_seminr() -> None:
    # R seminr 2.5.0.9000: the same constructs, all reflective(): PLSc.
    fit = fit_pls(mobi(), SMALL.replace("<~", "=~"), consistent=True)
    found = [fit.path(s, "Satisfaction") for s in ("Image", "Expectation", "Value")]
    expected = [0.540685525322003, 0.235713525375137, 0.259772617818097]
    assert found == pytest.approx(expected, abs=TIGHT)
    assert fit.reliability["rho_a"].tolist() == pytest.approx(
        [0.745291554480322, 0.461657986928213, 0.857527048393235, 0.784023593590752], abs=TIGHT
    )
    assert fit.loadings["estimate"].iloc[0] == pytest.approx(0.681653846547769, abs=TIGHT)
    assert fit.r_squared.loc["Satisfaction", "r_squared"] == pytest.approx(0.884355564178691)


def _peer(scheme: str, mode: object, data: pd.DataFrame, *, consistent: bool) -> object:
    measures = constructs(
        *(
            reflective(name, items) if consistent else composite(name, items, mode)
            for name, items in (
                ("Image", ["IMAG1", "IMAG2", "IMAG3", "IMAG4", "IMAG5"]),
                ("Quality", ["PERQ1", "PERQ2", "PERQ3", "PERQ4"]),
                ("Loyalty", ["CUSL1", "CUSL3"]),
            )
        )
    )
    structure = relationships(paths("Image", ["Quality", "Loyalty"]), paths("Quality", "Loyalty"))
    options = {"inner_weights": path_factorial} if scheme == "factorial" else {}
    return estimate_pls(data, measures, structure, **options)


TEXT = """
Image {0} IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
Quality {0} PERQ1 + PERQ2 + PERQ3 + PERQ4
Loyalty {0} CUSL1 + CUSL3
Quality ~ Image
Loyalty ~ Image + Quality
"""


@pytest.mark.parametrize("seed", [11, 12])
@pytest.mark.parametrize(
    ("scheme", "operator", "consistent"),
    [
        ("path", "=~", False),
        ("path", "<~", False),
        ("factorial", "=~", False),
        ("factorial", "<~", False),
        ("path", "=~", True),
    ],
)
def test_other_samples_equal_pypi_seminr(
    seed: int, scheme: str, operator: str, consistent: bool
) -> None:
    data = mobi().sample(180, random_state=seed, replace=True).reset_index(drop=True)
    peer = _peer(scheme, mode_A if operator == "=~" else mode_B, data, consistent=consistent)
    fit = fit_pls(data, TEXT.format(operator), scheme=scheme, consistent=consistent)  # type: ignore[arg-type]
    for row in fit.paths.itertuples():
        assert row.estimate == pytest.approx(peer.path_coef.get(row.source, row.target), abs=1e-10)  # type: ignore[attr-defined]
    for row in fit.loadings.itertuples():
        assert row.estimate == pytest.approx(
            peer.outer_loadings.get(row.item, row.construct),  # type: ignore[attr-defined]
            abs=1e-10,
        )


@pytest.mark.parametrize("missing", ["mean", "listwise"])
def test_missing_answers_equal_pypi_seminr(missing: str) -> None:
    from seminr import mean_replacement
    from seminr.estimate import na_omit

    data = mobi().astype(float)
    rng = np.random.default_rng(5)
    data = data.mask(rng.random(data.shape) < 0.01)
    measures = constructs(
        composite("Image", ["IMAG1", "IMAG2", "IMAG3"], mode_A),
        composite("Loyalty", ["CUSL1", "CUSL3"], mode_B),
    )
    used = data[["IMAG1", "IMAG2", "IMAG3", "CUSL1", "CUSL3"]]
    peer = estimate_pls(
        used,
        measures,
        relationships(paths("Image", "Loyalty")),
        missing=mean_replacement if missing == "mean" else na_omit,
    )
    fit = fit_pls(
        data,
        "Image =~ IMAG1 + IMAG2 + IMAG3\nLoyalty <~ CUSL1 + CUSL3\nLoyalty ~ Image",
        missing=missing,  # type: ignore[arg-type]
    )
    assert fit.path("Image", "Loyalty") == pytest.approx(
        peer.path_coef.get("Image", "Loyalty"), abs=1e-10
    )
    assert fit.dropped == (int(used.isna().any(axis=1).sum()) if missing == "listwise" else 0)


@pytest.mark.parametrize("scheme", ["path", "factorial", "centroid"])
def test_a_population_of_factors_is_recovered_by_plsc(scheme: str) -> None:
    blocks, loadings = {}, {}
    for name, values in {"A": (0.8, 0.9, 0.8), "B": (0.7, 0.7, 0.9), "C": (0.9, 0.8, 0.7)}.items():
        blocks[name], loadings[name] = factor_block(values)
    ab, ac, bc = 0.6, 0.4, 0.35
    C = pd.DataFrame(
        [[1, ab, ac + bc * ab], [ab, 1, bc + ac * ab], [ac + bc * ab, bc + ac * ab, 1]],
        index=list("ABC"),
        columns=list("ABC"),
    )
    text = "A =~ a1+a2+a3\nB =~ b1+b2+b3\nC =~ c1+c2+c3\nB ~ A\nC ~ A + B"
    fit = fit_pls(block_matrix(blocks, loadings, C), text, consistent=True, scheme=scheme)  # type: ignore[arg-type]
    found = [fit.path("A", "B"), fit.path("A", "C"), fit.path("B", "C")]
    assert found == pytest.approx([ab, ac, bc], abs=1e-7)
    assert fit.loadings["estimate"].tolist() == pytest.approx(
        [0.8, 0.9, 0.8, 0.7, 0.7, 0.9, 0.9, 0.8, 0.7], abs=1e-7
    )
    assert fit.fit["structural"]["srmr"] == pytest.approx(0, abs=1e-7)
    assert fit.reliability["rho_a"].to_numpy() == pytest.approx(
        [(w @ lam) ** 2 for w, lam in _weights_and_loadings(fit, loadings)], abs=1e-7
    )


def _weights_and_loadings(fit, loadings):  # type: ignore[no-untyped-def]
    table = fit.weights.set_index("construct")["estimate"]
    return [(table[name].to_numpy(), lam) for name, lam in loadings.items()]


def test_a_population_of_composites_is_recovered_by_mode_b() -> None:
    r = np.array([[1, 0.5, 0.5], [0.5, 1, 0.5], [0.5, 0.5, 1.0]])
    a, la, wa = composite_block(r, (0.1, 0.5, 0.5))
    b, lb, wb = composite_block(r, (0.3, 0.2, 0.7))
    C = pd.DataFrame([[1, 0.6], [0.6, 1]], index=list("AB"), columns=list("AB"))
    data = block_matrix({"A": a, "B": b}, {"A": la, "B": lb}, C)
    fit = fit_pls(data, "A <~ a1+a2+a3\nB <~ b1+b2+b3\nB ~ A")
    assert fit.path("A", "B") == pytest.approx(0.6, abs=1e-8)
    assert fit.weights["estimate"].tolist() == pytest.approx([*wa, *wb], abs=1e-7)
    assert fit.loadings["estimate"].tolist() == pytest.approx([*la, *lb], abs=1e-7)
    assert fit.fit["saturated"]["d_g"] == pytest.approx(0, abs=1e-9)


def test_moments_give_what_the_rows_give() -> None:
    names = read_model(ECSI).items
    rows, sums = fit_pls(mobi(), ECSI), fit_pls(moments(mobi(), names), ECSI)
    pd.testing.assert_frame_equal(rows.paths, sums.paths)
    assert sums.scores is None
    assert sums.n == 250


def test_total_is_direct_plus_the_sum_of_specific_effects() -> None:
    fit = fit_pls(mobi(), ECSI)
    for row in fit.effects.itertuples():
        ways = fit.specific[
            fit.specific["path"].str.startswith(f"{row.source} ->")
            & fit.specific["path"].str.endswith(f"-> {row.target}")
        ]
        assert row.total == pytest.approx(row.direct + ways["estimate"].sum(), abs=1e-12)
        assert row.indirect == pytest.approx(row.total - row.direct, abs=1e-12)


def test_row_order_item_order_units_and_reversal_do_not_matter() -> None:
    data = mobi()
    base = fit_pls(data, SMALL)
    shuffled = fit_pls(data.sample(frac=1, random_state=2), SMALL)
    units = fit_pls(data * 3 - 40, SMALL)
    turned = fit_pls(11 - data, SMALL)
    reordered = fit_pls(
        data,
        SMALL.replace("IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5", "IMAG5+IMAG3+IMAG1+IMAG2+IMAG4"),
    )
    for other in (shuffled, units, turned, reordered):
        assert other.paths["estimate"].tolist() == pytest.approx(
            base.paths["estimate"].tolist(), abs=1e-9
        )


def test_composites_have_unit_variance_and_reported_loadings() -> None:
    data = mobi()
    fit = fit_pls(data, SMALL)
    assert fit.scores is not None
    assert fit.scores.std(ddof=1).to_numpy() == pytest.approx(np.ones(4), abs=1e-12)
    joined = pd.concat([data, fit.scores], axis=1).corr()
    for row in fit.loadings.itertuples():
        assert row.estimate == pytest.approx(joined.loc[row.item, row.construct], abs=1e-12)


def test_criteria_equal_their_formulas() -> None:
    fit = fit_pls(mobi(), SMALL)
    image = fit.loadings[fit.loadings["construct"] == "Image"]["estimate"].to_numpy()
    assert fit.reliability.loc["Image", "ave"] == pytest.approx((image**2).mean())
    assert fit.reliability.loc["Image", "cr"] == pytest.approx(
        image.sum() ** 2 / (image.sum() ** 2 + (1 - image**2).sum())
    )
    assert fit.scores is not None
    x, y = fit.scores[["Image", "Expectation", "Value"]], fit.scores["Satisfaction"]
    without = np.linalg.lstsq(x[["Expectation", "Value"]], y, rcond=None)
    r2 = fit.r_squared.loc["Satisfaction", "r_squared"]
    r2_without = 1 - float(without[1][0]) / float(y @ y)
    f2 = fit.paths.set_index("source").loc["Image", "f_squared"]
    assert f2 == pytest.approx((r2 - r2_without) / (1 - r2), abs=1e-10)
    inverse = np.linalg.inv(x.corr().to_numpy())
    assert fit.paths["vif"].tolist() == pytest.approx(np.diag(inverse).tolist(), abs=1e-10)


def test_batched_reliability_is_that_of_the_scale_functions() -> None:
    data = mobi()
    fit = fit_pls(data, ECSI)
    for construct in fit.model.constructs[:-1]:
        if len(construct.parts) == 1:
            continue
        own = fit.loadings[fit.loadings["construct"] == construct.name]["estimate"].tolist()
        row = fit.reliability.loc[construct.name]
        assert row["cr"] == pytest.approx(composite_reliability(own), abs=1e-12)
        assert row["ave"] == pytest.approx(average_variance_extracted(own), abs=1e-12)
        R = data[list(construct.parts)].corr().to_numpy()
        assert row["alpha"] == pytest.approx(alpha_of(R), abs=1e-12)


def test_equal_weights_are_standardised_sums() -> None:
    data = mobi()
    fit = fit_pls(data, "X <~ 1*IMAG1 + 1*IMAG2\nY =~ 1*CUSA1 + 1*CUSA2\nY ~ X")
    z = (data - data.mean()) / data.std()
    r = np.corrcoef(z["IMAG1"] + z["IMAG2"], z["CUSA1"] + z["CUSA2"])[0, 1]
    assert fit.path("X", "Y") == pytest.approx(r, abs=1e-12)


def test_to_dict_is_json_with_the_agreed_keys() -> None:
    out = fit_pls(mobi(), SMALL, bootstrap=50, seed=1).to_dict()
    json.dumps(out, allow_nan=False)
    for key in ("paths", "weights", "loadings", "r_squared", "effects", "reliability", "htmt"):
        assert out[key]
    assert {"vif", "bootstrap", "n", "warnings"} <= set(out)


def test_the_input_is_untouched() -> None:
    data = mobi().astype(float).mask(lambda d: d > 9.5)
    before = data.copy()
    fit_pls(data, SMALL, bootstrap=20, seed=1)
    pd.testing.assert_frame_equal(data, before)


def test_effect_sizes_by_refitting_equal_pypi_seminr() -> None:
    from seminr import model_fsquares

    peer = _peer("path", mode_A, mobi(), consistent=False)
    theirs = model_fsquares(peer)
    found = refitted_f_squared(mobi(), TEXT.format("=~"))
    for row in found.itertuples():
        assert row.f_squared == pytest.approx(theirs.get(row.source, row.target), abs=1e-9)

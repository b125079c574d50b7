"""Fit and standard errors equal what Mplus 8.2 prints, to its last digit.

The outputs are those of the public repository lucdw/lavaan-mplus (folders HS, HS_multi, Bollen; each
case names its file). Conventions by which Mplus differs from lavaan, and so from here: MLM weighs at
the sample's moments (``h1_information="unstructured"``), the RMSEA interval of scaled statistics
leaves the scaling factor out, WLS takes another Gamma, and SRMR has variants of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pandas as pd
import pytest

from analysis.covariance.sem import fit_sem
from tests.analysis.classic_data import HS, democracy, holzinger

CROSSED = "f1 =~ x1 + x2 + x3 + x4; f2 =~ x5 + x2 + x3 + x6; f3 =~ x7 + x8 + x9"
BOLLEN = """
    ind60 =~ x1 + x2 + x3
    dem60 =~ y1 + a*y2 + b*y3 + c*y4
    dem65 =~ y5 + a*y6 + b*y7 + c*y8
    dem60 ~ ind60; dem65 ~ ind60 + dem60
    y1 ~~ y5; y2 ~~ y4 + y6; y3 ~~ y7; y4 ~~ y8; y6 ~~ y8"""
TIED = """
    visual =~ x1 + .5*x2 + c(.6, .8)*x3
    textual =~ x4 + c(t1, t2)*x5 + c(a, NA)*x6
    speed =~ x7 + c(t1, t2)*x8 + a*x9
    speed ~~ s*speed"""
PLAIN = ("chisq", "df", "baseline_chisq", "cfi", "tli", "rmsea")
SCALED = ("chisq_scaled", "df", "baseline_chisq_scaled", "cfi_scaled", "tli_scaled", "rmsea_scaled")


class Case(NamedTuple):
    file: str
    data: Callable[[], pd.DataFrame]
    text: str
    options: dict[str, Any]
    measures: tuple[float, ...]  # chi-square, df, baseline, CFI, TLI, RMSEA
    likelihood: tuple[float, ...]  # log-likelihood, AIC, BIC, adjusted BIC
    loading: tuple[str, float, float]


MEANS = {"mean_structure": True}
MLM = {"estimator": "MLM", "h1_information": "unstructured"}
SCHOOL = {"group": "school"}
ONE, MANY = (-3737.745, 7535.490, 7646.703, 7551.560), (-3682.198, 7484.395, 7706.822, 7516.536)
PD = (-1548.818, 3175.636, 3266.018, 3143.100)

# fmt: off
CASES = [
    Case("HS/HS.mean.ML.observed.out", holzinger, HS, MEANS | {"information": "observed"},
         (85.306, 24, 918.852, .931, .896, .092), ONE, ("x9", 1.082, .195)),
    Case("HS/HS.nomean.ML.expected.out", holzinger, HS, {},
         (85.306, 24, 918.852, .931, .896, .092), (-3737.745, 7517.490, 7595.339, 7528.739),
         ("x9", 1.082, .151)),
    Case("HS/HS.mean.MLR.observed.out", holzinger, HS, MEANS | {"estimator": "MLR"},
         (87.132, 24, 880.082, .925, .888, .093), ONE, ("x9", 1.082, .266)),
    Case("HS/HS.mean.MLM.out", holzinger, HS, MEANS | MLM,
         (81.908, 24, 888.912, .932, .898, .090), ONE, ("x9", 1.082, .128)),
    Case("HS/HS.mean.GLS.out", holzinger, HS, MEANS | {"estimator": "GLS"},
         (77.471, 24, 277.991, .779, .669, .086), (), ("x9", 1.115, .149)),
    Case("HS/HS0.out", holzinger, CROSSED, MEANS | {"information": "observed"},
         (132.670, 22, 918.852, .875, .795, .129), (-3761.427, 7586.854, 7705.482, 7603.996),
         ("x6", .825, .050)),
    Case("HS_multi/HS.multi.mean.ML.observed.out", holzinger, HS, SCHOOL | {"information": "observed"},
         (115.851, 48, 957.769, .923, .885, .097), MANY, ("x9", .922, .252)),
    Case("HS_multi/HS.multi.nomean.ML.expected.out", holzinger, HS, SCHOOL | {"mean_structure": False},
         (115.851, 48, 957.769, .923, .885, .097), (-3682.198, 7448.395, 7604.094, 7470.894),
         ("x9", .922, .225)),
    Case("HS_multi/HS.multi.mean.MLR.observed.out", holzinger, HS, SCHOOL | {"estimator": "MLR"},
         (121.741, 48, 934.309, .914, .872, .101), MANY, ("x9", .922, .297)),
    Case("HS_multi/HS.multi.mean.MLM.out", holzinger, HS, SCHOOL | MLM,
         (113.460, 48, 934.748, .924, .886, .095), MANY, ("x9", .922, .187)),
    Case("HS_multi/HS.multi.mean.GLS.out", holzinger, HS, SCHOOL | {"estimator": "GLS"},
         (97.480, 48, 288.021, .771, .656, .083), (), ("x9", .807, .194)),
    Case("HS_multi/HS6.out", holzinger, TIED, SCHOOL | {"information": "observed"},
         (125.958, 57, 957.769, .922, .902, .090), (-3687.251, 7476.502, 7665.565, 7503.822),
         ("x9", .888, .067)),
    Case("Bollen/Bollen.mean.ML.observed.out", democracy, BOLLEN, MEANS | {"information": "observed"},
         (40.179, 38, 730.654, .997, .995, .028), PD, ("y4", 1.251, .123)),
    Case("Bollen/Bollen.mean.MLR.observed.out", democracy, BOLLEN, MEANS | {"estimator": "MLR"},
         (44.492, 38, 702.841, .990, .985, .048), PD, ("y4", 1.251, .138)),
    Case("Bollen/Bollen.mean.MLM.out", democracy, BOLLEN, MEANS | MLM,
         (43.633, 38, 777.013, .992, .989, .044), PD, ("y4", 1.251, .114)),
    Case("Bollen/Bollen.mean.GLS.out", democracy, BOLLEN, MEANS | {"estimator": "GLS"},
         (38.620, 38, 113.924, .989, .985, .015), (), ("y4", 1.226, .131)),
]
# fmt: on


@pytest.mark.parametrize("case", CASES, ids=[case.file for case in CASES])
def test_what_mplus_prints_comes_out(case: Case) -> None:
    fit = fit_sem(case.data(), case.text, **case.options)
    names = SCALED if "chisq_scaled" in fit.fit else PLAIN
    digit = 1.01e-3  # of a printed third decimal, which may have been rounded twice
    found = [fit.fit[name] for name in names]
    assert found == pytest.approx(case.measures, rel=0, abs=digit)
    if case.likelihood:
        likelihood = [fit.fit[name] for name in ("logl", "aic", "bic", "bic2")]
        assert likelihood == pytest.approx(case.likelihood, rel=0, abs=digit)
    item, estimate, error = case.loading
    frame = fit.estimates
    row = frame[(frame["op"] == "=~") & (frame["rhs"] == item)].iloc[0]
    assert (row["est"], row["se"]) == pytest.approx((estimate, error), rel=0, abs=digit)

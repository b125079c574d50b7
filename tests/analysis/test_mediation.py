"""Indirect effects, their share, and the kind of mediation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.composite.mediation import mediation, mediations
from analysis.composite.pls import fit_pls
from analysis.errors import DataError, ModelError
from tests.analysis.data_sets import mobi
from tests.analysis.pls_models import ECSI

TEXT = "X =~ x\nM =~ m\nY =~ y\nM ~ X\nY ~ X + M"


def chain(a: float, b: float, direct: float, n: int = 1_000) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    x = rng.normal(size=n)
    m = a * x + np.sqrt(1 - a**2) * rng.normal(size=n)
    y = direct * x + b * m + 0.7 * rng.normal(size=n)
    return pd.DataFrame({"x": x, "m": m, "y": y})


@pytest.mark.parametrize(
    ("a", "b", "direct", "kind"),
    [
        (0.5, 0.5, 0.4, "complementary"),
        (0.5, 0.6, -0.4, "competitive"),
        (0.5, 0.5, 0.0, "indirect-only"),
        (0.5, 0.0, 0.5, "direct-only"),
        (0.0, 0.0, 0.0, "no effect"),
    ],
)
def test_the_kind_of_mediation_follows_the_population(
    a: float, b: float, direct: float, kind: str
) -> None:
    found = mediation(fit_pls(chain(a, b, direct), TEXT, bootstrap=300, seed=1), "X", "Y")
    assert found.kind == kind
    if kind == "competitive":
        assert found.vaf is None


def test_the_share_is_indirect_over_total() -> None:
    found = mediation(fit_pls(chain(0.5, 0.5, 0.4), TEXT, bootstrap=300, seed=1), "X", "Y")
    assert found.vaf == pytest.approx(found.indirect.estimate / found.total.estimate)
    assert found.vaf_lower is not None and found.vaf is not None and found.vaf_upper is not None
    assert found.vaf_lower < found.vaf < found.vaf_upper
    assert found.direct is not None
    assert found.total.estimate == pytest.approx(found.direct.estimate + found.indirect.estimate)


def test_specific_effects_sum_to_the_indirect_one_for_every_pair() -> None:
    fit = fit_pls(mobi(), ECSI, bootstrap=100, seed=1)
    pairs = mediations(fit)
    assert len(pairs) == 15
    for found in pairs:
        total = sum(effect.estimate for effect in found.specific)
        assert total == pytest.approx(found.indirect.estimate, abs=1e-12)


def test_specific_effects_equal_pypi_seminr() -> None:
    from seminr import (
        bootstrap_model,
        composite,
        constructs,
        estimate_pls,
        mode_A,
        paths,
        relationships,
        specific_effect_significance,
        total_indirect_ci,
    )

    data = mobi()
    peer = estimate_pls(
        data,
        constructs(
            composite("Image", ["IMAG1", "IMAG2", "IMAG3"], mode_A),
            composite("Quality", ["PERQ1", "PERQ2", "PERQ3"], mode_A),
            composite("Loyalty", ["CUSL1", "CUSL3"], mode_A),
        ),
        relationships(paths("Image", ["Quality", "Loyalty"]), paths("Quality", "Loyalty")),
    )
    indices = np.random.default_rng(3).integers(0, 250, size=(30, 250))
    theirs = bootstrap_model(peer, 30, indices=indices)
    expected = specific_effect_significance(
        theirs, from_="Image", through=["Quality"], to="Loyalty"
    )
    interval = total_indirect_ci(theirs, from_="Image", to="Loyalty")
    fit = fit_pls(
        data,
        "Image =~ IMAG1+IMAG2+IMAG3\nQuality =~ PERQ1+PERQ2+PERQ3\nLoyalty =~ CUSL1+CUSL3\n"
        "Quality ~ Image\nLoyalty ~ Image + Quality",
        indices=indices,
    )
    found = mediation(fit, "Image", "Loyalty")
    (way,) = found.specific
    assert way.way == ("Image", "Quality", "Loyalty")
    assert [way.estimate, way.se, way.lower, way.upper, way.p] == pytest.approx(
        [
            expected.original_est,
            expected.bootstrap_sd,
            expected.ci_lower,
            expected.ci_upper,
            expected.bootstrap_p,
        ],
        abs=1e-9,
    )
    assert [found.indirect.lower, found.indirect.upper] == pytest.approx(
        [interval.lower, interval.upper], abs=1e-9
    )


def test_mediation_needs_a_bootstrap_and_a_chain() -> None:
    with pytest.raises(DataError, match="needs a bootstrap"):
        mediation(fit_pls(mobi(), ECSI), "Image", "Loyalty")
    fit = fit_pls(mobi(), ECSI, bootstrap=20, seed=1)
    with pytest.raises(ModelError, match="no chain"):
        mediation(fit, "Image", "Expectation")
    with pytest.raises(DataError, match="interval='wald'"):
        mediation(fit, "Image", "Loyalty", interval="wald")
    bare = fit_pls(mobi(), ECSI, bootstrap=20, seed=1, statistics=["paths"])
    with pytest.raises(DataError, match="lacks indirect_effects"):
        mediation(bare, "Image", "Loyalty")

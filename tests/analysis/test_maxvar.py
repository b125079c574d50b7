"""MAXVAR weighs composites by what they share with one common variable, whatever the paths between them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.cross_decomposition import CCA

from analysis.composite.pls import fit_pls
from analysis.errors import ModelError
from tests.analysis.data_sets import mobi
from tests.analysis.pls_models import block_matrix, composite_block

THREE = "A <~ a1+a2+a3\nB <~ b1+b2+b3\nC <~ c1+c2+c3\nB ~ A\nC ~ A + B"
QUALITY = (
    "Image <~ IMAG1 + IMAG2 + IMAG3\nQuality <~ PERQ1 + PERQ2\nLoyal <~ CUSL1 + CUSL2 + CUSL3\n"
)


def correlations(*pairs: tuple[int, int, float]) -> np.ndarray:
    R = np.eye(3)
    for i, j, r in pairs:
        R[i, j] = R[j, i] = r
    return R


def test_the_population_of_three_composites_is_found_again() -> None:
    """cSEM's population DGP_linear_3composites: its weights, loadings and paths."""
    a, la, wa = composite_block(correlations((0, 1, 0.5), (0, 2, 0.5), (1, 2, 0.5)), (1, 5, 5))
    b, lb, wb = composite_block(correlations((0, 1, 0.2), (0, 2, 0.3), (1, 2, 0.4)), (4, 3, 10))
    c, lc, wc = composite_block(correlations((0, 1, 0.25), (0, 2, 0.4), (1, 2, 0.16)), (2, 1, 1))
    ab, ac, bc = 0.6, 0.4, 0.35
    C = pd.DataFrame(
        [[1, ab, ac + bc * ab], [ab, 1, bc + ac * ab], [ac + bc * ab, bc + ac * ab, 1]],
        index=list("ABC"),
        columns=list("ABC"),
    )
    data = block_matrix({"A": a, "B": b, "C": c}, {"A": la, "B": lb, "C": lc}, C)
    fit = fit_pls(data, THREE, scheme="maxvar")
    assert fit.weights["estimate"].tolist() == pytest.approx([*wa, *wb, *wc], abs=1e-9)
    assert wa[0] == pytest.approx(0.10783277320343843) and lb[2] == pytest.approx(0.92994188)
    assert [fit.path("A", "B"), fit.path("A", "C"), fit.path("B", "C")] == pytest.approx(
        [ab, ac, bc], abs=1e-9
    )
    assert fit.converged and fit.method == "MAXVAR"


def test_two_composites_are_the_first_canonical_variates() -> None:
    data = mobi()
    text = "Image <~ IMAG1 + IMAG2 + IMAG3\nLoyal <~ CUSL1 + CUSL2 + CUSL3\nLoyal ~ Image"
    fit = fit_pls(data, text, scheme="maxvar", missing="listwise")
    first, second = (data[[f"{name}{k}" for k in (1, 2, 3)]] for name in ("IMAG", "CUSL"))
    peer = CCA(n_components=1, max_iter=10_000, tol=1e-12).fit(first, second)
    x, y = peer.transform(first, second)
    assert fit.path("Image", "Loyal") == pytest.approx(np.corrcoef(x[:, 0], y[:, 0])[0, 1])


def test_no_other_weights_have_a_larger_first_eigenvalue_and_paths_do_not_matter() -> None:
    text = f"{QUALITY}Loyal ~ Image + Quality"
    fit = fit_pls(mobi(), text, scheme="maxvar", bootstrap=20, seed=3)
    other = fit_pls(mobi(), text)
    largest = [np.linalg.eigvalsh(each.correlations.to_numpy())[-1] for each in (fit, other)]
    assert largest[0] > largest[1]
    turned = fit_pls(mobi(), f"{QUALITY}Image ~ Loyal\nQuality ~ Loyal", scheme="maxvar")
    assert turned.weights["estimate"].tolist() == pytest.approx(fit.weights["estimate"].tolist())
    assert fit.bootstrap is not None and (fit.bootstrap.tables["paths"]["se"] > 0).all()


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (THREE.replace("A <~", "A =~"), {}, "write A <~ a1 [+] a2 [+] a3"),
        (THREE, {"consistent": True}, "no correction for attenuation"),
        (THREE, {"higher_order": "three-stage"}, "no correction for attenuation"),
        (f"{THREE}\nC ~ A:B", {}, "no products of composites"),
        (
            THREE.partition("\nB ~")[0] + "\nQ <~ A + B\nC ~ Q",
            {"higher_order": "repeated"},
            "two-stage",
        ),
    ],
)
def test_what_has_no_weights_is_refused_by_name(text, options, said) -> None:  # type: ignore[no-untyped-def]
    data = pd.DataFrame(0.0, index=range(3), columns=[f"{c}{k}" for c in "abc" for k in (1, 2, 3)])
    with pytest.raises(ModelError, match=said):
        fit_pls(data, text, scheme="maxvar", **options)

"""Out-of-sample prediction, and tests of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.composite.cvpat import cvpat, cvpat_compare
from analysis.composite.layout import CompositeOptions
from analysis.composite.predict import predict_pls, predict_rows
from analysis.errors import DataError, ModelError
from tests.analysis.data_sets import mobi
from tests.analysis.pls_models import ECSI, HIGHER, SMALL

TEXT = """
Image =~ IMAG1 + IMAG2 + IMAG3
Quality =~ PERQ1 + PERQ2
Loyalty =~ CUSL1 + CUSL3
Quality ~ Image
Loyalty ~ Image + Quality
"""


@pytest.mark.parametrize("technique", ["direct", "earliest"])
@pytest.mark.parametrize("seed", [31, 32])
def test_predictions_equal_pypi_seminr_with_the_same_folds(technique: str, seed: int) -> None:
    from seminr import (
        composite,
        constructs,
        estimate_pls,
        mode_A,
        paths,
        predict_DA,
        predict_EA,
        relationships,
    )
    from seminr import (
        predict_pls as peer_predict,
    )

    data = mobi()
    peer = estimate_pls(
        data,
        constructs(
            composite("Image", ["IMAG1", "IMAG2", "IMAG3"], mode_A),
            composite("Quality", ["PERQ1", "PERQ2"], mode_A),
            composite("Loyalty", ["CUSL1", "CUSL3"], mode_A),
        ),
        relationships(paths("Image", ["Quality", "Loyalty"]), paths("Quality", "Loyalty")),
    )
    order = np.random.default_rng(seed).permutation(250)
    theirs = peer_predict(
        peer,
        technique=predict_DA if technique == "direct" else predict_EA,
        no_folds=5,
        ordering=order.tolist(),
    )
    fold_of = np.empty(250, dtype=int)
    fold_of[order] = np.repeat(np.arange(5), 50)
    found = predict_pls(data, TEXT, fold_of=fold_of, technique=technique)  # type: ignore[arg-type]
    for k, item in enumerate(found.items.index):
        expected = theirs.items.pls_out_of_sample.column(item)
        assert found.predicted[:, k] == pytest.approx(expected, abs=1e-9)
        benchmark = theirs.items.lm_out_of_sample.column(item)
        assert found.predicted_lm[:, k] == pytest.approx(benchmark, abs=1e-9)


def test_errors_q2_and_criteria_belong_together() -> None:
    found = predict_pls(mobi(), ECSI, folds=5, repetitions=3, seed=2)
    assert found.repetitions == 3
    assert found.items["rmse"].tolist() == pytest.approx(
        np.sqrt((found.errors**2).mean(axis=0)).tolist()
    )
    q2 = 1 - (found.errors**2).sum(axis=0) / (found.errors_mean**2).sum(axis=0)
    assert found.items["q2"].tolist() == pytest.approx(q2.tolist())
    assert (found.in_sample["rmse"] < found.items["rmse"]).all()


def test_nothing_is_predicted_where_there_is_nothing_to_predict() -> None:
    noise = pd.DataFrame(
        np.random.default_rng(1).normal(size=(200, 7)),
        columns=["IMAG1", "IMAG2", "IMAG3", "PERQ1", "PERQ2", "CUSL1", "CUSL3"],
    )
    found = predict_pls(noise, TEXT, seed=1)
    assert (found.items["q2"] < 0.02).all()
    assert cvpat(found).difference > -0.02


@pytest.mark.parametrize("higher_order", ["two-stage", "repeated"])
def test_items_below_a_second_order_construct_are_predicted(higher_order: str) -> None:
    found = predict_pls(
        mobi(),
        HIGHER,
        seed=1,
        repetitions=1,
        settings=CompositeOptions(higher_order=higher_order),  # type: ignore[arg-type]
    )
    assert {"IMAG1", "PERV2", "CUSL1"} <= set(found.items.index)
    assert not found.items.index.duplicated().any()
    assert (found.items.loc[["IMAG1", "PERV1"], "q2"] > 0.1).all()


def test_a_product_that_matters_predicts_better() -> None:
    rng = np.random.default_rng(4)
    x, m = rng.normal(size=(2, 600))
    y = 0.4 * x + 0.3 * m + 0.5 * x * m + 0.6 * rng.normal(size=600)
    data = pd.DataFrame({"x": x, "m": m, "y": y})
    folds = np.arange(600) % 10
    text = "X =~ x\nM =~ m\nY =~ y\nY ~ X + M"
    plain = predict_pls(data, text, fold_of=folds)
    product = predict_pls(data, text + " + X:M", fold_of=folds)
    test = cvpat_compare(product, plain)
    assert test.difference < -0.2
    assert test.p < 1e-6
    assert cvpat_compare(plain, product).t == pytest.approx(-test.t)


def test_the_test_is_the_paired_t_test_of_losses() -> None:
    from scipy import stats

    found = predict_pls(mobi(), ECSI, seed=1, repetitions=2)
    test = cvpat(found, benchmark="linear model", constructs=["Loyalty"])
    columns = [k for k, c in enumerate(found.items["construct"]) if c == "Loyalty"]
    a = (found.errors[:, columns] ** 2).mean(axis=1)
    b = (found.errors_lm[:, columns] ** 2).mean(axis=1)
    expected = stats.ttest_rel(a, b)
    assert [test.t, test.p] == pytest.approx([expected.statistic, expected.pvalue])
    interval = expected.confidence_interval()
    assert [test.lower, test.upper] == pytest.approx([interval.low, interval.high])


def test_folds_and_models_that_cannot_be_predicted_are_named() -> None:
    with pytest.raises(DataError, match="between 2 and 250"):
        predict_pls(mobi(), TEXT, folds=1)
    with pytest.raises(DataError, match="each of the 250"):
        predict_pls(mobi(), TEXT, fold_of=[0, 1])
    with pytest.raises(DataError, match="every number from 0"):
        predict_pls(mobi(), TEXT, fold_of=np.full(250, 2))
    with pytest.raises(DataError, match="use more folds"):
        predict_pls(mobi().iloc[:12], TEXT, folds=2)
    with pytest.raises(ModelError, match="fit without correction"):
        predict_pls(mobi(), TEXT, settings=CompositeOptions(consistent=True))
    with pytest.raises(ModelError, match="'nearest' is not known"):
        predict_pls(mobi(), TEXT, technique="nearest")  # type: ignore[arg-type]
    found = predict_pls(mobi(), TEXT, seed=1, repetitions=1)
    with pytest.raises(ModelError, match="Image has no predicted items"):
        cvpat(found, constructs=["Image"])
    with pytest.raises(DataError, match="'zero' is not known"):
        cvpat(found, benchmark="zero")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="differ in rows or items"):
        cvpat_compare(found, predict_pls(mobi(), SMALL, seed=1, repetitions=1))


def test_new_rows_are_predicted_as_pypi_seminr_does() -> None:
    import seminr
    from seminr import composite, constructs, estimate_pls, mode_A, paths, relationships

    data = mobi()
    peer = estimate_pls(
        data,
        constructs(
            composite("Image", ["IMAG1", "IMAG2", "IMAG3"], mode_A),
            composite("Quality", ["PERQ1", "PERQ2"], mode_A),
            composite("Loyalty", ["CUSL1", "CUSL3"], mode_A),
        ),
        relationships(paths("Image", ["Quality", "Loyalty"]), paths("Quality", "Loyalty")),
    )
    theirs = seminr.predict(peer, seminr.estimate.as_dataset(data.iloc[:15])).predicted_items
    found = predict_rows(data, TEXT, data.iloc[:15])
    for item in found.columns:
        assert found[item].tolist() == pytest.approx(theirs.column(item), abs=1e-9)
    with pytest.raises(ModelError, match="fit without correction"):
        predict_rows(data, TEXT, data, settings=CompositeOptions(consistent=True))

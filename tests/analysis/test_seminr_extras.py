"""Losses of prediction are those that seminrExtras computes with the same folds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from seminr.datasets import load_corp_rep

from analysis.composite.cvpat import cvpat
from analysis.composite.predict import predict_pls

MODEL = """
COMP =~ comp_1 + comp_2 + comp_3
LIKE =~ like_1 + like_2 + like_3
CUSA =~ cusa
CUSL =~ cusl_1 + cusl_2 + cusl_3
CUSA ~ COMP + LIKE
CUSL ~ CUSA
"""
# R 4.2: set.seed(123); sample(344), cut into three: the fold of each row.
FOLDS = (
    "12200201111200202121010000121110102122010102112122011102121212002102002020001002021100"
    "21000210221022102111010012021010220222120212222100022201022222120100021000221100111021"
    "10211001221121212222120102012112210100001002012102001121021022001020110012201110202021"
    "22200212111021220100110221221010120002110221212002022100121022122111100111000111222102"
)


def test_losses_are_those_of_seminrextras() -> None:
    """seminrExtras 1.0.3, tests/fixtures/cvpat1.csv: assess_cvpat(predict_EA, noFolds = 3)."""
    loaded = load_corp_rep()
    data = pd.DataFrame(loaded.values, columns=list(loaded.columns))
    data = data.mask(data == -99)
    filled = data.fillna(data.mean())  # seminr replaces missing answers before it makes folds
    found = predict_pls(
        filled, MODEL, technique="earliest", fold_of=np.array([int(fold) for fold in FOLDS])
    )
    for name, pls, linear in (
        ("CUSA", 0.981038830084323, 0.9627507),
        ("CUSL", 2.04230553878705, 1.9940916),
    ):
        assert cvpat(found, constructs=[name]).loss == pytest.approx(pls, abs=1e-12)
        against = cvpat(found, constructs=[name], benchmark="linear model")
        assert against.loss_benchmark == pytest.approx(linear, abs=6e-8)

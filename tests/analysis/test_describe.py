"""Item descriptives are those of R psych; floor and ceiling count the ends of the answer scale."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.scale.describe import describe_items
from tests.analysis.data_sets import HS_MODEL, holzinger

# R psych describe(HolzingerSwineford1939[, x1..x9]), type 3
PSYCH_SKEW = [-0.25434551873999, 0.470076586415113, 0.38342942601152, 0.267486695750397,
              -0.349796092041272, 0.85794858347247, 0.249088081437321, 0.525258001517422,
              0.203870874214135]  # fmt: skip
PSYCH_KURTOSIS = [0.307533824231772, 0.332393974058933, -0.90752644855817, 0.0801267573283635,
                  -0.55253689041774, 0.816557173451368, -0.307403860381717, 1.17155564451184,
                  0.289907908795451]  # fmt: skip


def test_skew_and_kurtosis_are_those_of_psych():
    items = [item for members in HS_MODEL.values() for item in members]
    got = describe_items(holzinger(), items)
    assert [d.skew for d in got] == pytest.approx(PSYCH_SKEW, rel=1e-10)
    assert [d.kurtosis for d in got] == pytest.approx(PSYCH_KURTOSIS, rel=1e-10)


def test_floor_and_ceiling_are_shares_at_the_ends_of_the_answer_scale_not_of_the_answers():
    data = pd.DataFrame({"q": [2, 2, 6, 7, 7, 7, np.nan]})
    (known,) = describe_items(data, scales={"q": (1, 7)})
    assert (known.n, known.missing, known.floor, known.ceiling) == (6, 1, 0.0, 0.5)
    (found,) = describe_items(data)
    assert (found.lowest, found.floor) == (2.0, 1 / 3)


def test_the_histogram_counts_unused_points_too():
    (got,) = describe_items(pd.DataFrame({"q": [2, 2, 3]}), scales={"q": (1, 4)})
    assert got.histogram == ((1.0, 0), (2.0, 2), (3.0, 1), (4.0, 0))


def test_an_item_that_nobody_answered_has_counts_and_no_numbers():
    (got,) = describe_items(pd.DataFrame({"q": [np.nan, np.nan]}))
    assert (got.n, got.missing) == (0, 2)
    assert np.isnan([got.mean, got.sd, got.skew, got.kurtosis, got.floor]).all()


def test_text_among_the_answers_is_named():
    with pytest.raises(DataError, match="'often' in row 2"):
        describe_items(pd.DataFrame({"q": [1, "often"]}))

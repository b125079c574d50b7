"""Rows lost to missing answers are counted first; beyond 5 % both treatments stand side by side."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from semopy.examples import holzinger39

from analysis.scale.cfa import fit_cfa
from analysis.scale.plan import Choices
from analysis.scale.sections.missing_comparison import MissingComparisonSection
from analysis.scale.sections.sample import SampleSection
from analysis.scale.study import Study
from instruments.loader import BUILT_IN
from surveyapp.reports.document import Table, plain
from surveyapp.reports.studies.stored_study import Study as Stored
from surveyapp.reports.validation.missing_comparison import PARTS

MODEL = {
    "visual": ("x1", "x2", "x3"),
    "textual": ("x4", "x5", "x6"),
    "speed": ("x7", "x8", "x9"),
}
ITEMS = [item for items in MODEL.values() for item in items]


@lru_cache(maxsize=4)
def data(rows: int) -> pd.DataFrame:
    """The pupils' tests, of which the first ``rows`` lack x5."""
    frame = holzinger39.get_data()[ITEMS].astype(float)
    frame.loc[frame.index[:rows], "x5"] = np.nan
    return frame


def study(rows: int, *, estimator: str = "ML", missing: str = "listwise") -> Study:
    frame = data(rows)
    made = Study(
        data=frame,
        model=MODEL,
        scales={},
        choices=Choices(
            estimator=estimator,
            missing=missing,
            likelihood="normal",
            efa_method="minres",
            efa_rotation="oblimin",
            seed=1,
            draws=2,
            reps=2,
        ),
        raw=frame,
        groups=pd.DataFrame(index=frame.index),
        marker=None,
        seconds=None,
        sections=(SampleSection, MissingComparisonSection),
    )
    made.compute()
    return made


def said(made: Study) -> list[str]:
    return [warning.message for warning in made.record.warnings]


def test_what_the_main_estimates_leave_out_is_counted_with_its_share():
    sample = study(45).found(SampleSection)
    assert sample is not None
    assert (sample.dropped, sample.dropped_share) == (45, pytest.approx(45 / 301))
    by_fiml = study(45, missing="fiml").found(SampleSection)
    assert by_fiml is not None and by_fiml.dropped == 0


@pytest.mark.parametrize("missing", ["listwise", "fiml"])
def test_both_treatments_are_compared_whichever_was_chosen(missing: str):
    found = study(45, missing=missing).found(MissingComparisonSection)
    assert found is not None
    assert (found.listwise.n, found.fiml.n) == (256, 301)
    own: dict[str, Any] = {
        name: fit_cfa(data(45), MODEL, missing=name) for name in ("listwise", "fiml")
    }
    assert found.listwise.fit["chisq"] == pytest.approx(own["listwise"].fit["chisq"])
    assert found.fiml.fit["cfi"] == pytest.approx(own["fiml"].fit["cfi"])
    gaps = {
        one.item: abs(one.std_all - other.std_all)
        for one, other in zip(own["listwise"].loadings, own["fiml"].loadings, strict=True)
    }
    assert found.of == max(gaps, key=lambda item: gaps[item])
    assert found.largest_difference == pytest.approx(max(gaps.values()))


def test_up_to_five_per_cent_there_is_neither_advice_nor_comparison():
    few = study(15)  # 15 of 301 are 4.98 %
    assert few.found(MissingComparisonSection) is None
    assert said(few) == []
    assert study(16).found(MissingComparisonSection) is not None


def test_the_advice_names_the_loss_and_what_to_do():
    assert said(study(45))[0].startswith(
        "45 of 301 rows (15.0%) have a missing answer and are left out; full information maximum "
        "likelihood"
    )
    ordinal = study(45, estimator="MLM")
    assert ordinal.found(MissingComparisonSection) is None
    assert "MLM takes complete rows only" in said(ordinal)[0]


def test_the_report_sets_them_side_by_side():
    found = study(45).found(MissingComparisonSection)
    assert found is not None
    asked = Stored(None, "", "", None, None, date(2026, 11, 22), BUILT_IN, file="answers.csv")
    (table,) = PARTS[0].draw(found, asked, iter([1]))  # type: ignore[arg-type]
    assert isinstance(table, Table)
    rows = {plain(row[0]): [plain(cell) for cell in row[1:]] for row in table.rows}
    assert rows["Respondents"] == ["256", "301"]
    cfi = [f"{one.fit['cfi']:.3f}".removeprefix("0") for one in (found.listwise, found.fiml)]
    assert rows["CFI"] == cfi
    assert "Loading of x9" in rows and f"for {found.of}, by" in plain(table.note)

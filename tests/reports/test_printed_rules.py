"""The printed rule is the applied rule: no rounding puts a value on the other side of its cut-off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from analysis.composite.sjq_discriminant import HtmtPair, htmt_sentences
from analysis.covariance.measurement_invariance.invariance import Rules
from analysis.scale.plan import Choices
from analysis.scale.sections.invariance import InvarianceSection
from analysis.scale.sections.sample import SampleSection
from analysis.scale.study import Sections, Study
from instruments.loader import BUILT_IN
from surveyapp.reports.document import Block, Paragraph, Quantity, Table, plain
from surveyapp.reports.studies import study_tables
from surveyapp.reports.studies.stored_study import Study as Stored
from surveyapp.reports.validation.criteria import criteria_table
from surveyapp.reports.validation.invariance import PARTS
from tests.analysis import scale_sections
from tests.reports.test_validation_report import MADE

MODEL = {name: tuple(f"{name}{i}" for i in range(1, 5)) for name in ("a", "b")}


@lru_cache(maxsize=1)
def answers() -> pd.DataFrame:
    """Two groups of 130 whose loadings of a2 and b2 differ: CFI falls by .00536 with equal ones."""
    rng, parts = np.random.default_rng(2), []
    for group, shift in (("East", 0.0), ("West", 0.22)):
        factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 130)
        columns = {}
        for k, items in enumerate(MODEL.values()):
            for item in items:
                loading = 0.75 - (shift if item.endswith("2") else 0)
                value = loading * factors[:, k] + np.sqrt(1 - loading**2) * rng.normal(size=130)
                columns[item] = np.clip(np.round(4.5 + 1.4 * value), 1, 7)
        parts.append(pd.DataFrame(columns).assign(region=group))
    return pd.concat(parts, ignore_index=True)


@lru_cache(maxsize=1)
def compared() -> InvarianceSection:
    frame = answers()
    items = frame.drop(columns="region")
    made = Study(
        data=items,
        model=MODEL,
        scales={},
        choices=Choices("ML", "listwise", "normal", "minres", "oblimin", seed=1, draws=2, reps=2),
        raw=items,
        groups=frame[["region"]].astype(object),
        marker=None,
        seconds=None,
        sections=(SampleSection, InvarianceSection),
    )
    made.compute()
    found = made.found(InvarianceSection)
    assert found is not None
    return found


def shown() -> Iterator[Block]:
    made = scale_sections.validation(compared(), n=260)
    settings = replace(made.settings, group=("region",))
    stored = Stored(replace(made, settings=settings), "Journey", "Bank", None, None, MADE, BUILT_IN)
    yield from PARTS[0].draw(compared(), stored, iter(range(1, 9)))


def test_the_bound_for_small_groups_is_printed_with_the_value_on_its_side():
    """CFI -.0054 against -.005, which rounds to its bound, was "-.005, cut-off >= -.01, met: no"."""
    section = compared()
    [ladder] = section.ladders
    metric = ladder.steps[1]
    assert metric.d_cfi == pytest.approx(-0.0053586, abs=1e-6) and not metric.holds
    assert Rules(**ladder.rules) == Rules.of(260)
    blocks = list(shown())
    [table] = [block for block in blocks if isinstance(block, Table) and "Over" in block.title]
    row = [plain(cell).replace("\N{MINUS SIGN}", "-") for cell in table.rows[1]]
    assert (row[9], row[10]) == ("-.0054", "no")
    note = plain(table.note)
    assert "CFI falls by no more than .005" in note and "one of the two is enough" in note
    said = " ".join(plain(b.text) for b in blocks if isinstance(b, Paragraph))
    assert "CFI changes by \N{MINUS SIGN}0.0054 (bound \N{MINUS SIGN}0.005)" in said
    found = Sections({InvarianceSection: section})
    rows = criteria_table(
        [one for one in section.conclude(found) if one.subject.startswith("metric")], 1
    ).rows
    assert [plain(cell).replace("\N{MINUS SIGN}", "-") for cell in rows[0][1:3]] == ["-.0054", "≥ -.005"]  # fmt: skip


def test_a_ratio_is_starred_by_the_cut_off_that_it_shows():
    cells = [study_tables._flagged(value) for value in (0.8497, 0.85, 0.8503, 0.62)]
    assert [cell.shown for cell in cells if isinstance(cell, Quantity)] == [
        ".8497", ".85*", ".8503*", ".62",
    ]  # fmt: skip
    near = HtmtPair("a", "b", 0.8503, None, None, above=True, block=None)
    assert "reach 0.85 (largest a and b 0.8503)" in htmt_sentences([near])[0]

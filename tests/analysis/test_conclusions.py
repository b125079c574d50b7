"""Conventions are applied as their sources state them, and say so."""

from __future__ import annotations

import pytest

from analysis.scale.conclusions import Conclusion
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.sections.fornell_larcker import FornellLarckerSection
from analysis.scale.sections.htmt import HtmtSection
from analysis.scale.sections.reliability import ReliabilitySection
from analysis.scale.sections.rivals import Rival, RivalsSection
from analysis.scale.study import Section, Sections
from tests.analysis import scale_sections as made


def cfa(**fit: float | None) -> CfaSection:
    return made.cfa(
        [
            made.loading("A", "a1", -0.71),
            made.loading("A", "a2", 0.9),
            made.loading("single", "s", 1.0),
        ],
        [made.correlation("A", "single", upper=0.9)],
        {**dict.fromkeys(("cfi", "tli", "srmr", "rmsea")), **fit},
    )


def conclusions(*sections: Section) -> tuple[Conclusion, ...]:
    return Sections({type(one): one for one in sections}).conclusions()


def by_measure(*sections: Section) -> dict[tuple[str, str | None], Conclusion]:
    return {(c.measure, c.subject): c for c in conclusions(*sections)}


def test_a_value_at_the_cut_holds_where_the_source_says_at_least():
    got = by_measure(cfa(cfi=0.95, tli=0.9499, srmr=0.08, rmsea=0.0801))
    assert got["cfi", None].holds and got["srmr", None].holds
    assert not got["tli", None].holds and not got["rmsea", None].holds
    assert got["rmsea", None].source == "Browne & Cudeck 1993"


def test_a_robust_measure_goes_before_the_plain_one():
    got = by_measure(cfa(cfi=0.97, cfi_scaled=0.96, cfi_robust=0.94, tli_scaled=0.96))
    assert (got["cfi", None].value, got["cfi", None].holds) == (0.94, False)
    assert got["tli", None].value == 0.96


def test_a_measure_that_does_not_exist_is_unknown_not_false():
    assert by_measure(cfa(cfi=None))["cfi", None].holds is None
    assert by_measure(cfa(cfi=float("nan")))["cfi", None].holds is None


def test_loadings_count_by_size_and_single_items_have_none():
    got = by_measure(cfa(cfi=1.0))
    assert got["lowest_loading", "A"].value == pytest.approx(0.71)
    assert got["lowest_loading", "A"].holds
    assert got["lowest_loading", "single"].holds is None


def test_an_upper_limit_at_the_cut_does_not_hold():
    assert not by_measure(cfa(cfi=1.0))["factor_correlation_upper", "A and single"].holds


def test_fornell_larcker_compares_with_the_largest_correlation_of_either_sign():
    table = FornellLarckerSection(
        factors=("A", "B", "single"),
        matrix=((0.8, -0.7, 0.2), (-0.7, 0.6, 0.1), (0.2, 0.1, None)),
        holds=(True, False, None),
    )
    got = by_measure(table)
    name = "root_ave_minus_largest_correlation"
    assert got[name, "A"].value == pytest.approx(0.1)
    assert (got[name, "A"].holds, got[name, "B"].holds) == (True, False)
    assert got[name, "single"].holds is None


def test_the_best_rival_must_have_the_larger_bic():
    rows = tuple(
        Rival(kind, kind, 2, {"bic": bic}, None, None, None)
        for kind, bic in (
            ("hypothesised", 100.0),
            ("null", None),
            ("one_factor", 150.0),
            ("merged", 99.0),
        )
    )
    (row,) = conclusions(RivalsSection(rows))
    assert (row.value, row.holds) == (-1.0, False)


def test_absent_sections_yield_nothing():
    absent = {CfaSection: None, HtmtSection: None, ReliabilitySection: ReliabilitySection(())}
    assert Sections(absent).conclusions() == ()


def test_conclusions_stand_in_the_order_of_the_sections():
    """But for the correlations' upper ends, which stand beside those of HTMT."""
    table = HtmtSection(("A", "B"), ((1.0, 0.5), (0.5, 1.0)), ((1.0, 0.5), (0.5, 1.0)))
    measures = [one.measure for one in conclusions(table, cfa(cfi=1.0))]
    assert measures.index("lowest_loading") < measures.index("htmt")
    assert measures[-1] == "factor_correlation_upper"

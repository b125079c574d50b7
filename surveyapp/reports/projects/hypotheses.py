"""The tables of a registered plan: deviations from it, and its hypotheses beside the estimates."""

from __future__ import annotations

from collections.abc import Sequence

from surveyapp.reports import apa
from surveyapp.reports.document import Cell, Column, Interval, Look, Table
from surveyapp.results.preregistrations.departures import ToldOfPlan
from surveyapp.results.preregistrations.hypothesis_tests import HypothesisTest
from surveyapp.results.preregistrations.preregistration_document import SIGNS


def deviation_table(told: ToldOfPlan, number: int) -> Table:
    """A row for each deviation from the plan with its reason, under what is known of the plan."""
    return Table(
        number=number,
        title="Deviations From the Registered Plan",
        columns=[Column("", 0.06, name="number"), Column("Deviation", 0.94)],
        cells=[[str(at), said] for at, said in enumerate(told.deviations, start=1)]
        or [["", "None"]],
        note=told.first,
        look=Look.APA,
    )


def hypothesis_table(tests: Sequence[HypothesisTest], number: int) -> Table:
    """One row for each hypothesis and model that tests it; models are named where there are several."""
    several = len({test.model for test in tests}) > 1
    rows: list[list[Cell]] = [
        [
            f"H{test.number}",
            test.text,
            f"{test.parameter} ({test.group})" if test.group else test.parameter,
            *([test.model or apa.DASH] if several else []),
            SIGNS[test.sign],
            test.estimate,
            Interval(test.low, test.high),
            test.p,
            test.p_adjusted,
            test.verdict,
        ]
        for test in tests
    ]
    counts = sorted({test.n for test in tests if test.n is not None})
    n = "" if not counts else f" n = {' and '.join(f'{each:,}' for each in counts)}."
    family = (
        "all tests of its models and groups"
        if any(test.family for test in tests)
        else "the hypotheses that a model tests"
    )
    return Table(
        number=number,
        title="Hypotheses of the Plan and What Was Estimated",
        columns=[
            Column("", 0.05, name="number"),
            Column("Hypothesis", 0.17 if several else 0.25),
            Column("Parameter", 0.14),
            *([Column("Model", 0.1)] if several else []),
            Column("Expected", 0.1),
            Column("Estimate", 0.09, apa.bounded),
            Column("95% CI", 0.13, apa.interval),
            Column(apa.P, 0.07, apa.pvalue),
            Column("Adjusted", 0.07, apa.pvalue),
            Column("Result", 0.1 if several else 0.12),
        ],
        cells=rows,
        note="Standardised estimates; two-sided tests at 5%, by p as the plan adjusts it for"
        f" {family}. Not significant is no proof of no effect.{n}",
        look=Look.APA,
    )

"""Sampling weights and clusters of a composite model: the options, and what is said of them."""

from __future__ import annotations

from typing import Any

import click
import pandas as pd

from analysis.composite.result import PlsResult
from analysis.composite.weighted_paths import both_weightings
from surveyapp.cli.outputs import Table, number

WEIGHTS = click.option(
    "--weights",
    default=None,
    help="Column with the sampling weight of each row (weighted PLS).",
)
CLUSTER = click.option(
    "--cluster",
    default=None,
    help="Column with the cluster of each row, such as its branch: the bootstrap resamples clusters.",
)


def with_and_without(
    found: PlsResult, data: pd.DataFrame, text: str
) -> list[dict[Any, Any]] | None:
    """Every path with and without the weights; None where there are none."""
    if found.drawn.weights is None:
        return None
    return both_weightings(found, data, text).to_dict("records")


def drawn_tables(found: PlsResult, compared: list[dict[Any, Any]] | None) -> list[Table]:
    """What weights and clusters are and cost, and the paths with and without weights."""
    tables: list[Table] = []
    if compared is not None:
        tables.append(
            (
                f"Paths with and without the weights of {found.drawn.weights}",
                ("path", "weighted", "unweighted", "difference"),
                [
                    [
                        f"{row['source']} -> {row['target']}",
                        *(number(row[key]) for key in ("weighted", "unweighted", "difference")),
                    ]
                    for row in compared
                ],
            )
        )
    if (own := found.case_weights) is not None:
        tables.append(
            (
                f"Sampling weights of {found.drawn.weights}, mean 1",
                ("smallest", "largest", "effective n", "design effect"),
                [
                    [
                        number(own.smallest),
                        number(own.largest),
                        number(own.effective_n, 1),
                        number(own.design_effect),
                    ]
                ],
            )
        )
    if (nested := found.clusters) is not None:
        tables.append(
            (
                f"{nested.n} clusters of {found.drawn.cluster}, mean size {nested.mean_size:.1f}",
                ("item", "ICC", "design effect"),
                [[one.item, number(one.icc), number(one.design_effect)] for one in nested.items],
            )
        )
    if found.design_effects is not None:
        tables.append(
            (
                "What clusters cost the paths: their variance over resamples of clusters, by rows",
                ("path", "se by rows", "design effect"),
                [
                    [
                        f"{row['source']} -> {row['target']}",
                        number(row["se_rows"]),
                        number(row["design_effect"]),
                    ]
                    for row in found.design_effects.to_dict("records")
                ],
            )
        )
    return tables

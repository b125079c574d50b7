"""The tables that `sem` prints: fit, estimates, weights and clusters, and what imputations gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.covariance.sem import SemFit
from analysis.losses import Losses
from surveyapp.cli.outputs import Table, number, probability
from surveyapp.cli.rotation_options import loading_tables
from surveyapp.results.analyses.losses import of_file

# In the order shown; of a robust or ordinal estimator the scaled and robust measures come first.
_FIT = ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper")
_SCALED = tuple("df" if name == "df" else f"{name}_scaled" for name in _FIT)
_ROBUST = tuple(f"{name}_robust" for name in _FIT[3:])
_POOLED_TESTS = {"D2": "test", "D3": "d3", "D4": "d4"}
_OTHER = ("srmr", "gfi", "aic", "bic")


def sem_tables(
    fit: SemFit, document: Mapping[str, Any], lost: Losses, *, group: str | None, equal: str
) -> list[Table]:
    """All tables of a fit, from the JSON ``document`` of the same; ``group`` is the column of groups."""
    estimator, grouped = fit.settings.estimator, ("group",) if group else ()
    outside = set(fit.settings.auxiliary)
    estimates = [
        row
        for row in document["estimates"]
        if row["op"] != "~1" and outside.isdisjoint((row["lhs"], row["rhs"]))
    ]
    tables: list[Table] = [
        (
            f"{estimator}, n = {fit.n}{'' if fit.converged else ': did not converge'}"
            f"; {of_file(lost, group)}",
            ("measure", "value"),
            _measures(document["fit"]),
        ),
        *loading_tables(fit),
        (
            "Estimates"
            if fit.converged
            else "Where the estimation stopped; these are no estimates",
            ("parameter", *grouped, "est", "se", "z", "p", "std.all", "95% CI"),
            [_estimate(row, group is not None) for row in estimates],
        ),
        (
            "Explained variance",
            ("variable", *grouped, "R2"),
            [
                [row["name"], *([str(row["group"])] if group else []), number(row["r_squared"])]
                for row in document["r_squared"]
            ],
        ),
        *_drawn(fit),
    ]
    if document["imputation"] is not None:
        tables.append(_imputed(document["imputation"], grouped=group is not None))
        tables += _equalities(document["imputation"]["difference"], equal)
    return tables


def _drawn(fit: SemFit) -> list[Table]:
    """What weights and clusters cost, where rows have them."""
    tables: list[Table] = []
    if (own := fit.weights) is not None:
        tables.append(
            (
                f"Sampling weights of {fit.settings.sampling_weights}, mean 1",
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
    if (nested := fit.clusters) is not None:
        tables.append(
            (
                f"{nested.n} clusters of {fit.settings.cluster}, mean size {nested.mean_size:.1f}",
                ("item", "ICC", "design effect"),
                [[one.item, number(one.icc), number(one.design_effect)] for one in nested.items],
            )
        )
    return tables


def _measures(fit: dict[str, Any]) -> list[list[str]]:
    scaled = "chisq_scaled" in fit
    shown = (*_SCALED, *_ROBUST, *_FIT, *_OTHER) if scaled else (*_FIT, *_ROBUST, *_OTHER)
    return [[name, _measure(name, fit[name])] for name in dict.fromkeys(shown) if name in fit]


def _measure(name: str, value: float | None) -> str:
    if name.startswith("pvalue"):
        return probability(value, 4)
    return number(value, 0 if name == "df" else 4)


def _estimate(row: dict[str, Any], grouped: bool) -> list[str]:
    label = f"{row['lhs']} {row['op']} {row['rhs']}".strip()
    numbers = [number(row.get(key)) for key in ("est", "se", "z")]
    limits = [row.get("std_ci_lower"), row.get("std_ci_upper")]
    known = None not in limits and limits[0] != limits[1]  # a fixed value has no interval
    interval = " to ".join(map(number, limits)) if known else ""
    ends = [probability(row.get("pvalue")), number(row.get("std_all")), interval]
    return [label, *([str(row["group"])] if grouped else []), *numbers, *ends]


def _imputed(found: dict[str, Any], *, grouped: bool) -> Table:
    """Estimates over imputations, by Rubin's rules."""
    tests = [(name, found[key]) for name, key in _POOLED_TESTS.items() if found[key] is not None]
    said = "; ".join(["", *(f"model test {name}: {_pooled_test(test)}" for name, test in tests)])
    failed = f", {found['failed']} of them not fitted" if found["failed"] else ""
    rows = []
    for row in found["estimates"]:
        if row["op"] == "~1" or not row["se"]:
            continue
        label = f"{row['lhs']} {row['op']} {row['rhs']}".strip()
        numbers = [number(row[key]) for key in ("est", "se", "t")]
        ends = [number(row["df"], 1), probability(row["pvalue"]), number(row["fmi"])]
        rows.append([label, *([str(row["group"])] if grouped else []), *numbers, *ends])
    head = ("parameter", *(("group",) if grouped else ()), "est", "se", "t", "df", "p", "FMI")
    return (
        f"{found['imputations']} imputations (seed {found['seed']}){failed}, n = {found['n']}{said}",
        head,
        rows,
    )


def _equalities(difference: Mapping[str, Any] | None, equal: str) -> list[Table]:
    """What is held equal over groups against the same model without that, where something is."""
    rows = [
        [name.upper(), _pooled_test(test), number(test["arv"])]
        for name, test in (difference or {}).items()
        if test is not None
    ]
    head = ("test", "result", "increase in variance")
    return [(f"Equal over groups ({equal}), over the imputations", head, rows)] if rows else []


def _pooled_test(test: Mapping[str, Any]) -> str:
    """F, or the chi-square of a robust estimator, with its p-value."""
    said = f"F({test['df1']}, {number(test['df2'], 1)}) = {number(test['f'])}"
    if test["df2"] is None and test["f"] is not None:
        said = f"chi2({test['df1']}) = {number(test['f'] * test['df1'])}"
    return f"{said}, p = {probability(test['pvalue'])}"

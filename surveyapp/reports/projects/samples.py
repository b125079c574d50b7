"""Tables and figures of a model within and between clusters, and over imputations of missing answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveyapp.reports import apa
from surveyapp.reports.charts.research_charts import Interval as Estimate
from surveyapp.reports.charts.research_charts import intervals
from surveyapp.reports.document import Cell, Chart, Column, Interval, Look, Table, italic
from surveyapp.reports.projects.groups import headed

Section = Mapping[str, Any]
_SHOWN = ("=~", "~", "~~")
_LEVEL = 0.05
_POOLED_TESTS = {"D2": "test", "D3": "d3", "D4": "d4"}
_MISSING = {"listwise": "complete rows", "fiml": "full information", "pairwise": "pairwise answers"}


def _sample(result: Section) -> str:
    return (
        f"n = {result['n']:,} in {result['clusters']:,} clusters by {result['cluster'].replace('_', ' ')}, on"
        f" average {result['mean_size']:.1f} a cluster; {result['estimator']}."
    )


def _of_group(name: str, row: Section) -> str:
    """The name with the row's group, where there are several."""
    return f"{name} ({row['group']})" if row.get("group") else name


def share_chart(result: Section) -> Chart | None:
    """Each item's intraclass correlation; None where none has an interval."""
    rows = [
        Estimate(row["item"], row["icc"], row["icc_ci_lower"], row["icc_ci_upper"])
        for row in result["items"]
        if row["icc"] is not None and row["icc_ci_lower"] is not None
    ]
    if not rows:
        return None
    return Chart(
        "Share of variance between clusters (ICC)",
        intervals(rows),
        f"95% intervals. {_sample(result)}",
    )


def level_fits(result: Section, number: int) -> Table:
    """Fit of the whole model and of each level beside an unrestricted other one."""
    fit = result["fit"]
    test = "_scaled" if fit.get("chisq_scaled") is not None else ""
    index = "_robust" if fit.get("cfi_robust") is not None else test
    rows: list[list[Cell]] = [
        [
            "Both levels",
            fit.get(f"chisq{test}"),
            fit.get("df"),
            fit.get(f"pvalue{test}"),
            *(fit.get(f"{name}{index}") for name in ("cfi", "tli", "rmsea")),
            "",
        ]
    ]
    rows += [
        [
            f"{each['name'].capitalize()} (n = {each['n']:,})",
            *(each[name] for name in ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "srmr")),
        ]
        for each in result["level_fit"]
    ]
    return Table(
        number=number,
        title="Fit at Two Levels",
        columns=[
            Column("Part", 0.28),
            Column(apa.CHI, 0.12, apa.number),
            Column(apa.DF, 0.08, apa.count),
            Column(apa.P, 0.1, apa.pvalue),
            Column("CFI", 0.1, apa.BOUNDED_3),
            Column("TLI", 0.1, apa.BOUNDED_3),
            Column("RMSEA", 0.12, apa.BOUNDED_3),
            Column("SRMR", 0.1, apa.BOUNDED_3),
        ],
        cells=rows,
        note=(
            "" if result["converged"] else "The estimation did not converge; these are no results. "
        )
        + "Each level's fit is that beside an unrestricted other level; the whole model's is mostly that within"
        f" clusters. {_sample(result)}",
        look=Look.APA,
    )


def level_estimates(result: Section, number: int) -> Table:
    """The standardised parameters within and between clusters, side by side."""
    found: dict[tuple[str, str, str], dict[int, Section]] = {}
    for row in result["estimates"]:
        if row["op"] in _SHOWN:
            key = (row["lhs"], row["op"], row["rhs"])
            found.setdefault(key, {})[row["level"]] = row

    def cells(row: Section | None) -> list[Cell]:
        if row is None:
            return ["", "", ""]
        return [
            row.get("std_all"),
            Interval(row.get("std_ci_lower"), row.get("std_ci_upper")),
            row.get("pvalue"),
        ]

    return Table(
        number=number,
        title="Standardised Estimates Within and Between Clusters",
        columns=[
            Column("Parameter", 0.24),
            Column("Within", 0.1, apa.bounded),
            Column("95% CI", 0.18, apa.interval, name="95% CI within"),
            Column(apa.P, 0.1, apa.pvalue, name="p within"),
            Column("Between", 0.1, apa.bounded),
            Column("95% CI", 0.18, apa.interval, name="95% CI between"),
            Column(apa.P, 0.1, apa.pvalue, name="p between"),
        ],
        cells=[
            [" ".join(key), *cells(rows.get(1)), *cells(rows.get(2))] for key, rows in found.items()
        ],
        note=(
            "" if result["converged"] else "Where the estimation stopped; these are no estimates. "
        )
        + _sample(result),
        look=Look.APA,
    )


def largest_share(result: Section) -> str:
    """What lies between clusters of the item of which most does; nothing where none is known."""
    known = [row for row in result["items"] if row["icc"] is not None]
    if not known:
        return ""
    largest = max(known, key=lambda row: row["icc"])
    return (
        f"At most {apa.percent(max(0.0, largest['icc']))} of an item's variance lies between clusters"
        f" ({largest['item']}). "
    )


def level_shares(result: Section, number: int) -> Table:
    """What of each item lies between clusters."""
    return Table(
        number=number,
        title="Variance Within and Between Clusters",
        columns=[
            Column("Item", 0.24),
            Column("Within", 0.13, apa.number),
            Column("Between", 0.13, apa.number),
            Column("ICC", 0.12, apa.BOUNDED_3),
            Column("95% CI", 0.22, apa.INTERVAL_3),
            Column("Design effect", 0.16, apa.number),
        ],
        cells=[
            [
                _of_group(row["item"], row),
                row["within"],
                row["between"],
                row["icc"],
                Interval(row["icc_ci_lower"], row["icc_ci_upper"]),
                row["design_effect"],
            ]
            for row in result["items"]
        ],
        note=f"{largest_share(result)}Without a model. {_sample(result)}",
        look=Look.APA,
    )


def weights_said(result: Section) -> str:
    """What weights of respondents cost, as a sentence; nothing without any."""
    found = result.get("case_weights" if "drawn" in result else "weights")
    if not found or "effective_n" not in found:
        return ""
    by, _ = _drawn_by(result)
    return (
        f" Weighted by {by}: effective n {apa.NUMBER_1(found['effective_n'])}"
        f" (Kish), design effect {apa.number(found['design_effect'])}."
    )


def cluster_effects(result: Section, number: int) -> Table:
    """How alike each item's answers are within clusters, and what that costs."""
    found, (_, by) = result["clusters"], _drawn_by(result)
    allowed = (
        "the bootstrap resamples whole clusters."
        if "drawn" in result
        else "standard errors and tests allow for answers within one being alike."
    )
    return Table(
        number=number,
        title="Answers Within Clusters",
        columns=[
            Column("Item", 0.5),
            Column("ICC", 0.25, apa.BOUNDED_3),
            Column("Design effect", 0.25, apa.number),
        ],
        cells=[[row["item"], row["icc"], row["design_effect"]] for row in found["items"]],
        note=f"{found['n']:,} clusters by {by.replace('_', ' ')}, on average"
        f" {found['mean_size']:.1f} respondents; {allowed} ICC by analysis of variance, without weights.",
        look=Look.APA,
    )


def weighted_paths(result: Section, number: int) -> Table:
    """Every path of a composite model with and without its weights."""
    return Table(
        number=number,
        title="Paths With and Without Weights",
        columns=[
            Column("Path", 0.4),
            Column("Weighted", 0.2, apa.bounded),
            Column("Unweighted", 0.2, apa.bounded),
            Column("Difference", 0.2, apa.bounded),
        ],
        cells=[
            [
                f"{row['source']} → {row['target']}",
                *(row[name] for name in ("weighted", "unweighted", "difference")),
            ]
            for row in result["weighted_paths"]
        ],
        note="Both of the same respondents.",
        look=Look.APA,
    )


def path_effects(result: Section, number: int) -> Table:
    """What drawing clusters costs each path of a composite model."""
    return Table(
        number=number,
        title="What Clusters Cost the Paths",
        columns=[
            Column("Path", 0.5),
            Column("SE by rows", 0.25, apa.BOUNDED_3),
            Column("Design effect", 0.25, apa.number),
        ],
        cells=[
            [f"{row['source']} → {row['target']}", row["se_rows"], row["design_effect"]]
            for row in result["design_effects"]
        ],
        note="Variance of the path over resamples of clusters, by that over resamples of rows.",
        look=Look.APA,
    )


def _drawn_by(result: Section) -> tuple[str, str]:
    """The columns of weights and clusters, of a model of either kind."""
    drawn = result.get("drawn")
    if drawn is not None:
        return drawn["weights"] or "", drawn["cluster"] or ""
    settings = result["settings"]
    return settings.get("sampling_weights") or "", settings.get("cluster") or ""


def level_reliabilities(result: Section, number: int) -> Table:
    """How reliably each factor is measured at its level."""
    return Table(
        number=number,
        title="Reliability at Each Level",
        columns=[
            Column("Factor", 0.34),
            Column("Level", 0.2),
            Column("Items", 0.12, apa.count),
            Column(italic("ω"), 0.12, apa.bounded),
            Column("95% CI", 0.22, apa.interval),
        ],
        cells=[
            [
                _of_group(row["factor"], row),
                row["name"],
                row["items"],
                row["omega"],
                Interval(row["ci_lower"], row["ci_upper"]),
            ]
            for row in result["reliability"]
        ],
        note=_sample(result),
        look=Look.APA,
    )


def imputed_estimates(result: Section, number: int) -> Table:
    """Every estimated parameter as the model was fitted, and over the imputations."""
    groups = list(result["groups"])
    sections: list[tuple[str, list[list[Cell]]]] = []
    for at, name in enumerate(groups or [""], start=1):
        rows: list[list[Cell]] = []
        for before, after in _pairs(result):
            if groups and after["group"] != at:
                continue
            rows.append(
                [
                    f"{after['lhs']} {after['op']} {after['rhs']}".strip(),
                    None if before is None else before["est"],
                    None if before is None else before["se"],
                    after["est"],
                    after["se"],
                    Interval(after["ci_lower"], after["ci_upper"]),
                    after["pvalue"],
                    after["fmi"],
                ]
            )
        sections.append((name, rows))
    failed = f" ({result['failed']} of them could not be fitted)" if result["failed"] else ""
    return Table(
        number=number,
        title="Estimates Over Imputations of the Missing Answers",
        columns=[
            Column("Parameter", 0.24),
            Column("As fitted", 0.1, apa.number),
            Column(italic("SE"), 0.08, apa.number, name="SE as fitted"),
            Column("Imputed", 0.1, apa.number),
            Column(italic("SE"), 0.08, apa.number, name="SE imputed"),
            Column("95% CI", 0.2, apa.free_interval),
            Column(apa.P, 0.1, apa.pvalue),
            Column("FMI", 0.1, apa.bounded),
        ],
        **headed(sections, 8),
        note=f"{changed_by_imputing(result)} {result['imputations']} imputations{failed}, pooled by Rubin's rules, n ="
        f" {result['n']:,}, {_imputed_as(result)}, seed {result['seed']}. As fitted: {_MISSING[result['missing']]}, n ="
        f" {result['n_fitted']:,}. FMI: share of information that missing answers cost.{_tests(result)}",
        look=Look.APA,
    )


def _imputed_as(result: Section) -> str:
    return (
        "ordinal answers imputed as categories"
        if result["estimator"] == "WLSMV"
        else "answers imputed as numbers"
    )


def _pairs(result: Section) -> list[tuple[Section | None, Section]]:
    """Each estimated parameter over imputations with that of the fit, None where that has none."""
    fitted = {(row["lhs"], row["op"], row["rhs"], row["group"]): row for row in result["fitted"]}
    return [
        (fitted.get((row["lhs"], row["op"], row["rhs"], row["group"])), row)
        for row in result["estimates"]
        if row["se"]
    ]


def changed_by_imputing(result: Section) -> str:
    """Which loadings, regressions and covariances are significant in one of the two alone."""
    named = [
        f"{after['lhs']} {after['op']} {after['rhs']}"
        for before, after in _pairs(result)
        if after["op"] in _SHOWN
        and before is not None
        and before["pvalue"] is not None
        and after["pvalue"] is not None
        and (before["pvalue"] < _LEVEL) != (after["pvalue"] < _LEVEL)
    ]
    if named:
        return f"Significant at 5% in one of the two alone: {', '.join(named)}."
    return (
        "What is significant at 5% in the fit is so over the imputations, and the other way round."
    )


def _tests(result: Section) -> str:
    """The model's tests over the imputations, and those of what is equal over groups; results of earlier
    versions have D2 alone.
    """
    of_model = [
        f"{name}: {_pooled(result[key])}"
        for name, key in _POOLED_TESTS.items()
        if result.get(key) is not None
    ]
    equal = [
        f"{name.upper()}: {_pooled(test)}"
        for name, test in (result.get("difference") or {}).items()
        if test is not None
    ]
    said = f" Test of the model, {'; '.join(of_model)}." if of_model else ""
    return said + (f" Test of what is equal over groups, {'; '.join(equal)}." if equal else "")


def _pooled(test: Section) -> str:
    f, df, p = test["f"], apa.count(test["df1"]), apa.equals(test["pvalue"])
    if f is None:
        return "does not exist, as the scaling factor is negative"
    if test["df2"] is None:
        return f"χ²({df}) = {apa.number(f * test['df1'])}, p {p}"
    return f"F({df}, {apa.NUMBER_1(test['df2'])}) = {apa.number(f)}, p {p}"

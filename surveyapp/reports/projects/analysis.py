"""The tables of a model's further analyses, from their stored results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from surveyapp.i18n.words import MINUS
from surveyapp.reports import apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.charts.research_charts import Interval as Estimate
from surveyapp.reports.charts.research_charts import intervals
from surveyapp.reports.document import Chart, Column, Interval, Look, Table, italic
from surveyapp.reports.projects.esem import esem_correlations, esem_fits, esem_loadings
from surveyapp.reports.projects.groups import (
    aligned_items,
    aligned_means,
    aligned_pairs,
    aligned_recovery,
    alignment_chart,
    dif_chart,
    dif_effects,
    dif_items,
    dif_means,
)
from surveyapp.reports.projects.headlines import ladder_verdict
from surveyapp.reports.projects.levels import is_of_levels, level_ladder
from surveyapp.reports.projects.mixed import mixed_chart, mixed_effects, mixed_spread
from surveyapp.reports.projects.multiverse import by_choice, curve, every_universe
from surveyapp.reports.projects.paths import (
    bottlenecks,
    combined_chart,
    combined_table,
    copula_paths,
    copula_scores,
    necessity_effects,
    tetrad_constructs,
    tetrad_tests,
)
from surveyapp.reports.projects.samples import (
    imputed_estimates,
    level_estimates,
    level_fits,
    level_reliabilities,
    level_shares,
    share_chart,
)
from surveyapp.reports.projects.waves import (
    change_chart,
    wave_attrition,
    wave_changes,
    wave_stability,
)
from surveyapp.store.models import ProjectAnalysis

Section = Mapping[str, Any]
_CRITERIA = ("aic", "aic3", "bic", "caic", "entropy", "smallest")


def analysis_tables(analysis: ProjectAnalysis, number: Iterator[int]) -> list[Table]:
    """An analysis as tables, numbered onwards; none before it has a result."""
    if analysis.result is None:
        return []
    result = analysis.result
    wanted = [
        made
        for made in _TABLES[analysis.kind]
        if made not in _WHERE_THERE or _WHERE_THERE[made](result)
    ]
    return [made(result, next(number)) for made in wanted]


def analysis_charts(analysis: ProjectAnalysis) -> list[Chart]:
    """The figures of an analysis: estimates with their intervals, the importance-performance map and the
    curve of a multiverse."""
    if analysis.result is None or analysis.kind not in _CHARTS:
        return []
    chart = _CHARTS[analysis.kind](analysis.result)
    return [] if chart is None else [chart]


def _slope_chart(result: Section) -> Chart:
    rows = [
        Estimate(
            _stands(found["moderator"], each["at"]),
            each["estimate"],
            each["lower"],
            each["upper"],
            f"{found['source']} → {found['target']}",
        )
        for found in result["moderations"]
        for each in found["slopes"]
    ]
    return Chart(
        "Simple slopes by the moderator", intervals(rows), f"95% intervals, n = {result['n']:,}."
    )


def _coverage_chart(result: Section) -> Chart:
    row = Estimate(
        f"Formed by {len(result['items'])} items", result["path"], result["lower"], result["upper"]
    )
    return Chart(
        f"Path to {', '.join(result['global_items'])}",
        intervals([row], cut=0.7, cut_label=".70"),
        f"95% interval, n = {result['n']:,}.",
    )


_CHARTS: Mapping[str, Callable[[Section], Chart | None]] = {
    "slopes": _slope_chart,
    "redundancy": _coverage_chart,
    "multiverse": curve,
    "alignment": alignment_chart,
    "dif": dif_chart,
    "longitudinal": change_chart,
    "two_level": share_chart,
    "mixed": mixed_chart,
    "importance": combined_chart,
}


def _ladder(result: Section, number: int) -> Table:
    steps = result["steps"]
    scaled = steps[0]["fit"].get("chisq_scaled") is not None
    test = "_scaled" if scaled else ""
    index = "_robust" if steps[0]["fit"].get("cfi_robust") is not None else test
    return Table(
        number=number,
        title=f"Measurement Invariance by {result['group'].replace('_', ' ').capitalize()}",
        columns=[
            Column("Step", 0.16),
            Column(apa.CHI, 0.11, apa.number),
            Column(apa.DF, 0.07, apa.count),
            Column("CFI", 0.09, apa.BOUNDED_3),
            Column("RMSEA", 0.1, apa.BOUNDED_3),
            Column("SRMR", 0.09, apa.BOUNDED_3),
            Column(apa.DELTA_CHI, 0.1, apa.number),
            Column(apa.P, 0.08, apa.pvalue),
            Column("ΔCFI", 0.09, apa.BOUNDED_3),
            Column("Holds", 0.11),
        ],
        cells=[
            [
                step["name"].capitalize(),
                step["fit"].get(f"chisq{test}"),
                step["fit"].get("df"),
                step["fit"].get(f"cfi{index}"),
                step["fit"].get(f"rmsea{index}"),
                step["fit"].get("srmr"),
                step.get("d_chisq"),
                step.get("d_pvalue"),
                step.get("d_cfi"),
                "yes" if step["holds"] else "no",
            ]
            for step in steps
        ],
        note=ladder_verdict(result)
        + " "
        + _released(result)
        + " ".join(f"{step['name'].capitalize()}: {step['because']}." for step in steps),
        look=Look.APA,
    )


def _released(result: Section) -> str:
    """What was let differ, as a proposal; nothing where no release was tried."""
    names = [str(each["parameter"]) for each in result["releases"]]
    if not names:
        return ""
    if result["partial"] is None:
        return f"Releasing {', '.join(names)} was not enough. "
    return f"Released, as a proposal to be justified by content: {', '.join(names)}. "


def _latent_means(result: Section, number: int) -> Table:
    rows = result["latent_means"]
    return Table(
        number=number,
        title="Latent Means",
        columns=[
            Column("Factor", 0.3),
            Column("Group", 0.25),
            Column("Difference", 0.12, apa.number),
            Column(italic("SE"), 0.11, apa.number),
            Column(apa.P, 0.11, apa.pvalue),
            Column(italic("d"), 0.11, apa.number),
        ],
        cells=[
            [
                row["factor"],
                str(row["group"]),
                *(row.get(key) for key in ("est", "se", "pvalue", "d")),
            ]
            for row in rows
        ],
        note=f"Against {result['groups'][0]}, whose means are 0. They can be read only where means may"
        " be compared.",
        look=Look.APA,
    )


def _micom(result: Section, number: int) -> Table:
    one, two = result["groups"]
    return Table(
        number=number,
        title="Invariance of the Composites (MICOM)",
        columns=[
            Column("Construct", 0.24),
            Column(italic("c"), 0.1, apa.BOUNDED_3),
            Column("5% quantile", 0.12, apa.BOUNDED_3),
            Column(apa.P, 0.08, apa.pvalue),
            Column("Means differ by", 0.14, apa.number),
            Column(apa.P, 0.08, apa.pvalue, name="p of the means"),
            Column("Invariance", 0.24),
        ],
        cells=[
            [
                row["construct"],
                row["correlation"],
                row["correlation_5"],
                row["p_correlation"],
                row["mean_difference"],
                row["p_mean"],
                row["invariance"],
            ]
            for row in result["constructs"]
        ],
        note=(
            "Paths may be compared: every composite is at least partially invariant."
            if result["comparable"]
            else "Paths may not be compared: a composite differs between the groups."
        )
        + f" {one}: n = {result['n'][0]:,}; {two}: n = {result['n'][1]:,}."
        + f" {result['permutations']:,} permutations, seed {result['seed']}.",
        look=Look.APA,
    )


def _group_paths(result: Section, number: int) -> Table:
    one, two = result["groups"]
    resampled = ""
    if result.get("bootstrap"):
        resampled = (
            f" Henseler: one-sided p of a path that is larger in {one}, by {result['bootstrap']:,} resamples of"
            " each group; near 1 it is larger in the other."
        )
    return Table(
        number=number,
        title="Paths of the Two Groups",
        columns=[
            Column("Path", 0.3),
            Column(one, 0.12, apa.bounded),
            Column(two, 0.12, apa.bounded),
            Column("Difference", 0.13, apa.number),
            Column("95% of random groups", 0.17, apa.free_interval),
            Column(apa.P, 0.08, apa.pvalue),
            Column("Holm", 0.08, apa.pvalue),
            *([Column("Henseler", 0.08, apa.pvalue)] if resampled else []),
        ],
        cells=[
            [
                f"{row['source']} → {row['target']}",
                row["first"],
                row["second"],
                row["difference"],
                Interval(row.get("lower"), row.get("upper")),
                row.get("p_permutation"),
                row.get("p_holm"),
                *([row["p_mga"]] if resampled else []),
            ]
            for row in result["paths"]
        ],
        note="Permutation test. Differences can be read only where MICOM allows it." + resampled,
        look=Look.APA,
    )


def _items(result: Section, number: int) -> Table:
    return Table(
        number=number,
        title="Prediction of the Items (PLSpredict)",
        columns=[
            Column("Item", 0.2),
            Column("Construct", 0.26),
            Column((*italic("Q"), "²"), 0.12, apa.BOUNDED_3),
            Column("RMSE", 0.1, apa.BOUNDED_3),
            Column("RMSE, linear model", 0.12, apa.BOUNDED_3),
            Column("MAE", 0.1, apa.BOUNDED_3),
            Column("MAE, linear model", 0.1, apa.BOUNDED_3),
        ],
        cells=[
            [
                row["item"],
                row["construct"],
                *(row[key] for key in ("q2", "rmse", "rmse_lm", "mae", "mae_lm")),
            ]
            for row in result["items"]
        ],
        note=f"Predictive power: {result['power']}, by how many items PLS predicts with a smaller RMSE"
        f" than the linear model. n = {result['n']:,}, {result['folds']} folds,"
        f" {result['repetitions']} {'repetition' if result['repetitions'] == 1 else 'repetitions'},"
        f" {_PREDICTED[result.get('technique', 'direct')]}, seed {result['seed']}.",
        look=Look.APA,
    )


_PREDICTED = {
    "direct": "from direct antecedents",
    "earliest": "from exogenous constructs through the model",
}


def _cvpat(result: Section, number: int) -> Table:
    return Table(
        number=number,
        title="Predictive Ability (CVPAT)",
        columns=[
            Column("Compared with", 0.3),
            Column("Loss", 0.12, apa.number),
            Column("Its loss", 0.12, apa.number),
            Column("Difference", 0.14, apa.number),
            Column("95% CI", 0.2, apa.free_interval),
            Column(apa.P, 0.12, apa.pvalue),
        ],
        cells=[
            [
                row["benchmark"],
                row["loss"],
                row["loss_benchmark"],
                row["difference"],
                Interval(row["lower"], row["upper"]),
                row["p"],
            ]
            for row in result["cvpat"]
        ],
        note="Mean squared errors; below zero the model predicts better.",
        look=Look.APA,
    )


def _criteria(result: Section, number: int) -> Table:
    rows = result["criteria"]
    names = [name for name in _CRITERIA if name in rows[0]]
    heads = {"aic": "AIC", "aic3": "AIC3", "bic": "BIC", "caic": "CAIC"}
    stopped = [count for count, done in result["converged"].items() if not done]
    note = (
        "AIC3 and CAIC together point to the number; an entropy from .5 on tells segments apart. A"
        " segment is a proposal until it can be described."
    )
    if stopped:
        note += f" Without convergence: {', '.join(stopped)} segments."
    return Table(
        number=number,
        title="Number of Segments",
        columns=[
            Column("Segments", 0.16, apa.count),
            *(
                Column(heads.get(name, name.capitalize()), 0.84 / len(names), apa.number)
                for name in names
            ),
        ],
        cells=[[row["segments"], *(row[name] for name in names)] for row in rows],
        note=f"{note} n = {result['n']:,}, seed {result['seed']}.",
        look=Look.APA,
    )


def _segment_paths(result: Section, number: int) -> Table:
    columns = [name for name in result["paths"][0] if name not in ("source", "target")]
    shares = result["shares"]
    return Table(
        number=number,
        title=f"Paths of {result['segments']} Segment{'' if result['segments'] == 1 else 's'}",
        columns=[
            Column("Path", 0.4),
            *(
                Column(f"Segment {name} ({100 * share:.0f}%)", 0.6 / len(columns), apa.bounded)
                for name, share in zip(columns, shares, strict=True)
            ),
        ],
        cells=[
            [f"{row['source']} → {row['target']}", *(row[name] for name in columns)]
            for row in result["paths"]
        ],
        note="The number that AIC3 points to."
        if result.get("advised", result["segments"]) == result["segments"]
        else f"The number that was asked for; AIC3 points to {result['advised']}.",
        look=Look.APA,
    )


def _loadings(result: Section, number: int) -> Table:
    names = [f"F{at}" for at in range(1, len(result["loadings"][0]) + 1)]
    suited, told = result["adequacy"], result["suggested"]
    note = (
        f"{_EXTRACTED[result['method']]}, {_rotated(result)}, n = {result['n']:,}; loadings of the pattern. KMO ="
        f" {apa.bounded(suited['kmo'])}; Bartlett's test χ²({suited['df']}) ="
        f" {apa.number(suited['chisq'])}. Suggested number of factors: {told['parallel_factors']} by"
        f" parallel analysis of common factors{_taken(result)}, {told['parallel_components']} of components,"
        f" {told['minimum_average_partial']} by minimum average partial. Seed {result['seed']}."
    )
    width = 0.64 / len(names)
    return Table(
        number=number,
        title="Exploratory Factor Loadings",
        columns=[
            Column("Item", 0.2),
            *(Column(name, width, apa.bounded) for name in names),
            Column("Communality", 0.16, apa.bounded),
        ],
        cells=[
            [item, *row, shared]
            for item, row, shared in zip(
                result["items"], result["loadings"], result["communalities"], strict=True
            )
        ],
        note=note,
        look=Look.APA,
    )


_EXTRACTED = {
    "minres": "Minimum residuals",
    "ml": "Maximum likelihood",
    "principal_axis": "Principal axis",
    "principal": "Principal components",
}


def _rotated(result: Section) -> str:
    return "unrotated" if result["rotation"] == "none" else f"{result['rotation']} rotation"


def _taken(result: Section) -> str:
    """Whether the suggested number was taken."""
    suggested, taken = result["suggested"]["parallel_factors"], len(result["loadings"][0])
    return " (taken)" if taken == suggested else f" (asked for: {taken})"


def _factors(result: Section, number: int) -> Table:
    names = [f"F{at}" for at in range(1, len(result["phi"]) + 1)]
    return Table(
        number=number,
        title="Exploratory Factors",
        columns=[
            Column("Measure", 0.3),
            *(Column(name, 0.7 / len(names), apa.bounded) for name in names),
        ],
        cells=[
            ["Variance explained", *result["variance"]],
            *(
                [f"Correlation with {name}", *row]
                for name, row in zip(names, result["phi"], strict=True)
                if len(names) > 1
            ),
        ],
        note=f"Root mean square of the residual correlations {apa.BOUNDED_3(result['residual_rms'])}.",
        look=Look.APA,
    )


_INDICES = ("srmr", "rmsea", "cfi")


def _dynamic(result: Section, number: int) -> Table:
    rows: list[list[Any]] = [
        [
            f"Level {level['level']}" if level["level"] else "The model itself",
            "; ".join(f"{one['lhs']} {one['op']} {one['rhs']}" for one in level["added"]) or "-",
            *(level[name]["value"] for name in _INDICES),
            *(level[name]["sensitivity"] for name in _INDICES),
        ]
        for level in result["levels"]
    ]
    if result["fit"]:
        rows.append(["This fit", "-", *(result["fit"][name] for name in _INDICES), *[None] * 3])
    reached = ", ".join(
        f"{name.upper()} {result['reached'][name]}"
        for name in _INDICES
        if name in result["reached"]
    )
    return Table(
        number=number,
        title="Dynamic Cut-Offs of Fit",
        columns=[
            Column("Cut-offs of", 0.16),
            Column("Left out of the model", 0.24),
            *(Column(name.upper(), 0.1, apa.BOUNDED_3) for name in _INDICES),
            *(
                Column(f"Found by {name.upper()}", 0.1, apa.bounded, name=f"sensitivity {name}")
                for name in _INDICES
            ),
        ],
        cells=rows,
        note="A fit beyond a level's cut-off is like that of a model which lacks what the levels up to it"
        f" add {cited('mcneish-2023')}. Highest level whose cut-off this fit reaches: {reached or '-'}"
        " (0: it is better than every level's)."
        " “Found by” is the share of misspecified samples that the cut-off finds (of the model itself,"
        f" the share that it passes). n = {result['n']:,}, df = {result['df']},"
        f" {result['reps']:,} samples a level, seed {result['seed']}. {_simulated(result)}",
        look=Look.APA,
    )


def _simulated(result: Section) -> str:
    """What the samples consist of; results of earlier versions are of normal answers."""
    work = cited("mcneish-2023-categorical")
    estimator = result.get("estimator", "ML")
    return {
        "normal": "Samples are normal answers, fitted by ML.",
        "ordinal": "Samples are normal answers cut at the items' thresholds, fitted by WLSMV"
        f" {work}; RMSEA and CFI are those of the scaled and shifted test.",
        "likert": "Samples are normal answers cut at the items' thresholds and treated as numbers"
        f" {work}, fitted by {estimator}.",
        "bootstrap": "Samples are the rows, drawn again with their distribution and turned to each"
        f" level's correlations, fitted by {estimator}.",
    }[result.get("answers", "normal")]


def _slopes(result: Section, number: int) -> Table:
    rows: list[list[Any]] = []
    said = []
    for found in result["moderations"]:
        of = f"{found['source']} → {found['target']}"
        rows.append(_slope(of, f"per SD of {found['moderator']}", found["interaction"]))
        rows += [
            _slope(of, _stands(found["moderator"], each["at"]), each) for each in found["slopes"]
        ]
        where = " and ".join(
            f"{apa.number(low)} to {apa.number(high)}" for low, high in found["significant"]
        )
        said.append(
            f"{of}: significant with {found['moderator']} from {where} SD"
            if where
            else f"{of}: nowhere significant between {MINUS}3 and 3 SD of {found['moderator']}"
        )
    return Table(
        number=number,
        title="Simple Slopes",
        columns=[
            Column("Path", 0.26),
            Column("Moderator", 0.26),
            Column("Estimate", 0.12, apa.bounded),
            Column(italic("SE"), 0.1, apa.bounded),
            Column("95% CI", 0.16, apa.free_interval),
            Column(apa.P, 0.1, apa.pvalue),
        ],
        cells=rows,
        note=f"{'; '.join(said)} (Johnson and Neyman, within {MINUS}3 to 3). n = {result['n']:,},"
        f" {result.get('interaction', 'two-stage')} product, {result['bootstrap']:,} resamples, seed"
        f" {result['seed']}.",
        look=Look.APA,
    )


def _stands(moderator: str, at: float) -> str:
    if at == 0:
        return f"{moderator} at its mean"
    return f"{moderator} at {'+' if at > 0 else MINUS}{abs(at):g} SD"


def _slope(path: str, moderator: str, found: Section) -> list[Any]:
    between = Interval(found["lower"], found["upper"])
    return [path, moderator, found["estimate"], found["se"], between, found["p"]]


def _redundancy(result: Section, number: int) -> Table:
    said = "at least" if result["convergent"] else "below"
    return Table(
        number=number,
        title="Redundancy Analysis",
        columns=[
            Column("Formed by", 0.5),
            Column("Whole", 0.2),
            Column("Path", 0.12, apa.bounded),
            Column("95% CI", 0.18, apa.free_interval),
        ],
        cells=[
            [
                ", ".join(result["items"]),
                ", ".join(result["global_items"]),
                result["path"],
                Interval(result["lower"], result["upper"]),
            ]
        ],
        note=f"The path is {said} .70, from which on the items cover the construct {cited('cheah-2018')}."
        f" n = {result['n']:,}, {result['bootstrap']:,} resamples, seed {result['seed']}.",
        look=Look.APA,
    )


_TABLES: Mapping[str, tuple[Callable[[Section, int], Table], ...]] = {
    "invariance": (_ladder, _latent_means, level_ladder),
    "groups": (_micom, _group_paths),
    "prediction": (_items, _cvpat),
    "segments": (_criteria, _segment_paths),
    "exploratory": (_loadings, _factors),
    "cutoffs": (_dynamic,),
    "slopes": (_slopes,),
    "redundancy": (_redundancy,),
    "multiverse": (by_choice, every_universe),
    "alignment": (aligned_means, aligned_recovery, aligned_items, aligned_pairs),
    "dif": (dif_items, dif_effects, dif_means),
    "esem": (esem_fits, esem_loadings, esem_correlations),
    "two_level": (level_fits, level_estimates, level_shares, level_reliabilities),
    "mixed": (mixed_effects, mixed_spread),
    "longitudinal": (_ladder, wave_changes, wave_stability, wave_attrition),
    "imputation": (imputed_estimates,),
    "necessity": (necessity_effects, bottlenecks),
    "importance": (combined_table,),
    "tetrads": (tetrad_constructs, tetrad_tests),
    "copula": (copula_scores, copula_paths),
}
# Tables that some results have nothing for.
_WHERE_THERE: Mapping[Callable[[Section, int], Table], Callable[[Section], bool]] = {
    _ladder: lambda result: not is_of_levels(result),
    _latent_means: lambda result: not is_of_levels(result),
    level_ladder: is_of_levels,
    aligned_recovery: lambda result: bool(result.get("recovery")),
    dif_effects: lambda result: bool(result["flagged"]),
    dif_means: lambda result: result["method"] == "mimic",
    esem_correlations: lambda result: bool(result["correlations"]),
    wave_attrition: lambda result: bool(result["attrition"]),
}

"""The tables of a model's further analyses, from their stored results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from surveyapp.reports.document import Chart, Table
from surveyapp.reports.projects.compared_composites import (
    cvpat,
    group_paths,
    micom,
    predicted_items,
    segment_criteria,
    segment_paths,
)
from surveyapp.reports.projects.cutoffs import dynamic_cutoffs
from surveyapp.reports.projects.esem import esem_correlations, esem_fits, esem_loadings
from surveyapp.reports.projects.exploratory import exploratory_factors, exploratory_loadings
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
from surveyapp.reports.projects.invariance_ladders import ladder, latent_means
from surveyapp.reports.projects.levels import is_of_levels, level_ladder
from surveyapp.reports.projects.mixed import mixed_chart, mixed_effects, mixed_spread
from surveyapp.reports.projects.moderation import (
    coverage_chart,
    redundancy,
    simple_slopes,
    slope_chart,
)
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


_CHARTS: Mapping[str, Callable[[Section], Chart | None]] = {
    "slopes": slope_chart,
    "redundancy": coverage_chart,
    "multiverse": curve,
    "alignment": alignment_chart,
    "dif": dif_chart,
    "longitudinal": change_chart,
    "two_level": share_chart,
    "mixed": mixed_chart,
    "importance": combined_chart,
}


_TABLES: Mapping[str, tuple[Callable[[Section, int], Table], ...]] = {
    "invariance": (ladder, latent_means, level_ladder),
    "groups": (micom, group_paths),
    "prediction": (predicted_items, cvpat),
    "segments": (segment_criteria, segment_paths),
    "exploratory": (exploratory_loadings, exploratory_factors),
    "cutoffs": (dynamic_cutoffs,),
    "slopes": (simple_slopes,),
    "redundancy": (redundancy,),
    "multiverse": (by_choice, every_universe),
    "alignment": (aligned_means, aligned_recovery, aligned_items, aligned_pairs),
    "dif": (dif_items, dif_effects, dif_means),
    "esem": (esem_fits, esem_loadings, esem_correlations),
    "two_level": (level_fits, level_estimates, level_shares, level_reliabilities),
    "mixed": (mixed_effects, mixed_spread),
    "longitudinal": (ladder, wave_changes, wave_stability, wave_attrition),
    "imputation": (imputed_estimates,),
    "necessity": (necessity_effects, bottlenecks),
    "importance": (combined_table,),
    "tetrads": (tetrad_constructs, tetrad_tests),
    "copula": (copula_scores, copula_paths),
}
# Tables that some results have nothing for.
_WHERE_THERE: Mapping[Callable[[Section, int], Table], Callable[[Section], bool]] = {
    ladder: lambda result: not is_of_levels(result),
    latent_means: lambda result: not is_of_levels(result),
    level_ladder: is_of_levels,
    aligned_recovery: lambda result: bool(result.get("recovery")),
    dif_effects: lambda result: bool(result["flagged"]),
    dif_means: lambda result: result["method"] == "mimic",
    esem_correlations: lambda result: bool(result["correlations"]),
    wave_attrition: lambda result: bool(result["attrition"]),
}

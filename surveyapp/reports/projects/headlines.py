"""What each further analysis of a model found, in a line: what is read before its tables are opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from surveyapp.reports import apa
from surveyapp.reports.projects.esem import esem_tested
from surveyapp.reports.projects.groups import aligned_trust, dif_verdict
from surveyapp.reports.projects.levels import is_of_levels, level_verdict
from surveyapp.reports.projects.mixed import mixed_finding
from surveyapp.reports.projects.paths import endogeneity, first_priority, necessity_verdict
from surveyapp.reports.projects.samples import changed_by_imputing, largest_share
from surveyapp.results.projects.model_texts import COMPOSITE
from surveyapp.results.projects.multiverse import stored_multiverse
from surveyapp.results.projects.multiverse_phrases import multiverse_line
from surveyapp.store.models import ProjectAnalysis, ProjectModel

Section = Mapping[str, Any]
_LEVEL = 0.05
_LONG = 12  # rows; a longer table of a page is opened when asked to


def analysis_headline(analysis: ProjectAnalysis) -> str:
    """The finding with its n; nothing before there is a result."""
    return "" if analysis.result is None else _HEADLINES[analysis.kind](analysis.result).strip()


def table_headlines(model: ProjectModel) -> dict[str, str]:
    """By its title, the line that stands for a table of the result that is too long to stand open."""
    result = model.result
    if result is None or model.kind == COMPOSITE:
        return {}
    return {
        title: said(result)
        for title, (part, said) in _FOLDED.items()
        if len(result[part] or ()) > _LONG
    }


_VERDICTS = {
    "scalar": "Means may be compared: intercepts are equal.",
    "partial scalar": "Means may be compared with caution: intercepts are equal but for some released.",
    "metric": "Relations may be compared, means may not: loadings are equal, intercepts are not.",
    "none": "Nothing may be compared: not even loadings are equal.",
}


def ladder_verdict(result: Section) -> str:
    """What a ladder of invariance, over groups or waves, allows to compare."""
    return _VERDICTS.get(str(result["verdict"]).replace("_", " "), "")


def _loading_ends(result: Section) -> str:
    values = [
        abs(row["std_all"])
        for row in result["estimates"]
        if row["op"] == "=~" and row["std_all"] is not None
    ]
    counted = f"{len(result['estimates']):,} parameters"
    if not result["converged"] or not values:
        return f"{counted}."
    low, high = apa.bounded(min(values)), apa.bounded(max(values))
    return f"{counted}; standardised loadings {low} to {high}."


def _explained_ends(result: Section) -> str:
    values = [row["r_squared"] for row in result["r_squared"] if row["r_squared"] is not None]
    if not values:
        return ""
    return (
        f"{len(values):,} variables; R² {apa.bounded(min(values))} to {apa.bounded(max(values))}."
    )


def _largest_index(result: Section) -> str:
    largest = result["modification_indices"][0]
    return (
        f"The largest is {apa.number(largest['mi'])}, of {largest['lhs']} {largest['op']}"
        f" {largest['rhs']}."
    )


def _respondents(result: Section) -> str:
    return f" n = {result['n']:,}." if result.get("n") is not None else ""


def _ladder(result: Section) -> str:
    if is_of_levels(result):
        return level_verdict(result)
    rows = result.get("n", result["n_rows"])
    return f"{ladder_verdict(result)} {len(result['groups'])} groups, n = {rows:,}."


def _waves(result: Section) -> str:
    changed = [row for row in result["changes"] if _significant(row["p_holm"])]
    of = len(result["changes"])
    said = f"{len(changed)} of {of} {'change' if of == 1 else 'changes'} of latent means significant (Holm)."
    return f"{ladder_verdict(result)} {said}{_respondents(result)}"


def _exploratory(result: Section) -> str:
    factors, advised = len(result["variance"]), result["suggested"]["parallel_factors"]
    taken = "as" if factors == advised else f"where {advised} are what"
    return (
        f"{factors} {'factor' if factors == 1 else 'factors'}, {taken} parallel analysis suggests; together"
        f" {apa.percent(sum(result['variance']))} of the items' variance.{_respondents(result)}"
    )


def _esem(result: Section) -> str:
    return esem_tested(result["difference"]) + _respondents(result)


def _alignment(result: Section) -> str:
    return aligned_trust(result) + _respondents(result)


def _dif(result: Section) -> str:
    of = f"{len(result['flagged'])} of {len(result['items'])} items."
    return f"{of} {dif_verdict(result)}{_respondents(result)}"


def _levels(result: Section) -> str:
    if not result["converged"]:
        return f"The estimation did not converge.{_respondents(result)}"
    return f"{largest_share(result)}{result['clusters']:,} clusters, n = {result['n']:,}."


def _imputation(result: Section) -> str:
    return (
        f"{changed_by_imputing(result)} {result['imputations']} imputations, n = {result['n']:,}."
    )


def _cutoffs(result: Section) -> str:
    reached = result["reached"]
    if not reached:
        return f"Without a fit to compare.{_respondents(result)}"
    worst = max(reached.values())
    said = (
        "SRMR, RMSEA and CFI are better than the cut-offs of every level of misfit"
        if worst == 0
        else "The fit is like that of a misspecified model: "
        + ", ".join(f"{name.upper()} level {level}" for name, level in reached.items())
    )
    return f"{said}.{_respondents(result)}"


def _multiverse(result: Section) -> str:
    return multiverse_line(stored_multiverse(result), result["parameter"])


def _slopes(result: Section) -> str:
    return (
        "; ".join(
            f"{each['source']} × {each['moderator']} → {each['target']}"
            f" {apa.bounded(each['interaction']['estimate'])}, 95% CI"
            f" {apa.between(each['interaction']['lower'], each['interaction']['upper'])},"
            f" {_said(each['interaction']['p'])}"
            for each in result["moderations"]
        )
        + f".{_respondents(result)}"
    )


def _redundancy(result: Section) -> str:
    where = "at least" if result["convergent"] else "below"
    return (
        f"Path to {', '.join(result['global_items'])} {apa.bounded(result['path'])}, 95% CI"
        f" {apa.between(result['lower'], result['upper'])}, {where} .70.{_respondents(result)}"
    )


def _groups(result: Section) -> str:
    apart = [row for row in result["paths"] if _significant(row.get("p_holm"))]
    may = (
        "Paths may be compared"
        if result["comparable"]
        else "Paths may not be compared: a composite differs between the groups"
    )
    sizes = "; ".join(
        f"group {name}: n = {size:,}"
        for name, size in zip(result["groups"], result["n"], strict=True)
    )
    return f"{may}; {len(apart)} of {len(result['paths'])} differ significantly (Holm). {sizes[:1].upper()}{sizes[1:]}."


def _prediction(result: Section) -> str:
    mean, linear, *rival = result["cvpat"]
    said = f", and {_loss(rival[0])} than that of {rival[0]['benchmark']}" if rival else ""
    both = "," if rival else ", and"
    return (
        f"Predictive power: {result['power']}. The loss is {_loss(mean)} than that of the {mean['benchmark']}{both}"
        f" {_loss(linear)} than that of the {linear['benchmark']}{said}.{_respondents(result)}"
    )


def _loss(row: Section) -> str:
    way = "smaller" if row["difference"] < 0 else "larger"
    return f"{'significantly' if _significant(row['p']) else 'not significantly'} {way}"


def _segments(result: Section) -> str:
    shares = ", ".join(apa.percent(share) for share in result["shares"])
    many = "segment" if result["segments"] == 1 else "segments"
    advised = result.get("advised", result["segments"])
    if advised != result["segments"]:
        return (
            f"{result['segments']} {many} as asked for ({shares}); AIC3 points to {advised}."
            f"{_respondents(result)}"
        )
    return f"AIC3 points to {result['segments']} {many} ({shares}).{_respondents(result)}"


def _necessity(result: Section) -> str:
    return necessity_verdict(result) + _respondents(result)


def _importance(result: Section) -> str:
    return first_priority(result) + _respondents(result)


def _tetrads(result: Section) -> str:
    rejected = [each["construct"] for each in result["constructs"] if not each["reflective"]]
    said = (
        f"A common factor is rejected for {', '.join(rejected)}."
        if rejected
        else "A common factor of the items is rejected for no construct."
    )
    return f"{said}{_respondents(result)}"


def _copula(result: Section) -> str:
    return " ".join(endogeneity(each) for each in result["equations"]) + _respondents(result)


_FOLDED: Mapping[str, tuple[str, Callable[[Section], str]]] = {
    "Parameter Estimates": ("estimates", _loading_ends),
    "Explained Variance": ("r_squared", _explained_ends),
    "Modification Indices": ("modification_indices", _largest_index),
}


def _significant(p: float | None) -> bool:
    return p is not None and p < _LEVEL


def _said(p: float | None) -> str:
    return "significant" if _significant(p) else "not significant"


_HEADLINES: Mapping[str, Callable[[Section], str]] = {
    "invariance": _ladder,
    "groups": _groups,
    "prediction": _prediction,
    "segments": _segments,
    "exploratory": _exploratory,
    "cutoffs": _cutoffs,
    "slopes": _slopes,
    "redundancy": _redundancy,
    "multiverse": _multiverse,
    "alignment": _alignment,
    "dif": _dif,
    "esem": _esem,
    "two_level": _levels,
    "mixed": mixed_finding,
    "longitudinal": _waves,
    "imputation": _imputation,
    "necessity": _necessity,
    "importance": _importance,
    "tetrads": _tetrads,
    "copula": _copula,
}

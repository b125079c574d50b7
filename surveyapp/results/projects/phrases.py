"""A project's models in words: fit in one line, and what the test against another model says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.two_level.model import LEVEL_NAMES, WITHIN
from surveyapp.results.projects.model_texts import COMPOSITE, observed_or_none

Section = Mapping[str, Any]


def fit_line(kind: str, result: Section) -> str:
    """The fit as a paper states it; of a robust estimator the scaled test and robust indices.

    Of a composite model the explained variance of its constructs.
    """
    if kind == COMPOSITE:
        told = [
            f"{name} R² = {_bounded(row['r_squared'], 2)}"
            for name, row in result["r_squared"].items()
            if row.get("r_squared") is not None
        ]
        return f"{result['method']}, n = {result['n']:,}: " + (", ".join(told) or "no paths")
    if not result["converged"]:
        return f"The estimation did not converge (n = {result['n']:,})."
    fit = result["fit"]
    test = "_scaled" if fit.get("chisq_scaled") is not None else ""
    index = "_robust" if fit.get("cfi_robust") is not None else test
    if not fit["df"]:
        return f"χ²(0) = 0: the model has no degrees of freedom, so its fit cannot be tested (n = {result['n']:,})."
    low, high = fit.get(f"rmsea_ci_lower{index}"), fit.get(f"rmsea_ci_upper{index}")
    interval = "" if low is None else f", 90% CI [{_bounded(low)}, {_bounded(high)}]"
    clusters = f" in {result['clusters']:,} clusters" if "level_fit" in result else ""
    return (
        f"χ²({fit['df']:.0f}, N = {result['n']:,}{clusters}) = {fit[f'chisq{test}']:,.2f}, p"
        f" {_p(fit[f'pvalue{test}'])}, CFI = {_bounded(fit[f'cfi{index}'])}, TLI ="
        f" {_bounded(fit[f'tli{index}'])}, RMSEA = {_bounded(fit[f'rmsea{index}'])}{interval}, SRMR ="
        f" {_bounded(fit['srmr'])}"
    )


def difference_line(found: Section) -> str:
    """What the chi-square difference test against the model of origin says."""
    if found.get("why"):
        return f"No difference test against {found['name']}: {found['why']}."
    if found.get("warning"):
        return f"No difference test against {found['name']}: {found['warning']}."
    if found["pvalue"] is None or found["chisq"] is None:
        return f"No difference test against {found['name']}: it does not exist for these two."
    worse = found["pvalue"] < 0.05
    other = "this model" if not found["restricted"] else found["name"]
    verdict = (
        f"the restrictions are rejected at 5%; {other} fits better"
        if worse
        else "the more restricted model fits not significantly worse"
    )
    scaled = "" if found["method"] == "standard" else f" ({found['method']})"
    return (
        f"Against {found['name']}: Δχ²({found['df']}) = {found['chisq']:,.2f}, p"
        f" {_p(found['pvalue'])}{scaled}; {verdict}, if the two are nested."
    )


@dataclass(frozen=True)
class Proposal:
    """A change that a result suggests: a ``line`` to add, in a model with levels at ``level``, or an ``item``
    to leave out, and its numbers."""

    text: str
    numbers: str
    line: str = ""
    item: str = ""
    level: int = 0


_MOST = 8  # proposals of either kind
_WEAK = 0.70  # the usual cut-off of a standardised loading
_FREED = ("=~", "~~", "~")


def proposals(kind: str, text: str, result: Section) -> list[Proposal]:
    """The parameters with the largest modification indices, then the items that load weakest.

    None for composite models and where the estimation did not converge. Of several groups no parameter:
    an index is of one group, and a line of the text would free it in all. With levels a parameter is of one
    of them, and the loadings are those within clusters.
    """
    if kind == COMPOSITE or not result["converged"]:
        return []
    found: list[Proposal] = []
    if not result["groups"]:
        for row in result["modification_indices"] or ():
            if row["op"] in _FREED and len(found) < _MOST:
                line = f"{row['lhs']} {row['op']} {row['rhs']}"
                numbers = (
                    f"index {row['mi']:,.1f}, expected {_bounded(row['sepc_all'], 2)} standardised"
                )
                level = row.get("level", 0)
                where = f" {LEVEL_NAMES[level]} clusters" if level else ""
                found.append(Proposal(f"Add {line}{where}", numbers, line=line, level=level))
    used = observed_or_none(kind, text)
    weak = sorted(
        (abs(row["std_all"]), row["rhs"])
        for row in result["estimates"]
        if row["op"] == "=~" and row["std_all"] is not None and row["group"] == 1
        and row.get("level", WITHIN) == WITHIN
        and row["rhs"] in used and abs(row["std_all"]) < _WEAK
    )  # fmt: skip
    found += [
        Proposal(f"Leave out {item}", f"loads {_bounded(size, 2)}, below .70", item=item)
        for size, item in weak[:_MOST]
    ]
    return found


def _bounded(value: float | None, digits: int = 3) -> str:
    if value is None:
        return "–"
    text = f"{value:.{digits}f}".replace("-", "−")
    return text.replace("0.", ".", 1) if text.lstrip("−").startswith("0.") else text


def _p(value: float | None) -> str:
    if value is None:
        return "= –"
    return "< .001" if value < 0.001 else f"= {_bounded(value)}"

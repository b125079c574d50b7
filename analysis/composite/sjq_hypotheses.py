"""The hypotheses of the SJQ study, with verdicts in words."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.composite.mediation import Mediation
from analysis.composite.result import PlsResult
from analysis.errors import DataError


@dataclass(frozen=True)
class Hypothesis:
    """A hypothesis (in our words), the effect that tests it, and what came out."""

    code: str
    claim: str
    estimate: float
    lower: float
    upper: float
    p: float
    supported: bool
    verdict: str


def hypotheses(fit: PlsResult, found: Mediation) -> tuple[Hypothesis, ...]:
    """H1: SJQ goes with service quality, H2: with loyalty, H3: service quality mediates.

    A hypothesis is supported when the percentile interval of its effect lies above zero, which a
    survey at one time cannot tell from other explanations: a verdict says so, with n. Raises
    DataError without bootstrap.
    """
    if fit.bootstrap is None:
        raise DataError("hypotheses are tested by bootstrap; fit with bootstrap=5000")
    source, target = found.source, found.target
    mediator = next(p.target for p in fit.model.paths if p.source == source and p.target != target)
    totals = fit.bootstrap.tables["total_effects"].to_dict("index")
    indirect = fit.bootstrap.tables["indirect_effects"].to_dict("index")
    rows = (
        (
            "H1",
            "Service journey quality is positively associated with service quality.",
            totals[(source, mediator)],
        ),
        (
            "H2",
            "Service journey quality is positively associated with customer loyalty.",
            totals[(source, target)],
        ),
        (
            "H3",
            "Service quality mediates the association of service journey quality with loyalty.",
            indirect[(source, target)],
        ),
    )
    out = []
    for code, claim, row in rows:
        lower, upper = float(row["lower"]), float(row["upper"])
        supported = lower > 0
        verdict = _verdict(upper, fit.n, supported=supported)
        if code == "H3" and supported:
            verdict += _kind(found)
        estimate, p = float(row["estimate"]), float(row["p_percentile"])
        out.append(Hypothesis(code, claim, estimate, lower, upper, p, supported, verdict))
    return tuple(out)


def _verdict(upper: float, n: int, *, supported: bool) -> str:
    if supported:
        return (
            f"Supported in n = {n:,} answers of one survey at one time: the association is positive. The"
            " opposite direction or a common cause would look the same."
        )
    if upper < 0:
        return f"Contradicted in n = {n:,} answers of one survey at one time: the association is negative."
    return "Not supported: the interval includes zero."


def _kind(found: Mediation) -> str:
    if found.kind == "complementary" and found.vaf is not None:
        return (
            f" The mediation is partial: {found.vaf:.0%} of the total effect runs through service "
            "quality, and a direct effect in the same direction is left."
        )
    if found.kind == "competitive":
        return " The direct effect has the opposite sign to the indirect one."
    return " The mediation is full: no direct effect is left that differs from zero."

"""What a multiverse says, in sentences."""

from __future__ import annotations

from analysis.multiverse import Multiverse


def multiverse_line(found: Multiverse, name: str) -> str:
    """Range, shares of the same sign and of intervals without zero, and how to take them.

    name: what is estimated, such as "loyalty ~ ease".
    """
    fitted = found.headlines
    count = len(found.universes)
    if not fitted:
        return f"{name} could be estimated in none of {count:,} universes."
    estimates = [each.estimate for each in fitted]
    rows = sorted(each.n for each in fitted)
    respondents = f"{rows[0]:,}" if rows[0] == rows[-1] else f"{rows[0]:,} to {rows[-1]:,}"
    return (
        f"{name} was estimated in {len(fitted):,} of {count:,} universes ({respondents} respondents):"
        f" {_number(min(estimates))} to {_number(max(estimates))}, median {_number(found.median)}."
        f" {found.same_sign:.0%} have the same sign, and the 95% interval of"
        f" {found.excluding_zero:.0%} excludes zero. The universes share respondents, so they are not"
        " independent: these shares are no test."
    )


def failures_line(found: Multiverse) -> str:
    """How many fits failed and the commonest reason; and combinations that do not exist. May be empty."""
    said = []
    if found.failed:
        reasons = [each.why for each in found.failed]
        commonest = max(dict.fromkeys(reasons), key=reasons.count)
        fits = "fit" if len(reasons) == 1 else "fits"
        said.append(f"{len(reasons):,} {fits} failed, most often: {commonest}.")
    if found.impossible:
        many = "combination does" if found.impossible == 1 else "combinations do"
        said.append(f"{found.impossible:,} {many} not exist, such as WLSMV with full information.")
    return " ".join(said)


def _number(value: float) -> str:
    text = f"{value:.2f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text

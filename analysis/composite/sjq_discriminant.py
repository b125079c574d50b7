"""Which constructs of the SJQ study their items hardly tell apart, by HTMT and its cut-off.

Pages read the cut-off here, so that pandas, which a fitted model needs, is imported for types only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from analysis.digits import digits_beside

if TYPE_CHECKING:
    from analysis.composite.result import PlsResult

CUT = 0.85  # Henseler, Ringle & Sarstedt 2015


@dataclass(frozen=True)
class HtmtPair:
    """HTMT of two first-order constructs with its bootstrap interval.

    ``above``: it reaches the cut-off. ``block``: the second-order construct of which both are
    dimensions, None for constructs of different blocks.
    """

    first: str
    second: str
    htmt: float
    lower: float
    upper: float
    above: bool
    block: str | None


def htmt_pairs(
    fit: PlsResult, names: Sequence[str], blocks: Mapping[str, Sequence[str]]
) -> tuple[HtmtPair, ...]:
    """Every pair of the constructs. blocks: second-order construct -> its dimensions.

    The fit is bootstrapped with HTMT among its statistics.
    """
    found = {} if fit.bootstrap is None else fit.bootstrap.tables["htmt"].to_dict("index")
    ratios, out = fit.htmt.to_dict("index"), []
    for a, b in combinations(names, 2):
        row = found.get((a, b)) or found.get((b, a)) or {}
        value = float(ratios[a][b])
        lower, upper = (float(row.get(end, float("nan"))) for end in ("lower", "upper"))
        block = next((name for name, parts in blocks.items() if {a, b} <= set(parts)), None)
        out.append(HtmtPair(a, b, value, lower, upper, value >= CUT, block))
    return tuple(out)


def htmt_sentences(pairs: Sequence[HtmtPair]) -> tuple[str, ...]:
    """What a reader must know of the pairs that reach the cut-off: how many, which, and why."""
    above = [pair for pair in pairs if pair.above]
    if not above:
        return ()
    said = [
        f"discriminant validity: {len(above)} of {len(pairs)} HTMT values reach {CUT:g} (largest "
        f"{_named(max(above, key=lambda pair: pair.htmt))})"
    ]
    apart = [pair for pair in above if pair.block is None]
    if apart:
        said.append(
            f"between constructs that the model keeps apart: {_listed(apart)}; answers hardly tell these"
            " apart, and a path or effect of one is not distinct from the other's"
        )
    for block in dict.fromkeys(pair.block for pair in above if pair.block):
        inside = [pair for pair in above if pair.block == block]
        said.append(
            f"within {_words(block)}: {_listed(inside)}; dimensions of one second-order construct share"
            " its meaning, so that high values may be expected, but their separate weights and"
            " importances are uncertain"
        )
    return tuple(said)


def _listed(pairs: Sequence[HtmtPair]) -> str:
    return "; ".join(_named(pair) for pair in sorted(pairs, key=lambda pair: -pair.htmt))


def _named(pair: HtmtPair) -> str:
    value = f"{pair.htmt:.{digits_beside(pair.htmt, CUT, 2)}f}"
    return f"{_words(pair.first)} and {_words(pair.second)} {value}"


def _words(name: str) -> str:
    return name.replace("_", " ")

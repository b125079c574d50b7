"""What a validation's numbers mean by the field's conventions: a cut-off with its source.

A cut-off is a convention, not a law: every conclusion carries its value, the cut and the source,
so that a reader may judge by another. Which conventions apply to a section, the section says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Conclusion:
    """One convention applied: ``value`` compared with ``cut`` by ``relation``.

    ``step`` is the document's section, ``subject`` the factor or pair it is about (None: the whole
    scale). ``holds`` is None where the value could not be computed.
    """

    step: str
    measure: str
    subject: str | None
    value: float | None
    relation: str  # ">=", "<=", ">", "<", "=="
    cut: float
    source: str
    holds: bool | None


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": lambda value, cut: value >= cut,
    "<=": lambda value, cut: value <= cut,
    ">": lambda value, cut: value > cut,
    "<": lambda value, cut: value < cut,
    "==": lambda value, cut: value == cut,
}


def concluded(
    step: str,
    measure: str,
    value: float | None,
    relation: str,
    cut: float,
    source: str,
    subject: str | None = None,
) -> Conclusion:
    """A value compared with a cut-off; unknown where the value is None or NaN.

    >>> concluded("adequacy", "kmo", 0.6, ">=", 0.6, "Kaiser 1974").holds
    True
    """
    known = value is not None and value == value
    return Conclusion(
        step=step,
        measure=measure,
        subject=subject,
        value=value if known else None,
        relation=relation,
        cut=cut,
        source=source,
        holds=bool(_COMPARE[relation](value, cut)) if known and value is not None else None,
    )

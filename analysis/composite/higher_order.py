"""Second-order constructs in composite models: how their paths are drawn, stage by stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analysis.composite.model import Construct, PlsModel

HigherOrder = Literal["two-stage", "repeated", "three-stage"]


@dataclass(frozen=True)
class Advice:
    """When to use which way of estimating a second-order construct."""

    method: HigherOrder
    use_when: str
    beware: str
    source: str


ADVICE: tuple[Advice, ...] = (
    Advice(
        "two-stage",
        "the usual choice: composites of composites, or reflective-formative constructs whose "
        "dimensions are measured reliably; the second-order construct may have antecedents",
        "the dimensions' scores carry their measurement error, so weights and paths of a composite "
        "of common factors are attenuated",
        "Sarstedt, Hair, Cheah, Becker & Ringle 2019, Australasian Marketing Journal 27(3)",
    ),
    Advice(
        "repeated",
        "to reproduce studies done so (the SJQ article among them), or when all dimensions have "
        "about the same number of items and the focus is on the weights of the dimensions",
        "the dimensions leave next to nothing of the second-order construct to explain, so that its "
        "antecedents act through them: read total effects; unequal numbers of items weigh "
        "dimensions unequally unless Mode B is used",
        "Becker, Klein & Wetzels 2012, Long Range Planning 45(5-6)",
    ),
    Advice(
        "three-stage",
        "the dimensions are common factors (items are reflections) and the second-order construct "
        "is composed of them: the type of SJQ; weights and paths are consistent",
        "needs dimensions with at least two items and enough rows for stable corrections; scores "
        "still contain measurement error although the coefficients do not",
        "van Riel, Henseler, Kemeny & Sasovova 2017, Industrial Management & Data Systems 117(3)",
    ),
)


def is_formed(construct: Construct) -> bool:
    """Whether a second-order construct is composed of its dimensions rather than their cause."""
    return construct.mode == "B" or not construct.factor


def first_stage_paths(model: PlsModel) -> list[tuple[str, str]]:
    """Paths with each second-order construct replaced by its dimensions, products left out.

    The dimensions take over all antecedents and targets (disjoint two-stage, stage one).
    """
    parts = {c.name: c.parts for c in model.higher}
    paths = [
        (source, target)
        for path in model.paths
        if ":" not in path.source
        for source in parts.get(path.source, (path.source,))
        for target in parts.get(path.target, (path.target,))
    ]
    return list(dict.fromkeys(paths))


def repeated_paths(model: PlsModel) -> list[tuple[str, str]]:
    """Paths when second-order constructs repeat the items of their dimensions.

    A formed construct is the end of arrows from its dimensions, and what leads to it leads to
    them instead (Becker, Klein & Wetzels 2012, type II); a reflected one leads to its dimensions.
    """
    formed = {c.name: c.parts for c in model.higher if is_formed(c)}
    paths = [
        (path.source, target)
        for path in model.paths
        for target in formed.get(path.target, (path.target,))
    ]
    for construct in model.higher:
        for part in construct.parts:
            name = construct.name
            paths.append((part, name) if name in formed else (name, part))
    return list(dict.fromkeys(paths))

"""A measured model as a path diagram's parts: constructs, items, and the arrows between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from surveyapp.errors import Invalid


class Shape(StrEnum):
    FACTOR = "factor"  # reflective construct: ellipse
    COMPOSITE = "composite"  # construct formed by its parts: hexagon
    ITEM = "item"  # what was measured: box


class Kind(StrEnum):
    LOADING = "loading"  # from a construct to what shows it
    WEIGHT = "weight"  # from a part to what it forms
    PATH = "path"  # from cause to effect
    CORRELATION = "correlation"  # both ways, drawn as an arc


@dataclass(frozen=True)
class Node:
    """``name`` tells a part from all others, also from one that is labelled the same."""

    name: str
    label: str
    shape: Shape
    r_squared: float | None = None


@dataclass(frozen=True)
class Arrow:
    """``significant`` is None where nothing was tested; what is not significant is drawn dashed."""

    source: str
    target: str
    kind: Kind
    value: float | None = None
    significant: bool | None = None


@dataclass(frozen=True)
class Diagram:
    """Nodes stand in their order within a layer. Raises Invalid for an arrow that leads nowhere."""

    nodes: Sequence[Node]
    arrows: Sequence[Arrow]

    def __post_init__(self) -> None:
        names = [node.name for node in self.nodes]
        if len(set(names)) < len(names):
            raise Invalid("two parts of a path diagram have one name; each needs its own")
        for arrow in self.arrows:
            for end in (arrow.source, arrow.target):
                if end not in names:
                    raise Invalid(f"an arrow of the path diagram leads to {end}, which it lacks")

    @property
    def sideways(self) -> bool:
        """Items make columns from left to right; constructs alone make rows from top to bottom."""
        return any(node.shape is Shape.ITEM for node in self.nodes)

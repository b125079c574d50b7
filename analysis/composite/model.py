"""The typed description of a composite model: constructs, second-order constructs, paths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from analysis.errors import ModelError

Mode = Literal["A", "B", "unit"]

MAX_ITEMS = 500
MAX_CONSTRUCTS = 100


@dataclass(frozen=True)
class Construct:
    """A construct and what measures it: items, or other constructs (then it is of second order).

    ``mode`` A weighs by correlation (reflective), B by regression (formative), "unit" equally.
    ``factor`` says that the construct causes its parts (the model text marks it with ``=~``): a
    common factor, which PLSc corrects for attenuation when its mode is A.
    """

    name: str
    parts: tuple[str, ...]
    mode: Mode = "A"
    factor: bool = False
    line: int | None = None


@dataclass(frozen=True)
class Path:
    """One arrow of the structural model; ``source`` may be a product ``X:Z``."""

    source: str
    target: str
    line: int | None = None


def product_name(first: str, second: str) -> str:
    """The name of the product of two constructs, as the model text writes it."""
    return f"{first}:{second}"


@dataclass(frozen=True)
class PlsModel:
    """A composite model, checked when made.

    Raises ModelError, naming line and construct, for: a name defined twice or never used, an
    item in two constructs, a construct without items, a second-order construct of mixed parts,
    no path, a path to itself, a cycle, a product without its main effects.

    >>> model = PlsModel(
    ...     (Construct("X", ("x1", "x2")), Construct("Y", ("y1", "y2"))), (Path("X", "Y"),)
    ... )
    >>> model.items
    ('x1', 'x2', 'y1', 'y2')
    """

    constructs: tuple[Construct, ...]
    paths: tuple[Path, ...]

    def __post_init__(self) -> None:
        check(self)

    @property
    def names(self) -> tuple[str, ...]:
        """The constructs in the order in which they were defined, products not included."""
        return tuple(construct.name for construct in self.constructs)

    def __getitem__(self, name: str) -> Construct:
        return next(construct for construct in self.constructs if construct.name == name)

    def is_higher(self, name: str) -> bool:
        """Whether the construct is measured by other constructs (its own name is an item's)."""
        defined = set(self.names)
        return name in defined and any(p in defined and p != name for p in self[name].parts)

    @property
    def higher(self) -> tuple[Construct, ...]:
        """The second-order constructs."""
        return tuple(c for c in self.constructs if self.is_higher(c.name))

    @property
    def first_order(self) -> tuple[Construct, ...]:
        """The constructs measured by items."""
        return tuple(c for c in self.constructs if not self.is_higher(c.name))

    @property
    def items(self) -> tuple[str, ...]:
        """All items, construct by construct, each once."""
        return tuple(dict.fromkeys(item for c in self.first_order for item in c.parts))

    def items_of(self, name: str) -> tuple[str, ...]:
        """The items below a construct; those of its dimensions for a second-order construct."""
        parts = self[name].parts
        if not self.is_higher(name):
            return parts
        return tuple(item for dimension in parts for item in self[dimension].parts)

    @property
    def products(self) -> tuple[tuple[str, str], ...]:
        """The product terms among the sources, each once."""
        found = dict.fromkeys(path.source for path in self.paths if ":" in path.source)
        return tuple((first, second) for first, second in (name.split(":") for name in found))

    def antecedents(self, target: str) -> tuple[str, ...]:
        """What the construct is regressed on."""
        return tuple(path.source for path in self.paths if path.target == target)

    def targets(self, source: str) -> tuple[str, ...]:
        """The constructs that a construct (or product) leads to."""
        return tuple(path.target for path in self.paths if path.source == source)


def check(model: PlsModel) -> None:
    """Raise ModelError for the first thing in the model that makes no sense."""
    _check_constructs(model)
    _check_paths(model)
    defined = set(model.names)
    joined = {name for path in model.paths for name in (*path.source.split(":"), path.target)}
    for construct in model.higher:
        if construct.name in joined:
            joined.update(construct.parts)
    for construct in model.constructs:
        if construct.name not in joined:
            raise ModelError(
                f"{construct.name} has no path: no line 'Y ~ X' names it; add a path or leave "
                "the construct out",
                line=construct.line,
            )
    cycle = find_cycle([(p.source, p.target) for p in model.paths if p.source in defined])
    if cycle:
        raise ModelError(
            f"the paths run in a circle: {' -> '.join(cycle)}; a composite model must be recursive, "
            "so take one of these arrows out",
            line=max(
                (
                    p.line
                    for p in model.paths
                    if p.line is not None and (p.source, p.target) in set(pairwise(cycle))
                ),
                default=None,
            ),
        )


def _check_constructs(model: PlsModel) -> None:
    if len(model.constructs) > MAX_CONSTRUCTS:
        raise ModelError(f"{len(model.constructs)} constructs; the limit is {MAX_CONSTRUCTS}")
    if len(model.items) > MAX_ITEMS:
        raise ModelError(f"{len(model.items)} items; the limit is {MAX_ITEMS}")
    seen: set[str] = set()
    owner: dict[tuple[bool, str], str] = {}
    defined = set(model.names)
    for construct in model.constructs:
        name, line = construct.name, construct.line
        if name in seen:
            raise ModelError(f"{name} is defined twice; keep one definition", line=line)
        seen.add(name)
        if not construct.parts:
            raise ModelError(f"{name} has no items", line=line)
        repeated = [part for part in construct.parts if construct.parts.count(part) > 1]
        if repeated:
            raise ModelError(f"{name}: {repeated[0]} stands twice among its items", line=line)
        of_constructs = [part for part in construct.parts if part in defined and part != name]
        if of_constructs and len(of_constructs) < len(construct.parts):
            other = next(part for part in construct.parts if part not in of_constructs)
            raise ModelError(
                f"{name} mixes constructs ({', '.join(of_constructs)}) and items ({other}); define "
                f"{other} as a construct of one item if it belongs there",
                line=line,
            )
        for part in construct.parts:
            key = (part in of_constructs, part)
            if key in owner:
                what = "construct" if key[0] else "item"
                raise ModelError(
                    f"{name}: the {what} {part} already belongs to {owner[key]}", line=line
                )
            owner[key] = name
        if of_constructs:
            _check_higher(model, construct)


def _check_higher(model: PlsModel, construct: Construct) -> None:
    if len(construct.parts) < 2:
        raise ModelError(
            f"{construct.name}: a second-order construct needs at least two dimensions, has "
            f"{construct.parts[0]} alone",
            line=construct.line,
        )
    for part in construct.parts:
        if model.is_higher(part):
            raise ModelError(
                f"{construct.name}: its dimension {part} is of second order itself; a model of "
                "third order is not estimated, because scores made of scores carry the errors of two "
                f"stages and no correction for them is published; measure {construct.name} by the "
                "first-order constructs, or by scores of its dimensions saved as columns",
                line=construct.line,
            )


def _check_paths(model: PlsModel) -> None:
    if not model.paths:
        raise ModelError("the model has no path; add a line such as 'Y ~ X'")
    defined = set(model.names)
    dimension_of = {part: c.name for c in model.higher for part in c.parts}
    seen: set[tuple[str, str]] = set()
    for path in model.paths:
        for name in (*path.source.split(":"), path.target):
            if name not in defined:
                raise ModelError(
                    f"{name} is in a path but not defined; add '{name} =~ its items'",
                    line=path.line,
                )
            if name in dimension_of:
                raise ModelError(
                    f"{name} is a dimension of {dimension_of[name]}, so its paths are those of "
                    f"{dimension_of[name]}; name that in the path",
                    line=path.line,
                )
        if path.source == path.target:
            raise ModelError(f"{path.target} is regressed on itself", line=path.line)
        if (path.source, path.target) in seen:
            raise ModelError(
                f"the path {path.source} -> {path.target} stands twice", line=path.line
            )
        seen.add((path.source, path.target))
        _check_product(model, path)


def _check_product(model: PlsModel, path: Path) -> None:
    if ":" not in path.source:
        return
    parts = path.source.split(":")
    if len(parts) != 2:
        raise ModelError(
            f"{path.source}: products of more than two constructs are not supported",
            line=path.line,
        )
    if path.target in parts:
        raise ModelError(
            f"{path.target} cannot depend on its own product {path.source}", line=path.line
        )
    if product_name(parts[1], parts[0]) != path.source and any(
        p.source == product_name(parts[1], parts[0]) for p in model.paths
    ):
        raise ModelError(
            f"{path.source} and {parts[1]}:{parts[0]} are one product; write it one way",
            line=path.line,
        )
    for part in parts:
        if part not in model.antecedents(path.target):
            raise ModelError(
                f"the product {path.source} needs its main effects: add {part} to "
                f"'{path.target} ~ ...'",
                line=path.line,
            )


def find_cycle(arrows: Iterable[tuple[str, str]]) -> list[str]:
    """One circle among the arrows as a list that ends where it starts; empty if there is none."""
    following: dict[str, list[str]] = {}
    for source, target in arrows:
        following.setdefault(source, []).append(target)
    done: set[str] = set()

    def walk(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done:
            return []
        for target in following.get(name, []):
            found = walk(target, [*trail, name])
            if found:
                return found
        done.add(name)
        return []

    for start in list(following):
        found = walk(start, [])
        if found:
            return found
    return []


def causal_order(names: Sequence[str], arrows: Iterable[tuple[str, str]]) -> list[str]:
    """The names so that every source stands before its targets (the arrows have no circle)."""
    pairs = list(arrows)
    left, order = list(names), []
    while left:
        ready = [n for n in left if not any(t == n and s in left for s, t in pairs)]
        order += ready
        left = [n for n in left if n not in ready]
    return order

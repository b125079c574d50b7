"""From a model to the stages that estimate it: which variables, blocks and arrows each one has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np

from analysis.composite.higher_order import (
    HigherOrder,
    first_stage_paths,
    is_formed,
    repeated_paths,
)
from analysis.composite.model import Construct, PlsModel, causal_order, product_name
from analysis.composite.weights import MAX_ITERATIONS, TOLERANCE, Scheme, Stage
from analysis.errors import ModelError

Interaction = Literal["two-stage", "orthogonal", "product-indicator"]


@dataclass(frozen=True)
class CompositeOptions:
    """How a composite model is estimated."""

    scheme: Scheme = "path"
    consistent: bool = False
    higher_order: HigherOrder = "two-stage"
    interaction: Interaction = "two-stage"
    tolerance: float = TOLERANCE
    max_iterations: int = MAX_ITERATIONS

    def __post_init__(self) -> None:
        for what, value, known in (
            ("scheme", self.scheme, get_args(Scheme)),
            ("higher order", self.higher_order, ("two-stage", "repeated", "three-stage")),
            ("interaction", self.interaction, ("two-stage", "orthogonal", "product-indicator")),
        ):
            if value not in known:
                raise ModelError(f"{what} {value!r} is not known; use one of {', '.join(known)}")


@dataclass(frozen=True)
class Product:
    """A product of two constructs, and where its variables stand."""

    name: str
    first: str
    second: str
    columns: np.ndarray  # places of the products of its items among the variables
    first_items: np.ndarray  # (k,) item of the first construct in each of these products
    second_items: np.ndarray

    @property
    def indicators(self) -> np.ndarray:
        """The item products, each once (a square holds x1 x2 and x2 x1)."""
        return np.array(list(dict.fromkeys(self.columns.tolist())))


@dataclass(frozen=True)
class Layout:
    """The plan of an estimation. Variables are: items, item products, scores made on the way.

    ``first`` is the stage that makes the scores of the dimensions (``lower``), if any; ``main``
    the one without products, whose scores are multiplied; ``final`` the one that is reported.
    """

    model: PlsModel
    settings: CompositeOptions
    items: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]
    first: Stage | None
    lower: tuple[str, ...]
    main: Stage | None
    final: Stage
    products: tuple[Product, ...]
    arrows: tuple[tuple[int, int], ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Constructs of the final stage."""
        return self.final.names

    @cached_property
    def endogenous(self) -> tuple[int, ...]:
        """Constructs with antecedents, in order of the names."""
        return tuple(int(j) for j in np.flatnonzero(self.final.arrows.any(axis=0)))

    @cached_property
    def base(self) -> int:
        """Number of variables that come from the data: items and products of items."""
        return len(self.items) + len(self.pairs)

    @cached_property
    def measured(self) -> tuple[tuple[str, str], ...]:
        """(construct, part) of every weight, dimensions of second-order constructs last."""
        rows = [
            (self.final.names[int(j)], self.variable(int(v)))
            for j, v in zip(self.final.owner[self.shown], self.final.slots[self.shown], strict=True)
        ]
        if self.first is not None:
            rows += [
                (name, self.items[int(v)])
                for name, block in zip(self.first.names, self.first.blocks, strict=True)
                if name in self.first_only
                for v in block
            ]
        return tuple(rows)

    @cached_property
    def shown(self) -> np.ndarray:
        """Slots (m,) of the final stage that are reported.

        In three stages a first-order construct's only slot is the construct itself.
        """
        if self.settings.higher_order != "three-stage":
            return np.ones(len(self.final.slots), dtype=bool)
        higher = [self.model.is_higher(name) or ":" in name for name in self.final.names]
        return np.asarray(np.array(higher)[self.final.owner] | (self.first is None))

    @cached_property
    def explained(self) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """(target, antecedents) whose R-squared is reported.

        The dimensions of a formed construct that repeats their items explain nearly all of it; its
        antecedents are then those that the model names, although they act through the dimensions.
        """
        whole = {c.name for c in self.model.higher if is_formed(c)}
        rows = []
        for j in self.endogenous:
            name = self.names[j]
            sources = tuple(int(s) for s in np.flatnonzero(self.final.arrows[:, j]))
            if self.settings.higher_order == "repeated" and name in whole:
                sources = tuple(self.names.index(s) for s in self.model.antecedents(name))
            if sources:
                rows.append((j, sources))
        return tuple(rows)

    @cached_property
    def first_only(self) -> tuple[str, ...]:
        """Constructs whose weights come from the first stage."""
        if self.first is None:
            return ()
        if self.settings.higher_order == "three-stage":
            return self.first.names
        return self.lower

    def variable(self, index: int) -> str:
        """The name of a variable of the final stage."""
        if self.settings.higher_order == "three-stage" and self.first is not None:
            return self.first.names[index]
        if index < len(self.items):
            return self.items[index]
        if index < self.base:
            i, j = self.pairs[index - len(self.items)]
            return product_name(self.items[i], self.items[j])
        made = [*self.lower]
        if self.settings.interaction == "orthogonal":
            made += [self.variable(int(v)) for p in self.products for v in p.indicators]
        else:
            made += [product.name for product in self.products]
        return made[index - self.base]


def lay_out(model: PlsModel, settings: CompositeOptions) -> Layout:
    """The stages for a model. Raises ModelError where model and settings do not go together."""
    if settings.scheme == "maxvar":
        _refuse_maxvar(model, settings)
    items = model.items
    place = {item: i for i, item in enumerate(items)}
    staged = bool(model.higher) and settings.higher_order != "repeated"
    three = staged and settings.higher_order == "three-stage"
    if model.products and model.higher and settings.interaction != "two-stage":
        raise ModelError(
            f"interaction={settings.interaction!r} works on items, which a second-order construct "
            "has not; use interaction='two-stage'"
        )
    squares = [first for first, second in model.products if first == second]
    if squares and settings.consistent and settings.interaction == "two-stage":
        raise ModelError(
            f"{squares[0]}:{squares[0]}: a square's correction for attenuation needs the kurtosis of "
            "the measurement error, which is not known; use plain PLS, or leave the square out"
        )
    if model.products and three:
        raise ModelError(
            "products are not defined on corrected correlations; use higher_order='two-stage'"
        )
    if model.higher and not staged and settings.consistent:
        raise ModelError(
            "repeated items share their errors with the dimensions, so that no correction for "
            "attenuation exists; use higher_order='three-stage'"
        )
    lower = tuple(part for c in model.higher for part in c.parts) if staged else ()
    pairs, products = _products(model, place)
    base = len(items) + len(pairs)
    first = None
    if staged:
        first = _stage(
            model.first_order,
            {c.name: [place[i] for i in c.parts] for c in model.first_order},
            first_stage_paths(model),
        )
    blocks: dict[str, list[int]] = {}
    for construct in model.constructs:
        if construct.name in lower:
            continue
        if three and first is not None:
            parts = construct.parts if model.is_higher(construct.name) else (construct.name,)
            blocks[construct.name] = [first.names.index(part) for part in parts]
        elif staged and model.is_higher(construct.name):
            blocks[construct.name] = [base + lower.index(part) for part in construct.parts]
        else:
            blocks[construct.name] = [place[item] for item in model.items_of(construct.name)]
    kept = [c for c in model.constructs if c.name in blocks]
    paths = [(p.source, p.target) for p in model.paths]
    if model.higher and not staged:
        paths = repeated_paths(model)
    main = None
    if products and settings.interaction == "two-stage":
        main = _stage(kept, blocks, [p for p in paths if ":" not in p[0]])
        for k, product in enumerate(products):
            blocks[product.name] = [base + len(lower) + k]
    elif products and settings.interaction == "orthogonal":
        made = base
        for product in products:
            blocks[product.name] = list(range(made, made + len(product.indicators)))
            made += len(product.indicators)
    else:
        for product in products:
            blocks[product.name] = product.indicators.tolist()
    kept += [Construct(p.name, ("product",)) for p in products]
    final = _stage(kept, blocks, paths)
    arrows = tuple((final.names.index(s), final.names.index(t)) for s, t in paths)
    return Layout(model, settings, items, pairs, first, lower, main, final, products, arrows)


def _refuse_maxvar(model: PlsModel, settings: CompositeOptions) -> None:
    """Raise ModelError for what MAXVAR has no weights for."""
    for construct in model.constructs:
        if construct.mode != "B" and len(construct.parts) > 1:
            raise ModelError(
                f"{construct.name}: MAXVAR weighs the parts of composites freely; write"
                f" {construct.name} <~ {' + '.join(construct.parts[:3])}, or use scheme='path'",
                line=construct.line,
            )
    if settings.consistent or settings.higher_order == "three-stage":
        raise ModelError("MAXVAR has no correction for attenuation; use plain PLS schemes for it")
    if model.products:
        raise ModelError("MAXVAR has no products of composites; use scheme='path' for interactions")
    if model.higher and settings.higher_order == "repeated":
        raise ModelError(
            "repeated items would correlate perfectly with themselves under MAXVAR; use"
            " higher_order='two-stage'"
        )


def _stage(
    constructs: Sequence[Construct],
    blocks: dict[str, list[int]],
    paths: list[tuple[str, str]],
) -> Stage:
    names = tuple(c.name for c in constructs)
    arrows = np.zeros((len(names), len(names)), dtype=bool)
    for source, target in paths:
        arrows[names.index(source), names.index(target)] = True
    return Stage(
        names,
        tuple(np.array(blocks[name], dtype=np.intp) for name in names),
        tuple(c.mode for c in constructs),
        tuple(c.factor and c.mode == "A" and len(blocks[c.name]) > 1 for c in constructs),
        arrows,
    )


def _products(
    model: PlsModel, place: dict[str, int]
) -> tuple[tuple[tuple[int, int], ...], tuple[Product, ...]]:
    pairs: dict[tuple[int, int], int] = {}
    products = []
    for first, second in model.products:
        columns, ones, others = [], [], []
        for a in model.items_of(first):
            for b in model.items_of(second):
                i, j = sorted((place[a], place[b]))
                columns.append(len(place) + pairs.setdefault((i, j), len(pairs)))
                ones.append(place[a])
                others.append(place[b])
        products.append(
            Product(
                product_name(first, second),
                first,
                second,
                np.array(columns),
                np.array(ones),
                np.array(others),
            )
        )
    return tuple(pairs), tuple(products)


def causal_rank(layout: Layout) -> list[int]:
    """Places of the final stage's constructs so that sources stand before targets."""
    names = list(layout.names)
    order = causal_order(names, [(names[s], names[t]) for s, t in layout.arrows])
    return [names.index(name) for name in order]

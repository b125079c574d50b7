"""What a structural equation model says: paths with their modifiers, definitions, constraints.

The typed description and lavaan's model text mean the same: ``analysis.covariance.text.syntax.parse`` makes a
``Model`` from text, ``Model.text`` writes it back, and the builders here make one in Python.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from analysis.covariance.text.expressions import Expression, text_of

OPERATORS = ("=~", "<~", "~", "~~", "~1", "|", "~*~")


@dataclass(frozen=True)
class Modifier:
    """What is said about a parameter: fixed to a value, freed (``NA*``), labelled, started at, and
    between which bounds it is estimated.
    """

    fixed: float | None = None
    free: bool = False
    label: str = ""
    start: float | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Path:
    """One parameter of the model: ``lhs op rhs`` with one modifier, or one for each group.

    ``op`` is ``=~`` (measured by), ``<~`` (composed of), ``~`` (regressed on), ``~~`` (covaries with), ``~1``
    (intercept, with an empty ``rhs``), ``|`` (threshold, ``rhs`` being ``t1``, ``t2``, ...) or ``~*~``
    (response scale).
    """

    lhs: str
    op: str
    rhs: str = ""
    modifiers: tuple[Modifier, ...] = (Modifier(),)
    line: int = field(default=0, compare=False)
    column: int = field(default=0, compare=False)

    @property
    def name(self) -> str:
        """The path as text without its modifiers: ``visual=~x1``, ``x1~1``."""
        return f"{self.lhs}{self.op}{self.rhs}"


@dataclass(frozen=True)
class Definition:
    """A quantity computed from parameters: ``name := expression``."""

    name: str
    expression: Expression
    line: int = field(default=0, compare=False)
    column: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Constraint:
    """An equation or inequality between parameters: ``left == right``, ``left < right``."""

    left: Expression
    right: Expression
    line: int = field(default=0, compare=False)
    column: int = field(default=0, compare=False)
    operator: str = "=="

    @property
    def text(self) -> str:
        """As model text."""
        return f"{text_of(self.left)} {self.operator} {text_of(self.right)}"


@dataclass(frozen=True)
class Model:
    """A structural equation model as said by its author, before defaults are filled in.

    ``reversed_items`` are columns whose answers count from the other end; ``blocks`` each factor of an
    exploratory block (``efa("name")*factor``) with the block's name.
    """

    paths: tuple[Path, ...]
    definitions: tuple[Definition, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    reversed_items: tuple[str, ...] = ()
    blocks: tuple[tuple[str, str], ...] = ()

    @cached_property
    def latent(self) -> tuple[str, ...]:
        """Factors and composites, in order of their measurement lines."""
        return tuple(dict.fromkeys(path.lhs for path in self.paths if path.op in ("=~", "<~")))

    @cached_property
    def observed(self) -> tuple[str, ...]:
        """Columns that the data must have: indicators first, then outcomes, then the rest."""
        latent = set(self.latent)
        indicators = [path.rhs for path in self.paths if path.op in ("=~", "<~")]
        outcomes = [path.lhs for path in self.paths if path.op == "~"]
        predictors = [path.rhs for path in self.paths if path.op == "~"]
        others = [n for path in self.paths if path.op in ("~~", "~1") for n in (path.lhs, path.rhs)]
        answers = [path.lhs for path in self.paths if path.op in ("|", "~*~")]
        names = dict.fromkeys([*indicators, *outcomes, *predictors, *others, *answers])
        return tuple(name for name in names if name and name not in latent)

    @property
    def text(self) -> str:
        """The model in lavaan's syntax, one path a line; parsing it gives an equal model.

        ``reverse(x)``, which lavaan does not know, stands where a factor is measured by a reversed item.
        """
        return self._text(self.reversed_items)

    @property
    def lavaan_text(self) -> str:
        """The same for lavaan itself, whose data must have the reversed items turned."""
        return self._text(())

    def _text(self, turned: tuple[str, ...]) -> str:
        blocks = dict(self.blocks)
        lines = [_path_text(path, turned, blocks) for path in self.paths]
        lines += [f"{d.name} := {text_of(d.expression)}" for d in self.definitions]
        lines += [constraint.text for constraint in self.constraints]
        return "\n".join(lines)

    def indicators(self, factor: str) -> tuple[str, ...]:
        """What measures a factor, in order."""
        return tuple(p.rhs for p in self.paths if p.op == "=~" and p.lhs == factor)

    def __add__(self, other: Model) -> Model:
        """Both models' lines in one."""
        return Model(
            self.paths + other.paths,
            self.definitions + other.definitions,
            self.constraints + other.constraints,
            tuple(dict.fromkeys(self.reversed_items + other.reversed_items)),
            tuple(dict.fromkeys(self.blocks + other.blocks)),
        )


def measurement_model(factors: Mapping[str, Sequence[str]]) -> Model:
    """The confirmatory factor model in which each factor is measured by its items alone.

    >>> print(measurement_model({"visual": ["x1", "x2"]}).text)
    visual =~ x1
    visual =~ x2
    """
    return Model(
        tuple(Path(factor, "=~", item) for factor, items in factors.items() for item in items)
    )


def circular(name: str, op: str) -> str:
    """What is wrong with a path from a variable to itself."""
    if op in ("=~", "<~"):
        kind = "factor" if op == "=~" else "composite"
        return (
            f"the {kind} {name} has the name of one of its own items; give the {kind} another name, "
            f"for example '{name}_{kind} {op} {name} + ...' (a variance is written '{name} ~~ {name}')"
        )
    return f"{name} cannot be on both sides of '{op}'; for its variance write '{name} ~~ {name}'"


def regression(outcome: str, predictors: Mapping[str, str] | Sequence[str]) -> Model:
    """An outcome regressed on predictors; a mapping gives each predictor's label."""
    labels = predictors if isinstance(predictors, Mapping) else dict.fromkeys(predictors, "")
    return Model(
        tuple(Path(outcome, "~", name, (Modifier(label=label),)) for name, label in labels.items())
    )


def covariance(left: str, right: str, *, fixed: float | None = None, label: str = "") -> Model:
    """A (residual) covariance, or a variance when both names are the same."""
    return Model((Path(left, "~~", right, (Modifier(fixed=fixed, label=label),)),))


def _path_text(path: Path, turned: tuple[str, ...], blocks: Mapping[str, str]) -> str:
    target = "1" if path.op == "~1" else path.rhs
    block = f'efa("{blocks[path.lhs]}")*' if path.op == "=~" and path.lhs in blocks else ""
    if path.op == "=~" and path.rhs in turned:
        target = f"reverse({path.rhs})"
    operator = "~" if path.op == "~1" else path.op
    return f"{block}{path.lhs} {operator} {_modifier_text(path.modifiers)}{target}"


def _modifier_text(modifiers: tuple[Modifier, ...]) -> str:
    parts = []
    fixed = ["NA" if m.fixed is None else f"{m.fixed:.15g}" for m in modifiers]
    if all(bool(m.label) + m.free + (m.fixed is not None) <= 1 for m in modifiers):
        if any(m.label or m.free or m.fixed is not None for m in modifiers):
            parts.append(
                _one_or_each([m.label or f for m, f in zip(modifiers, fixed, strict=True)])
            )
    else:
        if any(m.fixed is not None or m.free for m in modifiers):
            parts.append(_one_or_each(fixed))
        parts.append(_one_or_each([m.label or "NA" for m in modifiers]))
    for word, numbers in (
        ("start", [m.start for m in modifiers]),
        ("lower", [m.lower for m in modifiers]),
        ("upper", [m.upper for m in modifiers]),
    ):
        if any(number is not None for number in numbers):
            texts = ["NA" if number is None else f"{number:.15g}" for number in numbers]
            parts.append(f"{word}({_one_or_each(texts)})")
    return "".join(f"{part}*" for part in parts)


def _one_or_each(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"c({', '.join(texts)})"

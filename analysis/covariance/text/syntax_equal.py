"""``equal("f=~x1")*x2``: a parameter that takes another one's value, whose label both then carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from analysis.covariance.text.model import Modifier, Path
from analysis.covariance.text.syntax_tokens import Token
from analysis.errors import ModelError


class Equal(NamedTuple):
    """A parameter named inside ``equal()``, and what stands for its label until all is read."""

    name: str
    mark: str
    line: int
    column: int

    @classmethod
    def of(cls, name: str, number: int, place: Token) -> Equal:
        """The ``number``-th one, blanks left out."""
        return cls("".join(name.split()), f"equal {number}", place.line, place.column)


def with_equal(paths: tuple[Path, ...], references: Sequence[Equal]) -> tuple[Path, ...]:
    """The paths with a common label where ``equal()`` stood.

    A parameter without a label gets one of its name (``f.x1``). Raises ModelError for a parameter
    that is not in the text.
    """
    for one in references:
        at = _place_of(paths, one)
        own = paths[at].modifiers
        labels = {modifier.label for modifier in own}
        if any(label.startswith("equal ") for label in labels):
            raise ModelError(
                f"{one.name} is itself held equal to another parameter; name that one",
                line=one.line,
                column=one.column,
            )
        if len(labels) > 1:
            raise ModelError(
                f"{one.name} has a label for each group; write them instead of equal()",
                line=one.line,
                column=one.column,
            )
        label = labels.pop() or _label_of(paths[at], paths)
        named = tuple(replace(modifier, label=label) for modifier in own)
        paths = tuple(
            replace(path, modifiers=named)
            if number == at
            else replace(
                path, modifiers=tuple(_with_label(m, one.mark, label) for m in path.modifiers)
            )
            for number, path in enumerate(paths)
        )
    return paths


def _place_of(paths: Sequence[Path], one: Equal) -> int:
    left, _, right = one.name.partition("~~")
    names = {one.name, f"{right}~~{left}"}
    for at, path in enumerate(paths):
        if path.name in names:
            return at
    raise ModelError(
        f"equal: {one.name} is no parameter of the text; write it as in its line, for example 'f=~x1'",
        line=one.line,
        column=one.column,
    )


def _label_of(path: Path, paths: Sequence[Path]) -> str:
    known = {modifier.label for other in paths for modifier in other.modifiers}
    label = f"{path.lhs}.{path.rhs or 'mean'}".replace(":", ".")
    while label in known:
        label += "."
    return label


def _with_label(modifier: Modifier, mark: str, label: str) -> Modifier:
    return replace(modifier, label=label) if modifier.label == mark else modifier

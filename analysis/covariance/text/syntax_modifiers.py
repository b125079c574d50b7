"""What may stand before ``*`` and ``?`` in a model's formula, beside numbers and labels."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from analysis.covariance.text.model import Modifier
from analysis.covariance.text.syntax_tokens import Token
from analysis.errors import ModelError

FUNCTION_MODIFIERS = ("c", "start", "label", "equal", "lower", "upper")
# Operators of ordinal items: their thresholds, and the scale of the response behind the answers.
MEASUREMENT_OF_ANSWERS = ("|", "~*~")
_THRESHOLD = re.compile(r"t[1-9]\d*")
_REFUSED = {
    "rv": "random slopes are not estimated here; leave rv() out",
    "prior": "prior() belongs to Bayesian estimation, which is not done here; leave it out",
}

Refusal = Callable[[str, Token], ModelError]


def unknown_modifier(name: str) -> str:
    """What is wrong with a function that stands before a variable."""
    if name in _REFUSED:
        return _REFUSED[name]
    known = ", ".join(f"{word}()" for word in FUNCTION_MODIFIERS)
    return f"{name}() is not known; modifiers are a number, NA, a label, {known}"


def as_starts(
    modifiers: tuple[Modifier, ...], error: Refusal, place: Token
) -> tuple[Modifier, ...]:
    """What stands before ``?`` as starting values."""
    found = tuple(
        Modifier(start=m.fixed if m.start is None else m.start)
        for m in modifiers
        if not m.label and not m.free
    )
    if len(found) < len(modifiers) or any(m.start is None for m in found):
        raise error(
            "'?' follows a starting value, for example 0.5?x1; write '*' after others", place
        )
    return found


def numbers_of(word: str, values: Sequence[str | float]) -> tuple[Modifier, ...]:
    """start(), lower() or upper() of one number, or of one for each group; None for NA."""
    numbers = [None if isinstance(value, str) else value for value in values]
    if word == "lower":
        return tuple(Modifier(lower=number) for number in numbers)
    if word == "upper":
        return tuple(Modifier(upper=number) for number in numbers)
    return tuple(Modifier(start=number) for number in numbers)


def require_target(
    left: Sequence[Token], operator: Token, token: Token, last: bool, error: Refusal
) -> None:
    """Refuse a term of ``|`` that is no threshold, and one of ``~*~`` that is another item."""
    if token.kind != "name" or not last:
        return
    if operator.text == "|" and not _THRESHOLD.fullmatch(token.text):
        raise error(
            f"{token.text} is no threshold; an item's thresholds are t1, t2, ... from the lowest up",
            token,
        )
    if operator.text == "~*~" and any(name.text != token.text for name in left):
        name = left[0].text
        raise error(f"a response scale belongs to one item; write '{name} ~*~ {name}'", token)

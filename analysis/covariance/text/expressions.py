"""Arithmetic on parameter labels (``ind := a*b``): parsed to a tree, evaluated with its gradient.

Nothing is ever handed to Python's own evaluator: the only operations are those listed here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True)
class Label:
    """A parameter, or an earlier definition, by its name; the place is for messages."""

    name: str
    line: int = field(default=0, compare=False)
    column: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Negative:
    """Minus an expression."""

    operand: Expression


@dataclass(frozen=True)
class Operation:
    """Two expressions joined by ``+ - * / ^``."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Call:
    """A function of ``FUNCTIONS`` applied to one expression."""

    function: str
    argument: Expression


Expression = Number | Label | Negative | Operation | Call

# Each function with its derivative.
FUNCTIONS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "exp": (math.exp, math.exp),
    "log": (math.log, lambda x: 1 / x),
    "sqrt": (math.sqrt, lambda x: 0.5 / math.sqrt(x)),
    "abs": (abs, lambda x: math.copysign(1.0, x)),
    "tanh": (math.tanh, lambda x: 1 - math.tanh(x) ** 2),
    "atanh": (math.atanh, lambda x: 1 / (1 - x**2)),
}

Dual = tuple[float, np.ndarray]


def labels_in(expression: Expression) -> list[Label]:
    """Every label that the expression mentions, in reading order."""
    match expression:
        case Label():
            return [expression]
        case Negative(operand):
            return labels_in(operand)
        case Call(_, argument):
            return labels_in(argument)
        case Operation(_, left, right):
            return labels_in(left) + labels_in(right)
    return []


def evaluate(expression: Expression, values: Mapping[str, Dual], size: int) -> Dual:
    """The expression's value and its gradient (size,), given those of every label.

    A value that does not exist (division by zero, root of a negative) is NaN, with a NaN gradient.
    """
    try:
        value, gradient = _evaluate(expression, values, size)
    except (ValueError, ZeroDivisionError, OverflowError):
        return math.nan, np.full(size, math.nan)
    return value, gradient


def _evaluate(expression: Expression, values: Mapping[str, Dual], size: int) -> Dual:
    match expression:
        case Number(value):
            return value, np.zeros(size)
        case Label(name):
            return values[name]
        case Negative(operand):
            value, gradient = _evaluate(operand, values, size)
            return -value, -gradient
        case Call(function, argument):
            value, gradient = _evaluate(argument, values, size)
            apply, derivative = FUNCTIONS[function]
            return apply(value), derivative(value) * gradient
        case Operation(operator, left, right):
            return _combine(operator, _evaluate(left, values, size), _evaluate(right, values, size))
    raise TypeError(expression)


def _combine(operator: str, left: Dual, right: Dual) -> Dual:
    (a, da), (b, db) = left, right
    if operator == "+":
        return a + b, da + db
    if operator == "-":
        return a - b, da - db
    if operator == "*":
        return a * b, a * db + b * da
    if operator == "/":
        return a / b, da / b - a * db / b**2
    power = a**b
    if isinstance(power, complex):
        raise ValueError("a root of a negative number")
    # The exponent's own derivative exists for a positive base only; a constant exponent needs none.
    from_exponent = power * math.log(a) * db if np.any(db) else np.zeros_like(db)
    return power, (b * a ** (b - 1) * da if b != 0 else np.zeros_like(da)) + from_exponent


def text_of(expression: Expression) -> str:
    """The expression as model text, with brackets only where the order of operations needs them."""
    return _text(expression, 0)


_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 4}


def _text(expression: Expression, outer: int) -> str:
    match expression:
        case Number(value):
            return f"{value:.15g}"
        case Label(name):
            return name
        case Negative(operand):
            inside = f"-{_text(operand, 3)}"
            return f"({inside})" if outer > 0 else inside
        case Call(function, argument):
            return f"{function}({_text(argument, 0)})"
        case Operation(operator, left, right):
            strength = _STRENGTH[operator]
            # Power binds to the right; minus and divide need brackets around an equal right side.
            on_left = strength + (operator == "^")
            on_right = strength + (operator in "-/")
            inside = f"{_text(left, on_left)}{operator}{_text(right, on_right)}"
            return f"({inside})" if strength < outer else inside
    raise TypeError(expression)

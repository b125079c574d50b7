"""How many digits a number needs beside the bound that it is judged by."""

from __future__ import annotations

_MOST = 9


def decimals(value: float, least: int = 2) -> int:
    """Digits after the point that a bound has of its own, at least ``least``.

    >>> decimals(0.9), decimals(-0.005)
    (2, 3)
    """
    return max(least, len(f"{value:.{_MOST}f}".rstrip("0").partition(".")[2]))


def digits_beside(value: float, bound: float, least: int = 3) -> int:
    """Digits by which a rounded value stays on its own side of the bound, at least ``least``.

    A value that rounds to its bound would seem to meet, or to miss, what it does not.

    >>> digits_beside(0.6996, 0.70), digits_beside(0.71, 0.70), digits_beside(-0.00504, -0.005)
    (4, 3, 5)
    """
    for digits in range(least, _MOST):
        if (round(value, digits) > bound) == (value > bound) and (round(value, digits) < bound) == (
            value < bound
        ):
            return digits
    return _MOST

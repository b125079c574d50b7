"""How an estimate stands against its target: in one of three words, from the interval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from surveyapp.i18n.words import msg


class Standing(StrEnum):
    """What the interval of an estimate says of its target."""

    REACHED = msg("reached")  # all of it lies at the target or beyond
    OPEN = msg("open")  # it holds the target, or there is none yet
    NOT_REACHED = msg("not reached")  # all of it lies below


@dataclass(frozen=True)
class MetricTarget:
    """The value that a metric is to reach, by when, and who answers for it.

    ``place`` is "" for the journey as a whole, else a stage's code, or "stage/touchpoint".
    """

    id: int
    place: str
    segment_id: int
    metric: str
    value: float
    due: date | None
    owner_id: int | None
    owner: str  # a name; "" for nobody


@dataclass(frozen=True)
class Gap:
    """An estimate minus its target, with the estimate's interval; None where the estimate is not shown,
    and ``low`` and ``high`` also where it has no interval. ``weighted`` is the same of the estimate with
    weights, None where it has none.
    """

    target: MetricTarget
    difference: float | None
    low: float | None
    high: float | None
    standing: Standing | None
    weighted: Gap | None = None


def gap(target: MetricTarget, estimate: float | None, low: float | None, high: float | None) -> Gap:
    """An estimate with its interval against its target; more is better.

    The interval says how sure the estimate is, and the target has no error of its own. An estimate
    beyond the target is not called reached while the interval still holds lower values.
    """
    if estimate is None:
        return Gap(target, None, None, None, None)
    difference = estimate - target.value
    if low is None or high is None:
        return Gap(target, difference, None, None, Standing.OPEN)
    standing = Standing.OPEN
    if low >= target.value:
        standing = Standing.REACHED
    elif high < target.value:
        standing = Standing.NOT_REACHED
    return Gap(target, difference, low - target.value, high - target.value, standing)

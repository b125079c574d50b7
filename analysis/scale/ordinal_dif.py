"""Differential item functioning of ordinal items by logistic regression on the scale's score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.compare import benjamini_hochberg, holm
from analysis.covariance.data import numeric_rows, reference_first, require_group_column
from analysis.covariance.fit_measures import chi_square_pvalue
from analysis.covariance.measurement_invariance.large_groups import large_groups
from analysis.covariance.text.model import Model, Modifier
from analysis.covariance.text.syntax import as_model
from analysis.covariance.wald import Z_95
from analysis.errors import DataError, ModelError, NoVariance
from analysis.json_values import to_json
from analysis.proportional_odds import OddsFit, fit_odds
from analysis.reversal import reversal_sentences, turned, turning_points

CORRECTIONS: Mapping[str, Callable[[Sequence[float]], tuple[float, ...]]] = {
    "holm": holm,
    "benjamini-hochberg": benjamini_hochberg,
}
# Bounds of a moderate and a large gain in Nagelkerke's R squared.
CLASSES = {"jodoin-gierl": (0.035, 0.070), "zumbo": (0.13, 0.26)}
CRITERIA = ("test", "size")
LEAST = 20  # complete rows of a group, below which it is left out
ADVICE = 200  # of a group, below which DIF is hardly found (Zumbo 1999)
MOST = 20  # groups
MOST_ROUNDS = 100
CATEGORIES = 30
ANCHORS = 2  # items that a matching score keeps beside the studied one


@dataclass(frozen=True)
class NestedTest:
    """What terms add to a model of an item: chi-square, df, p, and the gains in pseudo R squared."""

    chisq: float
    df: int
    pvalue: float
    mcfadden: float
    nagelkerke: float


@dataclass(frozen=True)
class GroupEffect:
    """How a group answers an item beside the reference, at the same level: log odds of a higher answer
    with 95 % interval, and the mean difference of the expected answers of the group's members in
    points.
    """

    group: str
    log_odds: float
    se: float
    ci_lower: float
    ci_upper: float
    points: float


@dataclass(frozen=True)
class ItemDif:
    """One item: ``uniform`` DIF (group beside score), ``nonuniform`` (their product), ``total`` (both).

    ``p_adjusted`` is of the total test, over all items. ``size``: "negligible", "moderate" or "large" by
    the gain of both in Nagelkerke's R squared; ``kind``: "none", "uniform" or "non-uniform". ``flagged``:
    by the criterion that was asked for. ``slope_change``: by how much of itself the score's slope
    changes when the group enters.
    """

    item: str
    factor: str
    categories: int
    matching: tuple[str, ...]  # items of its matching score, the item itself among them
    uniform: NestedTest
    nonuniform: NestedTest
    total: NestedTest
    p_adjusted: float
    size: str
    kind: str
    flagged: bool
    slope_change: float
    effects: tuple[GroupEffect, ...]
    converged: bool


@dataclass(frozen=True)
class OrdinalDif:
    """Every item of the model, and what their matching scores were made of in the end."""

    group: str
    groups: Mapping[str, int]
    left_out: Mapping[str, int]
    reference: str
    n: int
    n_rows: int
    correction: str
    level: float
    classes: str
    criterion: str
    purified: bool
    rounds: int
    items: tuple[ItemDif, ...]
    turning_points: Mapping[str, float]  # of reversed items
    warnings: tuple[str, ...]

    @property
    def flagged(self) -> tuple[str, ...]:
        """The items with DIF."""
        return tuple(each.item for each in self.items if each.flagged)

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON values; what does not exist is None."""
        return dict(to_json({**vars(self), "flagged": self.flagged}))


def ordinal_dif(
    data: pd.DataFrame,
    model: str | Model,
    group: str,
    *,
    reference: str | None = None,
    correction: str = "holm",
    level: float = 0.05,
    classes: str = "jodoin-gierl",
    criterion: str = "test",
    purify: bool = True,
) -> OrdinalDif:
    """Whether members of groups at the same level answer an item differently (Zumbo 1999).

    ``model``: lines ``factor =~ items``. Of each item three proportional-odds models: on the matching
    score (mean of the factor's items), with the group, and with their product. The two steps and
    both together are tested by likelihood ratios; the gain in Nagelkerke's R squared is classed by
    ``classes``: "jodoin-gierl" (.035 and .070; Jodoin & Gierl 2001) or "zumbo" (.13 and .26; Zumbo & Thomas
    1997). An item is flagged when its total test is significant (``criterion`` "test"), or when its
    size is not negligible besides ("size": for large samples, in which every difference is
    significant). With ``purify`` flagged items leave the matching scores of the others, one at a time,
    until the flags no longer change, while two others are left. ``correction``: "holm" or
    "benjamini-hochberg", over the items' total tests. Rows with a missing answer or group are left
    out; groups with fewer than 20 of the others too, which a warning says.

    Raises ModelError for anything but plain ``=~`` lines of items that measure one factor each,
    TooFewCases with fewer than two groups, NoVariance for an item with one answer, DataError for one with
    more than 30.

    Validated against: R MASS 7.3-58 ``polr`` (log-likelihoods, slopes, errors, both R squared). The
    steps are those of R lordif, whose matching score is that of an IRT model.
    """
    described = as_model(model)
    factors = _factors(described)
    for name, value, known in (
        ("correction", correction, CORRECTIONS),
        ("classes", classes, CLASSES),
        ("criterion", criterion, CRITERIA),
    ):
        if value not in known:
            raise ModelError(f"{name} {value!r} is not known; choose among {', '.join(known)}")
    rules = _Rules(correction, level, classes, criterion)
    points = turning_points(data, described.reversed_items)
    whole = _complete(turned(data, points), described.observed, group)
    large = large_groups(whole, group, least=LEAST, most=MOST)
    ordered = pd.DataFrame(reference_first(large.rows, group, reference))
    column = ordered[group].astype(str)
    labels = tuple(dict.fromkeys(column))
    member = np.column_stack([(column == label).to_numpy(dtype=float) for label in labels[1:]])
    values = {item: ordered[item].to_numpy(dtype=float) for item in described.observed}
    for item, own in values.items():
        different = len(np.unique(own))
        if different < 2:
            raise NoVariance(f"{item}: all {len(own)} answers are {own[0]:g}")
        if different > CATEGORIES:
            raise DataError(
                f"{item} has {different} different answers, more than the {CATEGORIES} of an ordinal"
                " item; test it by the method mimic"
            )
    removed: frozenset[str] = frozenset()
    seen: list[frozenset[str]] = []
    said: list[str] = []
    while True:
        matching = {
            factor: tuple(item for item in items if item not in removed)
            for factor, items in factors.items()
        }
        found = _items(values, factors, matching, member, labels, rules)
        seen.append(removed)
        now = _next(found, removed)
        if not purify or now == removed:
            break
        if now in seen or len(seen) > MOST_ROUNDS:
            said.append("the items flagged do not settle; these are the last ones")
            break
        short = [factor for factor, items in factors.items() if len(set(items) - now) < ANCHORS]
        if short:
            said.append(
                f"{short[0]}: fewer than {ANCHORS} items would be left without DIF, so the scores are"
                " matched on some that have it; who scores alike may not be alike"
            )
            break
        removed = now
    lost = [each.item for each in found if not each.converged]
    if lost:
        said.append(
            f"{', '.join(lost)}: the regression has no finite estimates (the score tells the answers"
            " apart, or a group gave one answer only); its effects and intervals mean nothing"
        )
    sizes = {label: int((column == label).sum()) for label in labels}
    few = [f"{label} ({size})" for label, size in sizes.items() if size < ADVICE]
    if few:
        said.append(f"fewer than the advised {ADVICE} rows: {', '.join(few)}; DIF may be missed")
    return OrdinalDif(
        group,
        sizes,
        large.left_out,
        labels[0],
        len(column),
        len(data),
        *(correction, level, classes, criterion),
        purify,
        len(seen),
        found,
        points,
        (*reversal_sentences(points), *large.said, *said),
    )


def _factors(model: Model) -> dict[str, tuple[str, ...]]:
    for path in model.paths:
        if path.op != "=~" or path.rhs in model.latent or path.modifiers != (Modifier(),):
            raise ModelError(
                f"{path.name}: DIF is tested of a scale's items, in lines 'factor =~ items' alone"
            )
    if model.definitions or model.constraints:
        raise ModelError("definitions and constraints have no use in a test of DIF")
    factors = {factor: model.indicators(factor) for factor in model.latent}
    measured = [item for items in factors.values() for item in items]
    for item in measured:
        if measured.count(item) > 1:
            raise ModelError(f"{item} measures two factors; match it on one of them")
    for factor, items in factors.items():
        if len(items) <= ANCHORS:
            raise ModelError(
                f"{factor} has {len(items)} items; a matching score needs {ANCHORS} beside the item"
            )
    return factors


def _complete(data: pd.DataFrame, items: tuple[str, ...], group: str) -> pd.DataFrame:
    """Items as numbers, and the group, of rows that miss neither."""
    rows = numeric_rows(data, items)
    frame = pd.DataFrame(rows, columns=list(items))
    frame[group] = require_group_column(data, group).to_numpy()
    return frame.dropna()


def _next(found: Sequence[ItemDif], removed: frozenset[str]) -> frozenset[str]:
    """The items to leave out of the matching scores next: one that is no longer flagged comes back,
    else the flagged one with the largest chi-square goes. One at a time, because an item with DIF in
    the score makes others seem to have some.
    """
    back = [each for each in found if each.item in removed and not each.flagged]
    if back:
        least = min(back, key=lambda each: each.total.chisq)
        return removed - {least.item}
    more = [each for each in found if each.flagged and each.item not in removed]
    if not more:
        return removed
    return removed | {max(more, key=lambda each: each.total.chisq).item}


def _items(
    values: Mapping[str, np.ndarray],
    factors: Mapping[str, tuple[str, ...]],
    matching: Mapping[str, tuple[str, ...]],
    member: np.ndarray,
    labels: tuple[str, ...],
    rules: _Rules,
) -> tuple[ItemDif, ...]:
    tested = []
    for factor, items in factors.items():
        for item in items:
            anchors = tuple(dict.fromkeys([*matching[factor], item]))
            score = np.mean([values[name] for name in anchors], axis=0)
            tested.append((item, factor, anchors, _nested(values[item], score, member)))
    adjusted = CORRECTIONS[rules.correction]([each.tests[2].pvalue for *_, each in tested])
    found = []
    moderate, large = CLASSES[rules.classes]
    for (item, factor, anchors, own), p in zip(tested, adjusted, strict=True):
        uniform, nonuniform, total = own.tests
        gain = total.nagelkerke
        size = "large" if gain > large else "moderate" if gain > moderate else "negligible"
        significant = p <= rules.level
        kind = "none"
        if significant:
            kind = "non-uniform" if nonuniform.pvalue <= rules.level else "uniform"
        found.append(
            ItemDif(
                item,
                factor,
                own.categories,
                anchors,
                uniform,
                nonuniform,
                total,
                p,
                size,
                kind,
                significant and (rules.criterion == "test" or size != "negligible"),
                own.slope_change,
                own.effects(labels),
                all(fit.converged for fit in own.fits),
            )
        )
    return tuple(found)


@dataclass(frozen=True)
class _Rules:
    """When an item is flagged."""

    correction: str
    level: float
    classes: str
    criterion: str


@dataclass(frozen=True)
class _Nested:
    """The three models of one item."""

    fits: tuple[OddsFit, OddsFit, OddsFit]
    worth: np.ndarray
    score: np.ndarray
    member: np.ndarray

    @property
    def categories(self) -> int:
        return len(self.worth)

    @property
    def tests(self) -> tuple[NestedTest, NestedTest, NestedTest]:
        """Uniform, non-uniform, both."""
        pairs = ((0, 1), (1, 2), (0, 2))
        groups = self.member.shape[1]
        found = []
        for less, more in pairs:
            small, wide = self.fits[less], self.fits[more]
            chisq, df = max(2 * (wide.loglik - small.loglik), 0.0), groups * (more - less)
            found.append(
                NestedTest(
                    chisq,
                    df,
                    chi_square_pvalue(chisq, df),
                    wide.mcfadden - small.mcfadden,
                    wide.nagelkerke - small.nagelkerke,
                )
            )
        return found[0], found[1], found[2]

    @property
    def slope_change(self) -> float:
        before, after = (fit.slopes[0] for fit in self.fits[:2])
        return float(abs((after - before) / before)) if before else float("nan")

    def effects(self, labels: tuple[str, ...]) -> tuple[GroupEffect, ...]:
        """Of each group but the first."""
        uniform, full = self.fits[1], self.fits[2]
        found = []
        for k, label in enumerate(labels[1:]):
            odds, se = float(uniform.slopes[1 + k]), float(uniform.slope_errors[1 + k])
            own = self.member[:, k] == 1
            as_own = _terms(self.score[own], self.member[own])
            as_reference = _terms(self.score[own], np.zeros_like(self.member[own]))
            apart = full.expected(as_own, self.worth) - full.expected(as_reference, self.worth)
            found.append(
                GroupEffect(
                    label, odds, se, odds - Z_95 * se, odds + Z_95 * se, float(apart.mean())
                )
            )
        return tuple(found)


def _terms(score: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Score, groups and products (n, 1 + 2g)."""
    return np.hstack([score[:, None], member, score[:, None] * member])


def _nested(values: np.ndarray, score: np.ndarray, member: np.ndarray) -> _Nested:
    worth, answers = np.unique(values, return_inverse=True)
    # Few scores are possible: equal rows are counted, so that the cost hardly grows with n.
    levels, at = np.unique(score, return_inverse=True)
    groups = member.shape[1]
    label = member @ np.arange(1, groups + 1)
    key = (at * (groups + 1) + label.astype(int)) * len(worth) + answers
    keys, times = np.unique(key, return_counts=True)
    own, place = keys % len(worth), keys // len(worth)
    belongs = np.vstack([np.zeros(groups), np.eye(groups)])[place % (groups + 1)]
    terms = _terms(levels[place // (groups + 1)], belongs)
    fits = tuple(
        fit_odds(own, terms[:, :count], times) for count in (1, 1 + groups, 1 + 2 * groups)
    )
    return _Nested((fits[0], fits[1], fits[2]), worth, score, member)

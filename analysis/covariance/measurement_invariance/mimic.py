"""Groups as causes of factors and items (MIMIC): do members of a group answer an item differently?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.compare import benjamini_hochberg, holm
from analysis.covariance.compare_models import difference_test
from analysis.covariance.data import reference_first
from analysis.covariance.diagnostics import told_once
from analysis.covariance.measurement_invariance.large_groups import large_groups
from analysis.covariance.sem import SemFit, fit_beside, fit_sem
from analysis.covariance.text.model import Model, Modifier
from analysis.covariance.text.syntax import as_model, parse
from analysis.errors import ModelError
from analysis.json_values import to_json
from analysis.names import is_name
from analysis.reversal import reversal_sentences, turned, turning_points

CORRECTIONS: Mapping[str, Callable[[Sequence[float]], tuple[float, ...]]] = {
    "holm": holm,
    "benjamini-hochberg": benjamini_hochberg,
}
LEAST = 20  # rows of a group
MOST = 20  # groups
ANCHORS = 2  # items that each factor keeps without a path from the groups


@dataclass(frozen=True)
class DirectEffect:
    """How a group answers an item beside the reference, at the same factor: points of the answer (of an
    ordinal item SDs within groups of the response behind it), and in the item's standard deviations.
    """

    group: str
    est: float
    se: float
    ci_lower: float
    ci_upper: float
    std: float


@dataclass(frozen=True)
class MimicItem:
    """One item: what freeing its paths from the groups gains, against the model in which it was tested.

    ``released``: its place in the order of release, None for an item that was not. ``effects`` are
    those of the last model for released items, else of the model with this item's paths free.
    """

    item: str
    factor: str
    chisq: float
    df: int
    pvalue: float
    p_adjusted: float
    released: int | None
    effects: tuple[DirectEffect, ...]


@dataclass(frozen=True)
class FactorDifference:
    """A group's factor mean against the reference's, in SDs within groups: with all items equal
    (``before``), and with the released ones apart.
    """

    factor: str
    group: str
    before: float
    est: float
    se: float
    pvalue: float
    ci_lower: float
    ci_upper: float


@dataclass(frozen=True)
class Mimic:
    """Uniform DIF of every item, and the differences of the factors with and without it."""

    group: str
    groups: Mapping[str, int]
    left_out: Mapping[str, int]
    reference: str
    estimator: str
    missing: str
    correction: str
    level: float
    n: int
    fit: Mapping[str, float]
    items: tuple[MimicItem, ...]
    differences: tuple[FactorDifference, ...]
    ordinal: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def flagged(self) -> tuple[str, ...]:
        """The items that were released, in order."""
        found = [each for each in self.items if each.released is not None]
        return tuple(each.item for each in sorted(found, key=lambda each: each.released or 0))

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON values; what does not exist is None."""
        return dict(to_json({**vars(self), "flagged": self.flagged}))


def mimic(
    data: pd.DataFrame,
    model: str | Model,
    group: str,
    *,
    reference: str | None = None,
    estimator: str = "MLR",
    missing: str = "listwise",
    correction: str = "holm",
    level: float = 0.05,
    ordered: Sequence[str] | None = None,
) -> Mimic:
    """Test each item for uniform DIF in a model in which the groups explain the factors.

    ``model``: lines ``factor =~ items`` and covariances of residuals. Indicators of all groups but the
    ``reference`` (by default the first in the data) explain each factor; then each item in turn is
    let depend on them as well (Muthén 1989). The item with the largest gain in chi-square is
    released if it is significant after ``correction`` over the items still held, and all others are
    tested again, while each factor keeps two items (Woods 2009). Differences in chi-square are
    scaled under MLR and MLM. Loadings and residual variances are those of all groups together, so
    that differences in these (non-uniform DIF) go unseen: test them by ``invariance``.

    WLSMV takes the items as ordinal, or of them those ``ordered``, in the delta parametrisation:
    groups move the responses behind the answers (Muthén 1984), and differences in chi-square are
    Satorra's (2000), scaled and shifted. A group need not use every answer.

    Raises ModelError for other estimators and models; TooFewCases with fewer than two groups; else as
    ``fit_sem``.

    Validated against: lavaan 0.6-14 (fits, scaled differences, effects and errors; ordinal items too).
    """
    described = as_model(model)
    _check(described, estimator, correction, ordered)
    points = turning_points(data, described.reversed_items)
    large = large_groups(turned(data, points), group, least=LEAST, most=MOST)
    rows = pd.DataFrame(reference_first(large.rows, group, reference))
    column = rows[group].astype(str)
    labels = tuple(dict.fromkeys(column))
    dummies = _dummies(described, labels)
    frame = rows.assign(
        **{
            name: (column == label).astype(float)
            for name, label in zip(dummies, labels[1:], strict=True)
        }
    )
    base = described.lavaan_text  # reversed items have been turned

    def text(released: Sequence[str]) -> Model:
        lines = [base, f"{' + '.join(described.latent)} ~ {' + '.join(dummies)}"]
        lines += [f"{item} ~ {' + '.join(dummies)}" for item in released]
        return parse("\n".join(lines))

    first = now = fit_sem(
        frame, text(()), estimator=estimator, missing=missing, std_lv=True,
        mean_structure=True, ordered=ordered,
    )  # fmt: skip

    def fit(released: Sequence[str]) -> SemFit:
        return fit_beside(first, text(released))

    order: list[str] = []
    found: dict[str, MimicItem] = {}
    while True:
        round_ = _round(described, now, fit, order)
        if not round_:
            break
        adjusted = CORRECTIONS[correction](
            [1.0 if np.isnan(p) else p for _, _, p, _ in round_.values()]
        )
        best = max(round_, key=lambda item: round_[item][0])
        for (item, (chisq, df, p, wide)), own in zip(round_.items(), adjusted, strict=True):
            found[item] = MimicItem(
                item,
                _factor(described, item),
                chisq,
                df,
                p,
                own,
                len(order) + 1 if item == best and own <= level else None,
                _effects(wide, item, dummies, labels),
            )
        if found[best].released is None:
            break
        order.append(best)
        now = fit(order)
    items = tuple(
        _with_effects(found[item], now, dummies, labels, order)
        for item in described.observed
        if item in found
    )
    sizes = {label: int((column == label).sum()) for label in labels}
    return Mimic(
        group,
        sizes,
        large.left_out,
        labels[0],
        estimator,
        missing,
        correction,
        level,
        now.n,
        now.fit,
        items,
        _differences(first, now, described, dummies, labels),
        now.settings.ordinal,
        (
            *reversal_sentences(points),
            *large.said,
            *told_once((one.solution, one.warnings) for one in (first, now)),
        ),
    )


def _check(model: Model, estimator: str, correction: str, ordered: Sequence[str] | None) -> None:
    if estimator not in ("ML", "MLR", "MLM", "WLSMV"):
        raise ModelError(
            f"estimator {estimator}: items are tested beside groups by ML, MLR or MLM, ordinal items by"
            " WLSMV"
        )
    if ordered is not None and estimator != "WLSMV":
        raise ModelError(f"ordered: ordinal items are tested by WLSMV; {estimator} has none")
    if correction not in CORRECTIONS:
        raise ModelError(
            f"correction {correction!r} is not known; choose among {', '.join(CORRECTIONS)}"
        )
    items = {path.rhs for path in model.paths if path.op == "=~"}
    for path in model.paths:
        measured = path.op == "=~" and path.rhs not in model.latent
        residual = path.op == "~~" and {path.lhs, path.rhs} <= items
        if not (measured or residual) or path.modifiers != (Modifier(),):
            raise ModelError(
                f"{path.name}: items are tested in a model of lines 'factor =~ items' and covariances of"
                " residuals, nothing fixed or labelled; the groups are added to it"
            )
    if model.definitions or model.constraints:
        raise ModelError("definitions and constraints do not go with a test of DIF")


def _dummies(model: Model, labels: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the groups' indicators that are no variable of the model."""
    taken = {*model.observed, *model.latent}
    names = []
    for number, _ in enumerate(labels[1:], start=1):
        name = f"group.{number}"
        while name in taken or not is_name(name):
            name = f"{name}.x"
        names.append(name)
    return tuple(names)


def _factor(model: Model, item: str) -> str:
    return next(path.lhs for path in model.paths if path.op == "=~" and path.rhs == item)


Tested = tuple[float, int, float, SemFit]


def _round(
    model: Model, now: SemFit, fit: Callable[[Sequence[str]], SemFit], order: Sequence[str]
) -> dict[str, Tested]:
    """Chi-square, df, p and fit of every item that may be released."""
    found = {}
    for item in [path.rhs for path in model.paths if path.op == "=~"]:
        if item in order or item in found:
            continue
        kept = [
            [other for other in model.indicators(factor) if other not in (*order, item)]
            for factor in model.latent
            if item in model.indicators(factor)
        ]
        if min(map(len, kept)) < ANCHORS:
            continue
        wide = fit([*order, item])
        test = difference_test(now, wide)
        found[item] = (test.chisq, test.df, test.pvalue, wide)
    return found


def _effects(
    fit: SemFit, item: str, dummies: Sequence[str], labels: tuple[str, ...]
) -> tuple[DirectEffect, ...]:
    frame = fit.estimates
    found = []
    at = list(fit.table.observed).index(item)
    spread = float(np.sqrt(fit.implied[0].sigma[at, at]))
    for name, label in zip(dummies, labels[1:], strict=True):
        row = frame[(frame["lhs"] == item) & (frame["op"] == "~") & (frame["rhs"] == name)].iloc[0]
        est, se, lower, upper = (float(row[key]) for key in ("est", "se", "ci_lower", "ci_upper"))
        found.append(DirectEffect(label, est, se, lower, upper, est / spread))
    return tuple(found)


def _with_effects(
    item: MimicItem,
    fit: SemFit,
    dummies: Sequence[str],
    labels: tuple[str, ...],
    order: Sequence[str],
) -> MimicItem:
    if item.item not in order:
        return item
    effects = _effects(fit, item.item, dummies, labels)
    return MimicItem(**{**vars(item), "effects": effects})


def _differences(
    before: SemFit, after: SemFit, model: Model, dummies: Sequence[str], labels: tuple[str, ...]
) -> tuple[FactorDifference, ...]:
    found = []
    for factor in model.latent:
        for name, label in zip(dummies, labels[1:], strict=True):
            one, other = (
                frame[
                    (frame["lhs"] == factor) & (frame["op"] == "~") & (frame["rhs"] == name)
                ].iloc[0]
                for frame in (before.estimates, after.estimates)
            )
            found.append(
                FactorDifference(
                    factor,
                    label,
                    float(one["est"]),
                    *(float(other[key]) for key in ("est", "se", "pvalue", "ci_lower", "ci_upper")),
                )
            )
    return tuple(found)

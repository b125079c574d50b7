"""Importance-performance map analysis: what matters most, and how well it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.composite.cases import Batch, Missing
from analysis.composite.effects import total_matrix
from analysis.composite.estimate import Estimates, estimate
from analysis.composite.layout import CompositeOptions, Layout
from analysis.composite.model import PlsModel
from analysis.composite.pls import read_sample
from analysis.composite.resampling import resample
from analysis.errors import DataError, ModelError

Range = tuple[float, float]


@dataclass(frozen=True)
class ImportancePerformance:
    """Importance and performance for one target, each with an interval (absent without bootstrap).

    Frames with the columns importance, importance_lower, importance_upper, performance,
    performance_lower, performance_upper; ``constructs`` and ``dimensions`` (of second-order
    constructs) by name, ``items`` by construct and item. Importance: points by which the target's
    performance rises when the performance of the row rises by one point, all else equal.
    Performance: 0 to 100. ``target_performance`` is that of the target itself.
    """

    target: str
    target_performance: float
    constructs: pd.DataFrame
    dimensions: pd.DataFrame
    items: pd.DataFrame
    n: int
    level: float
    resamples: int
    warnings: tuple[str, ...]


def importance_performance(
    data: pd.DataFrame,
    model: str | PlsModel,
    target: str,
    *,
    scale: Range | Mapping[str, Range],
    settings: CompositeOptions = CompositeOptions(),  # noqa: B008 - frozen
    missing: Missing = "mean",
    bootstrap: int = 0,
    seed: int | None = None,
    level: float = 0.95,
) -> ImportancePerformance:
    """The importance-performance map of a target construct.

    scale: lowest and highest possible answer, of all items or by item. Items are rescaled to
    0-100; a construct's performance is the mean of its items weighed by the unstandardised outer
    weights, scaled to sum to one; importance is the unstandardised total effect between these
    (Ringle & Sarstedt 2016, Industrial Management & Data Systems 116(9)). An item's importance is
    its construct's times its weight; likewise a dimension's.

    Raises as ``fit_pls``; ModelError when nothing leads to the target, DataError for a scale that
    the answers leave.
    """
    layout, cases, point = read_sample(data, model, settings, missing)
    if target not in layout.names or not layout.final.arrows[:, layout.names.index(target)].any():
        raise ModelError(f"no path leads to {target!r}, so nothing can be important for it")
    low, high = item_ranges(layout, cases.values, scale)
    whole = cases.whole()

    def compute(batch: Batch, e: Estimates) -> dict[str, np.ndarray]:
        return _map(batch, e, target, low, high)

    first = {name: values[0] for name, values in compute(whole, point).items()}
    draws: dict[str, np.ndarray] = {}
    if bootstrap:
        _, reference = estimate(whole, layout)
        draws = resample(cases, layout, reference, compute, resamples=bootstrap, seed=seed).draws
    rows = _labels(layout, target)
    tables = {group: _table(labels, group, first, draws, level) for group, labels in rows.items()}
    negative = [item for (_, item), w in zip(rows["items"], first["share"], strict=True) if w < 0]
    notes = []
    if negative:
        notes.append(
            f"{', '.join(negative)} weigh negatively, so that performance may leave 0 to 100; "
            "leave these items out or turn them before reading the map"
        )
    return ImportancePerformance(
        target,
        float(first["target"][0]),
        tables["constructs"],
        tables["dimensions"],
        tables["items"],
        cases.n,
        level,
        bootstrap,
        tuple(notes),
    )


def item_ranges(
    layout: Layout, values: np.ndarray, scale: Range | Mapping[str, Range]
) -> tuple[np.ndarray, np.ndarray]:
    by_item = scale if isinstance(scale, Mapping) else dict.fromkeys(layout.items, scale)
    for k, item in enumerate(layout.items):
        if item not in by_item:
            raise DataError(f"scale names no range for {item}")
        lowest, highest = by_item[item]
        least, most = np.nanmin(values[:, k]), np.nanmax(values[:, k])
        if not (lowest <= least and most <= highest and lowest < highest):
            raise DataError(
                f"{item}: answers run from {least:g} to {most:g}, outside its scale from "
                f"{lowest:g} to {highest:g}"
            )
    ends = np.array([by_item[item] for item in layout.items], dtype=float)
    return ends[:, 0], ends[:, 1]


def _sources(layout: Layout, target: str) -> list[int]:
    reach = layout.final.arrows.astype(int)
    power, found = reach, reach > 0
    while power.any():
        power = power @ reach
        found |= power > 0
    t = layout.names.index(target)
    return [j for j, name in enumerate(layout.names) if found[j, t] and ":" not in name]


def _labels(layout: Layout, target: str) -> dict[str, list[tuple[str, ...]]]:
    sources = [layout.names[j] for j in _sources(layout, target)]
    return {
        "constructs": [(name,) for name in sources],
        "dimensions": [
            (name, part)
            for name in sources
            if layout.model.is_higher(name)
            for part in layout.model[name].parts
        ],
        "items": [(name, item) for name in sources for item in layout.model.items_of(name)],
    }


def _map(
    batch: Batch, e: Estimates, target: str, low: np.ndarray, high: np.ndarray
) -> dict[str, np.ndarray]:
    layout, p = e.layout, len(e.layout.items)
    performance = (batch.mean - low) / (high - low) * 100
    # Weights per point of 0-100: of standardised scores, then so that they sum to one.
    raw = e.composites[:, :p] / batch.sd[:, :, None] * ((high - low) / 100)[:, None]
    size = raw.sum(axis=1)  # (B, K); its inverse is the score's standard deviation in points
    size[:, [":" in name for name in e.constructs]] = np.nan  # a product has no items of its own
    share = raw / size[:, None, :]
    scores = np.einsum("bp,bpk->bk", performance, share)
    t = layout.names.index(target)
    total = total_matrix(e)[:, :, t]
    sources = _sources(layout, target)
    importance = {j: total[:, j] * size[:, j] / size[:, t] for j in sources}
    place = {item: k for k, item in enumerate(layout.items)}
    items = [(j, place[i]) for j in sources for i in layout.model.items_of(layout.names[j])]
    dimensions = []
    for j in sources:
        name = layout.names[j]
        if layout.model.is_higher(name):
            for part in layout.model[name].parts:
                own = [place[i] for i in layout.model[part].parts]
                weight = share[:, own, j].sum(axis=1)
                dimensions.append((importance[j] * weight, scores[:, e.constructs.index(part)]))
    empty = np.zeros((len(raw), 0))
    return {
        "target": scores[:, [t]],
        "constructs importance": np.stack([importance[j] for j in sources], axis=1),
        "constructs performance": scores[:, sources],
        "dimensions importance": np.stack([d[0] for d in dimensions], 1) if dimensions else empty,
        "dimensions performance": np.stack([d[1] for d in dimensions], 1) if dimensions else empty,
        "items importance": np.stack([importance[j] * share[:, k, j] for j, k in items], axis=1),
        "items performance": performance[:, [k for _, k in items]],
        "share": np.stack([share[:, k, j] for j, k in items], axis=1),
    }


def _table(
    labels: list[tuple[str, ...]],
    group: str,
    first: dict[str, np.ndarray],
    draws: dict[str, np.ndarray],
    level: float,
) -> pd.DataFrame:
    columns: dict[str, np.ndarray] = {}
    tail = (1 - level) / 2
    for what in ("importance", "performance"):
        name = f"{group} {what}"
        columns[what] = first[name]
        ends = np.full((2, len(labels)), np.nan)
        if name in draws and labels:
            ends = np.quantile(draws[name], [tail, 1 - tail], axis=0)
        columns[f"{what}_lower"], columns[f"{what}_upper"] = ends
    one = not labels or len(labels[0]) == 1
    index = (
        pd.Index([label[0] for label in labels], name="construct")
        if one
        else pd.MultiIndex.from_tuples(labels, names=["construct", "part"])
    )
    return pd.DataFrame(columns, index=index)

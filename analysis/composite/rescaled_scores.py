"""Construct scores from 0 to 100, as the importance-performance map and necessity read them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.composite.cases import Missing
from analysis.composite.importance import Range, item_ranges
from analysis.composite.layout import CompositeOptions
from analysis.composite.model import PlsModel
from analysis.composite.pls import read_sample


def rescaled_scores(
    data: pd.DataFrame,
    model: str | PlsModel,
    *,
    scale: Range | Mapping[str, Range],
    settings: CompositeOptions = CompositeOptions(),  # noqa: B008 - frozen
    missing: Missing = "mean",
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Rows by constructs (products left out), and the constructs in which an item weighs negatively.

    Every item is rescaled from its ``scale`` to 0-100, a missing answer at the item's mean; a score
    is the mean of the construct's items weighed by the unstandardised outer weights, scaled to sum
    to one (Ringle & Sarstedt 2016). Negative weights let it leave 0 to 100. Raises as
    ``importance_performance``.
    """
    layout, cases, e = read_sample(data, model, settings, missing)
    low, high = item_ranges(layout, cases.values, scale)
    whole = cases.whole()
    p = len(layout.items)
    answers = np.where(np.isnan(cases.values), whole.mean[0], cases.values)
    names = [name for name in e.constructs if ":" not in name]
    at = [e.constructs.index(name) for name in names]  # a product has no items of its own
    raw = e.composites[0, :p, at].T / whole.sd[0][:, None] * (high - low)[:, None]
    share = raw / raw.sum(axis=0)
    scores = ((answers - low) / (high - low) * 100) @ share
    turned = tuple(name for name, own in zip(names, share.T, strict=True) if own.min() < -1e-12)
    return pd.DataFrame(scores, index=cases.index, columns=names), turned

"""Which parameters of a fitted model can be the headline of a multiverse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SHOWN = ("=~", "~", "~~", ":=")


def headline_parameters(result: Mapping[str, Any]) -> list[str]:
    """What can be a headline of a fitted model, as it is asked for: paths, then covariances and defined
    parameters, then loadings; of a composite model its paths. None of a model of several groups, which
    has several of each."""
    if not result["converged"]:
        return []
    if "paths" in result:  # a composite model
        return [f"{row['target']} ~ {row['source']}" for row in result["paths"]]
    if result["groups"]:
        return []
    found = {
        op: [
            f"{row['lhs']} {op} {'' if op == ':=' else row['rhs']}".strip()
            for row in result["estimates"]
            if row["op"] == op and (op != "~~" or row["lhs"] != row["rhs"])
        ]
        for op in _SHOWN
    }
    return [*found["~"], *found["~~"], *found[":="], *found["=~"]]

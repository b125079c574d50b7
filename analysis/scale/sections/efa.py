"""Exploratory factor analysis with as many factors as the model has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from analysis.json_values import filled
from analysis.scale.efa import efa
from analysis.scale.study import Matrix, Number, Section, Study


@dataclass(frozen=True)
class EfaItem:
    """``factor``: the hypothesised one."""

    item: str
    factor: str
    loadings: tuple[Number, ...]
    communality: Number


@dataclass(frozen=True)
class EfaSection(Section, percent=16, title="exploratory factor analysis", again=True):
    """Pattern loadings on ``names`` (F1, F2, ...); ``phi`` correlates the factors;
    ``variance`` is each factor's share of the items' variance. ``inadmissible``: why the solution is not
    to be interpreted and what was tried; shares, chi-square and p are None then."""

    n: int
    method: str
    rotation: str
    names: tuple[str, ...]
    items: tuple[EfaItem, ...]
    phi: Matrix
    variance: tuple[Number, ...]
    chisq: Number
    df: int
    pvalue: Number
    residual_rms: Number
    inadmissible: str = ""

    @classmethod
    def compute(cls, study: Study) -> Self:
        found = efa(
            study.moments(),
            len(study.model),
            method=study.choices.efa_method,
            rotation=study.choices.efa_rotation,
        )
        withheld: dict[str, Any] = {}
        if found.inadmissible:
            withheld = {
                "variance": [None] * len(study.model),
                "chisq": None,
                "pvalue": None,
            }
        section = filled(
            cls,
            found,
            **withheld,
            names=[f"F{j + 1}" for j in range(found.loadings.shape[1])],
            items=[
                {
                    "item": item,
                    "factor": study.factor_of[item],
                    "loadings": found.loadings[i],
                    "communality": found.communalities[i],
                }
                for i, item in enumerate(found.items)
            ],
        )
        study.warn(cls, found.warnings)
        return section

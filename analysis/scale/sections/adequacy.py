"""Sampling adequacy: whether the items share enough to look for factors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from analysis.json_values import filled
from analysis.scale.conclusions import Conclusion
from analysis.scale.efa import adequacy
from analysis.scale.study import Number, Section, Sections, Study


@dataclass(frozen=True)
class MsaRow:
    item: str
    msa: Number


@dataclass(frozen=True)
class Bartlett:
    """Bartlett's test of sphericity."""

    chisq: Number
    df: int
    pvalue: Number


@dataclass(frozen=True)
class AdequacySection(Section, percent=8, title="sampling adequacy", again=True):
    """The Kaiser-Meyer-Olkin measure, whole and by item (``msa``), and Bartlett's test."""

    n: int
    kmo: Number
    msa: tuple[MsaRow, ...]
    bartlett: Bartlett

    @classmethod
    def compute(cls, study: Study) -> Self:
        found = adequacy(study.data, study.items)
        return filled(
            cls,
            found,
            msa=[
                {"item": item, "msa": msa} for item, msa in zip(found.items, found.msa, strict=True)
            ],
            bartlett={"chisq": found.chisq, "df": found.df, "pvalue": found.pvalue},
        )

    def conclude(self, found: Sections) -> Iterator[Conclusion]:
        yield self.against("kmo", self.kmo, ">=", 0.60, "Kaiser 1974")
        yield self.against("bartlett_pvalue", self.bartlett.pvalue, "<", 0.05, "Bartlett 1951")

"""Careless answers: who is flagged, and every conclusion again without them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from analysis.errors import DataError
from analysis.json_values import filled
from analysis.scale.careless import INDICATORS, CarelessReport, careless
from analysis.scale.conclusions import Conclusion
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.sections.reliability import ReliabilityRow, ReliabilitySection
from analysis.scale.sections.sample import SampleSection
from analysis.scale.study import Fit, Number, Section, Study, Warned

MOST_ROWS = 1000  # flagged rows that are listed by number


@dataclass(frozen=True)
class Indicator:
    indicator: str
    cut: Number
    unit: str
    source: str
    n_flagged: int


@dataclass(frozen=True)
class FlaggedRow:
    """``row`` counts from 1 in the order of the data."""

    row: int
    flags: tuple[str, ...]
    longstring: Number
    irv: Number
    mahalanobis: Number
    seconds_per_item: Number


@dataclass(frozen=True)
class WithoutFlagged:
    """The headline results computed again without the flagged rows."""

    n_complete: int
    fit: Fit | None
    reliability: tuple[ReliabilityRow, ...]
    conclusions: tuple[Conclusion, ...]
    warnings: tuple[Warned, ...]


@dataclass(frozen=True)
class CarelessSection(Section, percent=80, title="careless answers"):
    """Flags are proposals; nobody is left out elsewhere. At most 1000 ``rows`` are listed.
    ``without`` is None when nobody is flagged."""

    n: int
    n_flagged: int
    share_flagged: float
    indicators: tuple[Indicator, ...]
    rows: tuple[FlaggedRow, ...]
    without: WithoutFlagged | None

    @classmethod
    def compute(cls, study: Study) -> Self:
        n = len(study.raw)
        if not n:
            raise DataError("there are no rows to look at")
        seconds = None if study.seconds is None else study.seconds.to_numpy()[:, 0]
        found = careless(study.raw, seconds=seconds)
        study.warn(cls, found.warnings)
        flagged = np.flatnonzero(found.flagged)
        without = None
        if len(flagged):
            study.record.announce(85, "the same without the flagged rows")
            without = _without(study, found.flagged)
        return cls(
            n=n,
            n_flagged=len(flagged),
            share_flagged=len(flagged) / n,
            indicators=_indicators(found),
            rows=tuple(_row(found, i) for i in flagged[:MOST_ROWS]),
            without=without,
        )


def _indicators(found: CarelessReport) -> tuple[Indicator, ...]:
    told = {
        "longstring": (found.longstring_cut, "identical answers in a row", "Curran 2016"),
        "irv": (found.cuts.irv, "scale points (SD within the person)", "Dunn, Heggestad, Shanock & Theilgard 2018"),
        "mahalanobis": (found.mahalanobis_cut, f"D2 at p = {found.cuts.mahalanobis:g}", "Meade & Craig 2012"),
        "speed": (found.cuts.seconds_per_item, "seconds an item", "Huang, Curran, Keeney, Poposki & DeShon 2012"),
    }  # fmt: skip
    return tuple(
        filled(
            Indicator,
            indicator=name,
            cut=told[name][0],
            unit=told[name][1],
            source=told[name][2],
            n_flagged=int(found.flags[:, k].sum()),
        )
        for k, name in enumerate(INDICATORS)
    )


def _row(found: CarelessReport, i: int) -> FlaggedRow:
    return filled(
        FlaggedRow,
        row=int(i) + 1,
        flags=[name for k, name in enumerate(INDICATORS) if found.flags[i, k]],
        longstring=found.longstring[i],
        irv=found.irv[i],
        mahalanobis=found.mahalanobis[i],
        seconds_per_item=found.seconds_per_item[i],
    )


def _without(study: Study, flagged: np.ndarray) -> WithoutFlagged:
    again = study.without(flagged)
    sections = again.sections
    cfa = sections.get(CfaSection)
    return WithoutFlagged(
        n_complete=sections[SampleSection].n_complete,
        fit=None if cfa is None else cfa.fit,
        reliability=sections[ReliabilitySection].rows,
        conclusions=sections.conclusions(),
        warnings=tuple(again.warnings),
    )

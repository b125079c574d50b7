"""What a scale validation is to be about: factors and items, answer scales, columns, choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.covariance.settings import Options
from analysis.covariance.simulation.dynamic_cutoffs import LEAST_REPS
from analysis.errors import MissingItem, ModelError
from analysis.moments import numeric
from analysis.reversal import turned
from analysis.scale.efa import require_known
from instruments.schema import Instrument, ScoringKey

MOST_ITEMS = 300  # a validation of 200 items takes most of a minute, and time grows with the cube


@dataclass(frozen=True)
class Factor:
    """A factor of the model and the items that measure it."""

    name: str
    items: tuple[str, ...]


def factors(model: Mapping[str, Sequence[str]]) -> tuple[Factor, ...]:
    """The model's factors in their order."""
    return tuple(Factor(name, tuple(items)) for name, items in model.items())


@dataclass(frozen=True)
class Choices:
    """How the steps compute. Raises ModelError for an unknown or impossible choice."""

    estimator: str
    missing: str
    likelihood: str
    efa_method: str
    efa_rotation: str
    seed: int
    draws: int
    reps: int
    cutoffs: int = 0  # simulated samples a level of dynamic cut-offs; 0: none
    esem: bool = False  # whether the model is compared with ESEM

    def __post_init__(self) -> None:
        if self.estimator in ("WLSM", "ULSMV"):
            raise ModelError(
                f"a validation takes ordinal items by WLSMV alone; choose WLSMV, or `sem` for {self.estimator}"
            )
        if self.missing == "pairwise":
            raise ModelError(
                "a validation takes missing answers listwise or by fiml; choose one, or `sem` for pairwise"
            )
        Options(self.estimator, self.missing, likelihood=self.likelihood)
        require_known(self.efa_method, self.efa_rotation)
        if min(self.draws, self.reps) < 2:
            raise ModelError("draws and reps must be at least 2")
        if self.cutoffs and self.cutoffs < LEAST_REPS:
            raise ModelError(
                f"cutoffs {self.cutoffs}: simulate {LEAST_REPS} samples or more, or 0 for none"
            )
        if self.seed < 0:
            raise ModelError(f"seed {self.seed}: a seed is a whole number from 0 on")


@dataclass(frozen=True)
class Plan:
    """The factors, and what the instrument knows of their items.

    ``scales``: item -> ends of its answer scale; ``turning``: item worded the other way round -> what
    its answers are subtracted from.
    """

    instrument: Instrument | None
    key: ScoringKey | None
    model: dict[str, tuple[str, ...]]
    scales: dict[str, tuple[float, float]]
    turning: dict[str, float]

    @property
    def items(self) -> list[str]:
        return [item for members in self.model.values() for item in members]

    def turn(self, raw: pd.DataFrame) -> pd.DataFrame:
        """A copy with the items that are worded the other way round turned."""
        return turned(raw.copy(), self.turning)

    def out_of_range(self, raw: pd.DataFrame) -> list[str]:
        """Sentences on answers beyond the ends of their scale."""
        said = []
        for name, (lowest, highest) in self.scales.items():
            n = int(((raw[name] < lowest) | (raw[name] > highest)).sum())
            if n:
                said.append(f"{name}: {n} answers lie outside {lowest:g} to {highest:g}")
        return said


def plan_of(
    instrument: Instrument | None,
    *,
    key: str | None = None,
    model: Mapping[str, Sequence[str]] | None = None,
) -> Plan:
    """The plan that a scoring key, or a model instead, gives.

    Raises ModelError without factors or items, for an unknown key, an item on two factors, or more
    than 300 items.
    """
    chosen = _key_of(instrument, key) if model is None else None
    checked = _checked(chosen.scales if chosen else model)
    items = [item for members in checked.values() for item in members]
    if len(items) > MOST_ITEMS:
        raise ModelError(
            f"a scale of {len(items)} items cannot be validated at once; the limit is {MOST_ITEMS}"
        )
    scales: dict[str, tuple[float, float]] = {}
    turning = {}
    for name in items:
        item = instrument.item(name) if instrument else None
        if item is None or item.scale is None:
            continue
        scales[name] = (item.scale.minimum, item.scale.maximum)
        if item.reverse:
            turning[name] = float(item.scale.minimum + item.scale.maximum)
    return Plan(instrument, chosen, checked, scales, turning)


def group_columns(data: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The grouping columns as text labels, missing where empty. Raises MissingItem."""
    absent = [name for name in names if name not in data.columns]
    if absent:
        raise MissingItem(f"not among the data's columns: {', '.join(absent)}")
    return pd.DataFrame(
        {name: [None if pd.isna(v) else str(v) for v in data[name]] for name in names}, dtype=object
    )


def number_columns(data: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Columns as floats, missing as NaN. Raises MissingItem, and DataError for text or infinity."""
    return pd.DataFrame(numeric(data, list(names)), columns=list(names))


def _key_of(instrument: Instrument | None, key: str | None) -> ScoringKey:
    if instrument is None:
        raise ModelError("nothing says which items measure what: give an instrument or a model")
    if key is not None and key not in instrument.keys:
        known = ", ".join(instrument.keys) or "none"
        raise ModelError(f"{instrument.code} has no scoring key {key!r}; it has {known}")
    chosen = instrument.keys[key] if key is not None else instrument.default_key
    if chosen is None:
        raise ModelError(f"{instrument.code} has no scoring key, so there is no scale to validate")
    return chosen


def _checked(model: Mapping[str, Sequence[str]] | None) -> dict[str, tuple[str, ...]]:
    checked = {factor: tuple(items) for factor, items in (model or {}).items()}
    empty = [factor for factor, items in checked.items() if not items]
    if not checked or empty:
        raise ModelError(f"a factor needs items; none given for {', '.join(empty) or 'the model'}")
    items = [item for members in checked.values() for item in members]
    twice = sorted({item for item in items if items.count(item) > 1})
    if twice:
        raise ModelError(f"each item may measure one factor; twice here: {', '.join(twice)}")
    return checked

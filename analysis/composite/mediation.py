"""Does an effect run through mediators? Indirect effects, their share, and the kind of mediation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.composite.bootstrap import Bootstrap
from analysis.composite.result import PlsResult
from analysis.errors import DataError, ModelError

Kind = Literal["complementary", "competitive", "indirect-only", "direct-only", "no effect"]


@dataclass(frozen=True)
class Effect:
    """An effect with its bootstrap interval; ``way`` are the constructs it runs through."""

    way: tuple[str, ...]
    estimate: float
    se: float
    lower: float
    upper: float
    p: float

    @property
    def significant(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.lower > 0 or self.upper < 0


@dataclass(frozen=True)
class Mediation:
    """The effect of ``source`` on ``target``, taken apart.

    ``vaf`` is the share of the total effect that is indirect (variance accounted for), with its
    interval; None where direct and indirect effect have different signs, for then it is no share.
    ``specific`` sums to ``indirect``. ``direct`` is None where the model has no such arrow.
    """

    source: str
    target: str
    direct: Effect | None
    indirect: Effect
    total: Effect
    specific: tuple[Effect, ...]
    vaf: float | None
    vaf_lower: float | None
    vaf_upper: float | None
    kind: Kind
    n: int
    level: float


def mediation(fit: PlsResult, source: str, target: str, *, interval: str = "lower") -> Mediation:
    """The mediation of one effect in a bootstrapped fit.

    interval: "lower" for percentile intervals, "bca_lower" for BCa. Kinds after Zhao, Lynch and
    Chen (2010), Journal of Consumer Research 37(2): complementary or competitive when indirect
    and direct effect are both significant (same or different signs), else indirect-only,
    direct-only, no effect.

    Raises DataError without bootstrap, ModelError where no chain joins source and target.
    Validated against R seminr ``specific_effect_significance`` and ``total_indirect_ci``.
    """
    boot = fit.bootstrap
    if boot is None:
        raise DataError("mediation needs a bootstrap; fit with bootstrap=5000")
    if interval not in ("lower", "bca_lower"):
        raise DataError(f"interval={interval!r} is not known; use 'lower' or 'bca_lower'")
    wanted = {"paths", "indirect_effects", "specific_effects", "total_effects"}
    if not wanted <= set(boot.tables):
        absent = ", ".join(sorted(wanted - set(boot.tables)))
        raise DataError(f"the bootstrap lacks {absent}; ask for them in statistics")
    pair = (source, target)
    if pair not in boot.tables["indirect_effects"].index:
        raise ModelError(f"no chain of two arrows or more leads from {source} to {target}")
    direct = _effect(boot, "paths", pair, pair, interval)
    indirect = _one(_effect(boot, "indirect_effects", pair, pair, interval))
    total = _one(_effect(boot, "total_effects", pair, pair, interval))
    specific = []
    for label in boot.tables["specific_effects"].index:
        way = label if isinstance(label, tuple) else tuple(label.split(" -> "))
        if (way[0], way[-1]) == pair:
            specific.append(_one(_effect(boot, "specific_effects", label, way, interval)))
    vaf: float | None = None
    vaf_lower: float | None = None
    vaf_upper: float | None = None
    if direct is None or direct.estimate * indirect.estimate > 0:
        tail = (1 - boot.level) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = _draws(boot, "indirect_effects", pair) / _draws(boot, "total_effects", pair)
        low, high = np.quantile(shares[np.isfinite(shares)], [tail, 1 - tail])
        vaf, vaf_lower, vaf_upper = indirect.estimate / total.estimate, float(low), float(high)
    return Mediation(
        source,
        target,
        direct,
        indirect,
        total,
        tuple(specific),
        vaf,
        vaf_lower,
        vaf_upper,
        _kind(direct, indirect),
        fit.n,
        boot.level,
    )


def mediations(fit: PlsResult, *, interval: str = "lower") -> tuple[Mediation, ...]:
    """The mediation of every effect that has an indirect part. Raises DataError without bootstrap."""
    if fit.bootstrap is None or "indirect_effects" not in fit.bootstrap.tables:
        raise DataError("mediation needs a bootstrap of indirect_effects; fit with bootstrap=5000")
    pairs = fit.bootstrap.tables["indirect_effects"].index
    return tuple(mediation(fit, s, t, interval=interval) for s, t in pairs)


def _kind(direct: Effect | None, indirect: Effect) -> Kind:
    if indirect.significant:
        if direct is None or not direct.significant:
            return "indirect-only"
        return "complementary" if direct.estimate * indirect.estimate > 0 else "competitive"
    return "direct-only" if direct is not None and direct.significant else "no effect"


def _one(effect: Effect | None) -> Effect:
    if effect is None:  # the caller looks up labels that the same bootstrap has made
        raise DataError("the bootstrap's tables do not belong together")
    return effect


def _draws(boot: Bootstrap, table: str, label: object) -> np.ndarray:
    at = list(boot.tables[table].index).index(label)
    return np.asarray(boot.draws[table][:, at])


def _effect(
    boot: Bootstrap, table: str, label: object, way: tuple[str, ...], interval: str
) -> Effect | None:
    frame = boot.tables[table]
    places = list(frame.index)
    if label not in places:
        return None
    row = frame.iloc[places.index(label)]
    return Effect(
        way,
        float(row["estimate"]),
        float(row["se"]),
        float(row[interval]),
        float(row[interval.replace("lower", "upper")]),
        float(row["p_percentile"]),
    )

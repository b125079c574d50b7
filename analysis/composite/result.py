"""The result of a composite model: its numbers as tables, made when they are first looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from analysis.composite.bootstrap import Bootstrap
from analysis.composite.distances import FIT, fit_distances
from analysis.composite.drawn_rows import Drawn
from analysis.composite.estimate import Estimates
from analysis.composite.evaluate import STATISTICS, measured_constructs
from analysis.composite.layout import CompositeOptions
from analysis.composite.model import PlsModel
from analysis.covariance.intraclass import Clusters, Weights
from analysis.errors import ModelError
from analysis.json_values import to_json
from analysis.provenance import versions


@dataclass(frozen=True)
class PlsResult:
    """A composite model fitted to data.

    ``scores``: rows by constructs, unit variance (divisor n - 1); None when only moments were
    given; variances are weighted if rows are. Rows lost to missing answers, or for want of a weight
    or cluster, are ``dropped``. ``estimates`` are the numbers behind the tables, a batch of one.
    ``drawn`` names the columns with the rows' weights and clusters; ``case_weights`` and
    ``clusters`` say what they are and cost, ``design_effects`` what clusters cost the paths
    (source, target, se_rows, design_effect; with a bootstrap).
    """

    model: PlsModel
    settings: CompositeOptions
    n: int
    dropped: int
    missing: str
    seed: int | None
    estimates: Estimates = field(repr=False)
    scores: pd.DataFrame | None = field(repr=False)
    bootstrap: Bootstrap | None = field(repr=False)
    warnings: tuple[str, ...]
    drawn: Drawn = field(default_factory=Drawn)
    case_weights: Weights | None = None
    clusters: Clusters | None = None
    design_effects: pd.DataFrame | None = field(default=None, repr=False)

    @property
    def method(self) -> str:
        """The estimator in words."""
        if self.settings.scheme == "maxvar":
            kind, scheme = "MAXVAR", ""
        else:
            kind = "PLSc" if self.settings.consistent else "PLS"
            scheme = f", {self.settings.scheme} scheme"
        kind = kind if self.drawn.weights is None else f"weighted {kind}"
        higher = f", second order by {self.settings.higher_order}" if self.model.higher else ""
        product = f", products {self.settings.interaction}" if self.model.products else ""
        return f"{kind}{scheme}{higher}{product}"

    @property
    def iterations(self) -> int:
        """Iterations of the stage that took most."""
        return int(self.estimates.iterations[0])

    @property
    def converged(self) -> bool:
        """Whether all stages settled."""
        return bool(self.estimates.converged[0])

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the software."""
        return dict(_versions())

    @cached_property
    def paths(self) -> pd.DataFrame:
        """Columns source, target, estimate, f_squared, vif; an arrow a row.

        An arrow from a dimension to what it composes has neither f2 nor VIF. A path from a product
        is the change of the source's slope per unit of the moderator's standard deviation.
        """
        f2, vif = self._column("f_squared"), self._column("vif")
        nan = float("nan")
        return pd.DataFrame(
            [(*a, b, f2.get(a, nan), vif.get(a, nan)) for a, b in self._column("paths").items()],
            columns=["source", "target", "estimate", "f_squared", "vif"],
        )

    @cached_property
    def weights(self) -> pd.DataFrame:
        """Columns construct, item, estimate; the parts of a second-order construct are dimensions."""
        return self._long("weights")

    @cached_property
    def loadings(self) -> pd.DataFrame:
        """Columns construct, item, estimate (of the factor under PLSc)."""
        return self._long("loadings")

    @cached_property
    def cross_loadings(self) -> pd.DataFrame:
        """Correlations of items (rows) with composites (columns)."""
        e = self.estimates
        values = (e.cov[0] @ e.composites[0])[: len(e.layout.items)]
        return pd.DataFrame(values, index=list(e.layout.items), columns=list(e.constructs))

    @cached_property
    def effects(self) -> pd.DataFrame:
        """Columns source, target, direct, indirect, total; a connected pair a row."""
        direct = self._column("paths")
        rows = []
        for pair, total in self._column("total_effects").items():
            d = direct.get(pair, 0.0)
            rows.append((*pair, d, total - d, total))
        return pd.DataFrame(rows, columns=["source", "target", "direct", "indirect", "total"])

    @cached_property
    def specific(self) -> pd.DataFrame:
        """Specific indirect effects: columns path (constructs joined by ->), estimate."""
        rows = [(" -> ".join(way), v) for way, v in self._column("specific_effects").items()]
        return pd.DataFrame(rows, columns=["path", "estimate"])

    @cached_property
    def r_squared(self) -> pd.DataFrame:
        """R-squared and adjusted R-squared by construct."""
        both = {
            "r_squared": self._column("r_squared"),
            "adjusted": self._column("adjusted_r_squared"),
        }
        return _by_construct(both)

    @cached_property
    def reliability(self) -> pd.DataFrame:
        """alpha, rho_a, cr and ave by construct."""
        return _by_construct({name: self._column(name) for name in ("alpha", "rho_a", "cr", "ave")})

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """Construct correlations, corrected for attenuation under PLSc."""
        names = list(self.estimates.layout.names)
        return pd.DataFrame(self.estimates.C[0].copy(), index=names, columns=names)

    @cached_property
    def fornell_larcker(self) -> pd.DataFrame:
        """Construct correlations with the square root of AVE on the diagonal."""
        e = self.estimates
        values = e.scores[0].copy()
        J = len(e.layout.names)
        values[:J, :J] = e.C[0]
        names = list(measured_constructs(e.layout))
        at = [e.constructs.index(name) for name in names]
        values = values[np.ix_(at, at)]
        np.fill_diagonal(values, np.sqrt(self.reliability.loc[names, "ave"].to_numpy()))
        return pd.DataFrame(values, index=names, columns=names)

    @cached_property
    def htmt(self) -> pd.DataFrame:
        """Heterotrait-monotrait ratios; NaN between a construct and its own dimension."""
        return self._ratios("htmt")

    @cached_property
    def htmt2(self) -> pd.DataFrame:
        """HTMT2 (geometric means)."""
        return self._ratios("htmt2")

    @cached_property
    def vif(self) -> pd.DataFrame:
        """Columns construct, item, vif."""
        rows = [(*label, v) for label, v in self._column("item_vif").items()]
        return pd.DataFrame(rows, columns=["construct", "item", "vif"])

    @cached_property
    def fit(self) -> dict[str, dict[str, float]]:
        """srmr, d_uls and d_g of the ``saturated`` and the ``structural`` model; {} with products."""
        if self.estimates.layout.products:
            return {}
        both = zip(("saturated", "structural"), fit_distances(self.estimates), strict=True)
        return {kind: dict(zip(FIT, v[0].tolist(), strict=True)) for kind, v in both}

    def path(self, source: str, target: str) -> float:
        """One path coefficient. Raises ModelError when the model has no such arrow."""
        return self._one("paths", source, target)

    def total(self, source: str, target: str) -> float:
        """One total effect. Raises ModelError when no way leads from source to target."""
        return self._one("total_effects", source, target)

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON values (scores and single resamples left out)."""
        out: dict[str, Any] = {
            "method": self.method,
            "n": self.n,
            "dropped": self.dropped,
            "missing": self.missing,
            "seed": self.seed,
            "iterations": self.iterations,
            "converged": self.converged,
            "drawn": self.drawn,
            "case_weights": self.case_weights,
            "clusters": self.clusters,
            "design_effects": self.design_effects,
        }
        for name in ("paths", "weights", "loadings", "effects", "specific", "vif"):
            out[name] = getattr(self, name).to_dict("records")
        for name in ("r_squared", "reliability", "correlations", "fornell_larcker"):
            out[name] = getattr(self, name).to_dict("index")
        for name in ("htmt", "htmt2", "cross_loadings"):
            out[name] = getattr(self, name).to_dict("index")
        out["fit"] = self.fit
        out["bootstrap"] = None if self.bootstrap is None else _bootstrap_dict(self.bootstrap)
        out["warnings"] = list(self.warnings)
        out["versions"] = self.versions
        return dict(to_json(out))

    def _column(self, name: str) -> dict[tuple[str, ...], float]:
        statistic = STATISTICS[name]
        values = statistic.values(self.estimates)[0].tolist()
        return dict(zip(statistic.labels(self.estimates.layout), values, strict=True))

    def _one(self, name: str, source: str, target: str) -> float:
        found = self._column(name)
        if (source, target) not in found:
            raise ModelError(f"the model has no way from {source} to {target}")
        return found[(source, target)]

    def _long(self, name: str) -> pd.DataFrame:
        values = getattr(self.estimates, name)[0]
        rows = [
            (construct, item, float(v))
            for (construct, item), v in zip(self.estimates.layout.measured, values, strict=True)
        ]
        return pd.DataFrame(rows, columns=["construct", "item", "estimate"])

    def _ratios(self, name: str) -> pd.DataFrame:
        names = list(measured_constructs(self.estimates.layout))
        out = np.full((len(names), len(names)), np.nan)
        np.fill_diagonal(out, 1.0)
        for (a, b), value in self._column(name).items():
            i, j = names.index(a), names.index(b)
            out[i, j] = out[j, i] = value
        return pd.DataFrame(out, index=names, columns=names)


@lru_cache(maxsize=1)
def _versions() -> tuple[tuple[str, str], ...]:
    # Reading the packages' metadata takes longer than a fit, and it cannot change while we run.
    return tuple(versions().items())


def _by_construct(columns: dict[str, dict[tuple[str, ...], float]]) -> pd.DataFrame:
    labels: Sequence[tuple[str, ...]] = list(next(iter(columns.values())))
    return pd.DataFrame(
        {name: list(values.values()) for name, values in columns.items()},
        index=[label[0] for label in labels],
    )


def _bootstrap_dict(boot: Bootstrap) -> dict[str, Any]:
    tables = {}
    for name, table in boot.tables.items():
        rows = []
        for label, row in zip(table.index, table.to_dict("records"), strict=True):
            rows.append({"label": list(label) if isinstance(label, tuple) else [label], **row})
        tables[name] = rows
    return {
        "resamples": boot.resamples,
        "admissible": boot.admissible,
        "dropped": boot.dropped,
        "improper": boot.improper,
        "contested": boot.contested,
        "seed": boot.seed,
        "level": boot.level,
        "tables": tables,
        "fit_test": boot.fit_test,
    }

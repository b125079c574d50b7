"""Longitudinal invariance: may the same people's answers be compared over waves, and what changed?"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.comparability import Verdict
from analysis.compare import holm
from analysis.covariance.diagnostics import told_once
from analysis.covariance.measurement_invariance.invariance import (
    STEPS,
    InvarianceStep,
    Release,
    Rules,
    judged,
    ladder_table,
    may_be_released,
    released_until_held,
)
from analysis.covariance.measurement_invariance.invariance_verdict import verdict
from analysis.covariance.measurement_invariance.wave_model import WaveModel
from analysis.covariance.measurement_invariance.waves import Waves, reversed_at_all
from analysis.covariance.score_tests import score_tests
from analysis.covariance.sem import SemFit, fit_sem
from analysis.covariance.text.model import Model
from analysis.covariance.text.syntax import as_model
from analysis.errors import ModelError, TooFewCases
from analysis.json_values import to_json
from analysis.reversal import reversal_sentences

LEAST = 10  # persons with answers at two waves, below which nothing is estimated


@dataclass(frozen=True)
class Longitudinal:
    """The ladder over waves, what breaks it, partial invariance and the changes of latent means.

    ``people``: persons who answered anything, by wave; ``in_all`` at every wave; ``n`` those
    analysed. ``changes`` come from the scalar model, or the partial one; where the ``verdict`` does
    not allow means, they may be changes of the items.
    """

    waves: tuple[str, ...]
    names: tuple[str, ...]  # the waves as parts of variables' names
    people: dict[str, int]
    persons: int
    in_all: int
    n: int
    steps: tuple[InvarianceStep, ...]
    rules: Rules
    reached: str | None
    score_tests: pd.DataFrame
    releases: tuple[Release, ...]
    partial: SemFit | None
    changes: pd.DataFrame
    stability: pd.DataFrame
    turning_points: dict[str, float]  # of reversed items
    warnings: tuple[str, ...]

    def step(self, name: str) -> InvarianceStep:
        """The rung of that name."""
        return next(step for step in self.steps if step.name == name)

    @property
    def verdict(self) -> Verdict:
        """How far the waves are measured alike: whether means, and so ``changes``, may be compared."""
        return verdict(self)

    @property
    def table(self) -> pd.DataFrame:
        """One row a rung, as ``Invariance.table``."""
        return ladder_table(self.steps)

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON values at full precision; what does not exist is None."""
        document = {
            "waves": self.waves,
            "people": self.people,
            "persons": self.persons,
            "in_all": self.in_all,
            "n": self.n,
            "reached": self.reached,
            "rules": self.rules,
            "steps": [step.to_dict() for step in self.steps],
            "score_tests": self.score_tests.to_dict(orient="records"),
            "releases": self.releases,
            "partial": None if self.partial is None else self.partial.to_dict(),
            "changes": self.changes.to_dict(orient="records"),
            "verdict": self.verdict,
            "stability": self.stability.to_dict(orient="records"),
            "warnings": self.warnings,
        }
        return dict(to_json(document))


def longitudinal(
    waves: Waves,
    model: str | Model,
    *,
    estimator: str = "ML",
    missing: str = "listwise",
    free: Sequence[str] = (),
    rules: Rules | None = None,
    partial: bool = True,
    method: str = "2001",
    sampling_weights: str | None = None,
    cluster: str | None = None,
) -> Longitudinal:
    """Fit the ladder configural, metric, scalar, strict over waves and judge each step.

    ``waves``: of ``waves.from_long`` or ``from_columns``. ``model``: that of one wave, lines ``factor =~
    items`` and covariances of residuals. It stands at every wave; all factors covary, and so do the
    residuals of one item at two waves (Little 2013). ``missing``: "listwise" takes persons with
    every answer of every wave, "fiml" also those who missed one. ``free``: parameters that may
    differ at every step, by their name at one wave: ``visual=~x2``, ``x3~1``, ``x3~~x3``. Rules,
    difference tests, ``partial`` and ``method`` as in ``invariance``; a parameter is released at all
    waves. ``sampling_weights`` and ``cluster``: kept columns of the waves, as in ``fit_sem``.

    Changes are of each wave against each earlier one: ``est`` in standard deviations of the first
    wave, ``d`` in those of the two waves (root of the mean variance), ``points`` in points of the
    answers, as the mean of the items that are held equal (Little, Slegers & Card 2006); each with
    its 95 % interval by the delta method. ``p_holm`` is over all of them. ``stability`` is the
    correlation of a factor with itself.

    Raises ModelError for ordinal estimators, whose ladder is ``ordinal_longitudinal``. Else as
    ``fit_sem``.

    Validated against: lavaan 0.6-14 and semTools 0.5-6 ``measEq.syntax(long.equal)``.
    """
    if estimator not in ("ML", "MLR", "MLM"):
        raise ModelError(
            f"estimator {estimator}: invariance over waves is tested by ML, MLR or MLM, and of ordinal"
            " items by WLSMV in steps of their own (ordinal_longitudinal)"
        )
    described = as_model(model)
    waves, points = reversed_at_all(waves, described.reversed_items)
    described = replace(described, reversed_items=())
    repeated = WaveModel.of(described, waves)
    for name in free:
        if name.replace(" ", "") not in repeated.names:
            raise ModelError(
                f"free: {name!r} is no loading, intercept or residual variance of the model; write"
                f" it as at one wave, such as {repeated.names[0]} or {waves.items[-1]}~1"
            )
    held = tuple(name.replace(" ", "") for name in free)
    twice = int((waves.answered.sum(axis=1) >= 2).sum())
    if twice < LEAST:
        raise TooFewCases(LEAST, twice, what="persons with answers at two waves")

    def fit(step: str, released: Sequence[str]) -> SemFit:
        return fit_sem(
            waves.frame,
            repeated.text(step, released),
            estimator=estimator,
            missing=missing,
            mean_structure=True,
            sampling_weights=sampling_weights,
            cluster=cluster,
        )

    def worst(found: SemFit, op: str, released: Sequence[str]) -> pd.Series | None:
        tests = _tests(found, repeated)
        allowed = [may_be_released(described, str(name), released) for name in tests["name"]]
        left = tests[(tests["op"] == op).to_numpy() & np.array(allowed, dtype=bool)]
        return None if left.empty else left.iloc[0]

    fits = {step: fit(step, held) for step in STEPS}
    n = fits["configural"].n
    applied = Rules.of(n) if rules is None else rules
    ladder, told = judged(fits, applied, method)
    reached = None
    for step in ladder:
        if not step.holds:
            break
        reached = step.name
    failing = next((step for step in ladder if not step.holds and step.equal), None)
    releases: tuple[Release, ...] = ()
    repaired: SemFit | None = None
    if partial and failing is not None and failing.name in ("metric", "scalar"):
        releases, repaired = released_until_held(fits, failing.name, applied, held, fit, worst)
    of_means = repaired or fits["scalar"]
    return Longitudinal(
        waves.labels,
        waves.names,
        waves.people,
        len(waves.frame),
        waves.in_all,
        n,
        ladder,
        applied,
        reached,
        _tests((failing or ladder[-1]).fit, repeated),
        releases,
        repaired,
        _changes(of_means, repeated),
        stability_of(fits["configural"], repeated),
        points,
        (
            *waves.warnings,
            *reversal_sentences(points),
            *told_once((one.solution, one.warnings) for one in fits.values()),
            *told,
        ),
    )


def _tests(fit: SemFit, repeated: WaveModel) -> pd.DataFrame:
    """Score tests of the equalities over waves: name at one wave, op, wave, x2, df, pvalue, epc."""
    found = score_tests(fit.solution)
    rows = [
        {
            "name": repeated.base_name(row["name"]),
            "op": row["op"],
            "wave": repeated.wave_of(row["name"]),
            "against": repeated.wave_of(row["with_name"]),
            **{key: row[key] for key in ("x2", "df", "pvalue", "epc")},
        }
        for row in found.to_dict("records")
    ]
    return pd.DataFrame(
        rows, columns=["name", "op", "wave", "against", "x2", "df", "pvalue", "epc"]
    )


def _changes(fit: SemFit, repeated: WaveModel) -> pd.DataFrame:
    """factor, wave, against, est, se, z, pvalue, p_holm, ci_*, d, d_ci_*, points, points_se, points_ci_*."""
    defined = {
        str(row["lhs"]): row for row in fit.estimates.to_dict("records") if row["op"] == ":="
    }
    label = dict(zip(repeated.waves.names, repeated.waves.labels, strict=True))
    rows = []
    for factor in repeated.model.latent:
        for one, other in repeated.pairs:
            row: dict[str, Any] = {"factor": factor, "wave": label[other], "against": label[one]}
            change = defined[repeated.defined("change", factor, one, other)]
            row |= {key: change[key] for key in ("est", "se", "z", "pvalue", *_CI)}
            for kind in ("d", "points"):
                known = defined.get(repeated.defined(kind, factor, one, other), _NOTHING)
                row |= {kind: known["est"], f"{kind}_se": known["se"]}
                row |= {f"{kind}_{key}": known[key] for key in _CI}
            rows.append(row)
    frame = pd.DataFrame(rows)
    values = frame["pvalue"].to_numpy(dtype=float)
    adjusted = holm(values.tolist()) if np.isfinite(values).all() else [float("nan")] * len(values)
    return frame.assign(p_holm=adjusted)


_CI = ("ci_lower", "ci_upper")
_NOTHING: dict[Hashable, Any] = dict.fromkeys(("est", "se", *_CI), float("nan"))


def stability_of(fit: SemFit, repeated: WaveModel) -> pd.DataFrame:
    """factor, wave, against, r, ci_lower, ci_upper: each factor's correlation with itself."""
    label = dict(zip(repeated.waves.names, repeated.waves.labels, strict=True))
    frame = fit.estimates
    rows = []
    for factor in repeated.model.latent:
        for one, other in repeated.pairs:
            ends = {f"{factor}_{one}", f"{factor}_{other}"}
            at = (frame["op"] == "~~") & frame["lhs"].isin(ends) & frame["rhs"].isin(ends)
            row = frame[at & (frame["lhs"] != frame["rhs"])].iloc[0]
            rows.append(
                {
                    "factor": factor,
                    "wave": label[other],
                    "against": label[one],
                    "r": row["std_all"],
                    "ci_lower": row["std_ci_lower"],
                    "ci_upper": row["std_ci_upper"],
                }
            )
    return pd.DataFrame(rows)

"""Measurement invariance of ordinal items beside numbers: thresholds, loadings, intercepts, residuals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from analysis.covariance.compare_models import difference_test
from analysis.covariance.drawn_rows import Column
from analysis.covariance.matrices import Array
from analysis.covariance.measurement_invariance.invariance import Rules, may_be_released
from analysis.covariance.measurement_invariance.ladder_rows import ladder_rows
from analysis.covariance.measurement_invariance.ordinal_invariance import (
    OrdinalInvariance,
    ordinal_invariance,
    require_known,
)
from analysis.covariance.measurement_invariance.ordinal_ladder import (
    RELEASED,
    Difference,
    Evaluation,
    ladder_of,
    undefined_tests,
)
from analysis.covariance.ordinal.ordinal_groups import STEPS, STRICT
from analysis.covariance.sem import SemFit, fit_beside, fit_sem
from analysis.covariance.text.model import Model, Modifier
from analysis.covariance.text.syntax import as_model, parse
from analysis.errors import DataError, ModelError

_MEASURED = (
    *("chisq", "df", "chisq_scaled", "pvalue_scaled", "cfi_scaled", "tli_scaled"),
    *("rmsea_scaled", "srmr"),
)


def mixed_invariance(
    data: pd.DataFrame,
    model: str | Model,
    group: str,
    *,
    ordered: Sequence[str],
    rules: Rules | None = None,
    strict: bool = False,
    reference: str | None = None,
    free: Sequence[str] = (),
    partial: bool = True,
    join: bool = False,
    missing: str = "listwise",
    sampling_weights: Column | None = None,
    cluster: Column | None = None,
) -> OrdinalInvariance:
    """The ladder of ``ordinal_invariance``, with the items ``ordered`` as ordinal and the others as numbers.

    The step thresholds asks nothing of numbers; from loadings on theirs are equal as well, then their
    intercepts, and at the step residuals (``strict``) their residual variances. All models are those of
    the theta parametrisation with factor variances of 1 in the first group. Loadings (``f=~x4``),
    intercepts (``x4~1``) and ordinal items' thresholds (``u3|``) may be named in ``free`` and are released
    as there, and so ``missing``. With all items ordered the ladder is that of ordinal items alone.

    Raises ModelError for a model with more than factors of items, and their covariances; DataError for
    categories that differ between groups or are fewer than three; else as ``fit_sem``.

    Validated against: semTools 0.5-6 ``measEq.syntax(ID.cat = "Wu.Estabrook.2016", ID.fac = "std.lv")``
    with lavaan 0.6-14 (each step's fit, difference tests, latent means).
    """
    described = as_model(model)
    if set(described.observed) <= set(ordered):
        return ordinal_invariance(
            data,
            model,
            group,
            rules=rules,
            strict=strict,
            reference=reference,
            free=free,
            partial=partial,
            join=join,
            missing=missing,
            sampling_weights=sampling_weights,
            cluster=cluster,
        )
    items = _require_measured(described, ordered)
    require_known(described, free)
    for name in free:
        if name.endswith("|") and name[:-1] not in items:
            raise ModelError(f"free: {name!r}: {name[:-1]} is a number and has no thresholds")
    rows, said = ladder_rows(
        data, described, group, ordered=items, reference=reference, join=join, missing=missing
    )
    first = fit_sem(
        rows,
        described.lavaan_text,
        estimator="WLSMV",
        missing=missing,
        group=group,
        ordered=items,
        parametrization="theta",
        std_lv=True,
        sampling_weights=sampling_weights,
        cluster=cluster,
    )
    thresholds = first.settings.thresholds or {}
    for name, count in thresholds.items():
        if count < 2:
            raise DataError(
                f"{name} has {count + 1} categories; thresholds can be compared from three on"
            )
    ladder = {**STEPS, **STRICT} if strict else dict(STEPS)

    def refit(step: str, released: Sequence[str]) -> SemFit:
        if step == "configural":
            return first
        text = _text(described, thresholds, ladder[step], len(first.groups), released)
        held = ("loadings",) if "loadings" in ladder[step] else ()
        apart = {name[:-1] for name in released if name.endswith("|")}
        let_go = [
            path.name
            for path in described.paths
            if path.op == "=~" and (path.name in released or path.rhs in apart)
        ]
        return fit_beside(first, parse(text), equal=held, free=let_go if held else ())

    def candidates(_: SemFit, step: str, released: Sequence[str]) -> Iterator[str]:
        for path in described.paths:
            if path.op != "=~" or (step == "thresholds" and path.rhs not in thresholds):
                continue
            name = RELEASED[step].format(factor=path.lhs, item=path.rhs)
            if may_be_released(described, name, released):
                yield name

    fits = {step: refit(step, tuple(free)) for step in ladder}
    found = ladder_of(
        fits,
        BY_MOMENTS,
        rules=Rules.of(first.n) if rules is None else rules,
        partial=partial,
        free=free,
        refit=refit,
        candidates=candidates,
    )
    return OrdinalInvariance(
        group,
        first.groups,
        first.n,
        found.steps,
        found.rules,
        found.reached,
        found.releases,
        found.partial,
        _latent_means(found.intercepts),
        (*said, *first.solution.data.warnings, *undefined_tests(found.steps)),
    )


def _require_measured(model: Model, ordered: Sequence[str]) -> tuple[str, ...]:
    """The ordinal items in the model's order. Raises ModelError for another model, and unknown items."""
    latent = set(model.latent)
    for path in model.paths:
        inside = {path.lhs, path.rhs} <= latent
        measured = path.op == "=~" and path.rhs not in latent
        covaries = path.op == "~~" and (inside or not {path.lhs, path.rhs} & latent)
        if not (measured or (covaries and path.lhs != path.rhs)):
            raise ModelError(
                f"{path.name}: ordinal items beside numbers are compared over groups in a model of factors of"
                " items and covariances; leave the line out"
            )
        if path.modifiers != (Modifier(),):
            raise ModelError(
                f"{path.name}: the ladder says what is fixed and equal; leave its value or label out"
            )
    if model.definitions or model.constraints or model.blocks:
        raise ModelError(
            "definitions, constraints and exploratory blocks do not go with the ladder"
        )
    for name in ordered:
        if name not in model.observed:
            raise ModelError(f"ordered: {name} is no item of the model; correct the name")
    return tuple(name for name in model.observed if name in ordered)


def _text(
    model: Model,
    thresholds: Mapping[str, int],
    equal: Sequence[str],
    groups: int,
    free: Sequence[str],
) -> str:
    """The model with what a step after the configural one adds: equal thresholds, with the responses'
    intercepts and residual variances free from the second group on, until steps hold these too.
    """
    prefix = "eq"
    while any(name.startswith(prefix) for name in (*model.observed, *model.latent)):
        prefix += "."
    later = ",".join(["NA"] * (groups - 1))
    lines = [model.lavaan_text]
    apart = {name[:-1] for name in free if name.endswith("|")}
    for at, item in enumerate(model.observed):
        let_go = f"{item}~1" in free
        if item in thresholds and item not in apart:
            count = thresholds[item]
            own = [f"{prefix}.{at}.{k}" for k in range(1, count + 1)]
            lines.append(
                f"{item} | "
                + " + ".join(
                    f"c({','.join([label] * groups)})*t{k}" for k, label in enumerate(own, 1)
                )
            )
            if "residuals" not in equal:
                lines.append(f"{item} ~~ c(1,{later})*{item}")
            if "intercepts" not in equal or let_go:
                lines.append(f"{item} ~ c(0,{later})*1")
        if item not in thresholds:
            if "intercepts" in equal and not let_go:
                lines.append(f"{item} ~ c({','.join([f'{prefix}.{at}.i'] * groups)})*1")
            if "residuals" in equal:
                lines.append(f"{item} ~~ c({','.join([f'{prefix}.{at}.r'] * groups)})*{item}")
    if "intercepts" in equal:
        lines += [f"{factor} ~ c(0,{later})*1" for factor in model.latent]
    return "\n".join(lines)


def mixed_measures(fit: SemFit) -> dict[str, float]:
    found = {name: fit.fit.get(name, float("nan")) for name in _MEASURED}
    return {
        name: float(value) if fit.converged or name == "df" else float("nan")
        for name, value in found.items()
    }


def _difference(restricted: SemFit, general: SemFit) -> Difference:
    df = round(restricted.fit["df"] - general.fit["df"])
    if df <= 0 or not (restricted.converged and general.converged):
        return None, df, None
    test = difference_test(restricted, general)
    return (test.chisq, df, test.pvalue) if test.warning is None else (None, df, None)


BY_MOMENTS = Evaluation[SemFit](
    mixed_measures, _difference, lambda fit: fit.fit["chisq"], lambda fit: fit.converged
)


def _latent_means(fit: SemFit) -> pd.DataFrame:
    """As of ordinal items alone: the first group's factors have mean 0 and variance 1."""
    frame = fit.estimates
    of_factors = (frame["op"] == "~1") & frame["lhs"].isin(fit.table.latent)
    means = frame[of_factors & (frame["group"] > 1)].sort_values(["group", "lhs"], kind="stable")
    number: Array = means["group"].to_numpy()
    return pd.DataFrame(
        {
            "factor": means["lhs"].to_numpy(),
            "group": [fit.groups[each - 1] for each in number],
            **{
                key: means[key].to_numpy()
                for key in ("est", "se", "z", "pvalue", "ci_lower", "ci_upper")
            },
            "d": means["est"].to_numpy(),
        }
    )

"""A model made complete: every parameter of every group, free or fixed, with its constraints.

The author says what matters; the rest follows the rules that ``lavaan::cfa`` and ``sem`` use:
the first loading of a factor is 1 (or its variance, with ``std_lv``), residual variances are free,
exogenous factors covary, outcomes that predict nothing covary, intercepts are free and latent
means 0, observed predictors keep their sample moments (``fixed_x``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, count

from analysis.covariance.composites.composites import Composite, composites_of, require_fitted_here
from analysis.covariance.ordinal.answer_rows import Outline, require_no_answers, with_answers
from analysis.covariance.parameter_constraints import (
    constraint_transform,
    equal_ties,
    equal_words,
    label_ties,
    require_held,
    restrictions_of,
    settled,
)
from analysis.covariance.parameter_table import Parameter, ParameterTable, exogenous_of
from analysis.covariance.text.model import Model, Modifier, Path, circular
from analysis.errors import ModelError

MAX_ITEMS = 500
MAX_GROUPS = 100
MAX_FREE = 3_000
NOTHING_SAID = Modifier()


def complete(
    model: Model,
    *,
    groups: int = 1,
    mean_structure: bool = False,
    equal: Sequence[str] = (),
    free: Sequence[str] = (),
    std_lv: bool = False,
    orthogonal: bool = False,
    fixed_x: bool = True,
    ordered: bool = False,
    thresholds: Mapping[str, int] | None = None,
    theta: bool = False,
) -> ParameterTable:
    """The model's full parameter table.

    ``ordered`` models have correlations as moments: no residual variances of items. ``thresholds`` are
    the numbers of those of each ordinal item beside numbers or predictors, ``theta`` their parametrisation.

    ``equal`` names kinds of parameters (keys of ``EQUAL``) held equal over groups, except those
    listed in ``free`` by name (``"visual=~x2"``, ``"x3~1"``). Raises ModelError for unknown words,
    too many items or groups, modifiers for a wrong number of groups, and impossible constraints.
    """
    _check(model, groups)
    equal = equal_words(equal, groups=groups, ordered=ordered or thresholds is not None)
    if thresholds is None:
        require_no_answers(model, ordered=ordered)
    mean_structure = mean_structure or any(path.op == "~1" for path in model.paths)
    composites = composites_of(model)
    require_fitted_here(
        composites, equal=equal, means=mean_structure, ordered=ordered, orthogonal=orthogonal
    )
    predictors = () if ordered else exogenous_of(model)
    exogenous = predictors if fixed_x else ()
    outline = _outline(model, composites, mean_structure, std_lv, orthogonal, exogenous)
    if not fixed_x:
        # Random predictors covary freely, as fixed ones do in the sample.
        outline += [
            (Path(a, "~~", b), None, None, False, False) for a, b in combinations(predictors, 2)
        ]
    latent = frozenset(model.latent)
    if ordered:
        outline = _of_correlations(model, outline)
    if thresholds is not None:
        outline = with_answers(model, outline, thresholds, theta=theta)
    released = _released(latent, equal, std_lv)
    outlined: list[Parameter] = []
    number = count()
    for group in range(1, groups + 1):
        for path, modifiers, default, fixed_to_sample, said in outline:
            one = _for_group(path, modifiers, group, groups)
            value = one.fixed if one.fixed is not None else None if one.free else default
            if group > 1 and not said and released(path):
                value = None
            varies = value is None and not fixed_to_sample
            outlined.append(
                Parameter(
                    path.lhs,
                    path.op,
                    path.rhs,
                    group,
                    next(number) if varies else -1,
                    value,
                    one.start,
                    one.label,
                    fixed_to_sample,
                    said,
                    one.lower,
                    one.upper,
                )
            )
    free_count = next(number)
    if free_count > MAX_FREE:
        raise ModelError(
            f"the model has {free_count} free parameters over all groups; at most {MAX_FREE} can be estimated"
        )
    require_held(outlined, latent, equal, free)
    ties = label_ties(outlined) + equal_ties(outlined, latent, equal, free, predictors)
    rows, pairs = settled(outlined, ties)
    transform, offset, equalities = constraint_transform(model, rows, pairs)
    return ParameterTable(
        tuple(rows),
        model.observed,
        model.latent,
        exogenous,
        groups,
        mean_structure,
        model.definitions,
        transform,
        offset,
        tuple(equalities),
        bool(equalities) or bool(model.constraints),
        composites,
        restrictions_of(model, rows),
    )


def _check(model: Model, groups: int) -> None:
    if model.blocks:
        raise ModelError(
            f'efa("{model.blocks[0][1]}"): exploratory blocks are fitted and rotated by sem alone; this '
            "analysis needs a confirmatory model"
        )
    if len(model.observed) > MAX_ITEMS:
        raise ModelError(
            f"the model has {len(model.observed)} items; at most {MAX_ITEMS} can be fitted at once"
        )
    if groups > MAX_GROUPS:
        raise ModelError(f"{groups} groups; at most {MAX_GROUPS} can be fitted at once")
    for path in model.paths:
        if path.op in ("=~", "<~", "~") and path.lhs == path.rhs:
            raise ModelError(circular(path.lhs, path.op))
        if path.op == "~" and path.lhs in model.indicators(path.rhs):
            raise ModelError(
                f"{path.name} and {path.rhs}=~{path.lhs} are the same path; remove one of the two",
                line=path.line or None,
                column=path.column or None,
            )
    products = [n for path in model.paths for n in (path.lhs, path.rhs) if ":" in n]
    for name in products:
        latent = [part for part in name.split(":") if part in model.latent]
        if latent:
            raise ModelError(
                f"{name}: products with a latent variable ({latent[0]}) are not fitted here; measure "
                "the interaction by products of items, or use a composite model"
            )
    if not model.observed:
        raise ModelError("the model names no column of the data; give each factor its items")


def _outline(
    model: Model,
    composites: tuple[Composite, ...],
    mean_structure: bool,
    std_lv: bool,
    orthogonal: bool,
    exogenous: tuple[str, ...],
) -> Outline:
    """Each parameter of one group: path, the author's modifiers, default value, exogenous, said."""
    latent = set(model.latent)
    # A composite's unit comes from its marker, also where factors have unit variances, as in lavaan.
    unit = latent - {one.name for one in composites} if std_lv else set()
    composed = {item for one in composites for item in one.items}
    rows: Outline = []
    written = set()
    marked: set[str] = set()
    for path in model.paths:
        default: float | None = None
        if path.op in ("=~", "<~") and path.lhs not in marked:
            marked.add(path.lhs)
            default = None if path.lhs in unit else 1.0
        if path.op == "~~" and path.lhs == path.rhs and path.lhs in unit:
            default = 1.0
        if path.op == "~1" and path.lhs in latent:
            default = None
        rows.append((path, path.modifiers, default, False, True))
        written |= {(path.lhs, path.op, path.rhs), (path.rhs, path.op, path.lhs)}

    def add(lhs: str, op: str, rhs: str, value: float | None = None, exo: bool = False) -> None:
        if (lhs, op, rhs) not in written:
            rows.append((Path(lhs, op, rhs), None, value, exo, False))

    single = {
        model.indicators(name)[0]
        for name in model.latent
        if len(model.indicators(name)) == 1 and model.indicators(name)[0] not in latent
    }
    for name in model.observed:
        if name not in exogenous and name not in composed:
            add(name, "~~", name, 0.0 if name in single else None)
    for one in composites:
        for lhs, op, rhs in one.inner:
            add(lhs, op, rhs)
    for name in model.latent:
        add(name, "~~", name, 1.0 if name in unit else None)
    explained = {p.rhs for p in model.paths if p.op == "=~"}
    explained |= {p.lhs for p in model.paths if p.op == "~"}
    for left, right in combinations([n for n in model.latent if n not in explained], 2):
        add(left, "~~", right, 0.0 if orthogonal else None)
    for left, right in combinations(_final_outcomes(model), 2):
        add(left, "~~", right, 0.0 if orthogonal and {left, right} <= latent else None)
    for i, left in enumerate(exogenous):
        for right in exogenous[i:]:
            add(left, "~~", right, None, True)
    if mean_structure:
        for name in model.observed:
            if name not in exogenous:
                add(name, "~1", "")
        for name in exogenous:
            add(name, "~1", "", None, True)
        for name in model.latent:
            add(name, "~1", "", 0.0)
    return rows


def _of_correlations(model: Model, outline: Outline) -> Outline:
    """Ordinal items have unit variances and no means of their own: residual variances follow."""
    latent = set(model.latent)
    result: Outline = []
    for path, modifiers, default, exogenous, said in outline:
        if path.op == "~" and not {path.lhs, path.rhs} <= latent:
            raise ModelError(
                f"{path.name}: ordinal items cannot stand in regressions; measure a factor by them",
                line=path.line or None,
                column=path.column or None,
            )
        if path.op == "~1" and said:
            raise ModelError(
                f"{path.name}: intercepts are not estimated for ordinal items; leave the line out",
                line=path.line or None,
                column=path.column or None,
            )
        own_variance = path.op == "~~" and path.lhs == path.rhs and path.lhs not in latent
        result.append(
            (path, None, 0.0, False, said)
            if own_variance
            else (path, modifiers, default, exogenous, said)
        )
    return result


def _final_outcomes(model: Model) -> list[str]:
    """Regression outcomes that predict and measure nothing: their residuals covary by default."""
    predictors = {p.rhs for p in model.paths if p.op == "~"}
    indicators = {p.rhs for p in model.paths if p.op == "=~"}
    outcomes = dict.fromkeys(p.lhs for p in model.paths if p.op == "~")
    final = [name for name in outcomes if name not in predictors and name not in indicators]
    latent = [name for name in model.latent if name in final]
    return latent + [name for name in model.observed if name in final]


def _for_group(
    path: Path, modifiers: tuple[Modifier, ...] | None, group: int, groups: int
) -> Modifier:
    """What the author says about a path in one group."""
    if not modifiers:
        return NOTHING_SAID
    if len(modifiers) not in (1, groups):
        raise ModelError(
            f"{path.name}: modifiers for {len(modifiers)} groups, but the data have {groups}; "
            "give one value, or one for each group",
            line=path.line or None,
            column=path.column or None,
        )
    return modifiers[0 if len(modifiers) == 1 else group - 1]


def _released(latent: frozenset[str], equal: Sequence[str], std_lv: bool) -> Callable[[Path], bool]:
    """Equal intercepts identify the other groups' latent means; equal loadings their variances."""
    means = "intercepts" in equal and "means" not in equal
    scales = std_lv and "loadings" in equal and "lv_variances" not in equal

    def released(path: Path) -> bool:
        if path.lhs not in latent:
            return False
        if path.op == "~1":
            return means
        return scales and path.op == "~~" and path.lhs == path.rhs

    return released

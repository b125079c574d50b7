"""What a reader of a composite model's result should be told beside the numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis.composite.bootstrap import Bootstrap
from analysis.composite.cases import Cases
from analysis.composite.estimate import Estimates
from analysis.composite.evaluate import (
    STATISTICS,
    alpha,
    measured_constructs,
    reliability_a,
    rows_of,
)
from analysis.composite.sample_size import minimum_n

# A composite whose loadings sum to less than this share of their sizes points nowhere in particular.
_POINTED = 0.25
_COLLINEAR = 5.0
_SMALL_PATH = 0.2


def notes(
    e: Estimates, cases: Cases | None, dropped: int, boot: Bootstrap | None, *, improper: bool
) -> tuple[str, ...]:
    """Sentences on rows, convergence, signs, collinearity, admissibility and resamples."""
    return (
        *_on_rows(e, cases, dropped),
        *_on_convergence(e, improper=improper),
        *_on_constructs(e),
        *_on_formative_blocks(e),
        *_on_products(e),
        *_on_collinearity(e),
        *(() if boot is None else _on_resamples(boot)),
    )


def _on_rows(e: Estimates, cases: Cases | None, dropped: int) -> Iterator[str]:
    if dropped:
        yield f"{dropped} rows were left out because answers were missing"
    if cases is not None:
        for item, share in zip(cases.items, np.isnan(cases.values).mean(axis=0), strict=True):
            if share > 0.05:
                yield f"{item}: {share:.0%} missing, replaced by the mean, which reduces variance"
    need = minimum_n(_SMALL_PATH)
    n = e.n if cases is None else cases.effective_n if cases.weights is not None else e.n
    if n < need:
        effective = "" if n == e.n else "effective "
        yield (
            f"{effective}n = {n:.4g} is below the {need} that a path of {_SMALL_PATH} needs for 80 % power at "
            "5 % (inverse square root method, Kock & Hadaya 2018)"
        )


def _on_formative_blocks(e: Estimates) -> Iterator[str]:
    """The ten-times rule (Barclay, Higgins & Thompson 1995) for weights found by regression."""
    layout = e.layout
    for name, mode, block in zip(
        layout.final.names, layout.final.modes, layout.final.blocks, strict=True
    ):
        if mode == "B" and e.n < 10 * len(block):
            yield (
                f"{name}: {len(block)} weights are estimated by regression from n = {e.n:g} (ten "
                "rows a weight are advised); they capitalise on chance, so that its paths come out "
                "too large"
            )


def _on_convergence(e: Estimates, *, improper: bool) -> Iterator[str]:
    if not e.converged[0]:
        yield (
            f"the weights did not settle within {e.layout.settings.max_iterations} iterations; "
            "read nothing from this result before trying another scheme"
        )
    if improper:
        yield (
            "the corrected solution is improper: a reliability, loading or construct correlation "
            "lies beyond 1, or the construct correlations are not positive definite"
        )


def _on_constructs(e: Estimates) -> Iterator[str]:
    reliability = dict(zip(measured_constructs(e.layout), reliability_a(e)[0], strict=True))
    standard = dict(zip(measured_constructs(e.layout), alpha(e)[0], strict=True))
    for name in measured_constructs(e.layout):
        rows = rows_of(e.layout, name)
        loadings = e.loadings[0][rows]
        if len(rows) == 1:
            yield f"{name} is measured by one item: its reliability cannot be told and counts as 1"
            continue
        if abs(loadings.sum()) < _POINTED * np.abs(loadings).sum():
            yield (
                f"{name}: the sign of the composite is not determined, its items pull both ways "
                f"(loadings {loadings.min():.2f} to {loadings.max():.2f}); check for reversed items"
            )
        elif e.layout.model[name].mode == "A" and (loadings < 0).any():
            reversed_items = [e.layout.measured[k][1] for k in rows[np.flatnonzero(loadings < 0)]]
            yield f"{name}: {', '.join(reversed_items)} loads negatively; is it coded in reverse?"
        if reliability[name] > 1:
            yield f"{name}: rho_A is {reliability[name]:.2f}, above 1 (alpha {standard[name]:.2f})"


def _on_products(e: Estimates) -> Iterator[str]:
    settings = e.layout.settings
    if e.layout.products and settings.consistent and settings.interaction != "two-stage":
        yield "products are not corrected for attenuation, although other constructs are"


def _on_collinearity(e: Estimates) -> Iterator[str]:
    item_vif = STATISTICS["item_vif"]
    for (name, item), value in zip(item_vif.labels(e.layout), item_vif.values(e)[0], strict=True):
        if value >= _COLLINEAR and e.layout.model[name].mode == "B":
            yield f"{name}: VIF of {item} is {value:.1f}; its weight is hard to tell from others'"
    vif = STATISTICS["vif"]
    for (source, target), value in zip(vif.labels(e.layout), vif.values(e)[0], strict=True):
        if value >= _COLLINEAR:
            yield f"{source} -> {target}: VIF is {value:.1f}; antecedents overlap"


def _on_resamples(boot: Bootstrap) -> Iterator[str]:
    for why, count in boot.dropped.items():
        yield f"{count} of {boot.resamples} resamples were left out: {why}"
    if boot.improper:
        yield f"{boot.improper} resamples have an improper corrected solution; they are kept"
    if boot.contested > 0.05 * boot.admissible:
        yield (
            f"in {boot.contested} resamples the items alone would have turned a composite the "
            "other way: its sign is weakly determined"
        )

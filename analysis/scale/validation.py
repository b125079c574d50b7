"""The whole validation of a scale in one call, in the order of a scale-validation article."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from analysis.errors import ModelError
from analysis.provenance import fingerprint, versions
from analysis.reversal import reversal_sentences, scale_reversal_sentences, turning_points
from analysis.scale.document import ScaleValidation, Settings
from analysis.scale.plan import Choices, Plan, factors, group_columns, number_columns, plan_of
from analysis.scale.r_script import validation_script
from analysis.scale.registry import sections
from analysis.scale.sections.invariance import InvarianceSection
from analysis.scale.study import Progress, Record, Sections, Study
from analysis.threads import one_blas_thread
from instruments.schema import Instrument


def validate_scale(
    data: pd.DataFrame,
    instrument: Instrument | None = None,
    *,
    key: str | None = None,
    model: Mapping[str, Sequence[str]] | None = None,
    group: Sequence[str] = (),
    marker: Sequence[str] | None = None,
    seconds: str | None = None,
    reverse: Sequence[str] = (),
    estimator: str = "ML",
    missing: str = "listwise",
    likelihood: str = "normal",
    efa_method: str = "minres",
    efa_rotation: str = "oblimin",
    seed: int = 1,
    draws: int = 500,
    reps: int = 2000,
    cutoffs: int = 0,
    esem: bool = False,
    progress: Progress | None = None,
) -> ScaleValidation:
    """Validate the scale that an instrument's scoring key, or a model, says the items measure.

    data: one row a person, items in columns, missing answers empty; further columns are ignored.
    instrument: its scoring key (``key``, else the default one) gives factors, items, ends of the
    answer scales, and which items are turned before anything is computed. model: factor -> items,
    instead of a key. group: columns over which invariance is tested. marker: columns of a marker
    scale, unrelated by theory. reverse: items that are worded the other way round, besides those that
    the instrument turns; turned about the ends of their scale, or about their lowest and highest
    answer where no scale is known, which the warnings say. seconds: the column with the time each
    person took for the items.
    estimator and missing of the CFA and its rivals, as ``fit_sem``: "ML", "MLR", "MLM", "WLSMV";
    "listwise", "fiml". likelihood: "normal" (lavaan) or "wishart" (AMOS). seed; draws of the
    parallel analysis; reps of the bootstrap. cutoffs: simulated samples a level of dynamic cut-offs,
    0 for none (``analysis.covariance.simulation.dynamic_cutoffs``). esem: whether the model is compared with one of
    free cross-loadings (``analysis.scale.esem``). progress: called with percent and step.

    Returns a result for any number of rows: a step that these data cannot bear is None in the
    document, with the reason among its warnings. Raises ModelError without factors, for an item
    on two of them or an unknown choice, MissingItem for an item that is no column, DataError for
    text or infinity.
    """
    choices = Choices(
        estimator,
        missing,
        likelihood,
        efa_method,
        efa_rotation,
        seed=seed,
        draws=draws,
        reps=reps,
        cutoffs=cutoffs,
        esem=esem,
    )
    plan = plan_of(instrument, key=key, model=model)
    groups = (group,) if isinstance(group, str) else tuple(group)
    raw = number_columns(data, plan.items)
    wanted = _reversed(plan, reverse)
    unknown = [item for item in wanted if item not in plan.scales]
    points = turning_points(raw, unknown)
    by_scale = {item: float(sum(plan.scales[item])) for item in wanted if item in plan.scales}
    plan = replace(plan, turning=plan.turning | by_scale | points)
    study = Study(
        plan.turn(raw),
        plan.model,
        plan.scales,
        choices,
        raw=raw,
        groups=group_columns(data, groups),
        marker=number_columns(data, marker) if marker else None,
        seconds=number_columns(data, [seconds]) if seconds else None,
        sections=sections(),
        record=Record(progress),
        turned=tuple(plan.turning),
    )
    said = [*scale_reversal_sentences(by_scale), *reversal_sentences(points)]
    study.record.warn("items", [*said, *plan.out_of_range(raw)])
    with one_blas_thread():
        record = study.compute()
    record.announce(100, "done")
    return ScaleValidation(
        sections=record.sections,
        conclusions=record.sections.conclusions(),
        warned=tuple(record.warnings),
        settings=Settings(
            instrument=plan.instrument.code if plan.instrument else None,
            instrument_version=plan.instrument.version if plan.instrument else None,
            key=plan.key.code if plan.key else None,
            model=factors(plan.model),
            reversed=tuple(plan.turning),
            **vars(choices),
            group=groups,
            marker=tuple(marker or ()),
            seconds=seconds,
        ),
        r_script=_script(plan, choices, record.sections),
        versions=versions(),
        fingerprint=fingerprint(data, plan.items),
    )


def _reversed(plan: Plan, reverse: Sequence[str]) -> tuple[str, ...]:
    """The items to turn besides the instrument's own. Raises ModelError for what is no item."""
    for name in reverse:
        if name not in plan.items:
            raise ModelError(
                f"reverse: {name} is no item of the model; its items are {', '.join(plan.items)}"
            )
        if name in plan.turning:
            raise ModelError(f"reverse: {name} is turned already, as the instrument says")
        if list(reverse).count(name) > 1:
            raise ModelError(
                f"reverse: {name} stands twice, which would turn it back; name it once"
            )
    return tuple(reverse)


def _script(plan: Plan, choices: Choices, found: Sections) -> str:
    compared = found.get(InvarianceSection)
    return validation_script(
        plan.model,
        reverse=plan.turning,
        estimator=choices.estimator,
        missing=choices.missing,
        likelihood=choices.likelihood,
        group=[ladder.group for ladder in compared.ladders] if compared else (),
        draws=choices.draws,
        efa_method=choices.efa_method,
        efa_rotation=choices.efa_rotation,
        instrument=plan.instrument.code if plan.instrument else "",
    )

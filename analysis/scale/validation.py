"""The whole validation of a scale in one call, in the order of a scale-validation article."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import pandas as pd

from analysis.json_values import to_json
from analysis.provenance import fingerprint, versions
from analysis.scale import checks, steps
from analysis.scale.cfa import Cfa
from analysis.scale.conclusions import conclusions
from analysis.scale.document import FORMAT, ScaleValidationDocument
from analysis.scale.groups import group_columns, invariance_section
from analysis.scale.plan import Choices, Plan, number_columns, plan_of
from analysis.scale.r_script import validation_script
from analysis.scale.record import Progress, Record
from analysis.threads import one_blas_thread
from instruments.schema import Instrument


@dataclass(frozen=True)
class ScaleValidation:
    """A finished validation; ``document`` is described in ``analysis.scale.document``."""

    document: ScaleValidationDocument

    def to_dict(self) -> ScaleValidationDocument:
        """The document as plain JSON values, a copy of its own."""
        return copy.deepcopy(self.document)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Every warning as "step: sentence"."""
        return tuple(f"{w['step']}: {w['message']}" for w in self.document["warnings"])


def validate_scale(
    data: pd.DataFrame,
    instrument: Instrument | None = None,
    *,
    key: str | None = None,
    model: Mapping[str, Sequence[str]] | None = None,
    group: Sequence[str] = (),
    marker: Sequence[str] | None = None,
    seconds: str | None = None,
    estimator: str = "ML",
    missing: str = "listwise",
    likelihood: str = "normal",
    efa_method: str = "minres",
    efa_rotation: str = "oblimin",
    seed: int = 1,
    draws: int = 500,
    reps: int = 2000,
    progress: Progress | None = None,
) -> ScaleValidation:
    """Validate the scale that an instrument's scoring key, or a model, says the items measure.

    data: one row a person, items in columns, missing answers empty; further columns are ignored.
    instrument: its scoring key (``key``, else the default one) gives factors, items, ends of the
    answer scales, and which items are turned before anything is computed. model: factor -> items,
    instead of a key. group: columns over which invariance is tested. marker: columns of a marker
    scale, unrelated by theory. seconds: the column with the time each person took for the items.
    estimator and missing of the CFA and its rivals, as ``fit_sem``: "ML", "MLR", "MLM", "WLSMV";
    "listwise", "fiml". likelihood: "normal" (lavaan) or "wishart" (AMOS). seed; draws of the
    parallel analysis; reps of the bootstrap. progress: called with percent and step.

    Returns a result for any number of rows: a step that these data cannot bear is None in the
    document, with the reason among its warnings. Raises ModelError without factors, for an item
    on two of them or an unknown choice, MissingItem for an item that is no column, DataError for
    text or infinity.
    """
    choices = Choices(
        estimator, missing, likelihood, efa_method, efa_rotation, seed=seed, draws=draws, reps=reps
    )
    plan = plan_of(instrument, key=key, model=model)
    groups = (group,) if isinstance(group, str) else tuple(group)
    raw = number_columns(data, plan.items)
    study = steps.Study(plan.turn(raw), plan.model, plan.scales, choices)
    extra = _Extra(
        raw,
        group_columns(data, groups),
        number_columns(data, marker) if marker else None,
        number_columns(data, [seconds]) if seconds else None,
    )
    record = Record(progress)
    record.warn("items", plan.out_of_range(raw))
    with one_blas_thread():
        _describe(study, record)
        _core(study, record)
        _around(study, extra, record)
    record.announce(100, "done")
    sections = to_json(record.sections)
    document = {
        "format": FORMAT,
        **sections,
        "conclusions": to_json(conclusions(sections)),
        "warnings": record.warnings,
        "settings": _settings(plan, choices)
        | {"group": list(groups), "marker": list(marker or ()), "seconds": seconds},
        "r_script": _script(plan, choices, groups),
        "versions": versions(),
        "fingerprint": fingerprint(data, plan.items),
    }
    return ScaleValidation(cast(ScaleValidationDocument, document))


def _settings(plan: Plan, choices: Choices) -> dict[str, Any]:
    return {
        "instrument": plan.instrument.code if plan.instrument else None,
        "instrument_version": plan.instrument.version if plan.instrument else None,
        "key": plan.key.code if plan.key else None,
        "model": steps.factors(plan.model),
        "reversed": list(plan.turned),
        **vars(choices),
    }


def _script(plan: Plan, choices: Choices, groups: tuple[str, ...]) -> str:
    return validation_script(
        plan.model,
        reverse={name: sum(plan.scales[name]) for name in plan.turned},
        estimator=choices.estimator,
        missing=choices.missing,
        likelihood=choices.likelihood,
        group=groups,
        draws=choices.draws,
        efa_method=choices.efa_method,
        efa_rotation=choices.efa_rotation,
    )


@dataclass(frozen=True)
class _Extra:
    """What the steps around the core use besides the study: the items as given, groups, marker,
    times."""

    raw: pd.DataFrame
    groups: pd.DataFrame
    marker: pd.DataFrame | None
    seconds: pd.DataFrame | None


def _describe(study: steps.Study, record: Record) -> None:
    record.announce(0, "sample and missing answers")
    record.sections["sample"] = steps.sample_section(study)
    missing = steps.missing_section(study)
    missing["little"] = record.attempt("missing", lambda: checks.little_section(study))
    record.sections["missing"] = missing
    record.announce(4, "items")
    record.sections["items"] = steps.items_section(study)
    record.sections["normality"] = record.attempt(
        "normality", lambda: checks.normality_section(study)
    )


def _core(study: steps.Study, record: Record) -> None:
    """From sampling adequacy to discriminant validity: what is also asked without some rows."""
    sections = record.sections
    record.announce(8, "sampling adequacy")
    sections["adequacy"] = record.attempt("adequacy", lambda: steps.adequacy_section(study))
    record.announce(12, "number of factors")
    sections["factor_count"] = record.attempt(
        "factor_count", lambda: steps.factor_count_section(study)
    )
    record.announce(16, "exploratory factor analysis")
    sections["efa"] = record.attempt_warned("efa", lambda: steps.efa_section(study))
    record.announce(20, "confirmatory factor analysis")
    fitted: Cfa | None = record.attempt("cfa", lambda: study.fit(study.model))
    sections["cfa"] = sections["rivals"] = sections["fornell_larcker"] = None
    if fitted is not None:
        record.warn("cfa", fitted.warnings)
        sections["cfa"] = steps.cfa_section(fitted, len(study.data) - fitted.n)
        record.announce(22, "rival models")
        sections["rivals"] = record.attempt_warned(
            "rivals", lambda: steps.rivals_section(study, fitted)
        )
    record.announce(45, "reliability")
    sections["reliability"], said = steps.reliability_section(study, fitted)
    record.warn("reliability", said)
    record.announce(48, "validity")
    if fitted is not None:
        sections["fornell_larcker"] = record.attempt(
            "fornell_larcker", lambda: steps.fornell_larcker_section(study, fitted)
        )
    sections["htmt"] = record.attempt("htmt", lambda: steps.htmt_section(study))


def _around(study: steps.Study, extra: _Extra, record: Record) -> None:
    sections = record.sections
    sections["check"] = None
    if sections["cfa"] is not None and (study.choices.estimator, study.choices.missing) == (
        "ML",
        "listwise",
    ):
        record.announce(49, "independent check")
        sections["check"] = record.attempt("check", lambda: checks.check_section(study))
    sections["alpha_check"] = None
    if any(row["alpha"] is not None for row in sections["reliability"]):
        sections["alpha_check"] = record.attempt(
            "alpha_check", lambda: checks.alpha_check_section(study)
        )
    record.announce(50, "bootstrap of HTMT")
    sections["htmt_intervals"] = None
    if sections["htmt"] is not None:
        sections["htmt_intervals"] = record.attempt_warned(
            "htmt", lambda: checks.htmt_interval_rows(study)
        )
    record.announce(55, "general factor")
    sections["general_factor"] = None
    if len(study.model) > 1:
        sections["general_factor"] = record.attempt_warned(
            "general_factor", lambda: checks.general_factor_section(study)
        )
    sections["second_order"] = None
    if len(study.model) > 2 and sections["cfa"] is not None:
        record.announce(58, "second order")
        sections["second_order"] = record.attempt_warned(
            "second_order", lambda: checks.second_order_section(study)
        )
    sections["bifactor"] = None
    if len(study.model) > 2 and min(map(len, study.model.values())) > 2 and sections["cfa"]:
        sections["bifactor"] = record.attempt_warned(
            "bifactor", lambda: checks.bifactor_section(study)
        )
    record.announce(60, "purification")
    sections["purification"] = None
    if sections["cfa"] is not None:
        sections["purification"] = record.attempt_warned(
            "purification", lambda: checks.purification_section(study)
        )
    sections["invariance"] = []
    for name in extra.groups.columns:
        record.announce(65, f"invariance over {name}")
        labels = extra.groups[str(name)]
        found = record.attempt_warned("invariance", partial(invariance_section, study, labels))
        sections["invariance"] += [] if found is None else [found]
    record.announce(70, "common-method variance")
    sections["method_variance"] = record.attempt_warned(
        "method_variance", lambda: checks.method_variance_section(study, extra.marker)
    )
    record.announce(80, "careless answers")
    sections["careless"] = record.attempt("careless", lambda: _careless(study, extra, record))


def _careless(study: steps.Study, extra: _Extra, record: Record) -> dict[str, Any]:
    """Flags, and every conclusion again without the flagged rows."""
    times = None if extra.seconds is None else extra.seconds.to_numpy()[:, 0]
    section, found = checks.careless_section(extra.raw, times)
    record.warn("careless", found.warnings)
    if section["n_flagged"]:
        record.announce(85, "the same without the flagged rows")
        kept = replace(study, data=study.data[~found.flagged].reset_index(drop=True))
        again = Record()
        again.sections["sample"] = steps.sample_section(kept)
        _core(kept, again)
        again.sections["method_variance"] = None
        section["without"] = {
            "n_complete": again.sections["sample"]["n_complete"],
            "fit": (again.sections["cfa"] or {}).get("fit"),
            "reliability": again.sections["reliability"],
            "conclusions": conclusions(to_json(again.sections)),
            "warnings": again.warnings,
        }
    return section

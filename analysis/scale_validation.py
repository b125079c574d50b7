"""The whole validation of a scale in one call, in the order of a scale-validation article."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, cast

import numpy as np
import pandas as pd

from analysis import validation_checks as checks
from analysis import validation_steps as steps
from analysis.cfa import Cfa
from analysis.conclusions import conclusions
from analysis.errors import AnalysisError, ModelError
from analysis.moments import numeric
from analysis.plain import plain
from analysis.provenance import fingerprint, versions
from analysis.r_script import validation_script
from analysis.threads import one_blas_thread
from analysis.validation_document import FORMAT, ScaleValidationDocument
from analysis.validation_groups import group_columns, invariance_section
from instruments.schema import Instrument, ScoringKey

Progress = Callable[[int, str], None]
MOST_ITEMS = 300  # a validation of 200 items takes most of a minute, and time grows with the cube


@dataclass(frozen=True)
class ScaleValidation:
    """A finished validation; ``document`` is described in ``analysis.validation_document``."""

    document: ScaleValidationDocument

    def to_dict(self) -> ScaleValidationDocument:
        """The document as plain JSON values, a copy of its own."""
        return copy.deepcopy(self.document)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Every warning as "step: sentence"."""
        return tuple(f"{w['step']}: {w['message']}" for w in self.document["warnings"])


@dataclass
class _Record:
    """Sections as they come, and the reasons for those that could not."""

    tell: Progress | None
    sections: dict[str, Any] = field(default_factory=dict)
    warnings: list[dict[str, str]] = field(default_factory=list)

    def announce(self, percent: int, step: str) -> None:
        if self.tell is not None:
            self.tell(percent, step)

    def warn(self, step: str, messages: Sequence[str]) -> None:
        self.warnings += [{"step": step, "message": message} for message in messages]

    def attempt(self, step: str, compute: Callable[[], Any]) -> Any:
        """The computed value, or None with the reason among the warnings."""
        try:
            return compute()
        except AnalysisError as error:
            self.warn(step, [str(error)])
        except (np.linalg.LinAlgError, ArithmeticError) as error:
            self.warn(step, [f"a matrix of these data cannot be decomposed ({error})"])
        return None

    def attempt_warned(self, step: str, compute: Callable[[], tuple[Any, Sequence[str]]]) -> Any:
        """As ``attempt`` for a step that returns its own warnings beside its section."""
        found = self.attempt(step, compute)
        if found is None:
            return None
        self.warn(step, found[1])
        return found[0]


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
    instead of a key. group: columns over which invariance is tested. marker: columns of a marker scale, unrelated by theory. seconds: the column
    with the time each person took for the items. estimator and missing of the CFA and its rivals, as
    ``fit_sem``: "ML", "MLR", "MLM", "WLSMV"; "listwise", "fiml". likelihood: "normal" (lavaan) or
    "wishart" (AMOS). seed; draws of the parallel analysis; reps of the bootstrap. progress: called with
    percent and step.

    Returns a result for any number of rows: a step that these data cannot bear is None in the
    document, with the reason among its warnings. Raises ModelError without factors or for an item
    on two of them, MissingItem for an item that is no column, DataError for text or infinity.
    """
    chosen = _key_of(instrument, key) if model is None else None
    plan = _plan(chosen.scales if chosen else model)
    items = [item for members in plan.values() for item in members]
    if len(items) > MOST_ITEMS:
        raise ModelError(
            f"a scale of {len(items)} items cannot be validated at once; the limit is {MOST_ITEMS}"
        )
    if isinstance(group, str):
        group = (group,)
    scales, turned = _answer_scales(instrument, items)
    raw = pd.DataFrame(numeric(data, items), columns=items)
    study = steps.Study(
        data=_turned(raw, scales, turned),
        model=plan,
        scales=scales,
        estimator=estimator,
        missing=missing,
        likelihood=likelihood,
        efa_method=efa_method,
        efa_rotation=efa_rotation,
        seed=seed,
        draws=draws,
    )
    extra = _Extra(
        groups=group_columns(data, tuple(group)),
        marker=_columns(data, marker),
        seconds=_columns(data, seconds and [seconds]),
        raw=raw,
        reps=reps,
    )
    record = _Record(progress)
    record.warn("items", _out_of_range(raw, scales))
    with one_blas_thread():
        _describe(study, record)
        _core(study, record)
        _around(study, extra, record)
    record.announce(100, "done")
    settings = {
        "instrument": instrument.code if instrument else None,
        "instrument_version": instrument.version if instrument else None,
        "key": chosen.code if chosen else None,
        "model": steps.factors(plan),
        "group": list(group),
        "marker": list(marker or ()),
        "seconds": seconds,
        "reversed": turned,
        "estimator": estimator,
        "missing": missing,
        "likelihood": likelihood,
        "efa_method": efa_method,
        "efa_rotation": efa_rotation,
        "seed": seed,
        "draws": draws,
        "reps": reps,
    }
    sections = plain(record.sections)
    document = {
        "format": FORMAT,
        **sections,
        "conclusions": plain(conclusions(sections)),
        "warnings": record.warnings,
        "settings": settings,
        "r_script": validation_script(
            plan,
            reverse={name: sum(scales[name]) for name in turned},
            estimator=estimator,
            missing=missing,
            likelihood=likelihood,
            group=group,
            draws=draws,
            efa_method=efa_method,
            efa_rotation=efa_rotation,
        ),
        "versions": versions(),
        "fingerprint": fingerprint(data, items),
    }
    return ScaleValidation(cast(ScaleValidationDocument, document))


@dataclass(frozen=True)
class _Extra:
    """What the steps around the core use besides the study: groups, marker, times, and the items
    as given."""

    groups: pd.DataFrame
    marker: pd.DataFrame | None
    seconds: pd.DataFrame | None
    raw: pd.DataFrame
    reps: int


def _describe(study: steps.Study, record: _Record) -> None:
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


def _core(study: steps.Study, record: _Record) -> None:
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


def _around(study: steps.Study, extra: _Extra, record: _Record) -> None:
    sections = record.sections
    sections["check"] = None
    if sections["cfa"] is not None and (study.estimator, study.missing) == ("ML", "listwise"):
        record.announce(49, "independent check")
        sections["check"] = record.attempt("check", lambda: checks.check_section(study))
    record.announce(50, "bootstrap of HTMT")
    sections["htmt_intervals"] = None
    if sections["htmt"] is not None:
        sections["htmt_intervals"] = record.attempt_warned(
            "htmt", lambda: checks.htmt_interval_rows(study, extra.reps)
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


def _careless(study: steps.Study, extra: _Extra, record: _Record) -> dict[str, Any]:
    """Flags, and every conclusion again without the flagged rows."""
    times = None if extra.seconds is None else extra.seconds.to_numpy()[:, 0]
    section, found = checks.careless_section(extra.raw, times)
    record.warn("careless", found.warnings)
    if section["n_flagged"]:
        record.announce(85, "the same without the flagged rows")
        kept = replace(study, data=study.data[~found.flagged].reset_index(drop=True))
        again = _Record(None)
        again.sections["sample"] = steps.sample_section(kept)
        _core(kept, again)
        again.sections["method_variance"] = None
        section["without"] = {
            "n_complete": again.sections["sample"]["n_complete"],
            "fit": (again.sections["cfa"] or {}).get("fit"),
            "reliability": again.sections["reliability"],
            "conclusions": conclusions(plain(again.sections)),
            "warnings": again.warnings,
        }
    return section


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


def _plan(model: Mapping[str, Sequence[str]] | None) -> dict[str, tuple[str, ...]]:
    plan = {factor: tuple(items) for factor, items in (model or {}).items()}
    empty = [factor for factor, items in plan.items() if not items]
    if not plan or empty:
        raise ModelError(f"a factor needs items; none given for {', '.join(empty) or 'the model'}")
    items = [item for members in plan.values() for item in members]
    twice = sorted({item for item in items if items.count(item) > 1})
    if twice:
        raise ModelError(f"each item may measure one factor; twice here: {', '.join(twice)}")
    return plan


def _answer_scales(
    instrument: Instrument | None, items: Sequence[str]
) -> tuple[dict[str, tuple[float, float]], list[str]]:
    """Ends of each item's answer scale where the instrument knows them, and the items to turn."""
    scales: dict[str, tuple[float, float]] = {}
    turned = []
    for name in items:
        item = instrument.item(name) if instrument else None
        if item is None or item.scale is None:
            continue
        scales[name] = (item.scale.minimum, item.scale.maximum)
        if item.reverse:
            turned.append(name)
    return scales, turned


def _turned(
    raw: pd.DataFrame, scales: Mapping[str, tuple[float, float]], turned: Sequence[str]
) -> pd.DataFrame:
    """A copy with reverse-worded items turned."""
    frame = raw.copy()
    for name in turned:
        frame[name] = sum(scales[name]) - frame[name]
    return frame


def _columns(data: pd.DataFrame, names: Sequence[str] | None) -> pd.DataFrame | None:
    """Further columns of numbers, or None when none are asked for."""
    if not names:
        return None
    return pd.DataFrame(numeric(data, list(names)), columns=list(names))


def _out_of_range(frame: pd.DataFrame, scales: Mapping[str, tuple[float, float]]) -> list[str]:
    said = []
    for name, (lowest, highest) in scales.items():
        n = int(((frame[name] < lowest) | (frame[name] > highest)).sum())
        if n:
            said.append(f"{name}: {n} answers lie outside {lowest:g} to {highest:g}")
    return said

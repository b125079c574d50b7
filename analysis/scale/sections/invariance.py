"""Is the scale the same in every group? The ladder of invariance over each grouping column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import ClassVar, Self

import pandas as pd

from analysis.covariance.measurement_invariance.invariance import Invariance, invariance
from analysis.covariance.measurement_invariance.ordinal_invariance import (
    OrdinalInvariance,
    ordinal_invariance,
)
from analysis.errors import DataError
from analysis.json_values import filled
from analysis.scale.cfa import Model, sem_model, sem_names
from analysis.scale.conclusions import Conclusion
from analysis.scale.study import Number, Section, Sections, Study

MOST_GROUPS = 20
SHOWN_SCORE_TESTS = 20


@dataclass(frozen=True)
class GroupSize:
    label: str
    n: int


@dataclass(frozen=True)
class Rung:
    """configural, metric, scalar or strict; of ordinal items configural, thresholds, loadings,
    intercepts or residuals. ``d_``: change against the step before, None at the first; of a robust or
    ordinal estimator by scaled differences and robust measures. ``because``: the verdict's reason with
    its bounds."""

    step: str
    chisq: Number
    df: Number
    pvalue: Number
    cfi: Number
    tli: Number
    rmsea: Number
    srmr: Number
    aic: Number
    bic: Number
    d_chisq: Number
    d_df: Number
    d_pvalue: Number
    d_cfi: Number
    d_rmsea: Number
    d_srmr: Number
    holds: bool
    because: str
    chisq_scaled: Number = None
    pvalue_scaled: Number = None
    cfi_robust: Number = None
    tli_robust: Number = None
    rmsea_robust: Number = None
    cfi_scaled: Number = None
    tli_scaled: Number = None
    rmsea_scaled: Number = None


@dataclass(frozen=True)
class ScoreTestRow:
    """An equality over groups: what chi-square would lose if it were freed."""

    name: str
    x2: Number
    df: Number
    pvalue: Number
    epc: Number


@dataclass(frozen=True)
class ReleaseRow:
    """A proposal on the way to partial invariance."""

    step: str
    parameter: str
    x2: Number
    pvalue: Number
    cfi: Number
    holds: bool


@dataclass(frozen=True)
class LatentMean:
    """A factor's mean in a group, the first group's being 0; d: in pooled standard deviations."""

    factor: str
    group: str
    est: Number
    se: Number
    z: Number
    pvalue: Number
    ci_lower: Number
    ci_upper: Number
    d: Number


@dataclass(frozen=True)
class Ladder:
    """The ladder over one grouping column. ``reached``: the last step that holds with all before
    it (None: not even the configural one); ``rules``: the bounds applied."""

    group: str
    groups: tuple[GroupSize, ...]
    reached: str | None
    rules: Mapping[str, float]
    steps: tuple[Rung, ...]
    score_tests: tuple[ScoreTestRow, ...]
    releases: tuple[ReleaseRow, ...]
    latent_means: tuple[LatentMean, ...]


@dataclass(frozen=True)
class InvarianceSection(Section, percent=65, title="invariance"):
    """A ladder a grouping column over which it could be climbed."""

    json_field: ClassVar = "ladders"

    ladders: tuple[Ladder, ...]

    @classmethod
    def compute(cls, study: Study) -> Self:
        ladders = []
        for name in study.groups.columns:
            study.record.announce(cls.percent, f"invariance over {name}")
            labels = study.groups[str(name)]
            found = study.record.attempt(cls.step, partial(_climbed, study, labels))
            if found is not None:
                ladders.append(found)
        return cls(tuple(ladders))

    def conclude(self, found: Sections) -> Iterator[Conclusion]:
        for ladder in self.ladders:
            for row in ladder.steps:
                if row.d_cfi is not None:
                    bound = ladder.rules["d_cfi"]
                    subject = f"{row.step} over {ladder.group}"
                    source = "Cheung & Rensvold 2002" if bound == -0.010 else "Chen 2007"
                    yield self.against("d_cfi", row.d_cfi, ">=", bound, source, subject)


def _climbed(study: Study, labels: pd.Series) -> Ladder:
    """The ladder over one grouping column; groups without more complete rows than items and
    parameters a group are left out and said.

    Ordinal items climb the ordinal ladder, their categories joined where a group used one never.
    Raises DataError with fewer than 2 or more than 20 usable groups, else as ``invariance``.
    """
    name = str(labels.name)
    if name in study.items:
        raise DataError(f"{name} is an item of the scale and cannot group the rows")
    frame = study.data.assign(**{name: labels.to_numpy()})
    usable = frame.dropna(subset=[name] if study.choices.missing == "fiml" else None)
    sizes = usable[name].value_counts()
    least = len(study.items) + 1
    kept = sorted(sizes[sizes >= least].index)
    dropped = [label for label in sorted(labels.dropna().unique()) if label not in kept]
    said = [
        f"group {label} was left out: {int(sizes.get(label, 0))} usable rows, needs {least}"
        for label in dropped
    ]
    if not 2 <= len(kept) <= MOST_GROUPS:
        raise DataError(
            f"{name}: 2 to {MOST_GROUPS} groups of at least {least} complete rows can be compared; "
            f"found {len(kept)} among {len(sizes)}"
        )
    kept_rows = usable[usable[name].isin(kept)]
    found: Invariance | OrdinalInvariance
    if study.choices.estimator == "WLSMV":
        found = ordinal_invariance(kept_rows, sem_model(study.model), name, strict=True, join=True)
    else:
        found = invariance(
            kept_rows,
            sem_model(study.model),
            name,
            estimator=study.choices.estimator,
            missing=study.choices.missing,
        )
    study.warn(InvarianceSection, [*said, *found.warnings])
    return ladder_of(found, study.model, sizes)


def ladder_of(found: Invariance | OrdinalInvariance, model: Model, sizes: pd.Series) -> Ladder:
    """A fitted ladder as a document; ``model``: items by factor, ``sizes``: rows by group."""
    own = {inner: factor for factor, inner in sem_names(model).items()}
    tests = pd.DataFrame()  # ordinal steps choose what to release by refitting
    if isinstance(found, Invariance):
        tests = found.score_tests.head(SHOWN_SCORE_TESTS)
        sizes = pd.Series(found.steps[0].fit.group_n)
    return filled(
        Ladder,
        found,
        groups=[{"label": label, "n": int(sizes[label])} for label in found.groups],
        rules=vars(found.rules),
        steps=[
            {f.name: row.get(f.name) for f in fields(Rung)}  # some estimators have no aic
            for row in found.table.reset_index().to_dict("records")
        ],
        score_tests=[
            {f.name: row[f.name] for f in fields(ScoreTestRow)} for row in tests.to_dict("records")
        ],
        latent_means=[
            {**row, "factor": own.get(row["factor"], row["factor"])}
            for row in found.latent_means.to_dict("records")
        ],
    )

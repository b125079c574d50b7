"""The invariance step of a scale validation: is the scale the same in every segment?"""

from __future__ import annotations

import pandas as pd

from analysis.covariance.invariance import Invariance, invariance
from analysis.errors import DataError, MissingItem
from analysis.scale.cfa import sem_model, sem_names
from analysis.scale.steps import Section, Study

MOST_GROUPS = 20
SHOWN_SCORE_TESTS = 20


def group_columns(data: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """The grouping columns as text labels, missing where empty. Raises MissingItem."""
    absent = [name for name in names if name not in data.columns]
    if absent:
        raise MissingItem(f"not among the data's columns: {', '.join(absent)}")
    return pd.DataFrame(
        {name: [None if pd.isna(v) else str(v) for v in data[name]] for name in names}, dtype=object
    )


def invariance_section(study: Study, labels: pd.Series) -> tuple[Section, tuple[str, ...]]:
    """The ladder over one grouping column; groups without more complete rows than items and
    parameters a group are left out and said.

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
    found = invariance(
        usable[usable[name].isin(kept)],
        sem_model(study.model),
        name,
        estimator=study.choices.estimator,
        missing=study.choices.missing,
    )
    return _section(found, study), (*said, *found.warnings)


def _section(found: Invariance, study: Study) -> Section:
    own = {inner: factor for factor, inner in sem_names(study.model).items()}
    steps = found.table.reset_index().to_dict("records")
    sizes = found.steps[0].fit.group_n
    scores = found.score_tests.head(SHOWN_SCORE_TESTS)
    return {
        "group": found.group,
        "groups": [{"label": label, "n": sizes[label]} for label in found.groups],
        "reached": found.reached,
        "rules": vars(found.rules),
        "steps": [
            {key: row.get(key) for key in STEP_KEYS} | {"step": row["step"]} for row in steps
        ],
        "score_tests": [
            {key: row[key] for key in ("name", "x2", "df", "pvalue", "epc")}
            for row in scores.to_dict("records")
        ],
        "releases": found.releases,
        "latent_means": [
            {**row, "factor": own.get(row["factor"], row["factor"])}
            for row in found.latent_means.to_dict("records")
        ],
    }


STEP_KEYS = (
    "chisq", "df", "pvalue", "cfi", "tli", "rmsea", "srmr", "aic", "bic",
    "d_chisq", "d_df", "d_pvalue", "d_cfi", "d_rmsea", "d_srmr", "holds", "because",
)  # fmt: skip

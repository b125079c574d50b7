"""Models of rows within clusters, fitted by the command on structural equation models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.covariance.measurement_invariance.missing_ladders import model_losses
from analysis.covariance.settings import H1_INFORMATION
from analysis.rules import RULES
from analysis.two_level.fit import TwoLevelFit, fit_two_level
from analysis.two_level.model import LEVEL_NAMES
from analysis.two_level.script import two_level_script
from surveyapp.cli.outputs import Table, finish, json_file, number, probability, sample, warnings
from surveyapp.errors import Invalid
from surveyapp.reports.charts.path_diagram import path_diagrams
from surveyapp.reports.projects.measured_models import sem_diagram
from surveyapp.results.analyses.losses import of_file
from surveyapp.results.analyses.tables import AnswerFile

# In the order shown; of MLR the scaled and robust measures come first.
_FIT = ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper")
_SCALED = tuple("df" if name == "df" else f"{name}_scaled" for name in _FIT)
_ROBUST = tuple(f"{name}_robust" for name in _FIT[3:])
_OTHER = ("srmr_within", "srmr_between", "logl", "aic", "bic")
# A modification index below chi-square's 5 % bound is not worth a row of the file.
LEAST_INDEX = 3.84
_OF_LEVEL = ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "srmr")


def refuse_beside_levels(
    *,
    likelihood: str,
    h1_information: str,
    ordered: str,
    information: str | None,
    auxiliary: str,
    imputations: int | None,
    parametrization: str,
) -> None:
    """Invalid for an option that two-level models do not have."""
    for option, given, cure in (
        ("--likelihood", likelihood != "normal", "leave it out"),
        ("--h1-information", h1_information != H1_INFORMATION[0], "leave it out"),
        ("--parametrization", parametrization != "delta", "items are taken as numbers there"),
        ("--ordered", bool(ordered), "items are taken as numbers there"),
        ("--information", information is not None, "leave it out"),
        ("--auxiliary", bool(auxiliary), "put the variable into the model at both levels"),
        ("--imputations", imputations is not None, "--missing fiml keeps incomplete rows"),
    ):
        if given:
            raise Invalid(f"{option} does not go with a model that has levels; {cure}")


@dataclass(frozen=True)
class LevelChoices:
    """What is asked of a two-level fit."""

    cluster: str | None
    estimator: str
    missing: str
    group: str | None
    equal: tuple[str, ...]
    free: tuple[str, ...]
    weights: str | None
    cluster_weights: str | None
    std_lv: bool


def two_level(
    answers: AnswerFile,
    text: str,
    chosen: LevelChoices,
    json_path: Path | None,
    diagram_path: Path | None,
) -> None:
    """Fit the text's two-level model, print its tables and write its files."""
    cluster = chosen.cluster
    if cluster is None:
        raise Invalid("a model with levels requires clusters; name their column with --cluster")
    fit = fit_two_level(
        answers.frame,
        text,
        cluster,
        estimator=chosen.estimator,
        missing=chosen.missing,
        group=chosen.group,
        equal=chosen.equal,
        free=chosen.free,
        sampling_weights=chosen.weights,
        cluster_weights=chosen.cluster_weights,
        std_lv=chosen.std_lv,
    )
    lost = model_losses(
        answers.frame, fit.model.observed, fit.n, chosen.group, drawn=(chosen.weights, cluster)
    )
    document = {"rules_version": RULES, "sample": sample(lost), **fit.to_dict()}
    document["sample"]["no_weight_or_cluster"] = lost.not_drawn
    document["r_script"] = two_level_script(fit)
    if json_path is not None:
        indices = fit.modification_indices(minimum=LEAST_INDEX)
        document["modification_indices"] = indices.to_dict(orient="records")
    sizes = fit.cluster_sizes
    grouped = [
        f"{one['name']}: n = {one['n']} in {one['clusters']} clusters" for one in document["groups"]
    ]
    tables: list[Table] = [
        (
            f"{chosen.estimator} at two levels, n = {fit.n} in {fit.n_clusters} clusters of {cluster} "
            f"({sizes['smallest']} to {sizes['largest']} rows, on average {sizes['mean']:.1f})"
            f"{'' if fit.converged else ': did not converge'}; "
            f"{'; '.join([*grouped, of_file(lost, chosen.group)])}",
            ("measure", "value"),
            _measures(document["fit"]),
        ),
        *_levels(fit),
        *(
            _estimates(document, level, group, fit)
            for group in range(1, len(fit.groups) + 1)
            for level in LEVEL_NAMES
        ),
        *_defined(document),
        *_shares(fit),
    ]
    files = json_file(json_path, document)
    if diagram_path is not None:
        drawn = {
            f"{level_name}{_in(fit, group)}": sem_diagram(
                {"estimates": _as_group(document, level, group)}
            )
            for group in range(1, len(fit.groups) + 1)
            for level, level_name in LEVEL_NAMES.items()
        }
        files.append((diagram_path, path_diagrams(drawn).encode()))
    finish(tables, warnings(document, answers.notes), files)


def _in(fit: TwoLevelFit, group: int) -> str:
    name = fit.groups[group - 1]
    return f" in {name}" if name else ""


def _measures(fit: dict[str, Any]) -> list[list[str]]:
    scaled = "chisq_scaled" in fit
    shown = (*_SCALED, *_ROBUST, *_FIT, *_OTHER) if scaled else (*_FIT, *_OTHER)
    return [[name, _measure(name, fit[name])] for name in dict.fromkeys(shown) if name in fit]


def _measure(name: str, value: float | None) -> str:
    if name.startswith("pvalue"):
        return probability(value, 4)
    return number(value, 0 if name == "df" else 4)


def _levels(fit: TwoLevelFit) -> list[Table]:
    """Each level's own fit, where the levels can be told apart."""
    if not fit.levels:
        return []
    rows = []
    for one in fit.levels:
        values = {name: getattr(one, name) for name in _OF_LEVEL}
        known = {name: value if value == value else None for name, value in values.items()}
        rows.append(
            [f"{one.name} (n = {one.n})", *(_measure(name, known[name]) for name in _OF_LEVEL)]
        )
    scaled = " (scaled)" if fit.settings.estimator == "MLR" else ""
    title = f"Fit of each level beside an unrestricted other one{scaled}"
    return [(title, ("level", *_OF_LEVEL), rows)]


def _estimates(document: dict[str, Any], level: int, group: int, fit: TwoLevelFit) -> Table:
    rows = [row for row in _of_block(document, level, group) if _worth(row)]
    what = "Estimates" if fit.converged else "Where the estimation stopped (no estimates)"
    return (
        f"{what} {LEVEL_NAMES[level]} clusters{_in(fit, group)}",
        ("parameter", "est", "se", "z", "p", "std.all", "95% CI"),
        [_estimate(row) for row in rows],
    )


def _worth(row: dict[str, Any]) -> bool:
    """Means are shown between clusters alone, and only those that are estimated."""
    return row["op"] != "~1" or (row["level"] == 2 and bool(row["se"]))


def _estimate(row: dict[str, Any]) -> list[str]:
    right = "1" if row["op"] == "~1" else row["rhs"]
    operator = "~" if row["op"] == "~1" else row["op"]
    interval = _interval(row.get("std_ci_lower"), row.get("std_ci_upper"))
    return [
        f"{row['lhs']} {operator} {right}",
        *(number(row.get(key)) for key in ("est", "se", "z")),
        probability(row.get("pvalue")),
        number(row.get("std_all")),
        interval,
    ]


def _interval(lower: float | None, upper: float | None) -> str:
    """Both limits; a fixed value has none."""
    if lower is None or upper is None or lower == upper:
        return ""
    return f"{number(lower)} to {number(upper)}"


def _defined(document: dict[str, Any]) -> list[Table]:
    rows = [row for row in document["estimates"] if row["op"] == ":="]
    head = ("quantity", "est", "se", "z", "p", "std.all", "95% CI")
    return [("Defined quantities", head, [_estimate(row) for row in rows])] if rows else []


def _shares(fit: TwoLevelFit) -> list[Table]:
    """What lies between clusters, and how reliably each factor is measured at its level."""
    tables: list[Table] = []
    if fit.items:
        tables.append(
            (
                "Variance within and between clusters, without a model",
                ("variable", "within", "between", "ICC", "95% CI", "design effect"),
                [
                    [
                        f"{one.item} ({one.group})" if one.group else one.item,
                        *map(number, (one.within, one.between, one.icc)),
                        _interval(one.icc_ci_lower, one.icc_ci_upper),
                        number(one.design_effect),
                    ]
                    for one in fit.items
                ],
            )
        )
    explained = fit.to_dict()["r_squared"]
    if explained:
        tables.append(
            (
                "Explained variance at each level",
                ("variable", "level", "R2"),
                [
                    [
                        f"{row['name']}{_in(fit, row['group'])}",
                        LEVEL_NAMES[row["level"]],
                        number(row["r_squared"]),
                    ]
                    for row in explained
                ],
            )
        )
    if fit.reliabilities:
        tables.append(
            (
                "Reliability at each level",
                ("factor", "level", "items", "omega", "95% CI"),
                [
                    [
                        f"{one.factor} ({one.group})" if one.group else one.factor,
                        one.name,
                        str(one.items),
                        number(one.omega),
                        _interval(one.ci_lower, one.ci_upper),
                    ]
                    for one in fit.reliabilities
                ],
            )
        )
    return tables


def _of_block(document: dict[str, Any], level: int, group: int) -> list[dict[str, Any]]:
    return [row for row in document["estimates"] if (row["level"], row["group"]) == (level, group)]


def _as_group(document: dict[str, Any], level: int, group: int) -> list[dict[str, Any]]:
    """One level's estimates in a group, as those of one group's model are drawn."""
    return [{**row, "group": 1} for row in _of_block(document, level, group)]

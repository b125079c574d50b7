"""What is chosen for an analysis of a model over groups: references, corrections, bounds, simulation."""

from __future__ import annotations

from collections.abc import Mapping

from surveyapp.errors import Invalid
from surveyapp.results.projects.analysis_options import AnalysisOption, Offered, rare, typed
from surveyapp.results.projects.variables import Variables
from surveyapp.store.models import Project, ProjectModel

NO, YES = "no", "yes"
_LONGEST = 500  # characters of a list of parameters
_OFFERED = 200  # groups of all attributes together


def _described(model: ProjectModel) -> Mapping[str, Mapping[str, int | None]]:
    """By attribute its groups with their sizes as the project's answers were described; a small one's is
    None. Nothing of a planned model, which belongs to no project yet."""
    project: Project | None = model.project
    if project is None:
        return {}
    found: Mapping[str, Mapping[str, int | None]] = (project.description or {}).get("groups", {})
    return found


def _large_groups(model: ProjectModel, known: Variables, first: str) -> Offered:
    """The groups that are large enough to be told of, each with its attributes."""
    attributes: dict[str, list[str]] = {}
    for name, sizes in _described(model).items():
        # One value is no choice; many are described by their number alone, which is no group.
        for value, size in sorted(sizes.items()) if name in known.groups and len(sizes) > 1 else ():
            if size is not None:
                attributes.setdefault(value, []).append(name.replace("_", " "))
    named = {value: f"{value} ({', '.join(of)})" for value, of in attributes.items()}
    return {"": first, **dict(list(named.items())[:_OFFERED])}


def _group(label: str, first: str, said: str) -> AnalysisOption:
    return AnalysisOption(
        label,
        "Choose a group of the list: one of the attribute that makes the groups.",
        lambda model, known: _large_groups(model, known, first),
        said.format,
        "",
        rare=True,
    )


REFERENCE = _group("Reference", "first group", ", reference {}")
FIRST = _group("First group", "the two that there are", ": {}")
SECOND = _group("Second group", "the two that there are", " and {}")
CORRECTION = rare(
    "Correction",
    {"holm": "Holm", "benjamini-hochberg": "Benjamini and Hochberg"},
    "adjusted by {}",
)
ALPHA = rare(
    "Significant at",
    {"0.05": "5%", "0.1": "10%", "0.01": "1%", "0.001": "0.1%"},
    "significant at {}",
)
CLASSES = rare(
    "Bounds of the size",
    {
        "jodoin-gierl": "Jodoin and Gierl",
        "zumbo": "Zumbo and Thomas",
    },
    "sizes by {}",
)
CRITERION = rare(
    "An item differs",
    {"test": "by its test", "size": "by its test and its size"},
    "items flagged {}",
)
PURIFY = rare(
    "Matching score",
    {YES: "without items that differ (purified)", NO: "of all items"},
    "matching score {}",
)
ALIGNMENT_METHOD = rare(
    "Mean of the reference",
    {"fixed": "0 (fixed)", "free": "estimated (free)"},
    "mean of the reference {}",
)
EPSILON = rare(
    "Epsilon of the loss",
    {"0.01": ".01", "0.001": ".001", "0.0001": ".0001"},
    "ε {}",
)
LEAST = rare(
    "Rows of a group",
    {str(k): f"at least {k}" for k in (50, 20, 30, 100, 200)},
    "groups of {} rows",
)
SIMULATE = rare(
    "Simulation",
    {"0": "none", "100": "100 samples", "500": "500 samples"},
    "simulated in {}",
)
DIFFERENCE = rare(
    "Difference test",
    {
        "": "the estimator's",
        "2001": "Satorra and Bentler 2001",
        "2010": "Satorra and Bentler 2010",
        "2000": "Satorra 2000",
    },
    "difference test of {}",
)
FREE = typed("Parameters left free", "such as x3~1, f=~x2", "free: {}", _LONGEST)

_OF_ORDINAL = ("classes", "criterion", "purify")


def require_group_options(
    kind: str, options: Mapping[str, str], model: ProjectModel, *, has_levels: bool
) -> None:
    """Raise Invalid, with the field, for a group of another attribute and for options that do not go
    together or with the model."""
    group = options.get("group", "")
    known = _described(model).get(group, {})
    for name in ("reference", "first", "second"):
        if name in options and options[name] not in known:
            raise Invalid(
                f"{options[name]} is none of the groups by {group}; choose one of them", field=name
            )
    if ("first" in options) != ("second" in options) or (
        "first" in options and options["first"] == options["second"]
    ):
        raise Invalid("Choose two groups, or neither", field="second")
    if kind == "dif" and options["method"] == "mimic":
        for name in _OF_ORDINAL:
            if name in options:
                raise Invalid(
                    "The MIMIC model has neither bounds of sizes nor a matching score; leave the option as it"
                    " was, or choose logistic regression",
                    field=name,
                )
    for name, why in without_effect(kind, model, has_levels=has_levels).items():
        if name in options:
            raise Invalid(why, field=name)
    if has_levels and group == model.options["cluster"]:
        raise Invalid(
            "Groups are groups of clusters; choose another attribute than that of the clusters",
            field="group",
        )


def without_effect(kind: str, model: ProjectModel, *, has_levels: bool) -> Mapping[str, str]:
    """By option of an analysis of this model that would do nothing, why it is refused."""
    if kind != "invariance":
        return {}
    found = {}
    if has_levels or model.options["estimator"] != "MLR":
        found["difference"] = (
            "The difference tests are those of MLR in a model of one level; leave the option as it was, or"
            " fit the model by MLR"
        )
    if has_levels:
        found["reference"] = (
            "In a model with levels the first group is the reference; leave the option as it was"
        )
    return found

"""How a project's model is estimated: read from what somebody chose, and as it is stored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from analysis.covariance.exploratory.rotation import Rotation
from analysis.covariance.text.syntax import parse
from analysis.two_level.model import has_levels, parse_levels
from surveyapp.errors import Invalid
from surveyapp.results.projects.model_texts import COMPOSITE, COVARIANCE, observed_names
from surveyapp.results.projects.variables import Variables

KINDS = {
    COVARIANCE: "Covariance-based (CFA, SEM), in lavaan's syntax",
    COMPOSITE: "Composites (PLS-SEM)",
}
ESTIMATORS = {
    "ML": "Maximum likelihood (ML)",
    "MLR": "Robust maximum likelihood (MLR): for non-normal answers",
    "WLSMV": "Weighted least squares (WLSMV): for scales of five points or fewer",
}
MISSING = {
    "listwise": "Exclude respondents with missing answers",
    "fiml": "Use all available answers (full information; ML and MLR)",
    "pairwise": "Use all available answers of each pair of items (WLSMV)",
}
EQUAL = {
    "": "Nothing: the same form in each group",
    "loadings": "Loadings",
    "loadings,intercepts": "Loadings and intercepts",
    "loadings,intercepts,residuals": "Loadings, intercepts and residuals",
}
BLOCK_ROTATIONS = {
    "": "Geomin, correlated factors",
    "oblimin": "Oblimin (quartimin), correlated factors",
    "bi-geomin": "Geomin beside a general factor, which comes first",
    "bi-quartimin": "Quartimin beside a general factor, which comes first",
}
SCHEMES = {
    "path": "Path weighting",
    "factorial": "Factorial",
    "centroid": "Centroid",
    "maxvar": "None: MAXVAR (generalised canonical correlation of composites)",
}
HIGHER_ORDER = {
    "two-stage": "In two stages",
    "repeated": "Repeated indicators",
    "three-stage": "In three stages, corrected for attenuation",
}
COMPOSITE_MISSING = {
    "mean": "Replace a missing answer by the item's mean",
    "listwise": "Exclude respondents with missing answers",
}
RESAMPLES = (0, 500, 1_000, 5_000)
# What each option of one kind of model is called, and the value that says nothing.
_OF_COVARIANCE: Mapping[str, tuple[str, Any]] = {
    "estimator": ("Estimator", "ML"),
    "ordered": ("Ordinal items", ""),
    "missing": ("Missing answers", "listwise"),
    "group": ("Groups by", ""),
    "equal": ("Equal across groups", ""),
    "std_lv": ("Factor variances", False),
    "cluster": ("Clusters by", ""),
    "weights": ("Weights of respondents", ""),
    "cluster_weights": ("Weights of clusters", ""),
    "rotation": ("Rotation", ""),
    "free": ("Left free", ""),
    "auxiliary": ("Auxiliary items", ""),
}
# How rows were drawn; of these nothing is stored where nothing was chosen.
_OF_SAMPLE = ("cluster", "weights", "cluster_weights")
_OF_COMPOSITE: Mapping[str, tuple[str, Any]] = {
    "scheme": ("Weighting scheme", "path"),
    "composite_missing": ("Missing answers", "mean"),
    "consistent": ("Consistent PLS", False),
    "higher_order": ("Second-order constructs", "two-stage"),
    "bootstrap": ("Bootstrap", "0"),
    "composite_cluster": ("Clusters by", ""),
    "composite_weights": ("Weights of respondents", ""),
}
# Options of both kinds, which a form names by the kind and a model stores alike.
OF_BOTH = ("missing", "cluster", "weights")
OPTION_NAMES = (*_OF_COVARIANCE, *_OF_COMPOSITE)
SEED = 20_260_103  # of the resampling; stored with the model, so that it can be repeated


def options_of(kind: str, chosen: Mapping[str, Any], known: Variables) -> dict[str, Any]:
    """The options of a model as they are stored.

    Raises Invalid, with the field, for an unknown one, for two that do not go together, and for one
    that the other kind of model has.
    """
    if kind == COVARIANCE:
        _refuse_others(chosen, _OF_COMPOSITE, "a composite model", "a covariance-based one")
        return _covariance(chosen, known)
    if kind == COMPOSITE:
        _refuse_others(chosen, _OF_COVARIANCE, "a covariance-based model", "a composite one")
        return _composite(chosen, known)
    raise Invalid(f"{kind!r} is no kind of model; choose one of the list", field="kind")


def options_in_words(kind: str, options: Mapping[str, Any], text: str) -> str:
    """The options of a model of this text in one line."""
    if kind == COMPOSITE:
        method = (
            "MAXVAR"
            if options["scheme"] == "maxvar"
            else f"{'PLSc' if options['consistent'] else 'PLS'}, {options['scheme']} scheme"
        )
        resampled = f", {options['bootstrap']:,} resamples" if options["bootstrap"] else ""
        second = options.get("higher_order")
        of_second = f", second-order constructs {HIGHER_ORDER[second].lower()}" if second else ""
        drawn = "".join(
            f", {said} {options[name].replace('_', ' ')}"
            for name, said in (("cluster", "clusters by"), ("weights", "respondents weighted by"))
            if options.get(name)
        )
        return f"{method}, {_missing(options)}{of_second}{drawn}{resampled}"
    groups = ""
    if options["group"]:
        equal = options["equal"].replace(",", ", ")
        groups = f", groups by {options['group']}" + (f" with equal {equal}" if equal else "")
        groups += f" but {options['free'].replace(',', ', ')}" if options.get("free") else ""
    unit = ", factor variances 1" if options["std_lv"] else ""
    unit += f", auxiliary {', '.join(auxiliary_items(options))}" * bool(auxiliary_items(options))
    named = ordinal_items(options)
    ordinal = f", ordinal {', '.join(named)}" if named else ""
    levels = "".join(
        f", {said} {options[name].replace('_', ' ')}"
        for name, said in (
            ("cluster", "two levels by" if has_levels(text) else "clusters by"),
            ("weights", "respondents weighted by"),
            ("cluster_weights", "clusters weighted by"),
        )
        if options.get(name)
    )
    turned = f", {options['rotation']} rotation" if options.get("rotation") else ""
    return f"{options['estimator']}, {_missing(options)}{ordinal}{groups}{unit}{levels}{turned}"


def rotation_of(options: Mapping[str, Any]) -> Rotation | None:
    """The rotation that was chosen for exploratory blocks; None for the default."""
    return Rotation(options["rotation"]) if options.get("rotation") else None


def require_level_options(text: str, options: Mapping[str, Any]) -> None:
    """Raise Invalid, with the field, where a text with levels has no clusters or has what two-level models do
    not, where weights or clusters do not go with a text without, where a rotation has no factors to rotate,
    and for an auxiliary item that the model has.
    """
    within = has_levels(text)
    both = set(auxiliary_items(options)) & set((parse_levels if within else parse)(text).observed)
    if within and options.get("auxiliary"):
        raise Invalid(
            "Models with levels take no auxiliary items; leave them out", field="auxiliary"
        )
    if both:
        raise Invalid(
            f"{min(both)} is a variable of the model and cannot be auxiliary, too",
            field="auxiliary",
        )
    if options.get("rotation") and (has_levels(text) or not parse(text).blocks):
        raise Invalid(
            'A rotation needs exploratory blocks; write efa("block")*factor before their factors, or leave'
            " the rotation as it was",
            field="rotation",
        )
    if not has_levels(text):
        _require_sample(options)
        _require_outside(parse(text).observed, options)
        return
    if not options.get("cluster"):
        raise Invalid(
            "A model with levels needs clusters; choose the attribute that makes them, such as the branch",
            field="cluster",
        )
    if options["estimator"] == "WLSMV":
        raise Invalid(
            "Two levels are fitted by ML or MLR, which take items as numbers; choose one of them, or"
            " write a model without levels for WLSMV",
            field="estimator",
        )
    weighted = options.get("weights") or options.get("cluster_weights")
    if weighted and options["estimator"] != "MLR":
        raise Invalid("Weights need robust standard errors; choose MLR", field="estimator")
    if options["group"] == options["cluster"]:
        raise Invalid(
            "Groups are groups of clusters; choose another attribute for one of the two",
            field="group",
        )
    _require_outside(parse_levels(text).observed, options)


def require_composite_options(text: str, options: Mapping[str, Any]) -> None:
    """Raise Invalid for weights that are an item of the composite model."""
    used = observed_names(COMPOSITE, text)
    if options.get("weights") in used:
        raise Invalid(
            f"{options['weights']} is an item of the model and cannot weigh it, too",
            field="composite_weights",
        )


class Drawn(TypedDict):
    """The columns that say how rows were drawn."""

    sampling_weights: str | None
    cluster: str | None


def drawn_by(options: Mapping[str, Any]) -> Drawn:
    """The columns of weights and clusters of a model without levels, by the names that fits give them."""
    return {"sampling_weights": options.get("weights"), "cluster": options.get("cluster")}


def drawn_columns(options: Mapping[str, Any]) -> list[str]:
    """The same columns, those that there are."""
    return [name for name in (options.get("weights"), options.get("cluster")) if name]


def is_drawn(options: Mapping[str, Any]) -> bool:
    """Whether a model without levels has weights or clusters."""
    return bool(drawn_columns(options))


def _require_sample(options: Mapping[str, Any]) -> None:
    """Raise Invalid for weights or clusters that do not go with a model without levels."""
    if options.get("cluster_weights"):
        raise Invalid(
            "Weights of clusters belong to a model with levels; write 'level: 1' and 'level: 2' in the text,"
            " or choose none",
            field="cluster_weights",
        )
    if not options.get("cluster"):
        return
    if options["estimator"] == "ML":
        raise Invalid(
            "Clusters need robust standard errors; choose MLR, or WLSMV for ordinal items",
            field="estimator",
        )
    if options["group"] == options["cluster"]:
        raise Invalid(
            "Groups by the clusters leave nothing to compare within one; choose another attribute for one of"
            " the two",
            field="group",
        )


def _require_outside(used: Sequence[str], options: Mapping[str, Any]) -> None:
    for name in ("weights", "cluster_weights"):
        if options.get(name) in used:
            raise Invalid(
                f"{options[name]} is a variable of the model and cannot weigh it, too", field=name
            )


def ordinal_items(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The ordinal items that were named; none where all outcomes are, or the estimator has none."""
    return tuple(filter(None, options.get("ordered", "").split(",")))


def auxiliary_items(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The items outside of the model that tell of missing answers."""
    return tuple(filter(None, options.get("auxiliary", "").split(",")))


def freed(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The parameters that equality across groups leaves free."""
    return tuple(filter(None, options.get("free", "").split(",")))


def _missing(options: Mapping[str, Any]) -> str:
    return {
        "listwise": "complete rows",
        "fiml": "full information",
        "pairwise": "pairwise answers",
        "mean": "missing answers replaced by means",
    }[options["missing"]]


def _covariance(chosen: Mapping[str, Any], known: Variables) -> dict[str, Any]:
    estimator = _one(chosen, "estimator", ESTIMATORS)
    missing = _one(chosen, "missing", MISSING)
    group = str(chosen.get("group") or "")
    equal = _one(chosen, "equal", EQUAL)
    if group and group not in known.groups:
        raise Invalid(f"{group!r} makes no groups of these answers", field="group")
    if equal and not group:
        raise Invalid(
            "Equal parameters need groups; choose the attribute that makes them", field="group"
        )
    if estimator == "WLSMV" and missing == "fiml":
        raise Invalid(
            "WLSMV has no full information; use the answers of each pair of items, exclude respondents"
            " with missing answers, or choose MLR",
            field="missing",
        )
    if estimator != "WLSMV" and missing == "pairwise":
        raise Invalid(
            f"Answers of each pair of items belong to WLSMV; with {estimator} use all available answers",
            field="missing",
        )
    levels = {name: str(chosen.get(name) or "") for name in _OF_SAMPLE}
    if levels["cluster"] and levels["cluster"] not in known.groups:
        raise Invalid(f"{levels['cluster']!r} makes no clusters of these answers", field="cluster")
    for name in ("weights", "cluster_weights"):
        if levels[name] and levels[name] not in known.items:
            raise Invalid(f"{levels[name]!r} is no column of numbers", field=name)
    rotation = _one(chosen, "rotation", BLOCK_ROTATIONS)
    free = ",".join(
        each.strip() for each in str(chosen.get("free") or "").split(",") if each.strip()
    )
    if free and not equal:
        raise Invalid(
            "Parameters are left free of what is equal across groups; choose what is", field="free"
        )
    auxiliary = _listed(chosen, "auxiliary", known)
    if auxiliary and missing != "fiml":
        raise Invalid(
            "Auxiliary items tell of missing answers; use all available answers (full information)",
            field="auxiliary",
        )
    return {
        **({"free": free} if free else {}),
        **({"auxiliary": ",".join(auxiliary)} if auxiliary else {}),
        **{name: value for name, value in levels.items() if value},
        **({"rotation": rotation} if rotation else {}),
        "estimator": estimator,
        "ordered": ",".join(_ordinal(chosen, estimator, known)),
        "missing": missing,
        "group": group,
        "equal": equal,
        "std_lv": bool(chosen.get("std_lv")),
    }


def _ordinal(chosen: Mapping[str, Any], estimator: str, known: Variables) -> tuple[str, ...]:
    named = _listed(chosen, "ordered", known)
    if named and estimator != "WLSMV":
        raise Invalid(f"Ordinal items belong to WLSMV; {estimator} has none", field="ordered")
    return named


def _listed(chosen: Mapping[str, Any], name: str, known: Variables) -> tuple[str, ...]:
    """The items that were typed. Raises Invalid for one that these answers do not have."""
    named = tuple(filter(None, re.split(r"[,\s]+", str(chosen.get(name) or ""))))
    unknown = [each for each in named if each not in known.items]
    if unknown:
        raise Invalid(f"{unknown[0]!r} is no item of these answers", field=name)
    return named


def _composite(chosen: Mapping[str, Any], known: Variables) -> dict[str, Any]:
    bootstrap = int(chosen.get("bootstrap") or 0)
    if bootstrap not in RESAMPLES:
        raise Invalid(
            f"{bootstrap} resamples are not offered; choose one of the list", field="bootstrap"
        )
    second = _one(chosen, "higher_order", HIGHER_ORDER)
    cluster = str(chosen.get("composite_cluster") or "")
    if cluster and cluster not in known.groups:
        raise Invalid(f"{cluster!r} makes no clusters of these answers", field="composite_cluster")
    weights = str(chosen.get("composite_weights") or "")
    if weights and weights not in known.items:
        raise Invalid(f"{weights!r} is no column of numbers", field="composite_weights")
    return {
        **({"cluster": cluster} if cluster else {}),
        **({"weights": weights} if weights else {}),
        **({} if second == "two-stage" else {"higher_order": second}),
        "scheme": _one(chosen, "scheme", SCHEMES),
        "missing": _one(chosen, "composite_missing", COMPOSITE_MISSING),
        "consistent": bool(chosen.get("consistent")),
        "bootstrap": bootstrap,
        "seed": SEED,
    }


def _refuse_others(
    chosen: Mapping[str, Any], others: Mapping[str, tuple[str, Any]], theirs: str, this: str
) -> None:
    """Raise Invalid for an option of the other kind of model that was set: it would do nothing."""
    for name, (label, nothing) in others.items():
        value = chosen.get(name)
        if value not in (None, "", nothing) and str(value) != str(nothing):
            raise Invalid(
                f"{label} is an option of {theirs}, and this is {this}; choose the other type, or leave"
                " the option as it was",
                field=name,
            )


def _one(chosen: Mapping[str, Any], name: str, known: Mapping[str, str]) -> str:
    value = str(chosen.get(name) if chosen.get(name) is not None else next(iter(known)))
    if value not in known:
        raise Invalid(f"{value!r} is not offered; choose one of the list", field=name)
    return value

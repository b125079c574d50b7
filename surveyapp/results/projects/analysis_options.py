"""What is chosen for a further analysis of a model: an attribute, a construct, a method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from analysis.composite.text import read_model
from analysis.covariance.settings import LIMITED_INFORMATION
from analysis.scale.identified_factors import identified
from surveyapp.errors import Invalid
from surveyapp.results.projects.headline_parameters import headline_parameters
from surveyapp.results.projects.model_equations import EVERY_SLOPE, equations_or_none
from surveyapp.results.projects.model_texts import formative, observed_or_none
from surveyapp.results.projects.options import drawn_columns
from surveyapp.results.projects.variables import Variables
from surveyapp.results.projects.wave_columns import wave_columns
from surveyapp.store.models import ProjectModel

Offered = Mapping[str, str]
MOST_FACTORS = 12  # of an exploratory analysis
WIDE = "columns by wave"  # no column's name: that of a model's variable has no spaces
_WAVES: Offered = MappingProxyType(
    {"quarter": "a quarter", "month": "a month", "half": "half a year", "year": "a year"}
)


@dataclass(frozen=True)
class AnalysisOption:
    """One choice: its label, what is said when none of the offered values was sent, what is offered (values
    and their words), and how a value stands after the analysis's title. Where nothing was sent, the
    ``default`` counts. A ``rare`` choice stands under further ones on the page and is stored only where it
    is not the default, as most analyses are asked for without it. ``longest``: characters of what may be
    typed; 0 where a value of those offered is chosen.
    """

    label: str
    refusal: str
    offered: Callable[[ProjectModel, Variables], Offered]
    said: Callable[[str], str]
    default: str | None = None
    rare: bool = False
    longest: int = 0

    def value(self, chosen: Mapping[str, Any], name: str) -> str:
        """What was chosen under this name, else the default."""
        return str(chosen.get(name) or self.default or "")


_SIMULATED: Offered = MappingProxyType(
    {
        "": "from normal answers",
        "likert": "from Likert answers",
        "bootstrap": "from the rows, drawn again",
    }
)


def _groups(_model: ProjectModel, known: Variables) -> Offered:
    return {name: name.replace("_", " ") for name in known.groups}


def _formed(model: ProjectModel, _known: Variables) -> Offered:
    return {name: name for name in formative(model.text)}


def _other_items(model: ProjectModel, known: Variables) -> Offered:
    used = observed_or_none(model.kind, model.text)
    return {name: name for name in known.names if name not in used}


def _simulated(model: ProjectModel, _known: Variables) -> Offered:
    """What samples may consist of; those of ordinal items are ordinal."""
    if model.options.get("estimator") in LIMITED_INFORMATION:
        return {"": "from ordinal answers"}
    return {"": _SIMULATED[""]} | {name: _SIMULATED[name] for name in ("likert", "bootstrap")}


def _explained(model: ProjectModel, _known: Variables) -> Offered:
    """The constructs to which a path other than that of an interaction leads."""
    paths = read_model(model.text).paths
    return {path.target: path.target for path in paths if ":" not in path.source}


def _factors(model: ProjectModel, _known: Variables) -> Offered:
    """The suggested number, each that the model's items identify, and those that components alone can be."""
    items = len(observed_or_none(model.kind, model.text))
    found = {"": "suggested number"}
    for k in range(1, min(items, MOST_FACTORS) + 1):
        of_components = "" if identified(items, k) else " (by principal components alone)"
        found[str(k)] = f"{_factors_said(str(k))}{of_components}"
    return found


def require_identified(options: Mapping[str, str], model: ProjectModel) -> None:
    """Raise Invalid for more factors than the model's items identify; of components there may be more."""
    factors, items = options.get("factors"), len(observed_or_none(model.kind, model.text))
    components = options.get("method") == "principal"
    if factors and not components and not identified(items, int(factors)):
        raise Invalid(
            f"{items} items cannot identify {_factors_said(factors)}; choose fewer, or principal components.",
            field="factors",
        )


def _factors_said(value: str) -> str:
    return f"{value} factor{'' if value == '1' else 's'}"


def _regressed(model: ProjectModel, _known: Variables) -> Offered:
    """The variables of which the model has a regression."""
    return {name: name for name in equations_or_none(model.kind, model.text).predictors}


def _slopes(model: ProjectModel, _known: Variables) -> Offered:
    """No predictor, every one, or one of the model's, products left out."""
    found = equations_or_none(model.kind, model.text).predictors.values()
    names = dict.fromkeys(name for each in found for name in each if ":" not in name)
    return {"": "intercepts alone", EVERY_SLOPE: "every slope"} | {
        name: f"slope of {name}" for name in names
    }


def one_of(label: str, values: Offered, said: str = "{}", *, rare: bool = False) -> AnalysisOption:
    """A choice among the same values for every model, by default the first."""
    return AnalysisOption(
        label,
        f"Choose one of the list: {', '.join(filter(None, values))}.",
        lambda _model, _known: values,
        lambda value: f", {said.format(values.get(value, value))}" if value else "",
        next(iter(values)),
        rare,
    )


def rare(label: str, values: Offered, said: str) -> AnalysisOption:
    """A choice that few make, by default the first."""
    return one_of(label, MappingProxyType(dict(values)), said, rare=True)


def typed(label: str, hint: str, said: str, longest: int) -> AnalysisOption:
    """What is typed, or left empty; ``hint`` stands in the empty field."""
    return AnalysisOption(
        label,
        f"{label}: use at most {longest:,} characters.",
        lambda _model, _known: {"": hint},
        lambda value: f", {said.format(value)}",
        "",
        rare=True,
        longest=longest,
    )


GROUP = AnalysisOption(
    "Groups by",
    "Choose the attribute that makes the groups.",
    _groups,
    lambda value: f" by {value.replace('_', ' ')}",
)
CLUSTER = AnalysisOption(
    "Clusters by",
    "Choose the attribute that makes the clusters, such as the branch.",
    _groups,
    lambda value: f" by {value.replace('_', ' ')}",
)
CONSTRUCT = AnalysisOption(
    "Construct",
    "Choose a construct that its items form (<~).",
    _formed,
    " of {}".format,
)
ITEM = AnalysisOption(
    "Item that asks for the whole",
    "Choose an item that asks for the whole construct.",
    _other_items,
    ", with {}".format,
)
OUTCOME = AnalysisOption(
    "Outcome",
    "Choose a construct to which a path of the model leads.",
    _explained,
    " of {}".format,
)
REGRESSED = AnalysisOption(
    "Outcome",
    "Choose a variable of which the model has a regression (~).",
    _regressed,
    " of {}".format,
)
SLOPE = AnalysisOption(
    "What differs between clusters",
    "Choose a predictor of the model, * for every one, or none for intercepts alone.",
    _slopes,
    lambda value: (
        ", every slope differs" if value == EVERY_SLOPE else f", slope of {value} differs"
    ),
    "",
)
LIKELIHOOD = one_of(
    "Estimation",
    MappingProxyType({"reml": "REML", "ml": "maximum likelihood"}),
)
MEANS = one_of(
    "Predictors",
    MappingProxyType(
        {"": "as they are", "apart": "within clusters and between them, apart"},
    ),
)
PARAMETER = AnalysisOption(
    "Parameter",
    "Choose a parameter of this model, which has to be fitted without groups.",
    lambda model, _known: {name: name for name in headline_parameters(model.result or {})},
    ": {}".format,
)
LEVEL = one_of(
    "Wanted level",
    MappingProxyType({str(k): f"{k} of 100" for k in (85, 50, 60, 70, 75, 80, 90)}),
    "wanted level {}",
)
DIF_METHOD = one_of(
    "Method",
    MappingProxyType({"ordinal": "logistic regression", "mimic": "MIMIC model"}),
)
_ROTATIONS: Offered = MappingProxyType(
    {
        "target": "target (own factors)",
        "bi-target": "target (bifactor)",
        "geomin": "geomin",
        "oblimin": "oblimin",
        "bi-geomin": "geomin (bifactor)",
        "bi-quartimin": "quartimin (bifactor)",
    }
)
_BIFACTOR = ("bi-target", "bi-geomin", "bi-quartimin")  # which add a factor


def _rotations(model: ProjectModel, _known: Variables) -> Offered:
    """Those of two factors or more; of one, which alone cannot be rotated, those that add a general one."""
    if len(equations_or_none(model.kind, model.text).parts) == 1:
        return {name: _ROTATIONS[name] for name in _BIFACTOR}
    return _ROTATIONS


ROTATION = AnalysisOption(
    "Rotation",
    f"Choose one of the list: {', '.join(_ROTATIONS)}; of a model of one factor {', '.join(_BIFACTOR)}.",
    _rotations,
    lambda value: f", rotation {_ROTATIONS.get(value, value)}" if value else "",
    next(iter(_ROTATIONS)),
)
ORTHOGONAL = rare("Rotated factors", {"no": "may correlate", "yes": "uncorrelated"}, "{} factors")
FACTORS = AnalysisOption(
    "Number of factors",
    "Choose the suggested number of factors, or one of the list: the model has no more items.",
    _factors,
    lambda value: f", {_factors_said(value)}" if value else "",
    "",
)
EFA_ROTATION = one_of(
    "Rotation",
    MappingProxyType(
        {"oblimin": "oblimin", "promax": "promax", "varimax": "varimax", "none": "none"}
    ),
    "rotation {}",
)
EFA_METHOD = rare(
    "Extraction",
    {
        "minres": "minimum residuals",
        "ml": "maximum likelihood",
        "principal_axis": "principal axis",
        "principal": "principal components",
    },
    "by {}",
)

ANSWERS = AnalysisOption(
    "Samples",
    "Choose normal answers, Likert answers or the rows drawn again; those of ordinal items (WLSMV) are"
    " ordinal.",
    _simulated,
    lambda value: f", {_SIMULATED.get(value, value)}" if value else "",
    "",
)


def _waves(model: ProjectModel, known: Variables) -> Offered:
    """Periods of the days of answers; of a file the column that tells the wave, or columns that end in it."""
    if known.has_days:
        return _WAVES
    used = observed_or_none(model.kind, model.text)
    drawn = drawn_columns(model.options)
    found = {}
    wide = wave_columns(used, known.names) if used else None
    if wide is not None:
        found[WIDE] = f"columns that end in {', '.join(wide.waves)}"
    if known.person is not None:
        others = (name for name in (*known.groups, *known.names) if name not in (*used, *drawn))
        found |= {name: f"column {name}" for name in others}
    return found


def _waves_said(value: str) -> str:
    if value == WIDE:
        return ", waves by columns"
    return f", a wave {_WAVES[value]}" if value in _WAVES else f", waves by {value}"


WAVE = AnalysisOption(
    "A wave is",
    "Choose what a wave is from the list. A file needs a column that tells respondents apart, named where it is"
    " read, or columns that end in the wave, such as x1_w1 and x1_w2.",
    _waves,
    _waves_said,
    "quarter",
)


def chosen_of(
    options: Mapping[str, AnalysisOption],
    chosen: Mapping[str, str],
    model: ProjectModel,
    known: Variables,
) -> dict[str, str]:
    """The options as they are stored. Raises Invalid, with the field, for a value that is not offered, and
    for one of an option that the analysis does not have."""
    for name, value in chosen.items():
        if value and name not in options:
            raise Invalid(f"This analysis has no option {name!r}; leave it out.", field=name)
    found = {}
    for name, option in options.items():
        values = option.offered(model, known)
        value = " ".join(chosen.get(name, "").split()) if option.longest else chosen.get(name, "")
        if not value and option.default is not None:
            value = option.default
            if value not in values and len(values) == 1:
                value = next(iter(values))
        if value not in values and not 0 < len(value) <= option.longest:
            raise Invalid(option.refusal, field=name)
        if value and not (option.rare and value == option.default):
            found[name] = value
    return found


# What a plan asks for, of all analyses of a planned model at once; other options have their defaults.
PLANNED_OPTIONS = ("group", "cluster", "outcome", "slope")


def plannable(options: Mapping[str, AnalysisOption]) -> bool:
    """Whether an analysis can be planned before its model is fitted."""
    return all(
        name in PLANNED_OPTIONS or each.default is not None for name, each in options.items()
    )


def in_words(title: str, options: Mapping[str, AnalysisOption], chosen: Mapping[str, str]) -> str:
    """The analysis's title with what was chosen for it."""
    return title + "".join(
        options[name].said(value) for name, value in chosen.items() if name in options
    )

"""What is chosen for an analysis of a composite model: ceilings, tetrads, predictions, segments."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import object_session

from analysis.composite.text import read_model
from surveyapp.errors import Invalid
from surveyapp.results.projects.analysis_options import (
    OUTCOME,
    AnalysisOption,
    Offered,
    rare,
    typed,
)
from surveyapp.results.projects.model_texts import COMPOSITE
from surveyapp.results.projects.options import is_drawn
from surveyapp.results.projects.variables import Variables
from surveyapp.store.models import ProjectModel

NO, YES = "no", "yes"
_LONGEST = 500  # characters of a list of constructs
_RIVALS = 50


def _rivals(model: ProjectModel, _known: Variables) -> Offered:
    """The project's other composite models, by number; none without a session."""
    session = object_session(model)
    if session is None:
        return {"": "no other model"}
    query = (
        select(ProjectModel.id, ProjectModel.name, ProjectModel.options)
        .where(
            ProjectModel.project_id == model.project_id,
            ProjectModel.kind == COMPOSITE,
            ProjectModel.removed_at.is_(None),
            ProjectModel.id != model.id,
        )
        .order_by(ProjectModel.id.desc())
        .limit(_RIVALS)
    )
    # Predictions are made without weights and clusters.
    found = [row for row in session.execute(query) if not is_drawn(row.options)]
    return {"": "no other model", **{str(row.id): row.name for row in found}}


CEILING = rare(
    "Ceiling",
    {"CE-FDH": "CE-FDH: steps, for few levels", "CR-FDH": "CR-FDH: a line, for many levels"},
    "by {}",
)
STEPS = rare(
    "Levels of the bottlenecks",
    {str(k): f"{k} intervals" for k in (10, 5, 20)},
    "bottlenecks of {}",
)
CONDITIONS = typed("Conditions", "all with a path to the outcome", "conditions {}", _LONGEST)
BORROW = rare(
    "Constructs of two or three items",
    {NO: "not tested", YES: "borrow items from a neighbour"},
    "constructs of two or three items {}",
)
TARGET = AnalysisOption(
    "Equations",
    OUTCOME.refusal,
    lambda model, known: {"": "every explained construct", **OUTCOME.offered(model, known)},
    " of {}".format,
    "",
    rare=True,
)
AGAINST = AnalysisOption(
    "Compared with",
    "Choose another composite model of this project.",
    _rivals,
    ", against model {}".format,
    "",
    rare=True,
)
TECHNIQUE = rare(
    "Predicted from",
    {"direct": "direct antecedents", "earliest": "exogenous constructs, through the model"},
    "from {}",
)
FOLDS = rare("Folds", {"10": "10 folds", "5": "5 folds", "20": "20 folds"}, "{}")
REPETITIONS = rare(
    "Repetitions",
    {"10": "10 repetitions", "1": "1 repetition", "20": "20 repetitions"},
    "{}",
)
UP_TO = rare("Most segments", {str(k): f"up to {k}" for k in (5, 2, 3, 4, 6, 8, 10)}, "{}")
SEGMENTS = rare(
    "Segments shown",
    {"": "as AIC3 says", "1": "1 segment", **{str(k): f"{k} segments" for k in range(2, 11)}},
    "{} shown",
)
STARTS = rare("Starts", {"10": "10 starts", "50": "50 starts", "100": "100 starts"}, "{}")
PERMUTATIONS = rare(
    "Permutations",
    {"1000": "1,000 permutations", "5000": "5,000 permutations"},
    "{}",
)
BOOTSTRAP = rare(
    "Henseler's comparison",
    {"0": "none", "1000": "1,000 resamples of each group", "5000": "5,000 resamples of each group"},
    "{}",
)
INTERACTION = rare(
    "Product term",
    {
        "two-stage": "two-stage",
        "orthogonal": "orthogonal",
        "product-indicator": "product indicators",
    },
    "{} product term",
)


def named(text: str) -> list[str]:
    """The names of a typed list."""
    return list(filter(None, re.split(r"[,\s]+", text)))


def require_path_options(kind: str, options: Mapping[str, str], model: ProjectModel) -> None:
    """Raise Invalid, with the field, for options that do not go together or with the model."""
    if kind == "segments" and int(options.get("segments", "1")) > int(options.get("up_to", "5")):
        raise Invalid(
            f"{options['segments']} segments are more than the most; raise that number, too",
            field="segments",
        )
    if kind == "slopes" and model.options["consistent"] and "interaction" in options:
        raise Invalid(
            "Consistent PLS corrects two-stage products alone; leave the option as it was, or fit the model"
            " by PLS",
            field="interaction",
        )
    if kind == "necessity":
        constructs = [one.name for one in read_model(model.text).constructs]
        for name in named(options.get("conditions", "")):
            if name not in constructs or name == options["outcome"]:
                raise Invalid(
                    f"{name} is no other construct of the model than the outcome; choose among"
                    f" {', '.join(each for each in constructs if each != options['outcome'])}",
                    field="conditions",
                )

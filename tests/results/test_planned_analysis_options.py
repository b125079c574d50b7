"""Options of further analyses: what a plan takes is what is stored when an analysis is asked for."""

from __future__ import annotations

import pytest

from surveyapp.errors import Invalid
from surveyapp.results.preregistrations.fields import planned_analysis
from surveyapp.results.projects.analyses import ANALYSES
from surveyapp.results.projects.analysis_options import chosen_of, in_words, plannable
from surveyapp.results.projects.group_options import require_group_options
from surveyapp.results.projects.projects import ModelText
from surveyapp.results.projects.variables import Variables
from surveyapp.store.models import Project, ProjectModel

KNOWN = Variables({}, ("region", "branch", "desk"), has_days=True)
TEXTS = {"covariance": "f =~ a + b + c\nd ~ f", "composite": "f =~ a + b\ng =~ c + d\ng ~ f"}
GROUPS = {
    "region": {"North": 90, "South": 60, "East": None},
    "branch": {"Main": 40, "Quay": None},
    "desk": {"107 different values": 150},  # as many values are described
}

NEEDED = {
    of: {"group": "region", "cluster": "branch", "outcome": outcome}
    for of, outcome in (("covariance", "d"), ("composite", "g"))
}


def model_of(kind: str) -> ProjectModel:
    project = Project(description={"groups": GROUPS})
    options = {"estimator": "MLR"} if kind == "covariance" else {"consistent": False}
    return ProjectModel(kind=kind, text=TEXTS[kind], project=project, options=options)


@pytest.mark.parametrize(
    ("kind", "of"),
    [(name, each.of[0]) for name, each in ANALYSES.items() if plannable(each.options)],
)
def test_an_analysis_that_was_planned_is_the_one_that_is_asked_for(kind, of):
    options, model = ANALYSES[kind].options, model_of(of)
    chosen = {name: NEEDED[of][name] for name in options if name in NEEDED[of]}
    planned = planned_analysis(
        kind, ModelText("Planned", of, model.text, model.options), NEEDED[of], KNOWN
    )
    assert planned["options"] == chosen_of(options, chosen, model, KNOWN)


def test_a_reference_is_a_group_of_its_attribute_that_may_be_told():
    options, model = ANALYSES["dif"].options, model_of("covariance")
    offered = options["reference"].offered(model, KNOWN)
    assert offered == {
        "": "first group",
        "North": "North (region)",
        "South": "South (region)",
        "Main": "Main (branch)",
    }
    chosen = {"group": "region", "reference": "South", "alpha": "0.01"}
    asked = chosen_of(options, chosen, model, KNOWN)
    said = in_words("DIF", options, asked)
    assert said == "DIF by region, logistic regression, reference South, significant at 1%"
    require_group_options("dif", asked, model, has_levels=False)
    with pytest.raises(Invalid, match="none of the groups by region"):
        require_group_options("dif", asked | {"reference": "Main"}, model, has_levels=False)
    with pytest.raises(Invalid, match="Choose a group"):
        chosen_of(options, chosen | {"reference": "East"}, model, KNOWN)

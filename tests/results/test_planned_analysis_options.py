"""Options of further analyses: what a plan takes is what is stored when an analysis is asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from surveyapp.errors import Invalid
from surveyapp.results.preregistrations.fields import planned_analysis
from surveyapp.results.projects.analyses import (
    analysis_options,
    not_offered,
    option_values,
)
from surveyapp.results.projects.analysis_kinds import ANALYSES
from surveyapp.results.projects.analysis_limits import why_not
from surveyapp.results.projects.analysis_options import chosen_of, in_words, plannable
from surveyapp.results.projects.group_options import require_group_options
from surveyapp.results.projects.projects import ModelText
from surveyapp.results.projects.variables import Variables
from surveyapp.store.models import Project, ProjectModel

KNOWN = Variables({}, ("region", "branch", "desk"), has_days=True)
TEXTS = {
    "covariance": "f =~ a + b + c\ng =~ d + e + h",
    "composite": "f =~ a + b\ng =~ c + d\ng ~ f",
}
GROUPS = {
    "region": {"North": 90, "South": 60, "East": None},
    "branch": {"Main": 40, "Quay": None},
    "desk": {"107 different values": 150},  # as many values are described
}


REGRESSED = "f =~ a + b + c\nf ~ d"


def model_of(kind: str, text: str = "") -> ProjectModel:
    project = Project(description={"groups": GROUPS})
    options = {"estimator": "MLR"} if kind == "covariance" else {"consistent": False}
    return ProjectModel(kind=kind, text=text or TEXTS[kind], project=project, options=options)


@pytest.mark.parametrize(
    ("kind", "of"),
    [(name, each.of[0]) for name, each in ANALYSES.items() if plannable(each.options)],
)
def test_an_analysis_that_was_planned_is_the_one_that_is_asked_for(kind, of):
    options = ANALYSES[kind].options
    model = model_of(of, REGRESSED if kind == "mixed" else "")
    needed = {
        name: next(filter(None, option.offered(model, KNOWN)))
        for name, option in options.items()
        if option.default is None
    }
    chosen = {name: option.default or "" for name, option in options.items()} | needed
    asked = chosen_of(options, chosen, model, KNOWN)
    planned = ModelText("Planned", of, model.text, model.options)
    assert planned_analysis(kind, planned, needed, KNOWN)["options"] == asked


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


_OF_FACTORS = {"alignment", "dif", "longitudinal", "cutoffs"}


def test_analyses_of_factors_are_not_offered_of_a_model_with_regressions():
    regressed = model_of("covariance", REGRESSED)
    factors = "f =~ a + b + c\ng =~ d + e + h"
    alone = ModelText("Alone", "covariance", factors, regressed.options)

    def told_of(text: str) -> set[str]:
        return {each for each in ANALYSES if why_not(each, "covariance", text, regressed.options)}

    assert told_of(factors) == set()
    told = told_of(regressed.text)
    assert told == _OF_FACTORS
    assert all(option_values(kind, regressed, KNOWN) is None for kind in told)
    assert told_of(f"{factors}\ng ~ f") == _OF_FACTORS | {"esem"}
    assert told_of(f"{factors}\ng ~ age") == _OF_FACTORS
    assert "has regressions" in not_offered(regressed)
    planned = replace(alone, text=regressed.text)
    assert planned_analysis("cutoffs", alone, {}, KNOWN)["kind"] == "cutoffs"
    with pytest.raises(Invalid, match="factor models"):
        planned_analysis("cutoffs", planned, {}, KNOWN)


def test_analyses_are_not_offered_of_models_whose_estimation_they_cannot_take():
    text = "f =~ a + b + c\ng =~ d + e + h"
    plain = model_of("covariance", text)
    for written, changes, kinds, said in (
        (text, {"group": "region"}, {"esem", "cutoffs"}, "fitted by groups"),
        (text, {"estimator": "WLSMV"}, {"two_level"}, "items are ordinal"),
        (f"{text}\nw =~ f + g", {}, {"alignment", "dif", "esem"}, "a factor of factors"),
        ("a ~ b + c", {}, _OF_FACTORS | {"invariance", "esem"}, "no factors"),
    ):
        options = plain.options | changes
        told = {kind for kind in ANALYSES if why_not(kind, "covariance", written, options)}
        assert told == kinds
        model = ProjectModel(kind="covariance", text=written, options=options)
        assert all(option_values(kind, model, KNOWN) is None for kind in kinds)
        assert said in not_offered(model)
    planned = ModelText("By groups", "covariance", text, plain.options | {"group": "region"})
    with pytest.raises(Invalid, match="all rows together"):
        planned_analysis("cutoffs", planned, {}, KNOWN)


def test_groups_are_not_the_clusters_and_factors_are_those_that_items_identify():
    text = "f =~ a + b + c\ng =~ d + e + h"
    options = model_of("covariance", text).options | {"cluster": "region"}
    clustered = ProjectModel(kind="covariance", text=text, options=options)
    offered = option_values("invariance", clustered, KNOWN)
    assert offered is None or "region" not in offered["group"]
    with pytest.raises(Invalid, match="Every group by region would be one cluster"):
        analysis_options("invariance", {"group": "region"}, clustered, KNOWN)
    with pytest.raises(Invalid, match="6 items cannot identify 4 factors"):
        analysis_options("exploratory", {"factors": "4"}, clustered, KNOWN)
    components = {"factors": "4", "method": "principal"}
    assert analysis_options("exploratory", components, clustered, KNOWN) == components | {
        "rotation": "oblimin"
    }
    one = model_of("covariance", "f =~ a + b + c")
    assert list(ANALYSES["esem"].options["rotation"].offered(one, KNOWN)) == [
        *("bi-target", "bi-geomin", "bi-quartimin"),
    ]
